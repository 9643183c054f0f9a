import { describe, expect, test } from "vitest";
import { GATE } from "../../../../src/core/intent/event.ts";
import { handle, settle } from "../../../../src/core/intent/handle.ts";
import { isSendDue, maySend } from "../../../../src/core/intent/sending.ts";
import type { IntentState } from "../../../../src/core/intent/state.ts";
import {
  after,
  AGENT,
  approveBy,
  claimBy,
  inForceOf,
  MINUTE_MS,
  ORDER_1,
  orderBy,
  proposed,
  rejectBy,
  reportOf,
  T0,
  termsWith,
  voterNamed,
} from "../../../support/intent-fixtures.ts";

const RESTORED_AT = T0 + 10 * MINUTE_MS;
const NOW = RESTORED_AT + MINUTE_MS;

const begin = { type: "begin", bindings: inForceOf(termsWith()) } as const;
const BY_GATE = { executor: "gate", sending: "by_gate", idempotent: true } as const;
const gates = () => proposed("approve", BY_GATE);
const unknownByGate = () =>
  after(gates(), [1, begin], [2, reportOf(ORDER_1, { by: GATE, outcome: "indeterminate" })]);
const failedByGate = () =>
  after(gates(), [1, begin], [2, reportOf(ORDER_1, { by: GATE, outcome: "failed", retryable: true })]);

const restored = (state: IntentState) => settle(state, NOW, RESTORED_AT);

describe("INV-11: an intent that a restored backup put back", () => {
  test.each([
    ["approved", gates()],
    ["ordered", after(proposed("approve"), [1, orderBy()])],
    ["claimed", after(proposed("approve"), [1, orderBy()], [2, claimBy(ORDER_1)])],
    ["claimed by Gate", after(gates(), [1, begin])],
  ])("is indeterminate when it was %s, and is never sent again", (_, state) => {
    const { events, state: now } = restored(state);
    expect(events.map(({ event }) => event)).toEqual([{ type: "restored", restoredAt: RESTORED_AT }]);
    expect([now.phase, now.restoredAt, now.executeBy]).toEqual(["indeterminate", RESTORED_AT, null]);
    expect([isSendDue(now, NOW), maySend(now, NOW)]).toEqual([false, false]);
    expect(handle(now, begin, NOW).refusal).not.toBeNull();
    expect(handle(now, orderBy(), NOW).refusal).not.toBeNull();
    const resolved = { type: "resolve", by: "adm", voter: null, outcome: "not_executed", note: "x" } as const;
    expect(handle(now, resolved, NOW).state.phase).toBe("failed");
  });

  test.each([
    ["an unknown outcome that Gate would send again", unknownByGate(), "indeterminate"],
    ["a failure that Gate would send again", failedByGate(), "failed"],
  ])("is not sent again after %s", (_, state, phase) => {
    expect(isSendDue(state, T0 + 3 * MINUTE_MS)).toBe(true);
    const { state: now } = restored(state);
    expect([now.phase, isSendDue(now, NOW), maySend(now, NOW)]).toEqual([phase, false, false]);
  });

  test("waits for its people as before, and silence approves nothing", () => {
    const terms = { onNoResponse: "auto_approve_if_low_risk", decideBy: NOW + MINUTE_MS } as const;
    const { events, state } = restored(proposed("hold", terms));
    expect(events[0]?.event.type).toBe("restored");
    expect(state.phase).toBe("pending_approval");
    expect(settle(state, NOW + 2 * MINUTE_MS, RESTORED_AT).state.phase).toBe("expired");
    const approve = approveBy(voterNamed("ana"), { bindings: inForceOf(state.terms) });
    expect(handle(state, approve, NOW, undefined, RESTORED_AT).state.phase).toBe("approved");
  });

  test.each([
    ["rejected", after(proposed("hold"), [1, rejectBy(voterNamed("ana"))])],
    ["blocked", proposed("block")],
    [
      "succeeded",
      after(
        proposed("approve"),
        [1, orderBy()],
        [2, claimBy(ORDER_1)],
        [3, reportOf(ORDER_1, { by: AGENT })],
      ),
    ],
  ])("stays as it was when it had ended: %s", (_, state) => {
    expect(restored(state)).toEqual({ events: [], state });
  });

  test("is marked once for each restore, and a later restore marks it again", () => {
    const once = restored(gates()).state;
    expect(settle(once, NOW, RESTORED_AT).events).toEqual([]);
    expect(settle(once, NOW, RESTORED_AT - 1).events).toEqual([]);
    const waiting = restored(proposed("hold")).state;
    expect(settle(waiting, NOW, RESTORED_AT + 1).events).toHaveLength(1);
  });

  test("that was proposed after the restore is not touched", () => {
    const state = proposed("approve", { createdAt: RESTORED_AT });
    expect(settle(state, RESTORED_AT, RESTORED_AT).events).toEqual([]);
  });

  test("is judged by the restore before a deadline that passed meanwhile", () => {
    const late = T0 + 400 * 24 * 60 * MINUTE_MS;
    expect(settle(gates(), late, late - 1).state.phase).toBe("indeterminate");
  });
});
