import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { requestCounter } from "../../../src/adapters/request-counter.ts";
import { requestLimitsOf } from "../../../src/core/base/request-limits.ts";

const T0 = 1_800_000_000_000;
const MINUTE_MS = 60_000;

beforeEach(() => void vi.useFakeTimers({ now: T0, toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

/** A counter with the place's shared one, which lets the first `shared` calls of a key pass. */
function counterWith(variables = {}, shared = Infinity) {
  const calls: string[] = [];
  const limit = async ({ key }: { readonly key: string }) => {
    calls.push(key);
    return { success: calls.filter((each) => each === key).length <= shared };
  };
  return { count: requestCounter({ limit }, requestLimitsOf(variables)), calls };
}

test("a key's requests pass up to the limit; then each is told how long to wait, until the minute is over", async () => {
  const { count } = counterWith({ GATE_EVIDENCE_PER_MINUTE: "3" });
  for (let sent = 0; sent < 3; sent += 1) expect(await count("evidence", "agt_1")).toBeNull();
  vi.setSystemTime(T0 + 45_000);
  expect(await count("evidence", "agt_1")).toBe(15_000);
  expect(await count("evidence", "agt_1")).toBe(15_000);
  vi.setSystemTime(T0 + MINUTE_MS);
  expect(await count("evidence", "agt_1")).toBeNull();
});

test("another key and another class have counts of their own", async () => {
  const { count } = counterWith({ GATE_EVIDENCE_PER_MINUTE: "1", GATE_REQUESTS_PER_MINUTE: "1" });
  expect(await count("evidence", "agt_1")).toBeNull();
  expect(await count("evidence", "agt_1")).toBe(MINUTE_MS);
  expect(await count("evidence", "agt_2")).toBeNull();
  expect(await count("requests", "agt_1")).toBeNull();
});

test("the shared counter is called for each thirtieth of a limit, and its refusal holds until the minute is over", async () => {
  const { count, calls } = counterWith({}, 2);
  let passed = 0;
  for (let sent = 0; sent < 3_000; sent += 1) passed += Number((await count("requests", "agt_1")) === null);
  expect(calls).toEqual(["requests agt_1", "requests agt_1", "requests agt_1"]);
  expect(passed).toBe(299);
  vi.setSystemTime(T0 + MINUTE_MS);
  expect(await count("requests", "agt_1")).toBeNull();
});

test("with other keys by the thousand a class forgets the oldest only, and no other class forgets any", async () => {
  const { count } = counterWith({ GATE_REQUESTS_PER_MINUTE: "1", GATE_HEARTBEATS_PER_MINUTE: "1" });
  await count("requests", "agt_1");
  for (let order = 0; order < 20_000; order += 1) await count("heartbeats", `exe_${order}`);
  expect(await count("requests", "agt_1")).not.toBeNull();
  expect(await count("heartbeats", "exe_19999")).not.toBeNull();
  expect(await count("heartbeats", "exe_0")).toBeNull();
});

test("a clock that is set back refuses no key for longer than a minute", async () => {
  const { count } = counterWith({ GATE_REQUESTS_PER_MINUTE: "1" });
  await count("requests", "agt_1");
  vi.setSystemTime(T0 - 60 * MINUTE_MS);
  expect(await count("requests", "agt_1")).toBeNull();
  expect(await count("requests", "agt_1")).toBe(MINUTE_MS);
});
