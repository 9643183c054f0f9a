import type { Decision, Outcome } from "../../src/core/policy/decision.ts";
import type { IntentCommand, CurrentBindings } from "../../src/core/intent/command.ts";
import type { RecordedEvent } from "../../src/core/intent/event.ts";
import { evolve } from "../../src/core/intent/evolve.ts";
import { handle, type HandledCommand } from "../../src/core/intent/handle.ts";
import { openingEvents } from "../../src/core/intent/propose.ts";
import { RECORD_VERSION } from "../../src/core/intent/intent-digest.ts";
import type { IntentState, IntentTerms } from "../../src/core/intent/state.ts";
import type { Voter } from "../../src/core/identity/voter.ts";

/** When every intent of these tests was proposed. */
export const T0 = 1_800_000_000_000;
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;

export const AGENT = "agt_1";
export const DIGEST = "d1".repeat(32);

/** One policy that requires one person of any group; one hour to decide, one more to execute. */
export function termsWith(change: Partial<IntentTerms> = {}): IntentTerms {
  return {
    id: `int_${"A".repeat(43)}`,
    agent: AGENT,
    destination: "salesforce.import",
    action: "import",
    policy: "crm",
    executor: null,
    runners: [],
    claimRequired: false,
    proofRequired: false,
    eraseBy: null,
    idempotent: false,
    sending: null,
    policies: [
      { id: "crm", hash: "aa".repeat(32), meaning: "a1".repeat(32) },
      { id: "legal", hash: "bb".repeat(32), meaning: "b1".repeat(32) },
    ],
    recordVersion: RECORD_VERSION,
    configHash: "cc".repeat(32),
    payloadDigest: "dd".repeat(32),
    digest: DIGEST,
    requestDigest: "ee".repeat(32),
    keyed: true,
    createdAt: T0,
    decideBy: T0 + 60 * MINUTE_MS,
    executionWindowMs: 60 * MINUTE_MS,
    onNoResponse: "reject",
    heldByContent: false,
    approval: approvalBy({ policy: "crm", require: 1, groups: [], people: [] }),
    excluded: [AGENT, "olaf", "olaf@example.com"],
    escalate: [],
    edit: { allow: false, editorMayApprove: false },
    predecessor: null,
    editor: null,
    group: null,
    risk: { score: 15, level: "low", factors: ["medium_risk_destination"] },
    records: 40,
    valueCents: null,
    outcome: "hold",
    reasonCode: "approval_required",
    subject: "5e".repeat(32),
    counted: false,
    ...change,
  };
}

type Approval = IntentTerms["approval"];

/** The policies' approval requirements, merged as the evaluation merges them. */
export function approvalBy(...quorums: Approval["quorums"]): Approval {
  const isOpen = quorums.some(({ groups, people }) => groups.length === 0 && people.length === 0);
  return {
    require: Math.max(1, ...quorums.map(({ require }) => require)),
    quorums,
    groups: isOpen ? [] : [...new Set(quorums.flatMap(({ groups }) => groups))],
    people: isOpen ? [] : [...new Set(quorums.flatMap(({ people }) => people))],
    excludeProposer: true,
    excludeOwner: true,
    minAssurance: "slack",
    rejections: 1,
  };
}

export function inForceOf(terms: IntentTerms): CurrentBindings {
  return { policies: terms.policies, configHash: terms.configHash };
}

export function voterNamed(person: string, change: Partial<Voter> = {}): Voter {
  return {
    principal: `rev_${person}`,
    person,
    acting: person,
    mandate: null,
    handles: [person, `rev_${person}`, `${person}@example.com`],
    groups: [],
    assurance: "key",
    ...change,
  };
}

export function decisionOf(outcome: Outcome, change: Partial<Decision> = {}): Decision {
  return {
    outcome,
    reasonCode: outcome === "approve" ? "under_auto_approve_threshold" : "approval_required",
    reason: "",
    remedy: null,
    policies: [],
    shadow: [],
    trace: [],
    environment: null,
    facts: {
      payload: "content",
      type: "json",
      declaredType: "json",
      typeContradiction: false,
      decodable: true,
      bytes: 10,
      records: { declared: 40, measured: 40, effective: 40, uncertain: false },
      valueUsdCents: { declared: null, measured: null },
      money: "none",
      totals: [],
      recipients: null,
    },
    history: null,
    risk: { score: 15, level: "low", factors: [] },
    expiryMinutes: 60,
    executionWindowMinutes: 60,
    retentionDays: null,
    onNoResponse: "reject",
    heldByContent: false,
    approval: approvalBy(),
    escalate: [],
    edit: { allow: false, editorMayApprove: false },
    executor: null,
    ...change,
  };
}

export function fold(facts: readonly RecordedEvent[]): IntentState {
  const state = facts.reduce<IntentState | null>(evolve, null);
  if (state === null) throw new Error("no facts");
  return state;
}

export function proposed(outcome: Outcome, change: Partial<IntentTerms> = {}): IntentState {
  return fold(openingEvents(termsWith({ outcome, ...change }), decisionOf(outcome)));
}

type Of<T extends IntentCommand["type"]> = Extract<IntentCommand, { type: T }>;

export function approveBy(voter: Voter, change: Partial<Of<"approve">> = {}): IntentCommand {
  const bindings = inForceOf(termsWith());
  return { type: "approve", voter, digest: DIGEST, note: null, link: null, bindings, lapsed: [], ...change };
}

export function rejectBy(voter: Voter, change: Partial<Of<"reject">> = {}): IntentCommand {
  return { type: "reject", voter, digest: DIGEST, note: "not this one", link: null, ...change };
}

export const SUCCESSOR = `int_${"B".repeat(43)}`;

export function supersedeBy(voter: Voter, change: Partial<Of<"supersede">> = {}): IntentCommand {
  const note = "fewer rows";
  return { type: "supersede", voter, digest: DIGEST, note, link: null, successor: SUCCESSOR, ...change };
}

export function orderBy(change: Partial<Of<"order">> = {}): IntentCommand {
  return { type: "order", agent: AGENT, mode: "runner", bindings: inForceOf(termsWith()), ...change };
}

export function claimBy(order: string, change: Partial<Of<"claim">> = {}): IntentCommand {
  return { type: "claim", order, by: AGENT, bindings: inForceOf(termsWith()), ...change };
}

export function reportOf(order: string, change: Partial<Of<"report">> = {}): IntentCommand {
  return {
    type: "report",
    order,
    by: AGENT,
    outcome: "succeeded",
    retryable: false,
    executedAt: null,
    result: null,
    proof: null,
    ...change,
  };
}

/** Carries commands out one after the other, each at its minute after the proposal; all must be accepted. */
export function after(
  state: IntentState,
  ...steps: readonly (readonly [minute: number, IntentCommand])[]
): IntentState {
  return steps.reduce((before, [minute, command]) => {
    const { state: next, refusal } = handle(before, command, T0 + minute * MINUTE_MS);
    if (refusal !== null) throw new Error(`${command.type} was refused: ${refusal.reason}`);
    return next;
  }, state);
}

/** An outcome in one line: the events, `-` when accepted without one, or `!` and the refusal. */
export function summaryOf({ events, refusal }: HandledCommand): string {
  const types = events.map(({ event }) => event.type);
  if (refusal !== null) types.push(`!${refusal.reason}` as never);
  return types.length === 0 ? "-" : types.join(" ");
}

export function doing(state: IntentState, command: IntentCommand, at: number): string {
  return summaryOf(handle(state, command, at));
}

export const ORDER_1 = `exe_${"A".repeat(43)}_1`;
export const ORDER_2 = `exe_${"A".repeat(43)}_2`;
export const ORDER_3 = `exe_${"A".repeat(43)}_3`;
