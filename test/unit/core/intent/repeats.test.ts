import { describe, expect, test } from "vitest";
import { settle } from "../../../../src/core/intent/handle.ts";
import { foldingWindowMs } from "../../../../src/core/intent/limits.ts";
import { repeat } from "../../../../src/core/intent/propose.ts";
import { nextDeadline, phaseDeadline } from "../../../../src/core/intent/settle.ts";
import type { IntentState } from "../../../../src/core/intent/state.ts";
import {
  after,
  AGENT,
  claimBy,
  MINUTE_MS,
  ORDER_1,
  orderBy,
  proposed,
  T0,
} from "../../../support/intent-fixtures.ts";

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** The window of what has just begun. */
const WINDOW_MS = foldingWindowMs(0);
const held = () => proposed("hold");
const approved = () => proposed("approve");
const scheduled = () => after(approved(), [0, orderBy()]);
const claimed = () => after(scheduled(), [0, claimBy(ORDER_1)]);

describe("INV-19: repeats of one idempotency key are recorded", () => {
  const REQUEST = "ee".repeat(32);

  /** Proposes again at each of the given times; what was recorded, as `second:count`. */
  function repeating(times: readonly number[]): { recorded: string[]; state: IntentState } {
    const recorded: string[] = [];
    let state = held();
    for (const at of times) {
      const settled = settle(state, T0 + at);
      const next = repeat(settled.state, REQUEST, AGENT, T0 + at);
      if (!next.ok) throw new Error(next.error.reason);
      for (const { event } of [...settled.events, ...next.value.events]) {
        if (event.type === "duplicate_blocked") recorded.push(`${at}:${event.count}`);
      }
      state = next.value.state;
    }
    return { recorded, state };
  }

  test("a repeat each minute for a year becomes less than 1,000 entries that count all of them", () => {
    const times = Array.from({ length: (365 * DAY_MS) / MINUTE_MS }, (_, at) => at * MINUTE_MS);
    const { recorded, state } = repeating(times);
    expect(recorded.length).toBeLessThan(1_000);
    const counted = recorded.reduce((sum, each) => sum + Number(each.split(":")[1]), 0);
    expect(counted + state.duplicates.unrecorded).toBe(times.length);
    const gaps = recorded.map(
      (each, at) => Number(each.split(":")[0]) - Number(recorded[at - 1]?.split(":")[0] ?? 0),
    );
    expect(Math.max(...gaps)).toBeLessThanOrEqual(DAY_MS + MINUTE_MS);
  });

  test.each([
    ["the first is recorded at once", [10], ["10:1"]],
    ["those within the window wait", [10, 20, 30], ["10:1"]],
    ["the last millisecond of the window still waits", [10, 9 + WINDOW_MS], ["10:1"]],
    [
      "at the end of the window the count comes, and the next one opens a window of its own",
      [10, 20, 30, 10 + WINDOW_MS],
      ["10:1", `${10 + WINDOW_MS}:2`, `${10 + WINDOW_MS}:1`],
    ],
    [
      "a lone repeat after a quiet window is recorded at once",
      [10, 11 + WINDOW_MS],
      ["10:1", `${11 + WINDOW_MS}:1`],
    ],
  ] as const)("by windows: %s", (_case, times, expected) => {
    expect(repeating(times).recorded).toEqual(expected);
  });

  test("counted repeats wake the intent at the window's end and are recorded once", () => {
    const { state } = repeating([10, 20]);
    expect(nextDeadline(state)).toBe(T0 + 10 + WINDOW_MS);
    expect(phaseDeadline(state)).toBe(T0 + HOUR_MS);
    const { events, state: recorded } = settle(state, T0 + 10 + WINDOW_MS);
    expect(events.map(({ event }) => event)).toEqual([{ type: "duplicate_blocked", count: 1 }]);
    // Approvers are reminded at half of the hour's wait.
    expect(nextDeadline(recorded)).toBe(T0 + HOUR_MS / 2);
    expect(settle(recorded, T0 + 20 + WINDOW_MS).events).toEqual([]);
  });

  test("a window begins with the repeat that opens it, not where the last one ended", () => {
    const { state } = repeating([10, 5 * WINDOW_MS]);
    expect(state.duplicates.windowEndsAt).toBe(T0 + 6 * WINDOW_MS);
  });

  test("repeats that were not recorded in time are counted with the one that comes after the window", () => {
    const { state } = repeating([10, 20, 30]);
    const next = repeat(state, REQUEST, AGENT, T0 + 10 + WINDOW_MS);
    if (!next.ok) throw new Error(next.error.reason);
    expect(next.value.events.map(({ event }) => event)).toEqual([{ type: "duplicate_blocked", count: 3 }]);
    expect(next.value.state.duplicates.unrecorded).toBe(0);
  });

  test("recording repeats is no event of the intent's life", () => {
    const { state } = repeating([10, 20]);
    const recorded = settle(state, T0 + 10 + WINDOW_MS).state;
    expect(recorded).toEqual({ ...state, duplicates: { ...state.duplicates, unrecorded: 0 } });
  });

  test("a repeat changes nothing of the intent, in any phase", () => {
    for (const state of [held(), approved(), scheduled(), claimed(), proposed("block")]) {
      const next = repeat(state, REQUEST, AGENT, T0 + 1);
      if (!next.ok) throw new Error(next.error.reason);
      const { duplicates: _, ...rest } = next.value.state;
      const { duplicates: __, ...same } = state;
      expect(rest).toEqual(same);
    }
  });

  test("another request under the same key is refused and not counted", () => {
    expect(repeat(held(), "ef".repeat(32), AGENT, T0 + 1)).toEqual({
      ok: false,
      error: { reason: "key_reused" },
    });
  });
});
