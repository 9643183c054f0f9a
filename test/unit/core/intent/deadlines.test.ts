import { describe, expect, test } from "vitest";
import { handle, settle } from "../../../../src/core/intent/handle.ts";
import { CLAIM_TTL_MS, ORDER_TTL_MS } from "../../../../src/core/intent/limits.ts";
import { nextTimedEvent, nextDeadline, phaseDeadline } from "../../../../src/core/intent/settle.ts";
import type { IntentState, IntentTerms } from "../../../../src/core/intent/state.ts";
import {
  after,
  AGENT,
  approvalBy,
  approveBy,
  claimBy,
  DIGEST,
  doing,
  MINUTE_MS,
  ORDER_1,
  orderBy,
  proposed,
  rejectBy,
  reportOf,
  T0,
  voterNamed,
} from "../../../support/intent-fixtures.ts";

const ana = voterNamed("ana");
const TICK = { type: "tick" } as const;
/** Approvers were reminded at half time; what is tested comes after it. */
const held = (change?: Partial<IntentTerms>) => after(proposed("hold", change), [30, TICK]);
const approved = (change?: Partial<IntentTerms>) => proposed("approve", change);
const scheduled = (change?: Partial<IntentTerms>) => after(approved(change), [0, orderBy()]);
const claimed = (change?: Partial<IntentTerms>) => after(scheduled(change), [0, claimBy(ORDER_1)]);
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const OPEN = { policy: "crm", require: 1, groups: [], people: [] } as const;
const TWO_NOES = { ...approvalBy(OPEN), rejections: 2 };

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
  ["held, rejected late", held(), T0 + HOUR_MS, rejectBy(ana), "rejected", "expired !expired"],
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
    "expiry_deferred",
  ],
  [
    "held, silence may approve: a rejection before its proof ends it",
    held({ onNoResponse: "auto_approve_if_low_risk" }),
    T0 + HOUR_MS,
    rejectBy(ana),
    "rejected",
    "expiry_deferred rejected",
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
  ["held, escalated", held({ onNoResponse: "escalate" }), T0 + HOUR_MS, TICK, "-", "expiry_escalated"],
  [
    "held, escalated, approved late",
    held({ onNoResponse: "escalate" }),
    T0 + HOUR_MS,
    approveBy(ana),
    "approval_vote_recorded approved",
    "expiry_escalated approval_vote_recorded approved",
  ],
  [
    "held, silence may approve, and one of two rejected: that is no silence",
    after(held({ onNoResponse: "auto_approve_if_low_risk", approval: TWO_NOES }), [31, rejectBy(ana)]),
    T0 + HOUR_MS,
    TICK,
    "-",
    "expired",
  ],
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

describe.each(TABLE)("the deadline: %s", (_case, state, deadline, command, before, at) => {
  test.each([
    ["before", deadline - 1, before],
    ["at", deadline, at],
    ["after", deadline + 1, at],
  ] as const)("is exact to the millisecond for a command %s it", (_when, now, outcome) => {
    expect(doing(state, command, now)).toBe(outcome);
  });
});

describe("deadlines that passed unnoticed", () => {
  test("take effect in order in one read: an unclaimed order lapses and the approval behind it expires", () => {
    const { events, state } = settle(scheduled({ claimRequired: true }), T0 + HOUR_MS);
    expect(events.map(({ event }) => event.type)).toEqual(["execution_lapsed", "expired"]);
    expect(state.phase).toBe("expired");
  });

  test("start the window of an approval by silence when it happened; an empty window ends at once", () => {
    const proof = { type: "confirm_silence", digest: DIGEST, upSince: T0, notifiedAt: T0 } as const;
    const silent = held({ onNoResponse: "auto_approve_if_low_risk" });
    const late = handle(silent, proof, T0 + 1.25 * HOUR_MS).state;
    expect(late).toMatchObject({ phase: "approved", decidedBy: "timeout", executeBy: T0 + 2.25 * HOUR_MS });
    const empty = held({ onNoResponse: "auto_approve_if_low_risk", executionWindowMs: 0 });
    const none = handle(empty, proof, T0 + HOUR_MS).state;
    expect(settle(none, T0 + HOUR_MS).state.phase).toBe("expired");
  });

  test("refuse a worker that comes after both of them", () => {
    const { state } = settle(scheduled({ claimRequired: true }), T0 + HOUR_MS);
    expect(doing(state, claimBy(ORDER_1), T0 + HOUR_MS)).toBe("!expired");
    expect(doing(state, reportOf(ORDER_1), T0 + HOUR_MS)).toBe("!expired");
  });

  test("are attributed to Gate as actor", () => {
    const { events } = settle(held(), T0 + HOUR_MS);
    expect(events).toEqual([
      { event: { type: "expired", from: "pending_approval" }, actor: "gate", at: T0 + HOUR_MS },
    ]);
  });

  test("a deferred intent has no deadline", () => {
    const state = settle(held({ onNoResponse: "defer" }), T0 + HOUR_MS).state;
    expect(state).toMatchObject({ phase: "pending_approval", decideBy: null });
    expect(phaseDeadline(state)).toBeNull();
    expect(nextTimedEvent(state, Number.MAX_SAFE_INTEGER)?.event.type).toBe("approval_reminded");
    expect(settle(state, T0 + 1000 * DAY_MS).state.phase).toBe("pending_approval");
  });

  test("a heartbeat extends the claim's deadline, not the order's", () => {
    const state = after(claimed(), [4, { type: "heartbeat", order: ORDER_1, by: AGENT }]);
    expect(phaseDeadline(state)).toBe(T0 + 4 * MINUTE_MS + CLAIM_TTL_MS);
    expect(state.orders.at(-1)?.expiresAt).toBe(T0 + ORDER_TTL_MS);
  });

  test("a claim made just before its order lapses has its full time", () => {
    const state = after(scheduled(), [14, claimBy(ORDER_1)]);
    expect(doing(state, TICK, T0 + ORDER_TTL_MS)).toBe("-");
    expect(doing(state, TICK, T0 + 14 * MINUTE_MS + CLAIM_TTL_MS)).toBe("execution_indeterminate");
  });

  test("a claimed write outlives the approval's window, because it may be half done", () => {
    const late = after(after(approved(), [59, orderBy()]), [59.5, claimBy(ORDER_1)]);
    expect(doing(late, reportOf(ORDER_1), T0 + 62 * MINUTE_MS)).toBe("execution_succeeded");
  });
});

/** Every event the clock alone makes, as `minutes:event`, when the intent is looked at as soon as anything is due. */
function byItself(start: IntentState, days: number): readonly string[] {
  const seen: string[] = [];
  let state = start;
  for (
    let next = nextDeadline(state);
    next !== null && next <= T0 + days * DAY_MS;
    next = nextDeadline(state)
  ) {
    const settled = settle(state, next);
    if (settled.events.length === 0) throw new Error("woken for nothing");
    for (const { event } of settled.events) {
      const to = "to" in event ? ` ${[event.to].flat().join("+")}` : "";
      seen.push(`${(next - T0) / MINUTE_MS}:${event.type}${to}`);
    }
    ({ state } = settled);
  }
  return seen;
}

describe("reminders and escalation", () => {
  const waiting = (minutes: number, change?: Partial<IntentTerms>) =>
    proposed("hold", { decideBy: T0 + minutes * MINUTE_MS, ...change });
  const steps = [
    { afterMinutes: 15, to: "leads" },
    { afterMinutes: 15, to: "cfo" },
    { afterMinutes: 90, to: "board" },
  ];

  test.each([
    ["none in a wait under ten minutes", 9.99, {}, 1, ["9.99:expired"]],
    ["at half time from ten minutes on", 10, {}, 1, ["5:approval_reminded", "10:expired"]],
    ["at half time of an hour, once", 60, {}, 1, ["30:approval_reminded", "60:expired"]],
    ["at half time of two days, and no more", 2880, {}, 3, ["1440:approval_reminded", "2880:expired"]],
    [
      "daily in a wait of four days, and never with the deadline",
      5760,
      {},
      5,
      ["1440:approval_reminded", "2880:approval_reminded", "4320:approval_reminded", "5760:expired"],
    ],
    [
      "daily once deferred",
      60,
      { onNoResponse: "defer" },
      3,
      ["30:approval_reminded", "60:expiry_deferred", "1500:approval_reminded", "2940:approval_reminded"],
    ],
    [
      "daily once deferred, even where the first wait was too short for one",
      5,
      { onNoResponse: "defer" },
      2,
      ["5:expiry_deferred", "1445:approval_reminded"],
    ],
    [
      "steps are taken at their time, two at once where two are due, and none after the deadline",
      60,
      { escalate: steps },
      1,
      ["15:approval_escalated leads", "15:approval_escalated cfo", "30:approval_reminded", "60:expired"],
    ],
    [
      "no answer escalates: all named people are notified once, a second wait follows, and then it expires",
      60,
      { onNoResponse: "escalate", escalate: steps },
      5,
      [
        "15:approval_escalated leads",
        "15:approval_escalated cfo",
        "30:approval_reminded",
        "60:expiry_escalated leads+cfo+board",
        "90:approval_reminded",
        "120:expired",
      ],
    ],
    [
      "a person named in two steps is notified of the second wait once",
      5,
      { onNoResponse: "escalate", escalate: [steps[2], { ...steps[2], afterMinutes: 99 }] },
      1,
      ["5:expiry_escalated board", "10:expired"],
    ],
    [
      "no answer escalates where no step names anybody: a second wait all the same",
      5,
      { onNoResponse: "escalate" },
      1,
      ["5:expiry_escalated ", "10:expired"],
    ],
    [
      "a deferred intent's later steps are taken, too",
      60,
      { onNoResponse: "defer", escalate: steps },
      1,
      [
        "15:approval_escalated leads",
        "15:approval_escalated cfo",
        "30:approval_reminded",
        "60:expiry_deferred",
        "90:approval_escalated board",
      ],
    ],
  ] as const)("happen at their times: %s", (_case, minutes, change, days, expected) => {
    expect(byItself(waiting(minutes, change as Partial<IntentTerms>), days)).toEqual(expected);
  });

  test("are not repeated for days that passed unnoticed: one reminder, and the next on the following day", () => {
    const state = settle(waiting(60, { onNoResponse: "defer" }), T0 + HOUR_MS).state;
    const late = settle(state, T0 + 10 * DAY_MS);
    expect(late.events.map(({ event }) => event)).toEqual([
      { type: "approval_reminded", next: T0 + 11 * DAY_MS },
    ]);
    expect(nextDeadline(late.state)).toBe(T0 + 11 * DAY_MS);
  });

  test("give a second wait as long as the first, from when the end of the first was noticed", () => {
    const { state } = settle(waiting(60, { onNoResponse: "escalate" }), T0 + 5 * HOUR_MS);
    expect(state).toMatchObject({ isExtended: true, decideBy: T0 + 6 * HOUR_MS });
    expect(settle(state, T0 + 100 * HOUR_MS).events.map(({ event }) => event.type)).toEqual(["expired"]);
  });

  test("end with the decision: no reminder is due after it", () => {
    const open = waiting(60, { escalate: steps, approval: { ...approvalBy(OPEN), rejections: 1 } });
    for (const command of [approveBy(ana), rejectBy(ana)]) {
      const decided = after(open, [1, command]);
      expect(decided).toMatchObject({ remindAt: null, decideBy: null });
      const { events } = settle(decided, T0 + 10 * DAY_MS);
      expect(events.map(({ event }) => event.type).filter((type) => type.startsWith("approval_"))).toEqual(
        [],
      );
    }
  });

  test("go on while a quorum is incomplete", () => {
    const approval = approvalBy({ ...OPEN, require: 2 });
    const once = after(waiting(60, { approval }), [1, approveBy(ana)]);
    expect(byItself(once, 1)).toEqual(["30:approval_reminded", "60:expired"]);
  });
});
