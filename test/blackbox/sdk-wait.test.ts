import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Gate, GateError } from "../../sdk/typescript/gate.ts";
import type { WaitResult } from "../../sdk/typescript/gate.ts";

/*
 * Waiting, on a clock that moves only when the test moves it: the number of requests is what is tested.
 */

const ID = "int_1";

/** The response to one call, and how long the server holds it. */
interface Reply {
  readonly afterMs?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: object | string;
  readonly fails?: string;
}

const PENDING = { intentId: ID, status: "pending_approval", decided: false, successor_id: null };
const APPROVED = { intentId: ID, status: "approved", decided: true, successor_id: null };
const held: Reply = { afterMs: 30_000, body: PENDING };
const yes: Reply = { afterMs: 5, body: APPROVED };

/** A server that answers from a list, the last one for ever. */
function server(...replies: readonly [Reply, ...Reply[]]) {
  const requests: { readonly url: string; readonly at: number }[] = [];
  const fetch: typeof globalThis.fetch = (input, init) => {
    requests.push({ url: String(input), at: performance.now() });
    const {
      afterMs = 0,
      status = 200,
      headers = {},
      body = {},
      fails,
    } = replies[Math.min(requests.length, replies.length) - 1] ?? replies[0];
    return new Promise((resolve, reject) => {
      const abort = () => reject(init?.signal?.reason as Error);
      if (init?.signal?.aborted === true) abort();
      init?.signal?.addEventListener("abort", abort);
      setTimeout(() => {
        const text = typeof body === "string" ? body : JSON.stringify(body);
        if (fails === undefined) resolve(new Response(text, { status, headers }));
        else reject(Object.assign(new TypeError("failed"), { cause: { code: fails } }));
      }, afterMs);
    });
  };
  return { requests, gate: new Gate({ endpoint: "http://gate.test", apiKey: "gate_sk_a", fetch }) };
}

/** Advances the clock by the time that the wait needs. @returns its result or its error */
async function outcome(waiting: Promise<WaitResult>): Promise<WaitResult | GateError> {
  const settled = waiting.catch((error: unknown) => error as GateError);
  const over = { isOver: false };
  void settled.finally(() => (over.isOver = true));
  for (let step = 0; !over.isOver && step < 10_000; step += 1) await vi.advanceTimersByTimeAsync(100);
  return settled;
}

beforeEach(() => {
  for (const name of ["GATE_API_KEY", "GATE_REVIEWER_KEY", "GATE_ENDPOINT"]) vi.stubEnv(name, "");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

describe("the SDK's wait", () => {
  test("asks once for a decided intent, however it is named", async () => {
    const given: Parameters<Gate["wait"]>[] = [
      [ID],
      [{ intentId: ID }],
      [{ intent_id: ID, timeout: 1_000 }],
      [ID, { follow_edits: false, timeout: 1_000 }],
    ];
    for (const args of given) {
      const { requests, gate } = server(yes);
      expect(await outcome(gate.wait(...args))).toMatchObject({ status: "approved", successorId: null });
      expect(requests.map(({ url }) => url.split("?")[0])).toEqual([
        "http://gate.test/v1/intents/int_1/wait",
      ]);
    }
  });

  test("lets the server hold the call, and repeats it only after it was held", async () => {
    const { requests, gate } = server(held, held, yes);
    expect(await outcome(gate.wait(ID))).toMatchObject({ status: "approved" });
    expect(requests.map(({ url }) => url.split("?")[1])).toEqual(Array(3).fill("timeout=30"));
  });

  test("backs off when the server does not hold the call", async () => {
    const { requests, gate } = server({ body: PENDING });
    const error = await outcome(gate.wait(ID, { timeout: 120_000 }));
    expect(error).toMatchObject({ code: "timeout", status: 0 });
    // Half a second, one, two, four, eight and then ten, with chance halving any of them.
    expect(requests.length).toBeLessThan(35);
    expect(requests.length).toBeGreaterThan(10);
  });

  test("rejects with `timeout` when no decision comes, with the last answer attached", async () => {
    const { requests, gate } = server(held, held, { afterMs: 10_000, body: PENDING });
    const error = await outcome(gate.wait(ID, { timeout: 70_000 }));
    expect(error).toBeInstanceOf(GateError);
    expect(error).toMatchObject({ code: "timeout", body: { status: "pending_approval" } });
    expect((error as GateError).message).toBe("no decision on int_1 within 70000 ms");
    expect(requests.map(({ url }) => url.split("=")[1])).toEqual(["30", "30", "10"]);
  });

  test("asks once when its timeout is 0", async () => {
    const { requests, gate } = server({ body: PENDING });
    expect(await outcome(gate.wait(ID, { timeout: 0 }))).toMatchObject({ code: "timeout" });
    expect(requests.map(({ url }) => url.split("=")[1])).toEqual(["0"]);
  });

  test.each<[string, Reply]>([
    ["a server that is not there", { fails: "ECONNREFUSED" }],
    ["a connection that breaks", { afterMs: 3_000, fails: "ECONNRESET" }],
    ["503", { status: 503, body: { code: "unavailable" } }],
    ["502 with a page", { status: 502, body: "<html>" }],
    ["429", { status: 429, body: { code: "too_many" } }],
    ["500", { status: 500, body: {} }],
  ])("survives %s", async (_, trouble) => {
    const { requests, gate } = server(trouble, trouble, trouble, yes);
    expect(await outcome(gate.wait(ID))).toMatchObject({ status: "approved" });
    expect(requests).toHaveLength(4);
    const pauses = requests.slice(1).map(({ at }, before) => at - (requests[before]?.at ?? 0));
    for (const pause of pauses) expect(pause).toBeGreaterThanOrEqual(250);
  });

  test("ends with a timeout that names a fault that does not pass", async () => {
    const { gate } = server({ fails: "ECONNREFUSED" });
    const error = (await outcome(gate.wait(ID, { timeout: 30_000 }))) as GateError;
    expect(error.code).toBe("timeout");
    expect(error.message).toContain("can't reach Gate at http://gate.test (ECONNREFUSED)");
  });

  test.each([
    ["seconds", "7", 7_000],
    ["a date", () => new Date(Date.now() + 7_000).toUTCString(), 5_500],
    ["nonsense", "soon", 250],
    ["more than anybody waits", "999999", 60_000],
  ])("honours Retry-After in %s", async (_, value, leastMs) => {
    const headers = { "retry-after": typeof value === "string" ? value : value() };
    const { requests, gate } = server({ status: 503, headers }, yes);
    expect(await outcome(gate.wait(ID))).toMatchObject({ status: "approved" });
    const pause = (requests[1]?.at ?? 0) - (requests[0]?.at ?? 0);
    expect(pause).toBeGreaterThanOrEqual(leastMs);
    expect(pause).toBeLessThanOrEqual(61_000);
  });

  test.each([
    [401, "invalid_key"],
    [403, "agent_inactive"],
    [404, "intent_not_found"],
    [400, "invalid_request"],
  ])("ends at once with status %i", async (status, code) => {
    const { requests, gate } = server({ status, body: { code } });
    expect(await outcome(gate.wait(ID))).toMatchObject({ status, code });
    expect(requests).toHaveLength(1);
  });

  test("does not take a page for a decision", async () => {
    const { gate } = server({ body: "<html>approved</html>" });
    expect(await outcome(gate.wait(ID))).toMatchObject({ code: "not_json" });
  });

  test("rejects with the signal's reason when aborted, at any point", async () => {
    for (const reply of [{ ...held, afterMs: 10_000_000 }, { status: 503 }]) {
      const { requests, gate } = server(reply);
      const stop = new AbortController();
      const waiting = gate.wait(ID, { signal: stop.signal });
      const rejection = waiting.catch((error: unknown) => error);
      await vi.advanceTimersByTimeAsync(100);
      stop.abort(new Error("enough"));
      expect(await rejection).toMatchObject({ message: "enough" });
      const calls = requests.length;
      await vi.advanceTimersByTimeAsync(100_000);
      expect(requests).toHaveLength(calls);
    }
    const { requests, gate } = server(yes);
    await expect(gate.wait(ID, { signal: AbortSignal.abort(new Error("before")) })).rejects.toThrow("before");
    expect(requests).toEqual([]);
  });

  test.each([-1, Number.NaN, "5m", null])("refuses a timeout of %j before sending", async (timeout) => {
    const { requests, gate } = server(yes);
    const error = await outcome(gate.wait(ID, { timeout: timeout as number }));
    expect(error).toMatchObject({ code: "invalid_option" });
    expect(requests).toEqual([]);
  });

  test("refuses an invalid id and an unknown option", async () => {
    const { requests, gate } = server(yes);
    expect(await outcome(gate.wait(""))).toMatchObject({ code: "invalid_option" });
    expect(await outcome(gate.wait({ timeout: 5 } as never))).toMatchObject({
      code: "invalid_option",
    });
    expect(await outcome(gate.wait(ID, { timeOut: 5 } as object))).toMatchObject({ code: "invalid_option" });
    expect(requests).toEqual([]);
  });
});

describe("the SDK's wait for an edited intent", () => {
  const edited = { body: { intentId: ID, status: "blocked", decided: true, successor_id: "int_2" } };
  const second = { body: { intentId: "int_2", status: "approved", decided: true, successor_id: null } };

  test("continues with the successor's id, which may not exist yet", async () => {
    const notYet = { status: 404, body: { code: "intent_not_found" } };
    const { requests, gate } = server(edited, notYet, { ...held, afterMs: 30_000 }, second);
    expect(await outcome(gate.wait(ID))).toMatchObject({ intentId: "int_2", status: "approved" });
    const paths = requests.map(({ url }) => new URL(url).pathname);
    expect(paths).toEqual([`/v1/intents/${ID}/wait`, ...Array<string>(3).fill("/v1/intents/int_2/wait")]);
  });

  test("ends with the first intent under followEdits: false", async () => {
    const { requests, gate } = server(edited);
    const answer = await outcome(gate.wait(ID, { followEdits: false }));
    expect(answer).toMatchObject({ intentId: ID, status: "blocked", successorId: "int_2" });
    expect(requests).toHaveLength(1);
  });

  test("follows a circle of successors once", async () => {
    const back = { body: { intentId: "int_2", status: "blocked", decided: true, successor_id: ID } };
    const { requests, gate } = server(edited, back);
    expect(await outcome(gate.wait(ID))).toMatchObject({ intentId: "int_2" });
    expect(requests).toHaveLength(2);
  });
});
