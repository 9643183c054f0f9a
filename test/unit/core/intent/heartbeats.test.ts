import { describe, expect, test } from "vitest";
import type { RecordedEvent } from "../../../../src/core/intent/event.ts";
import { handle, settle } from "../../../../src/core/intent/handle.ts";
import { CLAIM_TTL_MS } from "../../../../src/core/intent/limits.ts";
import { nextDeadline } from "../../../../src/core/intent/settle.ts";
import { currentOrder, type IntentState } from "../../../../src/core/intent/state.ts";
import {
  after,
  AGENT,
  claimBy,
  MINUTE_MS,
  ORDER_1,
  orderBy,
  proposed,
  reportOf,
  SECOND_MS,
  T0,
} from "../../../support/intent-fixtures.ts";

const DAY_MS = 24 * 60 * MINUTE_MS;
const BEAT = { type: "heartbeat", order: ORDER_1, by: AGENT } as const;

const claimed = () => after(proposed("approve"), [0, orderBy()], [0, claimBy(ORDER_1)]);
const leaseOf = (state: IntentState) => currentOrder(state)?.claim?.expiresAt;

/** Heartbeats at these times after the claim; the events that they caused. */
function beaten(state: IntentState, times: readonly number[]) {
  const events: RecordedEvent[] = [];
  for (const at of times) {
    const handled = handle(state, BEAT, T0 + at);
    expect(handled).toMatchObject({ refusal: null, changed: true });
    ({ state } = handled);
    events.push(...handled.events);
    expect(leaseOf(state)).toBe(T0 + at + CLAIM_TTL_MS);
  }
  return { state, events };
}

const countsOf = (events: readonly RecordedEvent[]) =>
  events.flatMap(({ event }) => (event.type === "execution_extended" ? [event.count] : []));

const often = (count: number) => Array.from({ length: count }, (_, at) => 10 + at * 15);

describe("heartbeats move the claim's end without an entry each", () => {
  test("300 within five seconds become one entry at once and one at the report, which count all of them", () => {
    const { state, events } = beaten(claimed(), often(300));
    expect(countsOf(events)).toEqual([1]);
    const ended = handle(state, reportOf(ORDER_1), T0 + 10 * SECOND_MS);
    expect(ended.events.map(({ event, actor }) => [event.type, actor])).toEqual([
      ["execution_extended", AGENT],
      ["execution_succeeded", AGENT],
    ]);
    expect(ended.events[0]?.event).toEqual({
      type: "execution_extended",
      order: ORDER_1,
      expiresAt: leaseOf(state),
      count: 299,
    });
    expect(countsOf(settle(ended.state, T0 + DAY_MS).events)).toEqual([]);
  });

  test("a claim that lapses is recorded with its last end and the heartbeats until then, by Gate", () => {
    const { state } = beaten(claimed(), often(3));
    const end = leaseOf(state) ?? 0;
    expect(nextDeadline(state)).toBe(end);
    expect(settle(state, end - 1).events).toEqual([]);
    expect(settle(state, end).events).toEqual([
      {
        event: { type: "execution_extended", order: ORDER_1, expiresAt: end, count: 2 },
        actor: "gate",
        at: end,
      },
      {
        event: expect.objectContaining({ type: "execution_indeterminate", why: "claim_lapsed" }),
        actor: "gate",
        at: end,
      },
    ]);
  });

  test("one that was recorded already is not recorded again at the end", () => {
    const { state } = beaten(claimed(), [10]);
    const ended = handle(state, reportOf(ORDER_1), T0 + SECOND_MS);
    expect(ended.events.map(({ event }) => event.type)).toEqual(["execution_succeeded"]);
  });

  test("a heartbeat each half minute for thirty days becomes less than 200 entries that count all of them", () => {
    const times = Array.from({ length: 30 * 24 * 60 * 2 }, (_, at) => at * 30 * SECOND_MS);
    const { state, events } = beaten(claimed(), times);
    const counts = countsOf(events);
    expect(counts.length).toBeLessThan(200);
    const sum = counts.reduce((all, count) => all + count, 0);
    expect(sum + (currentOrder(state)?.claim?.heartbeats?.unrecorded ?? 0)).toBe(times.length);
  });

  test("a claim stored by an earlier version, without a count, takes heartbeats", () => {
    const state = claimed();
    expect(currentOrder(state)?.claim).toEqual({ by: AGENT, at: T0, expiresAt: T0 + CLAIM_TTL_MS });
    expect(countsOf(beaten(state, [10, 20]).events)).toEqual([1]);
  });

  test("a refused heartbeat moves nothing and is not counted", () => {
    const { state } = beaten(claimed(), [10, 20]);
    const refused = handle(state, { ...BEAT, by: "run_2" }, T0 + 30);
    expect(refused).toMatchObject({ events: [], changed: false, refusal: { reason: "not_runner" } });
    expect(refused.state).toBe(state);
  });
});
