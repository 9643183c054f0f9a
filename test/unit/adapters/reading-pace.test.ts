import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readingPaces } from "../../../src/adapters/upstream/reading-pace.ts";

const MIB = 1024 * 1024;
const CHUNK = 64 * 1024;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Milliseconds until the reader has had so many bytes in each of its responses. */
async function msFor(
  pace: (bytes: number) => Promise<void>,
  responses: number,
  bytes: number,
): Promise<number> {
  const begun = Date.now();
  let endedAt = begun;
  const one = async () => {
    for (let had = 0; had < bytes; had += CHUNK) await pace(CHUNK);
    endedAt = Math.max(endedAt, Date.now());
  };
  const all = Promise.all(Array.from({ length: responses }, one));
  await vi.runAllTimersAsync();
  await all;
  return endedAt - begun;
}

test("a response of up to a mebibyte is relayed at once", async () => {
  expect(await msFor(readingPaces()("agt_1"), 1, MIB)).toBe(0);
});

test("many long responses of one reader share the pace of one", async () => {
  const one = await msFor(readingPaces()("agt_1"), 1, 33 * MIB);
  const many = await msFor(readingPaces()("agt_1"), 33, MIB);
  expect(one).toBeGreaterThan(1_900);
  expect(many).toBeGreaterThan(1_900);
  expect(Math.abs(many - one)).toBeLessThan(20);
});

test("one reader's long responses do not slow another's", async () => {
  const paceOf = readingPaces();
  const busy = msFor(paceOf("agt_1"), 40, 4 * MIB);
  expect(await msFor(paceOf("agt_2"), 1, MIB)).toBe(0);
  await busy;
});

test("a clock that is set back delays no reader for longer than a minute", async () => {
  let now = 1_000_000_000;
  const pace = readingPaces(() => now)("agt_1");
  await pace(CHUNK);
  now -= 86_400_000;
  const begun = Date.now();
  const waiting = pace(CHUNK);
  await vi.runAllTimersAsync();
  await waiting;
  expect(Date.now() - begun).toBeLessThan(61_000);
});
