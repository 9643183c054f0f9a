import { inspect } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { Gate, GateError, GateUnavailableError, type GateOptions } from "../../../sdk/typescript/gate.ts";
import { json, REFUSED, wire, type WireReply, type WireRequest } from "../../support/wire.ts";

const PROPOSAL = { destination: "salesforce.import", policy: "crm-low-risk" };
const BUSY = json({ code: "unavailable", detail: "busy" }, 503);

function client(
  replies: readonly WireReply[] | ((request: WireRequest) => WireReply),
  options: GateOptions = {},
) {
  const { sent, fetch } = wire(replies);
  return { sent, gate: new Gate({ endpoint: "http://gate.test", apiKey: "gate_sk_a", fetch, ...options }) };
}

async function failure(promise: Promise<unknown>): Promise<GateError> {
  const error: unknown = await promise.then(
    (value) => value,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GateError);
  return error as GateError;
}

const CALLS: readonly [string, (gate: Gate) => Promise<unknown>][] = [
  ["a read", (gate) => gate.getIntent({ intentId: "int_1" })],
  ["a list", (gate) => gate.list()],
  ["a proposal", (gate) => gate.propose(PROPOSAL)],
  ["a proposal with a key", (gate) => gate.propose({ ...PROPOSAL, idempotencyKey: "k" })],
  ["a check", (gate) => gate.check(PROPOSAL)],
  ["an order", (gate) => gate.execute({ intentId: "int_1" })],
  ["a claim", (gate) => gate.claim({ executionId: "exe_1", executionToken: "gex_1" })],
  ["a report", (gate) => gate.report({ executionId: "exe_1", executionToken: "gex_1", status: "failed" })],
  ["an approval", (gate) => gate.approve({ intentId: "int_1" })],
  ["a download", (gate) => gate.deliver({ intentId: "int_1" })],
];

/** POSTs whose repeat the server answers alike without a header. */
const WITHOUT_HEADER = new Set(["a check", "an order"]);

describe("INV-11: a repeat is the same request, which the server can recognise", () => {
  test.each(CALLS)("%s", async (name, call) => {
    const { sent, gate } = client([REFUSED, BUSY, "cut", json({ id: "int_1" })]);
    await call(gate);
    expect(sent).toHaveLength(4);
    const [first] = sent;
    const isKeyed = first?.method === "POST" && !WITHOUT_HEADER.has(name);
    expect(first?.idempotencyKey).toEqual(isKeyed ? expect.stringMatching(/^"[0-9a-f-]{36}"$/) : null);
    for (const { at: _at, ...again } of sent) {
      const { at: _first, ...same } = first ?? { at: 0 };
      expect(again).toEqual(same);
    }
  });

  test("and two calls are two requests", async () => {
    const { sent, gate } = client([json({})]);
    await gate.propose(PROPOSAL);
    await gate.propose(PROPOSAL);
    expect(new Set(sent.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(2);
  });
});

describe("repeats", () => {
  test("end after the client's number of them, with the last reason", async () => {
    const { sent, gate } = client([REFUSED]);
    const error = await failure(gate.list());
    expect(error).toBeInstanceOf(GateUnavailableError);
    expect(error).toMatchObject({ status: 0, code: "network" });
    expect(error.message).toBe("can't reach Gate at http://gate.test (ECONNREFUSED)");
    expect(sent).toHaveLength(4);
  });

  test("are switched off with retries: 0", async () => {
    const { sent, gate } = client([BUSY], { retries: 0 });
    await failure(gate.list());
    expect(sent).toHaveLength(1);
  });

  test.each([400, 401, 403, 404, 409, 410, 413, 422, 500, 501])("are not made after %i", async (status) => {
    const { sent, gate } = client([json({ code: "x", detail: "no" }, status)]);
    expect((await failure(gate.propose(PROPOSAL))).status).toBe(status);
    expect(sent).toHaveLength(1);
  });

  test("are not made of a DELETE, whose repeat answers otherwise", async () => {
    const { sent, gate } = client([BUSY]);
    await failure(gate.request("DELETE /v1/webhooks/{id}", { path: { id: "whk_1" } }));
    expect(sent).toHaveLength(1);
  });

  test("wait for a request under the same key that is still in progress", async () => {
    const inFlight = json({ code: "idempotency_in_flight", detail: "in progress" }, 409);
    const { sent, gate } = client([inFlight, json({ status: "approved" })]);
    expect((await gate.propose(PROPOSAL)).status).toBe("approved");
    expect(sent[0]?.idempotencyKey).toBe(sent[1]?.idempotencyKey);
  });

  test("respect Retry-After, and give up at once where it is longer than the call may take", async () => {
    const soon = client([json({ code: "x" }, 503, { "retry-after": "1" }), json({})]);
    await soon.gate.list();
    const [first, second] = soon.sent;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
    const late = client([json({ code: "too_many_requests" }, 429, { "retry-after": "60" })]);
    const error = await failure(late.gate.list());
    expect(error).toBeInstanceOf(GateUnavailableError);
    expect([late.sent.length, error.retryAfterMs]).toEqual([1, 60_000]);
  });

  test("are spread over the whole pause (full jitter)", async () => {
    const pauses = new Set<number>();
    for (const random of [0, 0.5, 0.999]) {
      vi.spyOn(Math, "random").mockReturnValue(random);
      const { sent, gate } = client([BUSY, json({})]);
      await gate.list();
      pauses.add(Math.round(((sent[1]?.at ?? 0) - (sent[0]?.at ?? 0)) / 25));
    }
    vi.restoreAllMocks();
    expect(pauses.size).toBe(3);
  });
});

describe("a server that misbehaves is one typed error", () => {
  test.each<[string, WireReply, string]>([
    ["answers nothing", "never", "timeout"],
    ["answers nothing to a fetch without signals", "deaf", "timeout"],
    ["is not there", REFUSED, "network"],
    ["cuts its answers", "cut", "network"],
    ["answers a page", new Response("<html>", { status: 200 }), "not_json"],
    ["answers a page of a proxy", new Response("<html>", { status: 502 }), "not_json"],
    ["answers nothing at all", new Response("", { status: 200 }), "not_json"],
    ["answers a list", new Response("[1]", { status: 200 }), "not_json"],
    ["redirects", new Response("", { status: 302, headers: { location: "http://evil.test" } }), "not_json"],
    ["fails", json({ code: "unavailable" }, 503), "unavailable"],
  ])("where it %s", async (_, reply, code) => {
    const { gate } = client([reply], { timeoutMs: 300, retries: 1 });
    const began = performance.now();
    const error = await failure(gate.propose(PROPOSAL));
    expect(error).toBeInstanceOf(GateUnavailableError);
    expect(error.code).toBe(code);
    expect(performance.now() - began).toBeLessThan(2_000);
    if (code !== "unavailable") expect(error.remedy).toEqual(expect.any(String));
  });

  test("where the key is wrong, with what to do", async () => {
    const { gate } = client([json({ code: "invalid_key", detail: "The key is unknown." }, 401)]);
    const error = await failure(gate.list());
    expect(error).toMatchObject({ name: "GateError", code: "invalid_key", remedy: expect.any(String) });
  });

  test.each(["gate_sk_a\n", "gate_sk_a b", " gate_sk_a", "gate_sk_ä", "gate_sk_a\r\nx: y"])(
    "INV-21: where the key %j is none, without the key",
    async (apiKey) => {
      const { sent, gate } = client([json({})], { apiKey });
      const error: unknown = await gate.list().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(TypeError);
      expect(inspect(error)).not.toContain("gate_sk");
      expect(sent).toEqual([]);
    },
  );

  test("INV-21: and has no key in it, however it is printed", async () => {
    for (const reply of [REFUSED, json({ code: "invalid_key" }, 401), "never"] as const) {
      const { gate } = client([reply], { timeoutMs: 50, retries: 0 });
      expect(inspect(await failure(gate.list()), { depth: 10 })).not.toContain("gate_sk_a");
      expect(inspect(gate, { depth: 10, showHidden: true })).not.toContain("gate_sk_a");
    }
  });

  test("and carries the reason, the remedy and the intent's links", async () => {
    const body = {
      code: "edit_blocked",
      detail: "no",
      reason_code: "term",
      remedy: "Leave it out.",
      intent_id: "int_1",
    };
    const { gate } = client([json(body, 422)], { endpoint: "http://gate.test/gate/" });
    expect(
      await failure(gate.edit({ intentId: "int_1", payload: "x", reason: "r", digest: "d" })),
    ).toMatchObject({
      intentId: "int_1",
      reasonCode: "term",
      remedy: "Leave it out.",
      links: {
        self: "http://gate.test/gate/v1/intents/int_1",
        page: "http://gate.test/gate/cases/int_1",
      },
    });
  });
});

describe("a call", () => {
  test("ends with the reason of its signal, before and while it is sent and while it pauses", async () => {
    const reason = new Error("enough");
    const aborted = client([json({})]);
    await expect(aborted.gate.list({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(aborted.sent).toHaveLength(0);
    for (const reply of ["never", "deaf", json({ code: "x" }, 503, { "retry-after": "5" })] as const) {
      const controller = new AbortController();
      const { gate } = client([reply]);
      const call = gate.list({}, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 20);
      await expect(call).rejects.toBe(reason);
    }
  });

  test("has its own time limit, repeats included", async () => {
    const { gate } = client(["never"]);
    const error = await failure(gate.list({}, { timeoutMs: 30 }));
    expect([error.code, error.message]).toEqual([
      "timeout",
      "Gate at http://gate.test did not respond within 30 ms",
    ]);
    await expect(gate.list({}, { timeoutMs: 0 })).rejects.toBeInstanceOf(TypeError);
  });

  test("leaves no rejection unhandled when the answer comes after its end", async () => {
    const unhandled = vi.fn();
    process.on("unhandledRejection", unhandled);
    const late: typeof fetch = () =>
      new Promise((_, reject) => setTimeout(() => reject(new Error("too late")), 60));
    const gate = new Gate({ endpoint: "http://gate.test", apiKey: "k", fetch: late });
    expect((await failure(gate.list({}, { timeoutMs: 20 }))).code).toBe("timeout");
    await new Promise((resolve) => setTimeout(resolve, 100));
    process.off("unhandledRejection", unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe("any route by its name", () => {
  test("is sent with its path, query, body and key", async () => {
    const { sent, gate } = client([json({})]);
    await gate.request("GET /v1/webhooks/{id}/deliveries", {
      path: { id: "whk/1" },
      query: { limit: 5 },
      as: { key: "gate_ak_a" },
    });
    await gate.request("POST /v1/switches", {
      body: { scope: "agent", target: "agt_1", reason: "incident" },
      as: "reviewer",
    });
    expect(sent.map(({ method, path, key, body }) => [method, path, key, body])).toEqual([
      ["GET", "/v1/webhooks/whk%2F1/deliveries?limit=5", "Bearer gate_ak_a", null],
      ["POST", "/v1/switches", "Bearer gate_sk_a", { scope: "agent", target: "agt_1", reason: "incident" }],
    ]);
  });

  test("is refused without its id", async () => {
    const { sent, gate } = client([json({})]);
    // @ts-expect-error -- the id is missing
    await expect(gate.request("GET /v1/intents/{id}")).rejects.toBeInstanceOf(TypeError);
    expect(sent).toEqual([]);
  });
});

describe("lists as iterators", () => {
  const row = (id: string) => ({ id, status: "approved" });

  test("read page after page, also over an empty one", async () => {
    const { sent, gate } = client([
      json({ intents: [row("a"), row("b")], next: "2" }),
      json({ intents: [], next: "3" }),
      json({ intents: [row("c")], next: null }),
    ]);
    const ids: string[] = [];
    for await (const { id } of gate.intents({ status: "approved", limit: 2 })) ids.push(id);
    expect(ids).toEqual(["a", "b", "c"]);
    expect(sent.map(({ path }) => path)).toEqual([
      "/v1/intents?status=approved&limit=2",
      "/v1/intents?status=approved&limit=2&after=2",
      "/v1/intents?status=approved&limit=2&after=3",
    ]);
  });

  test("read no page that nobody asks for", async () => {
    const { sent, gate } = client([json({ approvals: [row("a"), row("b")], next: "2" })]);
    for await (const { id } of gate.pending()) if (id === "b") break;
    expect(sent).toHaveLength(1);
  });

  test("end with an error where the server's cursor stands still, or there is no list", async () => {
    const stuck = client([json({ intents: [row("a")], next: "2" })]);
    const read = async (gate: Gate) => {
      for await (const { id } of gate.intents()) expect(id).toBe("a");
    };
    expect((await failure(read(stuck.gate))).code).toBe("invalid_response");
    expect(stuck.sent).toHaveLength(2);
    expect((await failure(read(client([json({})]).gate))).code).toBe("invalid_response");
  });
});
