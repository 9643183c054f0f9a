import { describe, expect, test } from "vitest";
import type { IntentCommand } from "../../../../src/core/intent/command.ts";
import { handle } from "../../../../src/core/intent/handle.ts";
import type { IntentTerms } from "../../../../src/core/intent/state.ts";
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
  rejectBy,
  reportOf,
  supersedeBy,
  T0,
  voterNamed,
  DIGEST,
  termsWith,
} from "../../../support/intent-fixtures.ts";

/** Every phase is reached before minute 5, and no deadline comes before minute 8. */
const AT = T0 + 5 * MINUTE_MS;

const ana = voterNamed("ana");
const EDITABLE = { edit: { allow: true, editorMayApprove: false } } as const;
const held = (change?: Partial<IntentTerms>) => proposed("hold", { ...EDITABLE, ...change });
const approved = (change?: Partial<IntentTerms>) => after(held(change), [1, approveBy(ana)]);
const scheduled = (change?: Partial<IntentTerms>) => after(approved(change), [2, orderBy()]);
const claimed = (change?: Partial<IntentTerms>) => after(scheduled(change), [3, claimBy(ORDER_1)]);

const STATES = {
  blocked: proposed("block", EDITABLE),
  pending_approval: held(),
  approved: approved(),
  rejected: after(held(), [1, rejectBy(ana)]),
  expired: after(held({ decideBy: T0 + 2 * MINUTE_MS }), [4, { type: "tick" }]),
  cancelled: after(held(), [1, { type: "cancel", voter: ana, note: null }]),
  "cancelled, superseded": after(held(), [1, supersedeBy(ana)]),
  withdrawn: after(held(), [1, { type: "withdraw", agent: AGENT, note: null }]),
  revoked: after(approved(), [2, { type: "revoke", by: "rev_ana", note: null }]),
  scheduled: scheduled(),
  claimed: claimed(),
  succeeded: after(claimed(), [4, reportOf(ORDER_1)]),
  failed: after(claimed(), [4, reportOf(ORDER_1, { outcome: "failed" })]),
  "failed, retryable": after(claimed(), [4, reportOf(ORDER_1, { outcome: "failed", retryable: true })]),
  indeterminate: after(claimed(), [4, reportOf(ORDER_1, { outcome: "indeterminate" })]),
  "indeterminate, idempotent": after(claimed({ idempotent: true }), [
    4,
    reportOf(ORDER_1, { outcome: "indeterminate" }),
  ]),
} as const;

const COMMANDS = {
  approve: approveBy(ana),
  reject: rejectBy(ana),
  cancel: { type: "cancel", voter: ana, note: null },
  supersede: supersedeBy(ana),
  withdraw: { type: "withdraw", agent: AGENT, note: null },
  revoke: { type: "revoke", by: "rev_ana", note: null },
  order: orderBy(),
  claim: claimBy(ORDER_1),
  begin: { type: "begin", bindings: { policies: [], configHash: "" } },
  unclaim: { type: "unclaim", order: ORDER_1, undone: 0 },
  heartbeat: { type: "heartbeat", order: ORDER_1, by: AGENT },
  report: reportOf(ORDER_1),
  resolve: { type: "resolve", by: "adm_1", voter: null, outcome: "executed", note: null },
  erase: { type: "erase", by: "adm_1", note: "asked for" },
  recheck: {
    type: "recheck",
    digest: DIGEST,
    terms: termsWith({ digest: "d3".repeat(32) }),
    rules: [],
    facts: "{}",
  },
  recount: { type: "recount", digest: DIGEST, lapsed: ["rev_ana"], standings: [] },
  confirm_silence: { type: "confirm_silence", digest: DIGEST, upSince: T0, notifiedAt: T0 },
  tick: { type: "tick" },
} as const satisfies Record<IntentCommand["type"], IntentCommand>;

type Row = Readonly<Record<keyof typeof COMMANDS, string>>;

const NOTHING_ORDERED = { claim: "!not_found", heartbeat: "!not_found", report: "!not_found" } as const;
const NO = "!wrong_phase";
const NOTHING = {
  approve: NO,
  reject: NO,
  cancel: NO,
  supersede: NO,
  withdraw: NO,
  revoke: NO,
  order: NO,
  resolve: NO,
  begin: "!wrong_executor",
  unclaim: NO,
  erase: "payload_erased",
  recheck: "-",
  confirm_silence: "-",
  recount: "-",
  tick: "-",
} as const;

const OUTCOMES: Readonly<Record<keyof typeof STATES, Row>> = {
  blocked: { ...NOTHING, ...NOTHING_ORDERED },
  pending_approval: {
    ...NOTHING,
    recheck: "policy_rechecked",
    erase: NO,
    ...NOTHING_ORDERED,
    approve: "approval_vote_recorded approved",
    reject: "rejected",
    cancel: "cancelled",
    supersede: "superseded",
    withdraw: "withdrawn",
    revoke: "revoked",
  },
  approved: {
    ...NOTHING,
    recount: "approval_lapsed approval_vote_withdrawn",
    recheck: "policy_rechecked",
    erase: NO,
    ...NOTHING_ORDERED,
    approve: "-",
    reject: "revoked",
    cancel: "revoked",
    revoke: "revoked",
    order: "execution_requested",
  },
  rejected: { ...NOTHING, ...NOTHING_ORDERED, reject: "-" },
  expired: {
    ...NOTHING,
    ...NOTHING_ORDERED,
    approve: "!expired",
    reject: "!expired",
    cancel: "!expired",
    supersede: "!expired",
    order: "!expired",
  },
  cancelled: { ...NOTHING, ...NOTHING_ORDERED, cancel: "-" },
  "cancelled, superseded": { ...NOTHING, ...NOTHING_ORDERED, supersede: "-" },
  withdrawn: { ...NOTHING, ...NOTHING_ORDERED, withdraw: "-" },
  revoked: { ...NOTHING, ...NOTHING_ORDERED, revoke: "-" },
  scheduled: {
    ...NOTHING,
    approve: "-",
    erase: NO,
    reject: "revoked",
    cancel: "revoked",
    revoke: "revoked",
    order: "-",
    claim: "execution_claimed",
    heartbeat: NO,
    report: "execution_succeeded",
  },
  claimed: {
    ...NOTHING,
    approve: "-",
    erase: NO,
    claim: "!already_claimed",
    unclaim: "execution_claim_undone",
    heartbeat: "execution_extended",
    report: "execution_succeeded",
  },
  succeeded: { ...NOTHING, approve: "-", claim: NO, heartbeat: NO, report: "!already_reported" },
  failed: { ...NOTHING, approve: "-", claim: NO, heartbeat: NO, report: "!already_reported" },
  "failed, retryable": {
    ...NOTHING,
    approve: "-",
    erase: NO,
    order: "execution_requested",
    claim: NO,
    heartbeat: NO,
    report: "!already_reported",
  },
  indeterminate: {
    ...NOTHING,
    approve: "-",
    erase: NO,
    claim: "!expired",
    heartbeat: "!expired",
    report: "!already_reported",
    resolve: "outcome_resolved",
  },
  "indeterminate, idempotent": {
    ...NOTHING,
    approve: "-",
    erase: NO,
    order: "execution_requested",
    claim: "!expired",
    heartbeat: "!expired",
    report: "!already_reported",
    resolve: "outcome_resolved",
  },
};

const PHASES = Object.keys(STATES) as (keyof typeof STATES)[];
const TYPES = Object.keys(COMMANDS) as (keyof typeof COMMANDS)[];

describe.each(PHASES)("an intent in state %s", (phase) => {
  test.each(TYPES)("handles %s as the table says", (type) => {
    expect(doing(STATES[phase], COMMANDS[type], AT)).toBe(OUTCOMES[phase][type]);
  });

  test("is in the phase of its name", () => {
    expect(STATES[phase].phase).toBe(phase.split(",")[0]);
  });
});

test("INV-11: a late report on a revoked order is recorded once beside the revocation and changes nothing", () => {
  const state = after(STATES.scheduled, [4, { type: "revoke", by: "rev_ana", note: null }]);
  expect(doing(state, claimBy(ORDER_1), AT)).toBe(NO);
  expect(doing(state, orderBy(), AT)).toBe(NO);
  expect(doing(state, reportOf(ORDER_1), AT)).toBe("execution_reported_late !intent_revoked");
  const { state: reported } = handle(state, reportOf(ORDER_1), AT);
  expect([reported.phase, reported.orders.at(-1)?.report?.outcome]).toEqual(["revoked", "succeeded"]);
  expect(doing(reported, reportOf(ORDER_1), AT)).toBe("!already_reported");
});

test("INV-11: an unclaimed order that was revoked takes no report where a claim is required", () => {
  const ordered = after(proposed("approve", { claimRequired: true }), [1, orderBy()]);
  const state = after(ordered, [2, { type: "revoke", by: "rev_ana", note: null }]);
  expect(doing(state, reportOf(ORDER_1), AT)).toBe(NO);
});

test.each([
  ["executed", "succeeded"],
  ["not_executed", "failed"],
] as const)(
  "INV-11: an unknown outcome resolved as %s is %s, and can't be ordered again",
  (outcome, phase) => {
    const resolved = after(STATES["indeterminate, idempotent"], [
      4.5,
      { type: "resolve", by: "adm_1", voter: null, outcome, note: "seen in the provider's log" },
    ]);
    expect(resolved.phase).toBe(phase);
    expect(doing(resolved, orderBy(), AT)).toBe(NO);
    expect(doing(resolved, COMMANDS.resolve, AT)).toBe(NO);
  },
);

/** [command, a state that accepts it, who the entry is attributed to] */
const ACTORS: readonly (readonly [keyof typeof COMMANDS, keyof typeof STATES, string])[] = [
  ["approve", "pending_approval", "rev_ana"],
  ["reject", "pending_approval", "rev_ana"],
  ["cancel", "approved", "rev_ana"],
  ["supersede", "pending_approval", "rev_ana"],
  ["withdraw", "pending_approval", AGENT],
  ["revoke", "approved", "rev_ana"],
  ["order", "approved", AGENT],
  ["claim", "scheduled", AGENT],
  ["heartbeat", "claimed", AGENT],
  ["report", "claimed", AGENT],
  ["resolve", "indeterminate", "adm_1"],
];

test.each(ACTORS)(
  "%s of an intent in state %s is attributed to the credential of the caller: %s",
  (type, phase, actor) => {
    const { events } = handle(STATES[phase], COMMANDS[type], AT);
    expect(events.length).toBeGreaterThan(0);
    for (const fact of events) expect(fact).toMatchObject({ actor, at: AT });
  },
);
