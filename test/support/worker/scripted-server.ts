import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { TestProject } from "vitest/node";
import type { ScriptedPorts, Seen, Step } from "./scripted-upstream.ts";

/*
 * A server that plays a script byte for byte, on Node: the runtime under test cannot listen on sockets. One port takes
 * scripts (`POST`) and returns the requests seen (`GET`); the other plays them.
 */

interface Script {
  readonly steps: readonly Step[];
  readonly seen: Seen[];
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const scripts: Script[] = [];
  const upstream = await listening(createServer((socket) => void serve(socket, scripts)));
  const control = await listening(createServer((socket) => void command(socket, scripts)));
  const resetting = await listening(createServer((socket) => void quietly(socket).resetAndDestroy()));
  const closed = await listening(createServer());
  const refusing = portOf(closed);
  await ended(closed);
  project.provide("scriptedPorts", {
    upstream: portOf(upstream),
    control: portOf(control),
    resetting: portOf(resetting),
    refusing,
  } satisfies ScriptedPorts);
  return async () => {
    await Promise.all([upstream, control, resetting].map(ended));
  };
}

const sockets = new Set<Socket>();

function quietly(socket: Socket): Socket {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
  return socket.on("error", () => undefined);
}

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function ended(server: Server): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
}

interface Received {
  readonly head: string;
  readonly body: Buffer;
}

/** A request to its end, as far as its own length says; with `isHeadOnly` the body is left where it is. */
async function received(socket: Socket, isHeadOnly: (head: string) => boolean): Promise<Received | null> {
  let bytes = Buffer.alloc(0);
  return new Promise((resolve) => {
    const onData = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      const head = bytes.subarray(0, end).toString("latin1");
      const body = bytes.subarray(end + 4);
      const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
      const isChunked = /^transfer-encoding: *chunked/im.test(head);
      const isWhole = isChunked ? body.toString("latin1").endsWith("0\r\n\r\n") : body.length >= length;
      if (!isWhole && !isHeadOnly(head)) return;
      socket.off("data", onData);
      resolve({ head, body: isChunked ? dechunked(body) : body });
    };
    socket.on("data", onData);
    socket.on("close", () => resolve(null));
  });
}

function dechunked(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const line = body.indexOf("\r\n", at);
    const size = Number.parseInt(body.subarray(at, line).toString("latin1"), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}

function scriptOf(head: string, scripts: readonly Script[]): Script | undefined {
  return scripts[Number(/^\S+ \/(\d+)/.exec(head)?.[1] ?? -1)];
}

async function serve(socket: Socket, scripts: readonly Script[]): Promise<void> {
  quietly(socket);
  const request = await received(socket, (head) => scriptOf(head, scripts)?.steps[0]?.do === "at_head");
  const script = request === null ? undefined : scriptOf(request.head, scripts);
  if (request === null || script === undefined) return void socket.destroy();
  const seen = { head: request.head, body: request.body.toString("base64"), sent: 0, isClosed: false };
  script.seen.push(seen);
  socket.on("close", () => (seen.isClosed = true));
  socket.resume();
  for (const step of script.steps) {
    if (socket.destroyed) return;
    await take(step, socket, (count) => (seen.sent += count));
  }
}

async function take(step: Step, socket: Socket, count: (bytes: number) => void): Promise<void> {
  switch (step.do) {
    case "at_head":
      return;
    case "send": {
      const bytes = Buffer.from(step.bytes, "base64");
      const length = step.cut ?? Math.max(bytes.length, 1);
      for (let at = 0; at < bytes.length; at += length) {
        await written(socket, bytes.subarray(at, at + length));
        count(Math.min(length, bytes.length - at));
        // Else the kernel would put the pieces together again.
        if (step.cut !== undefined) await pause(0);
      }
      return;
    }
    case "repeat": {
      const bytes = Buffer.from(step.bytes, "base64");
      for (let times = 0; times < step.times && !socket.destroyed; times += 1) {
        await written(socket, bytes);
        count(bytes.length);
      }
      return;
    }
    case "pause":
      await pause(step.ms);
      return;
    case "end":
      socket.end();
      return;
    case "reset":
      socket.resetAndDestroy();
      return;
  }
}

/** When the other side has room for more. */
async function written(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const done = () => {
      socket.off("drain", done).off("close", done);
      resolve();
    };
    socket.on("drain", done).on("close", done);
  });
}

async function command(socket: Socket, scripts: Script[]): Promise<void> {
  quietly(socket);
  const request = await received(socket, () => false);
  if (request === null) return;
  const answer = request.head.startsWith("POST")
    ? scripts.push({ steps: JSON.parse(request.body.toString()) as Step[], seen: [] }) - 1
    : scriptOf(request.head, scripts)?.seen;
  const body = JSON.stringify(answer ?? null);
  socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`);
}
