import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/command.ts";
import { type Gate, startGate } from "../support/gate.ts";
import type { Principal } from "../support/client.ts";

/* An upstream's response on the wire between Gate and the agent: only there is a double content coding visible. */

const SECRET = "sk_live_4eC39HqLyjWDarjtT1zdp7dc";
const TEXT = Buffer.from(`{"name":"Jenny","echo":"${SECRET}"}\n`.repeat(3_000));
const MASKED = Buffer.from(TEXT.toString().replaceAll(SECRET, "[masked]"));
const BLOCK = Buffer.alloc(65_536, "0123456789 and so on; ");

const CODED: Readonly<Record<string, Buffer>> = {
  gzip: gzipSync(TEXT),
  br: brotliCompressSync(TEXT),
  deflate: deflateSync(TEXT),
};

/** Paths whose connection has ended before its answer was whole. */
const abandoned: string[] = [];

const server = createServer((request, response) => {
  request.resume();
  const [, what = "", more = ""] = /\/read\/(\w+)(?:\/(\w+))?/.exec(request.url ?? "") ?? [];
  response.on("close", () => {
    if (!response.writableFinished) abandoned.push(`${what}/${more}`);
  });
  const coded = CODED[more];
  if (what === "coded" && coded !== undefined) {
    response.writeHead(200, { "content-encoding": more, "content-length": coded.length, etag: '"v1"' });
    response.end(request.method === "HEAD" ? undefined : coded);
    return;
  }
  if (what === "plain") {
    response.writeHead(200, { "content-length": TEXT.length });
    response.end(request.method === "HEAD" ? undefined : TEXT);
    return;
  }
  if (what === "short") return void response.writeHead(200, { "content-length": SECRET.length }).end(SECRET);
  if (what === "broken") {
    response.writeHead(200, { "content-length": TEXT.length });
    response.write(TEXT.subarray(0, 1_000), () => setTimeout(() => response.destroy(), 50));
    return;
  }
  if (what === "blocks") {
    const length = Number(more) * BLOCK.length;
    response.writeHead(200, request.url?.includes("chunked") === true ? {} : { "content-length": length });
    // As fast as it is read; who hangs up is seen above.
    return void pipeline(Readable.from(blocks(Number(more))), response).catch(() => undefined);
  }
  response.writeHead(404).end();
});

function* blocks(count: number): Generator<Buffer> {
  for (let sent = 0; sent < count; sent += 1) yield BLOCK;
}

let gate: Gate;
let agent: Principal;
const folder = temporaryFolder();

beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  writeFileSync(join(policies, "passes.yaml"), "id: passes\ndestinations: [up.*]\nauto_approve_under: 10\n");
  const registry = join(folder.path, "gate.yaml");
  const entry = (name: string, more: string) =>
    `  up.${name}: { policies: [passes], prefix: /${name}, upstream: "http://127.0.0.1:${port}", allow_private: true, ` +
    `records: single, reads: [{ method: GET, path: /read/* }, { method: HEAD, path: /read/* }]${more} }\n`;
  writeFileSync(
    registry,
    `credentials:\n  key: { ref: env://UP_SECRET }\ndestinations:\n${entry("own", "")}${entry("keyed", ", credential: key")}`,
  );
  gate = await startGate({
    args: ["--policy-dir", policies, "--registry", registry],
    env: { UP_SECRET: SECRET },
  });
  agent = await gate.register("agent");
});

afterAll(async () => {
  await gate?.[Symbol.asyncDispose]();
  server.closeAllConnections();
  server.close();
  folder[Symbol.dispose]();
});

interface Got {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False: the connection ended before the answer did. */
  readonly isWhole: boolean;
}

/** Node's own, which decodes nothing; `leaveAfter`: hangs up after so many bytes. */
function get(path: string, { method = "GET", leaveAfter = Number.POSITIVE_INFINITY } = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const headers = { "x-gate-key": agent.key, "accept-encoding": "gzip, br, deflate" };
    const outgoing = send({ host: "127.0.0.1", port: gate.port, path, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= leaveAfter) outgoing.destroy();
      });
      response.on("error", () => undefined);
      response.on("close", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
          isWhole: response.complete,
        }),
      );
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

describe("a response through the agent's own credential", () => {
  test.for(Object.keys(CODED))("with %s arrives byte for byte with its headers", async (coding) => {
    const got = await get(`/own/read/coded/${coding}`);
    const { "content-encoding": encoding, "content-length": length, etag } = got.headers;
    expect({ encoding, length, etag }).toEqual({
      encoding: coding,
      length: String(CODED[coding]?.length),
      etag: '"v1"',
    });
    expect(got.body.equals(CODED[coding] ?? Buffer.alloc(0))).toBe(true);
  });

  test("without an encoding stays so and keeps its length", async () => {
    const got = await get("/own/read/plain");
    expect(got.headers["content-encoding"]).toBeUndefined();
    expect(got.headers["content-length"]).toBe(String(TEXT.length));
    expect(got.body.equals(TEXT)).toBe(true);
  });

  test("to HEAD has the length of the GET", async () => {
    const got = await get("/own/read/plain", { method: "HEAD" });
    expect(got).toMatchObject({ status: 200, headers: { "content-length": String(TEXT.length) } });
    expect(got.body.length).toBe(0);
  });
});

describe("a response through Gate's credential", () => {
  test.for(["coded/gzip", "coded/br", "coded/deflate", "plain"])(
    "INV-21: from %s arrives decoded and masked, with the resource's ETag if it has one",
    async (path) => {
      const got = await get(`/keyed/read/${path}`);
      const present = ["content-encoding", "content-length"].filter((name) => name in got.headers);
      expect(present).toEqual([]);
      expect(got).toMatchObject({ status: 200, isWhole: true });
      expect(got.headers["etag"]).toBe(path === "plain" ? undefined : '"v1"');
      expect(got.body.equals(MASKED)).toBe(true);
    },
  );

  test("that is short has the masked length", async () => {
    const got = await get("/keyed/read/short");
    expect(got).toMatchObject({ headers: { "content-length": "8" }, isWhole: true });
    expect(got.body.toString()).toBe("[masked]");
  });
});

describe.for(["own", "keyed"])("a response at the prefix /%s", (prefix) => {
  test("that breaks off is not taken for a whole one", async () => {
    const got = await get(`/${prefix}/read/broken`);
    expect(got).toMatchObject({ status: 200, isWhole: false });
    expect((await get(`/${prefix}/read/plain`)).status).toBe(200);
  });

  test.for(["", "?chunked"])("of 100 MB arrives whole%s", async (query) => {
    const got = await get(`/${prefix}/read/blocks/1600${query}`);
    expect(got).toMatchObject({ status: 200, isWhole: true });
    expect(got.body.length).toBe(1_600 * BLOCK.length);
    const isSame = Array.from({ length: 1_600 }, (_, at) => {
      return got.body.subarray(at * BLOCK.length, (at + 1) * BLOCK.length).equals(BLOCK);
    }).every(Boolean);
    expect(isSame).toBe(true);
  });

  test.for(["", "?chunked"])("is no longer fetched when the caller hangs up%s", async (query) => {
    abandoned.length = 0;
    const got = await get(`/${prefix}/read/blocks/3000${query}`, { leaveAfter: 100_000 });
    expect(got.isWhole).toBe(false);
    await expect.poll(() => abandoned, { timeout: 10_000 }).toEqual(["blocks/3000"]);
  });
});
