import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { temporaryFolder } from "../support/command.ts";
import { statusesOf } from "../support/gate.ts";
import { CREDENTIALS } from "../support/providers.ts";
import { type Scene, startScene } from "../support/proxy-server.ts";

/* curl as a person types it, without a client library that normalises the request. */

let scene: Scene;
const folder = temporaryFolder();
beforeAll(async () => {
  scene = await startScene();
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});
beforeEach(() => scene.upstream.forget());

interface Curled {
  /** Curl's own exit code. */
  readonly exit: number;
  readonly status: number;
  /** As they came, names in lower case. */
  readonly head: string;
  readonly body: Buffer;
}

let calls = 0;

/** With the agent's key in the header that is Gate's own. */
function curl(path: string, ...args: readonly string[]): Promise<Curled> {
  return curlAs(path, ["-H", `x-gate-key: ${scene.agent.key}`], ...args);
}

function curlAs(path: string, shown: readonly string[], ...args: readonly string[]): Promise<Curled> {
  calls += 1;
  const [head, body] = [join(folder.path, `head-${calls}`), join(folder.path, `body-${calls}`)];
  const all = ["-sS", "--max-time", "20", "-D", head, "-o", body, ...shown, ...args, `${scene.base}${path}`];
  return new Promise((resolve) => {
    execFile("curl", all, (error) => {
      const read = (file: string): Buffer => {
        try {
          return readFileSync(file);
        } catch {
          return Buffer.alloc(0);
        }
      };
      const headText = read(head).toString("latin1").toLowerCase();
      const statuses = [...headText.matchAll(/^http\/[\d.]+ (\d{3})/gm)];
      const exit = typeof error?.code === "number" ? error.code : 0;
      resolve({ exit, status: Number(statuses.at(-1)?.[1] ?? 0), head: headText, body: read(body) });
    });
  });
}

function codeOf({ body }: Curled): unknown {
  return (JSON.parse(body.toString()) as { readonly code?: unknown }).code;
}

function fileOf(bytes: Buffer): string {
  const path = join(folder.path, `sent-${(calls += 1)}`);
  writeFileSync(path, bytes);
  return path;
}

describe("request bodies through the proxy", () => {
  const bytes = randomBytes(200_000);

  test.each([
    ["--data-binary", ["--data-binary", "@FILE"], "POST"],
    ["Expect: 100-continue", ["--data-binary", "@FILE", "-H", "Expect: 100-continue"], "POST"],
    ["chunked", ["--data-binary", "@FILE", "-H", "Transfer-Encoding: chunked"], "POST"],
    ["an upload", ["-T", "FILE"], "PUT"],
    ["HTTP/1.0", ["-0", "--data-binary", "@FILE"], "POST"],
  ] as const)("INV-09: %s: every byte arrives and returns", async (_name, args, method) => {
    const file = fileOf(bytes);
    const sent = args.map((argument) => argument.replace("FILE", file));
    const answer = await curl("/plain/things", "-H", "content-type: application/octet-stream", ...sent);
    expect([answer.exit, answer.status]).toEqual([0, 200]);
    expect(answer.body.equals(bytes)).toBe(true);
    expect(scene.upstream.received).toHaveLength(1);
    expect(scene.upstream.received[0]?.method).toBe(method);
    expect(scene.upstream.received[0]?.body.equals(bytes)).toBe(true);
  });

  test("INV-26: over the limit are 413, with and without a length", async () => {
    const file = fileOf(Buffer.alloc(11 * 1024 * 1024, 97));
    const withLength = await curl("/plain/things", "--data-binary", `@${file}`);
    const chunked = await curl(
      "/plain/things",
      "-H",
      "Transfer-Encoding: chunked",
      "--data-binary",
      `@${file}`,
    );
    expect([withLength.status, chunked.status]).toEqual([413, 413]);
    expect(scene.upstream.received).toHaveLength(0);
  });

  test("INV-10: that are compressed are refused, because they could not be evaluated", async () => {
    const answer = await curl("/plain/things", "-H", "Content-Encoding: gzip", "--data-binary", "x");
    expect([answer.status, codeOf(answer)]).toEqual([415, "content_coding_refused"]);
    expect(scene.upstream.received).toHaveLength(0);
  });

  test("may be empty in a write, which is one record where the registry says so", async () => {
    expect((await curl("/plain/things", "-X", "POST")).status).toBe(200);
    expect((await curl("/plain/things/1", "-X", "DELETE")).status).toBe(200);
    const seen = scene.upstream.received.map(({ method, body }) => `${method} ${body.length}`);
    expect(seen).toEqual(["POST 0", "DELETE 0"]);
  });
});

describe("request methods through the proxy", () => {
  test("HEAD of a listed read passes without a body", async () => {
    const answer = await curl("/plain/read/things", "-I");
    expect([answer.exit, answer.status, answer.head.includes("x-gate-intent-id")]).toEqual([0, 200, false]);
    expect(scene.upstream.received.map(({ method }) => method)).toEqual(["HEAD"]);
  });

  test("OPTIONS passes where it is listed, and is a write elsewhere", async () => {
    const listed = await curl("/plain/read/things", "-X", "OPTIONS");
    const other = await curl("/held/things", "-X", "OPTIONS");
    expect([listed.status, other.status]).toEqual([200, 202]);
  });

  test("GET that is not listed is held like any write", async () => {
    expect((await curl("/held/things")).status).toBe(202);
    expect(scene.upstream.received).toHaveLength(0);
  });

  test("GET with a body is refused as neither read nor write", async () => {
    const answer = await curl("/plain/read/things", "-X", "GET", "--data-binary", "write-by-get");
    expect([answer.status, codeOf(answer)]).toEqual([400, "method_refused"]);
    expect(scene.upstream.received).toHaveLength(0);
  });

  test.each(["TRACE", "CONNECT", "TRACK", "get"])("%s is not forwarded", async (method) => {
    const answer = await curl("/plain/things", "-X", method);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(502);
    expect(scene.upstream.received).toHaveLength(0);
  });
});

describe("INV-22: ambiguous paths", () => {
  test.each([
    "/plain/a/../b",
    "/plain/./a",
    "/plain//a",
    "/plain/read/..%2f..%2fthings",
    "/plain/read/%2e%2e/things",
    "/plain/a%2fb",
    "/plain/a%5cb",
    "/plain/a;b=c/d",
    "/plain/%252e%252e/a",
    "/plain/a%00b",
    "/plain/%c0%ae%c0%ae/a",
    "/plain/read/%EF%BC%8E%EF%BC%8E/a",
    "/plain/%zz",
  ])("the path %s is 400 and not forwarded", async (path) => {
    const answer = await curl(path, "--path-as-is", "--data-binary", "write-path");
    expect([answer.status, codeOf(answer)]).toEqual([400, "path_refused"]);
    expect(scene.upstream.received).toHaveLength(0);
  });

  test.each([
    ["out of the prefix", "/plain/../held/things", [400, 404]],
    ["to Gate's own", "/plain/../v1/intents", [400, 401, 404]],
    ["before the prefix", "//plain/things", [400, 404]],
  ] as const)("%s leads nowhere", async (_name, path, statuses) => {
    const answer = await curl(path, "--path-as-is", "-X", "POST", "--data-binary", "write-path");
    expect(statuses).toContain(answer.status);
    expect(scene.upstream.received).toHaveLength(0);
  });

  test("a query is forwarded as written", async () => {
    await curl("/plain/read/a?b=%2F..%2f&c=1;2&d=%20+&e", "--path-as-is", "-g");
    expect(scene.upstream.received[0]?.target).toBe("/plain/read/a?b=%2F..%2f&c=1;2&d=%20+&e");
  });
});

describe("keys and headers through the proxy", () => {
  test.each([
    ["as the password of basic authentication", (key: string) => ["-u", `agent:${key}`]],
    ["as its user, as Stripe's own examples have it", (key: string) => ["-u", `${key}:`]],
  ])("INV-23: the key comes %s, and the provider's credential goes out", async (_name, shown) => {
    const answer = await curlAs("/plain/things", shown(scene.agent.key), "--data-binary", "write-keyed");
    expect(answer.status).toBe(200);
    expect(scene.upstream.received[0]?.headers["authorization"]).toBe(`Bearer ${CREDENTIALS.PLAIN_SECRET}`);
    expect(JSON.stringify(scene.upstream.received[0]?.headers)).not.toContain("gate_sk_");
  });

  test.each([
    ["none", []],
    ["no Gate key", ["-H", "Authorization: Bearer nonsense"]],
    ["unknown", ["-H", "Authorization: Bearer gate_sk_0000000000000000000000000000"]],
  ])("a request whose key is %s gets 401, and nothing is forwarded", async (_name, args) => {
    const answer = await curlAs("/plain/read/things", args);
    expect(answer.status).toBe(401);
    expect(scene.upstream.received).toHaveLength(0);
  });

  test("roles: a reviewer's key does not open the proxy", async () => {
    const answer = await curlAs("/plain/read/things", ["-u", `x:${scene.reviewer.key}`]);
    expect([answer.status, codeOf(answer)]).toEqual([403, "forbidden"]);
    expect(scene.upstream.received).toHaveLength(0);
  });

  test.each(["X-HTTP-Method-Override: DELETE", "X-Original-URL: /admin", "X-Rewrite-URL: /admin"])(
    "INV-22: %s is refused, because the provider would do something else",
    async (header) => {
      const answer = await curl("/plain/read/things", "-H", header);
      expect([answer.status, codeOf(answer)]).toEqual([400, "headers_refused"]);
      expect(scene.upstream.received).toHaveLength(0);
    },
  );

  test("INV-23: headers of the connection and of Gate are not forwarded", async () => {
    const more = [
      "Proxy-Authorization: Basic eDp5",
      "TE: trailers",
      "X-Secret-Hop: 1",
      "Keep-Alive: timeout=5",
    ];
    const all = [
      ...more,
      "Connection: X-Secret-Hop",
      "X-Gate-Anything: 1",
      "Cookie: a=b",
      "Range: bytes=0-1",
    ];
    await curl("/plain/read/things", ...all.flatMap((header) => ["-H", header]));
    const names = Object.keys(scene.upstream.received[0]?.headers ?? {});
    for (const name of [
      "proxy-authorization",
      "te",
      "x-secret-hop",
      "keep-alive",
      "x-gate-anything",
      "cookie",
      "range",
    ]) {
      expect(names).not.toContain(name);
    }
  });

  test("excessive headers are refused, and the next request is answered", async () => {
    const huge = await curl("/plain/read/things", "-H", `X-Long: ${"a".repeat(40_000)}`);
    expect([400, 431]).toContain(huge.status);
    expect(scene.upstream.received).toHaveLength(0);
    expect((await curl("/plain/read/things")).status).toBe(200);
  });

  test("a WebSocket upgrade is refused with a problem", async () => {
    const upgrade = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
    const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    const answer = await curl("/plain/read/things", ...[...upgrade, key].flatMap((header) => ["-H", header]));
    expect([answer.status, codeOf(answer)]).toEqual([501, "upgrade_refused"]);
    expect(scene.upstream.received).toHaveLength(0);
  });

  test("INV-25: HTTP/2 without negotiation reaches no provider", async () => {
    const answer = await curl("/plain/things", "--http2-prior-knowledge", "--data-binary", "write-h2");
    expect(answer.exit !== 0 || answer.status >= 400).toBe(true);
    expect(scene.upstream.received).toHaveLength(0);
    expect((await curl("/plain/read/things")).status).toBe(200);
  });
});

describe("INV-11: failing upstreams", () => {
  test("that refuse the connection are 502 and indeterminate, because a hang-up looks the same", async () => {
    const answer = await curl("/nobody/things", "--data-binary", "write-unheard");
    expect([answer.status, codeOf(answer)]).toEqual([502, "upstream_failed"]);
    const { intent_id: id } = JSON.parse(answer.body.toString()) as { readonly intent_id: string };
    expect((await scene.look(id))["state"]).toBe("indeterminate");
    const resolution = { outcome: "not_executed", note: "nobody listens there" };
    const { status } = await scene.gate.call(
      "POST",
      `/v1/intents/${id}/resolve`,
      scene.reviewer.key,
      resolution,
    );
    expect(status).toBe(200);
  });

  test("that are too slow are 504 and indeterminate", async () => {
    scene.upstream.slow(1_500);
    const answer = await curl("/hurried/things", "--data-binary", "write-slow");
    scene.upstream.slow(0);
    expect([answer.status, codeOf(answer)]).toEqual([504, "upstream_timeout"]);
    const { intent_id: id } = JSON.parse(answer.body.toString()) as { readonly intent_id: string };
    expect((await scene.look(id))["state"]).toBe("indeterminate");
    const repeat = await curl(
      "/hurried/things",
      "-H",
      `x-gate-intent-id: ${id}`,
      "--data-binary",
      "write-slow",
    );
    expect([repeat.status, codeOf(repeat)]).toEqual([502, "outcome_unknown"]);
    expect(scene.upstream.received).toHaveLength(1);
  });

  test("that hang up are 502, and nothing is sent again", async () => {
    scene.upstream.conduct(() => "carry_out_and_reset");
    const answer = await curl(
      "/plain/things",
      "-H",
      "idempotency-key: reset-1",
      "--data-binary",
      "write-reset",
    );
    scene.upstream.conduct(() => "answer");
    expect(answer.status).toBe(502);
    const repeat = await curl(
      "/plain/things",
      "-H",
      "idempotency-key: reset-1",
      "--data-binary",
      "write-reset",
    );
    expect([repeat.status, codeOf(repeat)]).toEqual([502, "outcome_unknown"]);
    expect(scene.upstream.received).toHaveLength(1);
  });
});

describe("INV-22: malformed requests through the proxy", () => {
  const key = () => `X-Gate-Key: ${scene.agent.key}`;

  test.each([
    [
      "two lengths",
      () =>
        `POST /plain/a HTTP/1.1\r\nHost: x\r\n${key()}\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde`,
    ],
    [
      "a length and chunks",
      () =>
        `POST /plain/a HTTP/1.1\r\nHost: x\r\n${key()}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    ],
    [
      "an absolute address with a user",
      () => `POST http://me@x/plain/a HTTP/1.1\r\nHost: x\r\n${key()}\r\nContent-Length: 0\r\n\r\n`,
    ],
    ["a fragment", () => `POST /plain/a#b HTTP/1.1\r\nHost: x\r\n${key()}\r\nContent-Length: 0\r\n\r\n`],
    [
      "a header in two lines",
      () => `POST /plain/a HTTP/1.1\r\nHost: x\r\n${key()}\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n`,
    ],
    [
      "a body that breaks off",
      () => `POST /plain/a HTTP/1.1\r\nHost: x\r\n${key()}\r\nContent-Length: 500\r\n\r\nabc`,
    ],
  ])("%s: nothing ambiguous is forwarded", async (_name, request) => {
    const statuses = statusesOf(await scene.gate.raw(request()));
    for (const status of statuses) expect(status).toBeLessThan(500);
    const sent = scene.upstream.received.map(({ path, body }) => `${path} ${body.toString()}`);
    expect(sent.every((line) => line === "/plain/a ")).toBe(true);
    expect(sent.length).toBeLessThanOrEqual(1);
  });
});
