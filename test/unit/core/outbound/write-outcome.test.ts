import { describe, expect, test } from "vitest";
import { writeOutcome } from "../../../../src/core/outbound/write-outcome.ts";

const ALL = Array.from({ length: 400 }, (_, at) => at + 200);

/** [status, outcome of a first attempt, outcome where an earlier attempt may have been executed] */
const TABLE: readonly (readonly [number, string, string])[] = [
  [200, "succeeded", "succeeded"],
  [201, "succeeded", "succeeded"],
  [202, "succeeded", "succeeded"],
  [204, "succeeded", "succeeded"],
  [299, "succeeded", "succeeded"],
  [300, "indeterminate", "indeterminate"],
  [301, "indeterminate", "indeterminate"],
  [302, "indeterminate", "indeterminate"],
  [303, "succeeded", "succeeded"],
  [304, "failed", "indeterminate"],
  [307, "failed", "indeterminate"],
  [308, "failed", "indeterminate"],
  [400, "failed", "failed"],
  [401, "failed", "indeterminate"],
  [402, "failed", "failed"],
  [403, "failed", "indeterminate"],
  [404, "failed", "indeterminate"],
  [408, "failed, again", "indeterminate"],
  [409, "failed", "indeterminate"],
  [410, "failed", "indeterminate"],
  [413, "failed", "failed"],
  [422, "failed", "failed"],
  [423, "failed", "indeterminate"],
  [425, "failed, again", "indeterminate"],
  [429, "failed, again", "indeterminate"],
  [500, "indeterminate", "indeterminate"],
  [501, "failed, again", "indeterminate"],
  [502, "indeterminate", "indeterminate"],
  [503, "indeterminate", "indeterminate"],
  [504, "indeterminate", "indeterminate"],
  [505, "failed, again", "indeterminate"],
  [520, "indeterminate", "indeterminate"],
  [521, "failed, again", "indeterminate"],
  [522, "indeterminate", "indeterminate"],
  [523, "failed, again", "indeterminate"],
  [524, "indeterminate", "indeterminate"],
  [525, "failed, again", "indeterminate"],
  [526, "failed, again", "indeterminate"],
  [599, "indeterminate", "indeterminate"],
];

function summaryOf(status: number, idempotent: boolean, again: boolean): string {
  const { outcome, retryable } = writeOutcome(status, idempotent, again);
  return retryable ? `${outcome}, again` : outcome;
}

describe.each(TABLE)("INV-11: a write answered with status %d", (status, first, again) => {
  test(`is ${first}, and ${again} after an attempt that may have been executed`, () => {
    expect(summaryOf(status, true, false)).toBe(first);
    expect(summaryOf(status, true, true)).toBe(again);
  });

  test("is not retried where the provider does not recognise repeats", () => {
    expect(summaryOf(status, false, false)).toBe(first.replace(", again", ""));
    expect(summaryOf(status, false, true)).toBe(again);
  });
});

test("INV-11: only a success status is recorded as success", () => {
  const successes = ALL.filter((status) => writeOutcome(status, true, true).outcome === "succeeded");
  expect(successes).toEqual(ALL.filter((status) => status < 300 || status === 303));
});

test("INV-11: a write is never retried after a success, an unknown outcome or an attempt that may have been executed", () => {
  for (const status of ALL) {
    const { outcome, retryable } = writeOutcome(status, true, false);
    if (outcome !== "failed") expect(retryable, String(status)).toBe(false);
    expect(writeOutcome(status, true, true).retryable, String(status)).toBe(false);
  }
});

test("INV-11: an earlier attempt makes no outcome more certain", () => {
  for (const status of ALL) {
    const first = writeOutcome(status, true, false).outcome;
    const again = writeOutcome(status, true, true).outcome;
    expect([first, "indeterminate"], String(status)).toContain(again);
  }
});

test("INV-11: without an idempotency key a refused repeat proves nothing about the first attempt", () => {
  for (const status of ALL) {
    const keyless = writeOutcome(status, true, true, false).outcome;
    expect(keyless, String(status)).toBe(status < 300 || status === 303 ? "succeeded" : "indeterminate");
    expect(writeOutcome(status, true, false, false)).toEqual(writeOutcome(status, true, false));
  }
});

test("a write that met a revoked access token is failed, and sent again only where the provider knows repeats", () => {
  const withNewToken = (idempotent: boolean, again: boolean) =>
    writeOutcome(401, idempotent, again, true, true);
  expect(withNewToken(false, false)).toEqual({ outcome: "failed", retryable: false });
  expect(withNewToken(true, false)).toEqual({ outcome: "failed", retryable: true });
  // An earlier attempt may have been executed.
  expect(withNewToken(true, true)).toEqual({ outcome: "indeterminate", retryable: false });
  expect(writeOutcome(401, true, false)).toEqual({ outcome: "failed", retryable: false });
});
