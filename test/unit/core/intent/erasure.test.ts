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

describe("retention", () => {
  test("an ended intent is erased at its time and not a millisecond earlier", () => {
    const state = blockedWith(T0 + 7 * DAY_MS);
    expect(settle(state, T0 + 7 * DAY_MS - 1).facts).toEqual([]);
    const { facts } = settle(state, T0 + 7 * DAY_MS);
    expect(facts.map(({ event }) => event.type)).toEqual(["payload_erased"]);
    expect(nextDeadline(state)).toBe(T0 + 7 * DAY_MS);
  });

  test("it happens once", () => {
    const { state } = settle(blockedWith(T0 + DAY_MS), T0 + DAY_MS);
    expect(settle(state, T0 + 9 * DAY_MS).facts).toEqual([]);
    expect(nextDeadline(state)).toBeNull();
  });

  test("what is still to be decided keeps its payload, and loses it once it has ended", () => {
    const pending = proposed("hold", { eraseBy: T0, decideBy: T0 + DAY_MS });
    expect(settle(pending, T0 + 1).facts).toEqual([]);
    const { facts } = settle(pending, T0 + DAY_MS);
    expect(facts.map(({ event }) => event.type)).toEqual(["expired", "payload_erased"]);
  });

  test("without retention nothing is erased by itself", () => {
    expect(settle(blockedWith(null), T0 + 1000 * DAY_MS).facts).toEqual([]);
  });
});

describe("erasing", () => {
  const erased = after(blockedWith(null), [1, { type: "erase", by: "adm_1", note: "asked for" }]);

  test("takes every digest that a short payload could be guessed from", () => {
    const { payloadDigest, requestDigest, subject } = erased.terms;
    expect([payloadDigest, requestDigest, subject]).toEqual([null, "", ""]);
    expect(erased.phase).toBe("blocked");
  });

  test("keeps what entries were made under", () => {
    expect(erased.terms.digest).toBe(blockedWith(null).terms.digest);
  });

  test("makes any repeat under its key a duplicate: what the first asked for is forgotten", () => {
    expect(repeat(erased, digestOf("something else"), "agt_1", T0 + 1)).toMatchObject({ ok: true });
  });

  test("is not for what may still have to be looked at", () => {
    const pending = proposed("hold");
    expect(hasEnded(pending, T0)).toBe(false);
    expect(hasEnded(erased, T0)).toBe(true);
  });

  test("leaves the phase to what comes later", () => {
    const again = evolve(erased, {
      event: { type: "duplicate_blocked", count: 1 },
      actor: "agt_1",
      at: T0 + 2,
    });
    expect(again.erasedAt).toBe(erased.erasedAt);
  });
});
