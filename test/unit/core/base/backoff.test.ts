import { describe, expect, test } from "vitest";
import {
  CHANNEL_WAITS_MS,
  CONTRACT_WAITS_MS,
  endlessWaitAfter,
  STANDARD_WAITS_MS,
  waitAfter,
} from "../../../../src/core/base/backoff.ts";

const HOUR_MS = 60 * 60_000;

const seconds = (waits: readonly number[]) => waits.map((wait) => wait / 1000);

describe("the pause before the next attempt", () => {
  test("follows the schedule of Standard Webhooks", () => {
    expect(seconds(STANDARD_WAITS_MS)).toEqual([
      0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
    ]);
  });

  test("follows the reference contract's schedule for its webhooks", () => {
    expect(seconds(CONTRACT_WAITS_MS)).toEqual([0, 5, 30, 120, 600]);
  });

  test.each([
    ["after the first attempt", 1, null, 0, 5_000],
    ["with the most jitter", 1, null, 0.999_999, 5_999],
    ["after the ninth", 9, null, 0, 24 * HOUR_MS],
    ["after the tenth: not at all", 10, null, 0, null],
    ["after more than there are", 99, null, 0, null],
    ["as Retry-After asks", 1, 90_000, 0.5, 90_000],
    ["no less than a second", 1, 0, 0, 1_000],
    ["no less than a second, whatever is asked", 1, -7, 0, 1_000],
    ["no more than a day", 1, 30 * 24 * HOUR_MS, 0, 24 * HOUR_MS],
    ["as Retry-After asks, but not after the last attempt", 10, 90_000, 0, null],
  ] as const)("is computed %s", (_, attempts, retryAfterMs, random, wanted) => {
    expect(waitAfter(attempts, STANDARD_WAITS_MS, retryAfterMs, random)).toBe(wanted);
  });

  test.each([
    [1, 5_000],
    [5, HOUR_MS],
    [6, HOUR_MS],
    [1_000, HOUR_MS],
  ])("of a channel is bounded after %i attempts", (attempts, wanted) => {
    expect(endlessWaitAfter(attempts, CHANNEL_WAITS_MS, null, 0)).toBe(wanted);
  });
});
