import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startGate, statusesOf } from "../support/gate.ts";
import { noteRawExchange } from "../support/openapi/raw-exchange.ts";

/*
 * Clients that send their bodies slowly, or never to the end, over real sockets. The server gives a body three seconds.
 */

const BODY_SECONDS = 3;
const MEBIBYTE = 1024 * 1024;
const SOON_MS = (BODY_SECONDS + 4) * 1_000;

const gate = await startGate({ env: { GATE_BODY_SECONDS: String(BODY_SECONDS), GATE_LARGE_BODIES: "2" } });
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer } = await gate.cast();

const sockets = new Set<Socket>();
afterAll(() => {
  for (const socket of sockets) socket.destroy();
});

/** A request whose body is sent by `dribble`; what came back until the server closed, and how long that took. */
function sent(head: readonly string[], dribble: (socket: Socket) => void) {
  const begun = Date.now();
  const socket = connect(gate.port, "127.0.0.1");
  sockets.add(socket);
  let answer = "";
  const ended = new Promise<{ answer: string; ms: number }>((resolve) => {
    const done = () => {
      noteRawExchange(`${head.join("\r\n")}\r\n`, answer);
      resolve({ answer, ms: Date.now() - begun });
    };
    socket.on("data", (chunk: Buffer) => {
      answer += chunk.toString("latin1");
      // The status is what counts; the server may let the connection live on.
      if (answer.includes("\r\n\r\n")) setTimeout(done, 50);
    });
    socket.on("error", done);
    socket.on("close", done);
  });
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  dribble(socket);
  return ended;
}

function headOf(line: string, key: string, more: readonly string[]): readonly string[] {
  return [
    `${line} HTTP/1.1`,
    `Host: 127.0.0.1:${gate.port}`,
    `Authorization: Bearer ${key}`,
    "Content-Type: application/json",
    ...more,
  ];
}

/** A byte every 100 ms, as a part of a body that is said to be longer. */
function byteByByte(socket: Socket, chunked: boolean): void {
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write(chunked ? "1\r\n \r\n" : " ");
  }, 100);
  socket.on("close", () => clearInterval(timer));
}

const ROUTES: readonly (readonly [line: string, key: () => string])[] = [
  ["POST /v1/intents", () => agent.key],
  ["POST /v1/intents/int_none/approve", () => reviewer.key],
  ["POST /v1/session", () => ""],
  ["POST /v1/agents/register", () => gate.adminKey],
];

describe("INV-26: a body that does not arrive", () => {
  test.each(
    ROUTES.flatMap(([line, key]) => [[line, "a length", key] as const, [line, "chunks", key] as const]),
  )("at %s with %s is 408 after the time that it may take", async (line, framing, key) => {
    const isChunked = framing === "chunks";
    const framed = isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 5000";
    const { answer, ms } = await sent(headOf(line, key(), [framed]), (socket) =>
      byteByByte(socket, isChunked),
    );
    expect(statusesOf(answer), answer).toEqual([408]);
    expect(answer).toContain("body_timeout");
    expect(ms).toBeGreaterThan(BODY_SECONDS * 1_000 - 200);
    expect(ms).toBeLessThan(SOON_MS);
  });

  test("with an Idempotency-Key is 408 and leaves the key unused", async () => {
    const key = '"slow and then fast"';
    const head = headOf("POST /v1/intents", agent.key, ["Content-Length: 500", `Idempotency-Key: ${key}`]);
    expect(statusesOf((await sent(head, (socket) => byteByByte(socket, false))).answer)).toEqual([408]);
    const again = await fetch(`http://127.0.0.1:${gate.port}/v1/intents`, {
      method: "POST",
      headers: {
        Authorization: `Bearer ${agent.key}`,
        "Content-Type": "application/json",
        "Idempotency-Key": key,
      },
      body: JSON.stringify({ destination: "nowhere.at.all", policy: "none" }),
    });
    expect(again.status).toBe(200);
  });
});

describe("INV-26: large bodies", () => {
  /** Two mebibytes of JSON whose last byte is missing. */
  const unfinished = Buffer.alloc(2 * MEBIBYTE, 0x20);
  const large = (key: string) =>
    headOf("POST /v1/intents?dry_run=true", key, [`Content-Length: ${unfinished.length + 1}`]);
  const whole = JSON.stringify({
    destination: "nowhere.at.all",
    policy: "none",
    payload: "x".repeat(2 * MEBIBYTE),
  });
  const propose = (key: string) =>
    fetch(`http://127.0.0.1:${gate.port}/v1/intents?dry_run=true`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: whole,
    });
  let other: { readonly key: string };

  beforeAll(async () => {
    other = await gate.register("agent");
  });

  test("a key whose large body never ends keeps no other key from sending one, and itself only until it is late", async () => {
    const stalled = [
      sent(large(agent.key), (socket) => socket.write(unfinished)),
      sent(large(agent.key), (socket) => socket.write(unfinished)),
    ];
    await new Promise((resolve) => setTimeout(resolve, 500));
    const begun = Date.now();
    expect((await propose(other.key)).status).toBe(200);
    expect(Date.now() - begun).toBeLessThan(2_000);
    for (const { answer } of await Promise.all(stalled)) expect(statusesOf(answer), answer).toEqual([408]);
    expect((await propose(agent.key)).status).toBe(200);
  });

  test("clients that hang up in the middle of large bodies leave their places", async () => {
    for (let round = 0; round < 6; round += 1) {
      const socket = connect(gate.port, "127.0.0.1");
      socket.on("error", () => undefined);
      socket.write(`${large(other.key).join("\r\n")}\r\n\r\n`);
      socket.write(unfinished, () => socket.destroy());
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
    const answers = await Promise.all([propose(agent.key), propose(other.key)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });

  test("more than the server holds at once wait, and all are answered", async () => {
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, at) => propose(at % 2 === 0 ? agent.key : other.key)),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
  });
});
