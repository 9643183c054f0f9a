import { describe, expect, test } from "vitest";
import { settle } from "../../../src/core/intent/handle.ts";
import { CLAIM_TTL_MS, ORDER_TTL_MS } from "../../../src/core/intent/limits.ts";
import { due, nextDeadline, phaseDeadline } from "../../../src/core/intent/settle.ts";
import type { IntentState, Terms } from "../../../src/core/intent/state.ts";
import {
  after,
  AGENT,
  approveBy,
  claimBy,
  doing,
  MINUTE_MS,
  ORDER_1,
  orderBy,
  proposed,
  reportOf,
  T0,
  voterNamed,
} from "./fixtures.ts";

const ana = voterNamed("ana");
const TICK = { type: "tick" } as const;
const held = (change?: Partial<Terms>) => proposed("hold", change);
const approved = (change?: Partial<Terms>) => proposed("approve", change);
const scheduled = (change?: Partial<Terms>) => after(approved(change), [0, orderBy()]);
const claimed = (change?: Partial<Terms>) => after(scheduled(change), [0, claimBy(ORDER_1)]);
const HOUR_MS = 60 * MINUTE_MS;

/** [case, state, deadline, command, outcome one millisecond before, outcome at and after it] */
const TABLE: readonly (readonly [
  string,
  IntentState,
  number,
  Parameters<typeof doing>[1],
  string,
  string,
])[] = [
  ["held", held(), T0 + HOUR_MS, TICK, "-", "expired"],
  [
    "held, approved late",
    held(),
    T0 + HOUR_MS,
    approveBy(ana),
    "approval_vote_recorded approved",
    "expired !expired",
  ],
  [
    "held, rejected late",
    held(),
    T0 + HOUR_MS,
    { type: "reject", voter: ana, note: null },
    "rejected",
    "expired !expired",
  ],
  [
    "held, cancelled late",
    held(),
    T0 + HOUR_MS,
    { type: "cancel", voter: ana, note: null },
    "cancelled",
    "expired !expired",
  ],
  [
    "held, withdrawn late",
    held(),
    T0 + HOUR_MS,
    { type: "withdraw", agent: AGENT, note: null },
    "withdrawn",
    "expired !wrong_phase",
  ],
  [
    "held, revoked late",
    held(),
    T0 + HOUR_MS,
    { type: "revoke", by: "adm_1", note: null },
    "revoked",
    "expired !wrong_phase",
  ],
  ["held, ordered", held(), T0 + HOUR_MS, orderBy(), "!wrong_phase", "expired !expired"],
  [
    "held, silence may approve",
    held({ onNoResponse: "auto_approve_if_low_risk" }),
    T0 + HOUR_MS,
    TICK,
    "-",
    "approved",
  ],
  [
    "held, silence may approve: late rejection takes it back",
    held({ onNoResponse: "auto_approve_if_low_risk" }),
    T0 + HOUR_MS,
    { type: "reject", voter: ana, note: null },
    "rejected",
    "approved revoked",
  ],
  [
    "held by content, silence may approve",
    held({ onNoResponse: "auto_approve_if_low_risk", heldByContent: true }),
    T0 + HOUR_MS,
    TICK,
    "-",
    "expired",
  ],
  [
    "held at medium risk, silence may approve",
    held({ onNoResponse: "auto_approve_if_low_risk", risk: { score: 25, level: "medium", factors: [] } }),
    T0 + HOUR_MS,
    TICK,
    "-",
    "expired",
  ],
  ["held, deferred", held({ onNoResponse: "defer" }), T0 + HOUR_MS, TICK, "-", "expiry_deferred"],
  ["held, escalated", held({ onNoResponse: "escalate" }), T0 + HOUR_MS, TICK, "-", "expiry_deferred"],
  [
    "held, deferred, approved late",
    held({ onNoResponse: "defer" }),
    T0 + HOUR_MS,
    approveBy(ana),
    "approval_vote_recorded approved",
    "expiry_deferred approval_vote_recorded approved",
  ],
  ["approved", approved(), T0 + HOUR_MS, TICK, "-", "expired"],
  ["approved, ordered late", approved(), T0 + HOUR_MS, orderBy(), "execution_requested", "expired !expired"],
  ["ordered", scheduled(), T0 + ORDER_TTL_MS, TICK, "-", "execution_indeterminate"],
  [
    "ordered, asked for again",
    scheduled(),
    T0 + ORDER_TTL_MS,
    orderBy(),
    "-",
    "execution_indeterminate !wrong_phase",
  ],
  [
    "ordered, claimed late",
    scheduled(),
    T0 + ORDER_TTL_MS,
    claimBy(ORDER_1),
    "execution_claimed",
    "execution_indeterminate !expired",
  ],
  [
    "ordered, reported late",
    scheduled(),
    T0 + ORDER_TTL_MS,
    reportOf(ORDER_1),
    "execution_succeeded",
    "execution_indeterminate !expired",
  ],
  [
    "ordered, revoked late",
    scheduled(),
    T0 + ORDER_TTL_MS,
    { type: "revoke", by: "adm_1", note: null },
    "revoked",
    "execution_indeterminate !wrong_phase",
  ],
  [
    "ordered, claim required",
    scheduled({ claimRequired: true }),
    T0 + ORDER_TTL_MS,
    TICK,
    "-",
    "execution_lapsed",
  ],
  [
    "ordered, claim required, claimed late",
    scheduled({ claimRequired: true }),
    T0 + ORDER_TTL_MS,
    claimBy(ORDER_1),
    "execution_claimed",
    "execution_lapsed !expired",
  ],
  [
    "ordered, claim required, ordered again",
    scheduled({ claimRequired: true }),
    T0 + ORDER_TTL_MS,
    orderBy(),
    "-",
    "execution_lapsed execution_requested",
  ],
  ["claimed", claimed(), T0 + CLAIM_TTL_MS, TICK, "-", "execution_indeterminate"],
  [
    "claimed, heartbeat late",
    claimed(),
    T0 + CLAIM_TTL_MS,
    { type: "heartbeat", order: ORDER_1, by: AGENT },
    "execution_extended",
    "execution_indeterminate !expired",
  ],
  [
    "claimed, reported late",
    claimed(),
    T0 + CLAIM_TTL_MS,
    reportOf(ORDER_1),
    "execution_succeeded",
    "execution_indeterminate !expired",
  ],
  [
    "claimed where idempotent, ordered again",
    claimed({ idempotent: true }),
    T0 + CLAIM_TTL_MS,
    orderBy(),
    "!wrong_phase",
    "execution_indeterminate execution_requested",
  ],
  [
    "failed safely, ordered again",
    after(claimed(), [1, reportOf(ORDER_1, { outcome: "failed", retryable: true })]),
    T0 + HOUR_MS,
    orderBy(),
    "execution_requested",
    "!wrong_phase",
  ],
  [
    "indeterminate and idempotent, ordered again",
    after(claimed({ idempotent: true }), [1, reportOf(ORDER_1, { outcome: "indeterminate" })]),
    T0 + HOUR_MS,
    orderBy(),
    "execution_requested",
    "!wrong_phase",
  ],
];

describe.each(TABLE)("%s", (_case, state, deadline, command, before, at) => {
  test.each([
    ["before", deadline - 1, before],
    ["at", deadline, at],
    ["after", deadline + 1, at],
  ] as const)("one millisecond: %s the deadline", (_when, now, outcome) => {
    expect(doing(state, command, now)).toBe(outcome);
  });
});

describe("time that passed unseen", () => {
  test("an unclaimed order lapses and the approval behind it expires, in one read", () => {
    const { facts, state } = settle(scheduled({ claimRequired: true }), T0 + HOUR_MS);
    expect(facts.map(({ event }) => event.type)).toEqual(["execution_lapsed", "expired"]);
    expect(state.phase).toBe("expired");
  });

  test("an approval by silence starts its window when it happens, and a window of nothing is over at once", () => {
    const late = settle(held({ onNoResponse: "auto_approve_if_low_risk" }), T0 + 5 * HOUR_MS).state;
    expect(late).toMatchObject({ phase: "approved", decidedBy: "timeout", executeBy: T0 + 6 * HOUR_MS });
    const none = settle(
      held({ onNoResponse: "auto_approve_if_low_risk", executionWindowMs: 0 }),
      T0 + HOUR_MS,
    );
    expect(none.state.phase).toBe("expired");
  });

  test("a worker that comes after both is told that it is too late", () => {
    const { state } = settle(scheduled({ claimRequired: true }), T0 + HOUR_MS);
    expect(doing(state, claimBy(ORDER_1), T0 + HOUR_MS)).toBe("!expired");
    expect(doing(state, reportOf(ORDER_1), T0 + HOUR_MS)).toBe("!expired");
  });

  test("what the clock does is attributed to Gate", () => {
    const { facts } = settle(held(), T0 + HOUR_MS);
    expect(facts).toEqual([
      { event: { type: "expired", from: "pending_approval" }, actor: "gate", at: T0 + HOUR_MS },
    ]);
  });

  test("a deferred intent waits without end", () => {
    const state = settle(held({ onNoResponse: "defer" }), T0 + HOUR_MS).state;
    expect(nextDeadline(state)).toBeNull();
    expect(due(state, Number.MAX_SAFE_INTEGER)).toBeNull();
    expect(state.phase).toBe("pending_approval");
  });

  test("a heartbeat moves the claim's deadline, not the order's", () => {
    const state = after(claimed(), [4, { type: "heartbeat", order: ORDER_1, by: AGENT }]);
    expect(phaseDeadline(state)).toBe(T0 + 4 * MINUTE_MS + CLAIM_TTL_MS);
    expect(state.orders.at(-1)?.expiresAt).toBe(T0 + ORDER_TTL_MS);
  });

  test("a claim made just before the order lapses is kept for its own time", () => {
    const state = after(scheduled(), [14, claimBy(ORDER_1)]);
    expect(doing(state, TICK, T0 + ORDER_TTL_MS)).toBe("-");
    expect(doing(state, TICK, T0 + 14 * MINUTE_MS + CLAIM_TTL_MS)).toBe("execution_indeterminate");
  });

  test("a claimed write outlives the approval's window: it may be half done", () => {
    const late = after(after(approved(), [59, orderBy()]), [59.5, claimBy(ORDER_1)]);
    expect(doing(late, reportOf(ORDER_1), T0 + 62 * MINUTE_MS)).toBe("execution_succeeded");
  });
});
