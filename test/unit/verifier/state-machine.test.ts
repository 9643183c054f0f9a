import fc from "fast-check";
import { expect, test } from "vitest";
import type { IntentCommand } from "../../../src/core/intent/command.ts";
import { draftEntries } from "../../../src/core/intent/entries.ts";
import type { RecordedEvent, IntentEventType } from "../../../src/core/intent/event.ts";
import { digestOf } from "../../../src/core/base/digest.ts";
import type { Outcome } from "../../../src/core/policy/decision.ts";
import { decisionOnRecheck, recheckedBy } from "../../../src/core/intent/recheck.ts";
import { handle } from "../../../src/core/intent/handle.ts";
import { openingEvents } from "../../../src/core/intent/propose.ts";
import { currentOrder, type IntentState, type IntentTerms } from "../../../src/core/intent/state.ts";
import { chain, EMPTY_HEAD } from "../../../src/core/ledger/entry.ts";
import { stageAfter, replayStates } from "../../../verifier/state-machine.ts";
import { bodiesOf } from "../../../verifier/check-chain.ts";
import { bare } from "../../support/bundle-maker.ts";
import {
  AGENT,
  approvalBy,
  approveBy,
  decisionOf,
  fold,
  inForceOf,
  MINUTE_MS,
  rejectBy,
  supersedeBy,
  T0,
  termsWith,
  voterNamed,
} from "../../support/intent-fixtures.ts";

/*
 * The verifier has its own idea of what may follow what. It must be no stricter than what really happens, and
 * the attacks of the other tests show that it is no laxer.
 */

/** A compile error here: the ledger has a new kind of event, and the verifiers have to learn what it means. */
const KNOWN: Record<IntentEventType, true> = {
  proposed: true,
  policy_checked: true,
  policy_rechecked: true,
  blocked: true,
  duplicate_blocked: true,
  approval_requested: true,
  approval_vote_recorded: true,
  approval_vote_withdrawn: true,
  rejection_vote_recorded: true,
  approval_link_used: true,
  approval_reminded: true,
  approval_escalated: true,
  expiry_escalated: true,
  superseded: true,
  approved: true,
  rejected: true,
  cancelled: true,
  withdrawn: true,
  revoked: true,
  expired: true,
  expiry_deferred: true,
  execution_requested: true,
  execution_lapsed: true,
  execution_claimed: true,
  execution_claim_undone: true,
  execution_extended: true,
  execution_succeeded: true,
  execution_failed: true,
  execution_indeterminate: true,
  binding_refused: true,
  payload_erased: true,
  execution_reported_late: true,
  outcome_resolved: true,
  restored: true,
  silence_not_counted: true,
  approval_lapsed: true,
};

test("the verifier knows every kind of event of the ledger", () => {
  for (const event of Object.keys(KNOWN)) expect(stageAfter("pending", event, {}), event).not.toBe("unknown");
  for (const event of ["constructor", "__proto__", "approved ", ""]) {
    expect(stageAfter("pending", event, {})).toBe("unknown");
    expect(stageAfter("start", event, {})).toBeNull();
  }
});

type Act = (terms: IntentTerms, state: IntentState) => IntentCommand;

const lent = (person: string, acting: string) =>
  voterNamed(person, { acting, principal: `rev_${acting}`, mandate: "dlg_1" });

/** The verdict under changed rules; what waits for a person is not approved by them. */
const rechecked =
  (verdict: Outcome): Act =>
  (_terms, state) => {
    const decision = decisionOnRecheck(state, decisionOf(verdict));
    const digest = digestOf([state.terms.digest, verdict]);
    const terms = { ...state.terms, digest, outcome: decision.outcome };
    return { type: "recheck", digest: state.terms.digest, terms, ...recheckedBy(decision) };
  };

const order = (state: IntentState) => currentOrder(state)?.id ?? "exe_none";
const report = (outcome: "succeeded" | "failed" | "indeterminate", retryable: boolean): Act => {
  return (_terms, state) => ({
    type: "report",
    order: order(state),
    by: AGENT,
    outcome,
    retryable,
    executedAt: null,
    result: "x",
    proof: null,
  });
};

const ACTS: readonly Act[] = [
  (terms) => approveBy(voterNamed("ana"), { digest: null, note: "a", bindings: inForceOf(terms) }),
  (terms) => approveBy(voterNamed("ben"), { digest: null, bindings: inForceOf(terms) }),
  (terms) => approveBy(voterNamed("ben"), { digest: "00", bindings: inForceOf(terms) }),
  () => rejectBy(voterNamed("ana")),
  () => ({ type: "cancel", voter: voterNamed("ben"), note: null }),
  () => ({ type: "withdraw", agent: AGENT, note: null }),
  () => ({ type: "revoke", by: "adm", note: "stop" }),
  (terms) => ({ type: "order", agent: AGENT, mode: "runner", bindings: inForceOf(terms) }),
  (terms) => ({ type: "order", agent: AGENT, mode: "external_pull", bindings: inForceOf(terms) }),
  (terms, state) => ({ type: "claim", order: order(state), by: AGENT, bindings: inForceOf(terms) }),
  (_terms, state) => ({
    type: "claim",
    order: order(state),
    by: AGENT,
    bindings: { policies: [], configHash: "" },
  }),
  (_terms, state) => ({ type: "unclaim", order: order(state), undone: 0 }),
  (_terms, state) => ({ type: "heartbeat", order: order(state), by: AGENT }),
  report("succeeded", false),
  report("failed", true),
  report("failed", false),
  report("indeterminate", false),
  () => ({ type: "resolve", by: "adm", voter: null, outcome: "executed", note: null }),
  () => ({ type: "resolve", by: "adm", voter: null, outcome: "not_executed", note: "x" }),
  () => ({ type: "erase", by: "adm", note: "gdpr" }),
  () => ({ type: "tick" }),
  () => rejectBy(voterNamed("cleo"), { link: "lnk_1" }),
  (terms) => approveBy(voterNamed("cleo"), { link: "lnk_2", bindings: inForceOf(terms) }),
  (terms) => approveBy(lent("dora", "cleo"), { bindings: inForceOf(terms), lapsed: ["rev_ana", "dlg_1"] }),
  () => rejectBy(lent("ben", "dora")),
  () => supersedeBy(voterNamed("dora"), { link: "lnk_1" }),
  rechecked("approve"),
  rechecked("hold"),
  rechecked("block"),
  ({ digest }) => ({ type: "recount", digest, lapsed: ["rev_ana", "rev_ben"], standings: [] }),
  ({ digest }) => ({ type: "confirm_silence", digest, upSince: T0, notifiedAt: T0 }),
  ({ digest }) => ({ type: "confirm_silence", digest, upSince: T0, notifiedAt: null }),
];

// Commands that advance an intent are drawn more often than those that end it.
const act = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      ...ACTS.filter((_, at) => [0, 1, 7, 9, 11, 12, 14, 16, 20, 22, 23].includes(at)),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(...ACTS) },
  // Events that few lives would reach: what silence comes to, and a claim's heartbeat, success and revocation.
  {
    weight: 1,
    arbitrary: fc.constantFrom(...ACTS.slice(-2), ...ACTS.filter((_, at) => [6, 12, 13].includes(at))),
  },
);
const step = fc.record({ act, minutes: fc.constantFrom(0, 0, 1, 1, 6, 20, 70) });
const OPEN = { policy: "crm", require: 1, groups: [], people: [] };
const life = fc.record({
  outcome: fc.constantFrom("approve", "hold", "hold", "block"),
  change: fc.record({
    claimRequired: fc.boolean(),
    idempotent: fc.boolean(),
    onNoResponse: fc.constantFrom("reject", "defer", "escalate", "auto_approve_if_low_risk"),
    edit: fc.constant({ allow: true, editorMayApprove: false }),
    escalate: fc.constantFrom([], [{ afterMinutes: 5, to: "leads" }]),
    approval: fc.constantFrom(
      approvalBy(OPEN),
      { ...approvalBy(OPEN), rejections: 2 },
      { ...approvalBy({ ...OPEN, require: 2 }), rejections: 3 },
    ),
  }),
  steps: fc.array(step, { maxLength: 25 }),
});

/** Minutes after the proposal at which a backup is put back; null: never. */
const restore = fc.constantFrom(null, null, null, null, null, null, null, 7);

test("the verifier accepts every life that an intent can have", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(life, restore, ({ outcome, change, steps }, restoredAfter) => {
      const salt = new Uint8Array(32);
      const terms = termsWith({ ...change, outcome });
      const facts: RecordedEvent[] = [...openingEvents(terms, decisionOf(outcome))];
      let state = fold(facts);
      let now = T0;
      for (const { act: next, minutes } of steps) {
        now += minutes * MINUTE_MS;
        const isRestored = restoredAfter !== null && now >= T0 + restoredAfter * MINUTE_MS;
        const restoredAt = isRestored ? T0 + restoredAfter * MINUTE_MS : null;
        const done = handle(state, next(state.terms, state), now, undefined, restoredAt);
        facts.push(...done.events);
        state = done.state;
      }
      const drafts = draftEntries(terms, facts, salt);
      const entries = chain(terms.id, EMPTY_HEAD, drafts, salt).map(bare);
      for (const { event } of entries) seen.add(event);
      const story = replayStates(entries, bodiesOf(entries));
      expect([story.problem, story.unknown, entries.map(({ event }) => event)]).toEqual([
        null,
        [],
        facts.map(({ event }) => event.type),
      ]);
    }),
    { numRuns: 4_000, seed: 20_261_125 },
  );
  // All of them came up, but for what repeated proposals write; the seed is fixed so that this stays so.
  const missed = Object.keys(KNOWN).filter((event) => !seen.has(event));
  expect(missed).toEqual(["duplicate_blocked"]);
});
