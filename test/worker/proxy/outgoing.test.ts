import { afterEach, describe, expect, test, vi } from "vitest";
import { sendOutgoing } from "../../../src/adapters/outgoing.ts";
import type { Outgoing } from "../../../src/ports/notifications.ts";

const request = (more: Partial<Outgoing> = {}): Outgoing => ({
  url: "https://receiver.example.com/hook",
  method: "POST",
  headers: { "X-Test": "1" },
  body: "{}",
  timeoutMs: 200,
  allowPrivate: false,
  ...more,
});

function answering(answer: typeof fetch) {
  return vi.spyOn(globalThis, "fetch").mockImplementation(answer);
}

const never = () => new Promise<Response>(() => undefined);

afterEach(() => vi.restoreAllMocks());

/** The URL parser of the platform is the one that counts. */
const LOCAL = [
  "http://receiver.example.com",
  "https://127.0.0.1",
  "https://2130706433",
  "https://0x7f.1",
  "https://0177.0.0.1",
  "https://127.1",
  "https://１２７.0.0.1",
  "https://127。0。0。1",
  "https://10.0.0.1",
  "https://169.254.169.254/latest/meta-data/",
  "https://0xa9fea9fe",
  "https://100.100.100.200",
  "https://[::1]",
  "https://[::ffff:127.0.0.1]",
  "https://[::ffff:7f00:1]",
  "https://[64:ff9b::7f00:1]",
  "https://[2002:7f00:1::]",
  "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
  "https://[fd00:ec2::254]",
  "https://[fe80::1]",
  "https://localhost",
  "https://localhost.",
  "https://metadata.google.internal",
  "https://printer.local",
  "https://user:pass@receiver.example.com",
  "https://user:pass@127.0.0.1",
  "file:///etc/passwd",
  "nonsense",
] as const;

describe("INV-22: requests to third parties", () => {
  test.each(LOCAL)("INV-22: a request to %s is refused", async (url) => {
    const sent = answering(never);
    expect(await sendOutgoing(request({ url }))).toEqual({ ok: false, error: "refused_address" });
    expect(sent).not.toHaveBeenCalled();
  });

  test("INV-22: a private address is accepted where the operator allows it, by plain http too", async () => {
    const sent = answering(async () => new Response("ok"));
    const answer = await sendOutgoing(request({ url: "http://10.0.0.5:8080/hook", allowPrivate: true }));
    expect(answer).toMatchObject({ ok: true, value: { status: 200, text: "ok" } });
    expect(sent.mock.calls[0]?.[0]).toBe("http://10.0.0.5:8080/hook");
  });

  test.each([301, 302, 303, 307, 308])(
    "INV-22: a redirect is returned as the answer and not followed: %i",
    async (status) => {
      const sent = answering(
        async () => new Response(null, { status, headers: { Location: "https://169.254.169.254/" } }),
      );
      expect(await sendOutgoing(request())).toMatchObject({ ok: true, value: { status, text: "" } });
      expect(sent).toHaveBeenCalledTimes(1);
      expect(sent.mock.calls[0]?.[1]).toMatchObject({ redirect: "manual", method: "POST", body: "{}" });
    },
  );
});

describe("third parties that are slow, gone or odd", () => {
  test("a server that never answers is a timeout, whether or not it honours the abort signal", async () => {
    answering(never);
    expect(await sendOutgoing(request())).toEqual({ ok: false, error: "timeout" });
    answering((_, init) => {
      return new Promise((_resolve, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason));
      });
    });
    expect(await sendOutgoing(request())).toEqual({ ok: false, error: "timeout" });
  });

  test.each([
    ["is not there", () => Promise.reject(new TypeError("https://receiver.example.com/hook?secret"))],
    ["throws a value that is no Error", () => Promise.reject("nonsense")],
  ])("a server that %s is unreachable, and its words are not returned", async (_, answer) => {
    answering(answer);
    expect(await sendOutgoing(request())).toEqual({ ok: false, error: "unreachable" });
  });

  test("malformed headers are not sent", async () => {
    vi.spyOn(globalThis, "fetch");
    const answer = await sendOutgoing(request({ headers: { "X-Test": "line\r\nInjected: yes" } }));
    expect(answer).toEqual({ ok: false, error: "unreachable" });
  });

  test("an answer is read up to 64 KiB", async () => {
    let pulled = 0;
    answering(async () => {
      const pull = (controller: ReadableStreamDefaultController) => {
        pulled += 1;
        controller.enqueue(new TextEncoder().encode("a".repeat(10_000)));
      };
      return new Response(new ReadableStream({ pull }));
    });
    const answer = await sendOutgoing(request());
    expect(answer.ok && answer.value.text).toBe("a".repeat(65_536));
    expect(pulled).toBeLessThan(20);
  });

  test("an answer that breaks off or never ends is what arrived in time", async () => {
    const start = (controller: ReadableStreamDefaultController) =>
      controller.enqueue(new TextEncoder().encode("so far"));
    answering(
      async () => new Response(new ReadableStream({ start, pull: () => new Promise<void>(() => undefined) })),
    );
    expect(await sendOutgoing(request())).toMatchObject({ ok: true, value: { status: 200, text: "so far" } });
    answering(async () => {
      const pull = () => Promise.reject(new Error("broken off"));
      return new Response(new ReadableStream({ start, pull }), { status: 201 });
    });
    expect(await sendOutgoing(request())).toMatchObject({ ok: true, value: { status: 201 } });
  });

  test("an answer that is not text is handled", async () => {
    answering(async () => new Response(new Uint8Array([0xff, 0xfe, 0x41])));
    expect(await sendOutgoing(request())).toMatchObject({ ok: true, value: { text: "\ufffd\ufffdA" } });
  });
});
