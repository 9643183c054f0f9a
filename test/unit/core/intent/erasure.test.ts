import { describe, expect, test } from "vitest";
import { digestOf } from "../../../../src/core/base/digest.ts";
import { hasEnded } from "../../../../src/core/intent/erasure.ts";
import { evolve } from "../../../../src/core/intent/evolve.ts";
import { repeat } from "../../../../src/core/intent/propose.ts";
import { settle } from "../../../../src/core/intent/handle.ts";
import { nextDeadline } from "../../../../src/core/intent/settle.ts";
import type { IntentState } from "../../../../src/core/intent/state.ts";
import { after, proposed, T0 } from "../../../support/intent-fixtures.ts";

const DAY_MS = 24 * 60 * 60_000;

function blockedWith(eraseBy: number | null): IntentState {
  return proposed("block", { eraseBy });
}

describe("the retention time", () => {
  test("erases an ended intent exactly at its time", () => {
    const state = blockedWith(T0 + 7 * DAY_MS);
    expect(settle(state, T0 + 7 * DAY_MS - 1).events).toEqual([]);
    const { events } = settle(state, T0 + 7 * DAY_MS);
    expect(events.map(({ event }) => event.type)).toEqual(["payload_erased"]);
    expect(nextDeadline(state)).toBe(T0 + 7 * DAY_MS);
  });

  test("erases an intent once", () => {
    const { state } = settle(blockedWith(T0 + DAY_MS), T0 + DAY_MS);
    expect(settle(state, T0 + 9 * DAY_MS).events).toEqual([]);
    expect(nextDeadline(state)).toBeNull();
  });

  test("erases no pending intent, and does so once it has ended", () => {
    const pending = proposed("hold", { eraseBy: T0, decideBy: T0 + DAY_MS });
    expect(settle(pending, T0 + 1).events).toEqual([]);
    const { events } = settle(pending, T0 + DAY_MS);
    expect(events.map(({ event }) => event.type)).toEqual(["expired", "payload_erased"]);
  });

  test("erases nothing where there is none", () => {
    expect(settle(blockedWith(null), T0 + 1000 * DAY_MS).events).toEqual([]);
  });
});

describe("erasing an intent", () => {
  const erased = after(blockedWith(null), [1, { type: "erase", by: "adm_1", note: "asked for" }]);

  test("removes every digest from which a short payload could be guessed", () => {
    const { payloadDigest, requestDigest, subject } = erased.terms;
    expect([payloadDigest, requestDigest, subject]).toEqual([null, "", ""]);
    expect(erased.phase).toBe("blocked");
  });

  test("keeps the intent digest that its entries name", () => {
    expect(erased.terms.digest).toBe(blockedWith(null).terms.digest);
  });

  test("makes every repeat under its key a duplicate, since the first request is forgotten", () => {
    expect(repeat(erased, digestOf("something else"), "agt_1", T0 + 1)).toMatchObject({ ok: true });
  });

  test("is open only once the intent has ended", () => {
    const pending = proposed("hold");
    expect(hasEnded(pending, T0)).toBe(false);
    expect(hasEnded(erased, T0)).toBe(true);
  });

  test("happens once: a later event does not move its time", () => {
    const again = evolve(erased, {
      event: { type: "duplicate_blocked", count: 1 },
      actor: "agt_1",
      at: T0 + 2,
    });
    expect(again.erasedAt).toBe(erased.erasedAt);
  });
});
