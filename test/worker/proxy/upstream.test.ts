import { afterEach, describe, expect, test, vi } from "vitest";
import { callUpstream } from "../../../src/adapters/upstream/call.ts";
import { storedCredential } from "../../../src/adapters/vault/registry-secrets.ts";
import { err, ok } from "../../../src/core/base/result.ts";
import type { UpstreamCall } from "../../../src/ports/upstream.ts";
import { answer, scriptedUpstream, ports, send } from "../../support/worker/scripted-upstream.ts";
import { answered, calling, SECRET, textOf, withCredential } from "../../support/worker/upstream-calls.ts";

afterEach(() => vi.restoreAllMocks());

const linesOf = (head: string) => head.split("\r\n").slice(1);
const lineOf = (head: string, name: string) =>
  linesOf(head).filter((line) => line.toLowerCase().startsWith(`${name}:`));

describe("INV-09: the request arrives at the upstream as approved", () => {
  test.for(["POST", "PUT", "PATCH", "DELETE", "QUERY"])(
    "INV-09: the body of a %s with its length",
    async (method) => {
      const upstream = await scriptedUpstream(...answer("done"));
      const body = Uint8Array.from({ length: 70_000 }, (_, at) => at % 256);
      const back = await answered(`${upstream.url}/a?q=%2F&x=%7E`, { method, body });
      expect(await textOf(back)).toBe("done");
      const [seen, ...more] = await upstream.seen();
      expect(more).toEqual([]);
      expect(seen?.head).toMatch(new RegExp(`^${method} /\\d+/a\\?q=%2F&x=%7E HTTP/1\\.1\r\n`));
      expect(lineOf(seen?.head ?? "", "content-length")).toEqual(["Content-Length: 70000"]);
      expect(Uint8Array.from(atob(seen?.body ?? ""), (char) => char.charCodeAt(0))).toEqual(body);
    },
  );

  test.for([
    ["POST", null],
    ["POST", new Uint8Array()],
    ["PUT", null],
    ["PATCH", new Uint8Array()],
    ["DELETE", new Uint8Array()],
  ] as const)(
    "INV-09: a %s without content has Content-Length 0 and no content type",
    async ([method, body]) => {
      const upstream = await scriptedUpstream(...answer());
      await answered(upstream.url, { method, body });
      const [seen] = await upstream.seen();
      expect(lineOf(seen?.head ?? "", "content-length")).toEqual(["Content-Length: 0"]);
      expect(lineOf(seen?.head ?? "", "content-type")).toEqual([]);
      expect(lineOf(seen?.head ?? "", "transfer-encoding")).toEqual([]);
    },
  );

  test("INV-09: no content type is invented, and a write has no headers but those that Cloudflare adds", async () => {
    const upstream = await scriptedUpstream(...answer());
    const headers = [
      ["accept", "*/*"],
      ["idempotency-key", "k-1"],
    ] as const;
    await answered(upstream.url, { method: "POST", headers, body: new TextEncoder().encode("text") });
    const [seen] = await upstream.seen();
    expect(
      linesOf(seen?.head ?? "").map((line) => line.toLowerCase().replace(/(host|cf-worker):.*/, "$1")),
    ).toEqual(expect.arrayContaining(["content-length: 4", "host", "accept: */*", "idempotency-key: k-1"]));
    expect(linesOf(seen?.head ?? "").filter((line) => !/^(cf-worker|host):/i.test(line))).toHaveLength(3);
  });

  test.for(["GET", "HEAD"])("a %s has neither content nor headers about it", async (method) => {
    const upstream = await scriptedUpstream(...answer());
    for (const body of [null, new Uint8Array()]) await answered(upstream.url, { method, body });
    for (const { head } of await upstream.seen()) {
      expect(lineOf(head, "content-length")).toEqual([]);
      expect(lineOf(head, "transfer-encoding")).toEqual([]);
    }
  });

  test("a response to a read is passed as it arrives", async () => {
    const upstream = await scriptedUpstream(...answer("found"));
    const parts = ["one ", "two ", "three"];
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const part = parts.shift();
        if (part === undefined) controller.close();
        else controller.enqueue(new TextEncoder().encode(part));
      },
    });
    await answered(upstream.url, { method: "POST", body });
    const [seen] = await upstream.seen();
    expect(atob(seen?.body ?? "")).toBe("one two three");
  });
});

describe("a request that was certainly not sent is reported as unsent", () => {
  const unsent = (problem: string) => ({ ok: false, error: { problem, sent: false } });

  test.for([
    ["GET", new Uint8Array([1])],
    ["HEAD", new Uint8Array([1])],
    ["CONNECT", null],
    ["MADE UP", null],
    ["", null],
  ] as const)("for an impossible request: %s with %o", async ([method, body]) => {
    const sent = vi.spyOn(globalThis, "fetch");
    expect(await calling("https://api.example.com/", { method, body })).toMatchObject(unsent("unreachable"));
    expect(sent).not.toHaveBeenCalled();
  });

  test.for([
    ["a value that ends its line", "x-a", "a\r\nx-b: c"],
    ["a name with a space", "x a", "a"],
    ["no name", "", "a"],
  ] as const)("for a malformed header: %s", async ([, name, value]) => {
    const sent = vi.spyOn(globalThis, "fetch");
    const called = await calling("https://api.example.com/", { headers: [[name, value]] });
    expect(called).toMatchObject(unsent("unreachable"));
    expect(sent).not.toHaveBeenCalled();
  });

  test.for([
    ["not_found", "there is no such secret"],
    ["timeout", "the vault did not answer"],
  ] as const)(
    "INV-24: for a vault error %s, which is clear and without a secret",
    async ([problem, detail]) => {
      const sent = vi.spyOn(globalThis, "fetch");
      const call = callUpstream(async () => err({ problem, detail }));
      const called = await call({ ...plain(), ...withCredential() });
      expect(called).toEqual({ ok: false, error: { problem, source: "credential", detail, sent: false } });
      expect(sent).not.toHaveBeenCalled();
    },
  );

  test.for([
    ["too short to be masked", "abc", "too_short"],
    ["guessable", "password1234", "guessable"],
    ["with a line's end", `${SECRET}\n`, "characters"],
    ["no text of ASCII", `${SECRET}ü`, "characters"],
  ] as const)("INV-21: for a secret %s, which is not shown", async ([, secret, problem]) => {
    const sent = vi.spyOn(globalThis, "fetch");
    const called = await callUpstream(async () => ok(storedCredential(secret)))({
      ...plain(),
      ...withCredential(),
    });
    expect(called).toMatchObject(unsent(problem));
    expect(JSON.stringify(called)).not.toContain(secret.trim());
    expect(sent).not.toHaveBeenCalled();
  });

  test("INV-24: for a vault that throws, whose message is not repeated", async () => {
    const call = callUpstream(() => Promise.reject(new Error(SECRET)));
    const called = await call({ ...plain(), ...withCredential() });
    expect(called).toMatchObject(unsent("unavailable"));
    expect(JSON.stringify(called)).not.toContain(SECRET);
  });

  test("for a query parameter that the agent already set", async () => {
    const more = withCredential({ kind: "query", name: "api_key" });
    expect(await calling("https://api.example.com/?API_KEY=mine", more)).toMatchObject(unsent("slot_taken"));
  });
});

function plain(): Omit<UpstreamCall, "credential"> {
  const url = "https://api.example.com/";
  const content = { headers: [], reader: null, agentCredentials: [], body: null, passesThrough: true };
  return { method: "GET", url, ...content, timeoutMs: 1_000, allowPrivate: false };
}

/** The URL parser of the platform is the one that counts; more forms in the tests of `publicAddress`. */
const LOCAL = [
  "http://api.example.com/",
  "https://127.0.0.1/",
  "https://2130706433/",
  "https://0x7f.1/",
  "https://0177.0.0.1/",
  "https://127.1/",
  "https://0/",
  "https://１２７.0.0.1/",
  "https://127。0。0。1/",
  "https://10.0.0.1/",
  "https://172.16.0.1/",
  "https://192.168.1.1/",
  "https://100.64.0.1/",
  "https://169.254.169.254/latest/meta-data/",
  "https://0xa9fea9fe/",
  "https://2852039166/",
  "https://0251.0376.0251.0376/",
  "https://168.63.129.16/",
  "https://[::]/",
  "https://[::1]/",
  "https://[0:0:0:0:0:0:0:1]/",
  "https://[::ffff:127.0.0.1]/",
  "https://[::ffff:7f00:1]/",
  "https://[::127.0.0.1]/",
  "https://[64:ff9b::7f00:1]/",
  "https://[2002:7f00:1::]/",
  "https://[fd00:ec2::254]/",
  "https://[fe80::1]/",
  "https://localhost/",
  "https://localhost./",
  "https://metadata.google.internal/",
  "https://printer.local/",
  "https://127.0.0.1.nip.io/",
  "https://gate/",
  "https://user:pass@api.example.com/",
  "https://user@api.example.com/",
  "ftp://api.example.com/",
  "file:///etc/passwd",
  "data:text/plain,x",
  "nonsense",
  "",
  // Read otherwise by `fetch` than they are written.
  "https://api.example.com",
  "https://api.example.com/a/../b",
  "https://api.example.com/%2e%2e/b",
  "https://api.example.com\\@127.0.0.1/",
  "https://api.example.com/a b",
  "https://api.example.com/\n",
  " https://api.example.com/",
  "HTTPS://API.example.com/",
  "https://api.example.com:443/",
] as const;

describe("INV-22: upstreams are public, unless the operator wrote otherwise", () => {
  test.for(LOCAL)("INV-22: a request to %s is refused, and no credential is fetched for it", async (url) => {
    const sent = vi.spyOn(globalThis, "fetch");
    const vault = vi.fn(async () => ok(storedCredential(SECRET)));
    const call = { ...plain(), ...withCredential(), url };
    expect(await callUpstream(vault)(call)).toMatchObject({
      ok: false,
      error: { problem: "refused_address", sent: false },
    });
    expect(sent).not.toHaveBeenCalled();
    expect(vault).not.toHaveBeenCalled();
  });

  test("INV-22: a private address is accepted where the operator allows it, by plain http too", async () => {
    const upstream = await scriptedUpstream(...answer("inside"));
    expect(await textOf(await answered(upstream.url))).toBe("inside");
    expect(await calling(upstream.url, { allowPrivate: false })).toMatchObject({
      error: { problem: "refused_address" },
    });
    expect(await upstream.seen()).toHaveLength(1);
  });

  test.for([301, 302, 303, 307, 308])(
    "INV-22: a redirect is returned as the response and not followed: %d",
    async (status) => {
      const target = await scriptedUpstream(...answer("followed"));
      const upstream = await scriptedUpstream(...answer("", [`Location: ${target.url}`], `${status} There`));
      for (const more of [{}, withCredential()]) {
        const back = await answered(upstream.url, { ...more, method: "POST", body: new Uint8Array([1]) });
        expect(back).toMatchObject({ status, headers: expect.arrayContaining([["location", target.url]]) });
      }
      expect(await target.seen()).toEqual([]);
      expect(await upstream.seen()).toHaveLength(2);
    },
  );

  test("a query of unusual length is sent", async () => {
    const upstream = await scriptedUpstream(...answer("rows"));
    const url = `${upstream.url}/query?q=${"SELECT+Id+".repeat(1_000)}`;
    expect(await textOf(await answered(url))).toBe("rows");
  });
});

describe("INV-11: a request that may have arrived is never reported as unsent", () => {
  const write = { method: "POST", body: new TextEncoder().encode("write") } as const;
  const host = (port: number): string => `http://127.0.0.1:${port}/`;

  test.for([
    ["no server listens", (): string => host(ports().refusing)],
    ["the connection is reset at once", (): string => host(ports().resetting)],
    ["the name has no address", (): string => "http://nobody.example.invalid/"],
    ["it ends where TLS begins", (): string => `https://127.0.0.1:${ports().resetting}/`],
  ] as const)("INV-11: may have been sent where %s", async ([, url]) => {
    expect(await calling(url(), write)).toMatchObject({
      ok: false,
      error: { problem: "broken_off", sent: true },
    });
  });

  test.for([
    ["resets the connection", [{ do: "reset" }]],
    ["ends it without a word", [{ do: "end" }]],
    ["ends it within the headers", [send("HTTP/1.1 200 OK\r\nX-A: b\r\n"), { do: "end" }]],
    [
      "resets it within the headers",
      [send("HTTP/1.1 200 OK\r\nX-A"), { do: "pause", ms: 20 }, { do: "reset" }],
    ],
    ["speaks another protocol", [send(`SSH-2.0-OpenSSH ${SECRET}\r\n\r\n`), { do: "end" }]],
    ["answers nonsense", [send(new Uint8Array(5_000)), { do: "end" }]],
    ["has two lengths", answer("a", ["Content-Length: 5"])],
    ["has a status of four digits", answer("a", [], "1000 OK")],
    ["has no status", answer("a", [], "OK")],
  ] as const)("INV-11: unknown after an upstream that took it and %s", async ([, steps]) => {
    const upstream = await scriptedUpstream(...steps);
    const called = await calling(upstream.url, { ...write, ...withCredential() });
    expect(called).toMatchObject({ ok: false, error: { problem: "broken_off", sent: true } });
    expect(JSON.stringify(called)).not.toContain(SECRET);
    // Sent once: repeating is the caller's decision.
    expect(await upstream.seen()).toHaveLength(1);
  });

  test.for([
    ["before a word", []],
    ["within the headers", [send("HTTP/1.1 200 OK\r\nX-A: b\r\n")]],
  ] as const)(
    "INV-11: timeout after an upstream that hangs %s, and its connection is closed",
    async ([, steps]) => {
      const upstream = await scriptedUpstream(...steps);
      const called = await calling(upstream.url, { ...write, timeoutMs: 100 });
      expect(called).toMatchObject({ ok: false, error: { problem: "timeout", sent: true } });
      expect(await upstream.closed()).toMatchObject({ isClosed: true });
    },
  );

  test.for(["101 Switching Protocols", "600 Odd", "999 Odd"])(
    "INV-11: unknown after a status that HTTP does not define: %s",
    async (status) => {
      const upstream = await scriptedUpstream(...answer("hello", [], status));
      for (const more of [{}, withCredential()]) {
        expect(await calling(upstream.url, { ...write, ...more })).toMatchObject({
          ok: false,
          error: { problem: "invalid_response", sent: true },
        });
      }
    },
  );

  test("INV-11: unknown after an exception of the platform, at once or later, and not repeated", async () => {
    const thrown: (() => Promise<Response>)[] = [
      () => {
        throw new TypeError(`no such header: ${SECRET}`);
      },
      () => Promise.reject(new Error(SECRET)),
      () => Promise.reject(SECRET),
    ];
    for (const fails of thrown) {
      vi.spyOn(globalThis, "fetch").mockImplementation(fails);
      const called = await calling("https://api.example.com/", write);
      expect(called).toMatchObject({ ok: false, error: { sent: true } });
      expect(JSON.stringify(called)).not.toContain(SECRET);
    }
  });

  test("a response that comes too late is cancelled", async () => {
    const cancelled = vi.fn();
    vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return new Response(new ReadableStream({ cancel: cancelled }));
    });
    expect(await calling("https://api.example.com/", { timeoutMs: 10 })).toMatchObject({
      error: { problem: "timeout" },
    });
    await vi.waitFor(() => expect(cancelled).toHaveBeenCalledTimes(1));
  });

  test("interim responses are skipped", async () => {
    const upstream = await scriptedUpstream(
      send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
      ...answer("the answer"),
    );
    expect(await textOf(await answered(upstream.url, write))).toBe("the answer");
  });
});
