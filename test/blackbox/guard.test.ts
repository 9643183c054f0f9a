import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import {
  GateBlockedError,
  GateDuplicateError,
  GateError,
  GateExpiredError,
  GateFailedError,
  GateIndeterminateError,
  GateOptionError,
  GatePendingError,
  GateRejectedError,
  GateUnavailableError,
  type GuardOptions,
} from "../../sdk/typescript/gate.ts";
import { ROOT, runScript, temporaryFolder } from "../support/command.ts";
import { type GuardScene, startGuardScene, thrown } from "../support/guard-scene.ts";

let scene: GuardScene;
beforeAll(async () => {
  // Claims lapse after five seconds, so that a test can wait for one.
  scene = await startGuardScene({ GATE_CLAIM_TTL_SECONDS: "5" });
});
afterAll(() => scene[Symbol.asyncDispose]());

let calls = 0;
/** A key of its own for each test. */
const fresh = (name = "call") => `${name}-${(calls += 1)}`;

const OPTIONS = { destination: "crm.write", policy: "passes" };

/** A function that counts its runs, guarded. */
function guarded<Args extends readonly unknown[]>(
  options: Partial<GuardOptions<Args>> & { key: GuardOptions<Args>["key"] },
  fn: (...args: Args) => unknown = (...args) => ({ ran: args }),
) {
  const run = vi.fn(fn as (...args: readonly unknown[]) => unknown);
  const all = { ...OPTIONS, ...options } as GuardOptions<Args>;
  return { run, call: scene.client().guard<Args, unknown>(run as unknown as typeof fn, all) };
}

/** The intent of a call without arguments, which proposes it again. */
async function intentOf(key: string): Promise<string> {
  const request = { ...OPTIONS, payload: "[]", payloadMediaType: "application/json", idempotencyKey: key };
  return (await scene.client().propose(request)).intentId;
}

async function idOf(error: unknown): Promise<string> {
  expect(error).toBeInstanceOf(GateError);
  return String((error as GateError).intentId);
}

describe("a call that policy approves", () => {
  test("INV-11: runs once, and its repeats get what the first returned", async () => {
    const { run, call } = guarded({ key: fresh() });
    const first = await call("a", { b: [1] });
    expect(first).toEqual({ ran: ["a", { b: [1] }] });
    expect(await call("a", { b: [1] })).toEqual(first);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test("is on the ledger as proposed, ordered, claimed and succeeded, with its result", async () => {
    const client = scene.client();
    const key = fresh();
    await client.guard(() => ({ rows: 3 }), { ...OPTIONS, key })();
    const intentId = await intentOf(key);
    const { auditTrail, execution } = await client.getIntent(intentId);
    expect(auditTrail.map(({ event_type: event }) => event)).toEqual(
      expect.arrayContaining([
        "proposed",
        "approved",
        "execution_requested",
        "execution_claimed",
        "execution_succeeded",
      ]),
    );
    expect(execution).toMatchObject({ status: "succeeded", result: { rows: 3 } });
  });

  test.each([
    ["crm.claimed", "where a claim is required"],
    ["crm.repeatable", "where the destination deduplicates"],
  ])("runs at %s, %s", async (destination) => {
    const { run, call } = guarded({ key: fresh(), destination });
    await call();
    await call();
    expect(run).toHaveBeenCalledTimes(1);
  });

  test("gets a copy of its arguments: what runs is what was approved", async () => {
    const order = { amount: 10 };
    const seen: unknown[] = [];
    const { call } = guarded<[{ amount: number }]>({ key: fresh() }, (given) => void seen.push({ ...given }));
    const running = call(order);
    order.amount = 1_000_000;
    await running;
    expect(seen).toEqual([{ amount: 10 }]);
  });

  test("gets the arguments themselves, and `this`, with a payload of its own", async () => {
    const connection = { query: () => "done" };
    const guard = scene.client().guard(
      function (this: { name: string }, db: typeof connection) {
        return `${this.name} ${db.query()}`;
      },
      { ...OPTIONS, key: fresh(), payload: () => ({ sql: "delete" }) },
    );
    expect(await guard.call({ name: "me" }, connection)).toBe("me done");
  });

  test.each<[string, unknown, unknown]>([
    ["undefined", undefined, null],
    ["null", null, null],
    ["a text", "x", "x"],
    ["false", false, false],
    ["a date", new Date(0), "1970-01-01T00:00:00.000Z"],
  ])("that returned %s returns its JSON again", async (_, value, again) => {
    const { run, call } = guarded({ key: fresh() }, () => value);
    expect(await call()).toEqual(value);
    expect(await call()).toEqual(again);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test.each<[string, unknown]>([
    ["more than 64 KiB", "x".repeat(64 * 1024)],
    ["a BigInt", { id: 5n }],
    ["NaN", Number.NaN],
    ["a function", () => 1],
    ["a text that the server's parser refuses", "\ud800"],
  ])("that returned %s returns it once, and its repeat says that there is no result", async (_, value) => {
    const { run, call } = guarded({ key: fresh() }, () => value);
    expect(await call()).toBe(value);
    const error = await thrown(call());
    expect(error).toBeInstanceOf(GateDuplicateError);
    expect(error).toMatchObject({ code: "result_unavailable" });
    expect(run).toHaveBeenCalledTimes(1);
    expect((await scene.intent(await idOf(error)))["state"]).toBe("succeeded");
  });
});

describe("keys", () => {
  test('are made of the arguments under "arguments", whatever the order of members', async () => {
    const { run, call } = guarded({ key: "arguments" });
    const row = fresh("row");
    await call({ a: 1, row });
    await call({ row, a: 1, b: undefined }, undefined);
    expect(run).toHaveBeenCalledTimes(1);
    await call({ a: 2, row });
    expect(run).toHaveBeenCalledTimes(2);
  });

  test("are made by a function of the arguments", async () => {
    const prefix = fresh();
    const { run, call } = guarded<[{ order: number; at: number }]>({
      key: async ({ order }) => `${prefix}-${order}`,
      payload: ({ order }) => ({ order }),
    });
    await call({ order: 1, at: 1 });
    await call({ order: 1, at: 2 });
    await call({ order: 2, at: 3 });
    expect(run).toHaveBeenCalledTimes(2);
  });

  test("that were used for another request are refused", async () => {
    const key = fresh();
    await guarded({ key }).call("one");
    const { run, call } = guarded({ key });
    const error = await thrown(call("two"));
    expect(error).toBeInstanceOf(GateDuplicateError);
    expect(error).toMatchObject({ code: "idempotency_key_reused" });
    expect(run).not.toHaveBeenCalled();
  });

  test("INV-11: of another write with the same payload get neither its result nor its run", async () => {
    const payload = { row: fresh("row") };
    await guarded({ key: fresh(), destination: "crm.once", policy: "once", payload }).call();
    const { run, call } = guarded({ key: fresh(), destination: "crm.once", policy: "once", payload });
    const error = await thrown(call());
    expect(error).toBeInstanceOf(GateDuplicateError);
    expect(error).toMatchObject({ code: "duplicate_blocked" });
    expect(run).not.toHaveBeenCalled();
  });

  test.each<[string, unknown]>([
    ["empty", ""],
    ["too long", "k".repeat(257)],
    ["no text", () => 5],
    ["a promise of none", async () => undefined],
  ])("that are %s are a TypeError before anything is sent", async (_, key) => {
    const before = await scene.count();
    const attempt = async () => guarded({ key: key as string }).call();
    expect(await thrown(attempt())).toBeInstanceOf(GateOptionError);
    expect(await scene.count()).toBe(before);
  });
});

describe("a held call", () => {
  const HELD = { destination: "crm.held", policy: "held" };

  test("throws at once, with where people decide; once they did, its repeat runs", async () => {
    const { run, call } = guarded({ ...HELD, key: fresh() });
    const error = await thrown(call(fresh("row")));
    expect(error).toBeInstanceOf(GatePendingError);
    const id = await idOf(error);
    expect(error).toMatchObject({
      code: "pending_approval",
      reasonCode: expect.any(String),
      links: { page: `${scene.endpoint}/cases/${id}` },
    });
    const again = await thrown(call(`row-${calls}`));
    expect(again).toBeInstanceOf(GatePendingError);
    expect(run).not.toHaveBeenCalled();
    await scene.client().approve({ intentId: id });
    await call(`row-${calls}`);
    expect(run).toHaveBeenCalledTimes(1);
  });

  test("waits for the decision with waitMs, and runs", async () => {
    const { run, call } = guarded({ ...HELD, key: fresh(), waitMs: 20_000 });
    const running = call(fresh("row"));
    await vi.waitFor(async () => {
      const { approvals } = await scene.client().approvals({ destination: "crm.held" });
      const [first] = approvals as readonly { readonly id: string }[];
      await scene.client().approve({ intentId: first?.id ?? "" });
    });
    await running;
    expect(run).toHaveBeenCalledTimes(1);
  });

  test("gives up after waitMs, and when its signal aborts", async () => {
    const row = fresh("row");
    const short = guarded({ ...HELD, key: fresh(), waitMs: 50 });
    expect(await thrown(short.call(row))).toBeInstanceOf(GatePendingError);
    const reason = new Error("enough");
    const aborted = guarded({ ...HELD, key: fresh(), waitMs: 60_000, signal: AbortSignal.timeout(100) });
    expect(await thrown(aborted.call(row))).toMatchObject({ name: "TimeoutError" });
    const before = guarded({ key: fresh(), signal: AbortSignal.abort(reason) });
    expect(await thrown(before.call(row))).toBe(reason);
    for (const { run } of [short, aborted, before]) expect(run).not.toHaveBeenCalled();
  });

  test.each(["reject", "cancelApproval", "revoke"] as const)(
    "that a person ended with %s never runs",
    async (verb) => {
      const { run, call } = guarded({ ...HELD, key: fresh() });
      const row = fresh("row");
      const intentId = await idOf(await thrown(call(row)));
      if (verb === "revoke") await scene.client().approve({ intentId });
      await scene.client()[verb]({ intentId, reason: "no" });
      const error = await thrown(call(row));
      expect(error).toBeInstanceOf(GateRejectedError);
      expect(error).toMatchObject({
        code: { reject: "rejected", cancelApproval: "cancelled", revoke: "revoked" }[verb],
        successorId: null,
      });
      expect(run).not.toHaveBeenCalled();
    },
  );

  test("INV-09: that a reviewer edited does not run with the data of before", async () => {
    const { run, call } = guarded({ ...HELD, key: fresh() });
    const row = fresh("row");
    const intentId = await idOf(await thrown(call({ row, amount: 5 })));
    const { intent_digest: digest } = await scene.intent(intentId);
    const edit = { intentId, payload: [{ row, amount: 4 }], reason: "too much", digest: String(digest) };
    await scene.client().edit(edit);
    const error = await thrown(call({ row, amount: 5 }));
    expect(error).toBeInstanceOf(GateRejectedError);
    expect(error).toMatchObject({ code: "edited", successorId: expect.stringMatching(/^int_/) });
    expect(run).not.toHaveBeenCalled();
  });
});

describe("a call that can't run", () => {
  test("because a policy blocks it says why", async () => {
    const { run, call } = guarded({ destination: "crm.refused", policy: "refused", key: fresh() });
    for (let time = 0; time < 2; time += 1) {
      const error = await thrown(call("a forbidden word"));
      expect(error).toBeInstanceOf(GateBlockedError);
      expect(error).toMatchObject({
        reasonCode: expect.any(String),
        intentId: expect.stringMatching(/^int_/),
      });
    }
    expect(run).not.toHaveBeenCalled();
  });

  test("because it was not decided in time is expired", async () => {
    const { run, call } = guarded({ destination: "crm.held", policy: "held", key: fresh(), expiresIn: "1s" });
    const row = fresh("row");
    expect(await thrown(call(row))).toBeInstanceOf(GatePendingError);
    await vi.waitFor(async () => expect(await thrown(call(row))).toBeInstanceOf(GateExpiredError), {
      timeout: 10_000,
      interval: 300,
    });
    expect(run).not.toHaveBeenCalled();
  });

  test.each([
    ["own.pulled", "wrong_executor"],
    ["api.forwarded", "wrong_executor"],
    ["vpc.write", "not_runner"],
  ])(
    "INV-11: because another executes %s is refused before there is an intent, with the right way",
    async (destination, code) => {
      const before = await scene.count();
      const { run, call } = guarded({ destination, key: fresh() });
      const error = await thrown(call());
      expect(error).toBeInstanceOf(GateError);
      expect(error).toMatchObject({ code, remedy: expect.any(String) });
      expect(run).not.toHaveBeenCalled();
      expect(await scene.count()).toBe(before);
    },
  );

  test("because a kill switch stops its destination runs once that is lifted", async () => {
    const { run, call } = guarded({ destination: "crm.claimed", key: fresh() });
    const stop = { scope: "destination", target: "crm.claimed", reason: "incident" };
    await scene.gate.call("POST", "/v1/switches", scene.gate.adminKey, stop);
    const error = await thrown(call());
    expect(error).toBeInstanceOf(GateBlockedError);
    await scene.gate.call("POST", "/v1/switches/lift", scene.gate.adminKey, stop);
    expect(run).not.toHaveBeenCalled();
  });

  test("because Gate is not there, or the key is wrong, runs nothing", async () => {
    const run = vi.fn();
    const gone = scene.client({ endpoint: "http://127.0.0.1:9", retries: 1 });
    expect(await thrown(gone.guard(run, { ...OPTIONS, key: fresh() })())).toBeInstanceOf(
      GateUnavailableError,
    );
    const stranger = scene.client({ apiKey: "gate_sk_unknown" });
    expect(await thrown(stranger.guard(run, { ...OPTIONS, key: fresh() })())).toMatchObject({
      code: "invalid_key",
    });
    expect(run).not.toHaveBeenCalled();
  });
});

describe("a function that throws", () => {
  class CardDeclined extends Error {
    override readonly name = "CardDeclined";
  }

  test("is failed, its error passes through, and its repeat does not run", async () => {
    const declined = new CardDeclined(`no funds ${"x".repeat(2_000)}`);
    const { run, call } = guarded({ key: fresh() }, () => {
      throw declined;
    });
    expect(await thrown(call())).toBe(declined);
    const error = await thrown(call());
    expect(error).toBeInstanceOf(GateFailedError);
    const { result, message } = error as GateFailedError;
    expect(message).toContain("no funds");
    expect(result).toEqual({ error: { name: "CardDeclined", message: declined.message.slice(0, 1_000) } });
    expect(run).toHaveBeenCalledTimes(1);
  });

  test("INV-11: with an abort or a timeout is indeterminate, and its repeat does not run", async () => {
    const { run, call } = guarded({ key: fresh(), destination: "crm.repeatable" }, () =>
      fetch("http://127.0.0.1:9", { signal: AbortSignal.abort() }),
    );
    expect(await thrown(call())).toMatchObject({ name: "AbortError" });
    const error = await thrown(call());
    expect(error).toBeInstanceOf(GateIndeterminateError);
    expect(error).toMatchObject({ code: "indeterminate", remedy: expect.any(String) });
    expect(run).toHaveBeenCalledTimes(1);
  });

  test("runs again where onThrow says that nothing was written, three times at most", async () => {
    let failures = 0;
    const { run, call } = guarded(
      { key: fresh(), onThrow: (error) => (error instanceof CardDeclined ? "failed" : "retryable") },
      () => {
        failures += 1;
        throw new Error(`refused before it was sent ${failures}`);
      },
    );
    for (let time = 0; time < 3; time += 1) expect(await thrown(call())).toMatchObject({ name: "Error" });
    expect(await thrown(call())).toBeInstanceOf(GateFailedError);
    expect(run).toHaveBeenCalledTimes(3);
    const recovers = guarded({ key: fresh(), onThrow: "retryable" }, () => {
      if (failures++ < 4) throw new Error("not yet");
      return "done";
    });
    await thrown(recovers.call());
    expect(await recovers.call()).toBe("done");
  });

  test.each<[string, unknown]>([
    [
      "throws itself",
      () => {
        throw new Error("of onThrow");
      },
    ],
    ["returns something else", () => "fine"],
  ])("is indeterminate where onThrow %s", async (_, onThrow) => {
    const { call } = guarded({ key: fresh(), onThrow: onThrow as never }, () => {
      throw new Error("of the function");
    });
    expect(await thrown(call())).toMatchObject({ message: "of the function" });
    expect(await thrown(call())).toBeInstanceOf(GateIndeterminateError);
  });

  test.each<[string, unknown, string]>([
    ["of another realm", { name: "AbortError", message: "cut" }, "GateIndeterminateError"],
    ["without a prototype", Object.create(null), "GateFailedError"],
    [
      "that can't be read",
      Object.defineProperty({}, "name", {
        get: () => {
          throw new Error("no name");
        },
      }),
      "GateIndeterminateError",
    ],
    ["whose message is a lone surrogate", new Error("\ud800"), "GateFailedError"],
    [
      "whose message is no text",
      Object.assign(new Error("x"), { message: { toString: null } }),
      "GateFailedError",
    ],
    ["with an endless name", Object.assign(new Error("x"), { name: "n".repeat(200_000) }), "GateFailedError"],
    ["null", null, "GateFailedError"],
    ["undefined", undefined, "GateFailedError"],
  ])("an error %s is thrown on as it is, and reported", async (_, value, name) => {
    const { run, call } = guarded({ key: fresh() }, () => Promise.reject(value as Error));
    expect(await thrown(call())).toBe(value);
    expect(await thrown(call())).toMatchObject({ name });
    expect(run).toHaveBeenCalledTimes(1);
  });

  test("another value than an error is thrown on as it is", async () => {
    const { call } = guarded({ key: fresh() }, () => Promise.reject("a text" as unknown as Error));
    expect(await thrown(call())).toBe("a text");
    expect(await thrown(call())).toMatchObject({
      code: "failed",
      result: { error: { name: "string", message: "a text" } },
    });
  });
});

describe("INV-11: two calls of one key", () => {
  test("at once run once; the other throws or gets the result", async () => {
    const { run, call } = guarded({ key: fresh() }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      return "done";
    });
    const ended = await Promise.allSettled(Array.from({ length: 8 }, () => call()));
    expect(run).toHaveBeenCalledTimes(1);
    expect(ended.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refused = ended.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
    for (const error of refused) {
      expect(error).toMatchObject({ name: "GateDuplicateError", code: "already_running" });
    }
    expect(await call()).toBe("done");
  });

  test("of which one ended between claim and report leave an unknown outcome, and no second run", async () => {
    const client = scene.client();
    const key = fresh();
    const run = vi.fn();
    const intentId = await intentOf(key);
    const { executionId, executionToken } = await client.execute({ intentId });
    await client.claim({ executionId, executionToken: executionToken ?? "" });
    const call = client.guard(run, { ...OPTIONS, key });
    expect(await thrown(call())).toMatchObject({ name: "GateDuplicateError", code: "already_running" });
    await vi.waitFor(async () => expect(await thrown(call())).toBeInstanceOf(GateIndeterminateError), {
      timeout: 20_000,
      interval: 500,
    });
    const resolution = { outcome: "executed", note: "seen in the CRM" };
    await scene.gate.call("POST", `/v1/intents/${intentId}/resolve`, scene.gate.adminKey, resolution);
    expect(await thrown(call())).toMatchObject({ name: "GateDuplicateError", code: "result_unavailable" });
    expect(run).not.toHaveBeenCalled();
  });

  test("of which one was killed in the middle of its function leave an unknown outcome, and no second run", async () => {
    using folder = temporaryFolder();
    const [witness, program] = [join(folder.path, "runs"), join(folder.path, "agent.mjs")];
    const source = `
      import { appendFileSync } from "node:fs";
      import { Gate } from ${JSON.stringify(join(ROOT, "dist", "sdk", "gate.js"))};
      const gate = new Gate();
      const write = gate.guard(() => { appendFileSync(${JSON.stringify(witness)}, "run\\n"); process.kill(process.pid, "SIGKILL"); },
        { destination: "crm.write", policy: "passes", key: "killed" });
      await write().catch((error) => console.log(error.name, error.code));
    `;
    writeFileSync(program, source);
    const start = () => runScript(program, { GATE_ENDPOINT: scene.endpoint, GATE_API_KEY: scene.agent.key });
    expect((await start()).code).not.toBe(0);
    expect((await start()).out).toBe("GateDuplicateError already_running\n");
    await vi.waitFor(async () => expect((await start()).out).toBe("GateIndeterminateError indeterminate\n"), {
      timeout: 20_000,
      interval: 500,
    });
    expect(readFileSync(witness, "utf8")).toBe("run\n");
  });

  test("of which one ended before its claim run once, with the same order", async () => {
    const client = scene.client();
    const key = fresh();
    const intentId = await intentOf(key);
    await client.execute({ intentId });
    const run = vi.fn(() => "done");
    expect(await client.guard(run, { ...OPTIONS, key })()).toBe("done");
    expect(run).toHaveBeenCalledTimes(1);
  });
});

test("a function that runs longer than its claim is kept alive by heartbeats", async () => {
  const { call } = guarded({ key: fresh() }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 8_000));
    return "done";
  });
  expect(await call()).toBe("done");
  expect(await call()).toBe("done");
});

test("INV-11: a claim that lapsed while the function ran takes no report, and the value is not lost", async () => {
  const withoutHeartbeats: typeof fetch = (input, init) =>
    String(input).endsWith("/heartbeat") ? Promise.reject(new TypeError("cut off")) : fetch(input, init);
  const run = vi.fn(async () => {
    await new Promise((resolve) => setTimeout(resolve, 6_000));
    return "written";
  });
  const call = scene.client({ fetch: withoutHeartbeats }).guard(run, { ...OPTIONS, key: fresh() });
  const error = await thrown(call());
  expect(error).toBeInstanceOf(GateIndeterminateError);
  expect(error).toMatchObject({ code: "report_failed", value: "written", cause: { code: "order_expired" } });
  expect(await thrown(call())).toMatchObject({ code: "indeterminate" });
  expect(run).toHaveBeenCalledTimes(1);
});

test("INV-05: a call whose agent was suspended while it ran reports nothing", async () => {
  const lone = await scene.gate.register("agent");
  const client = scene.client({ apiKey: lone.key });
  const call = client.guard(
    async () => {
      await scene.gate.call("POST", `/v1/agents/${lone.id}/suspend`, scene.gate.adminKey, { reason: "x" });
      return "written";
    },
    { ...OPTIONS, key: fresh() },
  );
  expect(await thrown(call())).toMatchObject({
    name: "GateIndeterminateError",
    value: "written",
    cause: { code: "agent_inactive" },
  });
});

describe("options of guard", () => {
  test.each<[string, object]>([
    ["no key", { key: undefined }],
    ["no destination", { destination: undefined }],
    ["an empty policy", { policy: "" }],
    ["a misspelt one", { waitMS: 5 }],
    ["a key beside the key", { idempotencyKey: "x" }],
    ["a negative wait", { waitMs: -1 }],
    ["a wait that is no number", { waitMs: "5" }],
    ["a signal that is none", { signal: {} }],
    ["an unknown outcome", { onThrow: "succeeded" }],
  ])("with %s are a TypeError when the function is wrapped", (_, wrong) => {
    const options = { ...OPTIONS, key: "k", ...wrong } as GuardOptions<[]>;
    expect(() => scene.client().guard(() => 1, options)).toThrow(GateOptionError);
  });

  test("with no function are a TypeError", () => {
    expect(() => scene.client().guard("fn" as never, { ...OPTIONS, key: "k" })).toThrow(GateOptionError);
  });

  test("that no JSON carries are a TypeError at the call, and nothing is sent", async () => {
    const before = await scene.count();
    for (const argument of [Number.NaN, 5n, new Date(), () => 1]) {
      expect(await thrown(guarded({ key: fresh() }).call(argument))).toBeInstanceOf(GateOptionError);
    }
    expect(await thrown(guarded({ key: fresh(), recordCount: () => -1 }).call())).toBeInstanceOf(
      GateOptionError,
    );
    expect(await scene.count()).toBe(before);
  });
});
