import { standingApprovalIn } from "./mandate.ts";
import { isPulled, type IntentState } from "./state.ts";
import { statusOf } from "./phase.ts";

/** One row of the list of intents: what a queue shows and filters by. Holds no free text. */
export interface IntentRow {
  readonly id: string;
  readonly agent_id: string;
  readonly destination: string;
  readonly action: string;
  /** The policy the agent named; empty when that can't be a policy's name. */
  readonly policy_id: string;
  readonly phase: string;
  readonly status: string;
  readonly reason_code: string;
  readonly risk_score: number;
  readonly risk_level: string;
  readonly records: number | null;
  readonly value_cents: number | null;
  readonly created_at: number;
  readonly decide_by: number;
  readonly approved_at: number | null;
  readonly updated_at: number;
  /** See `IntentTerms.group`. */
  readonly group_key: string | null;
  /** See `IntentTerms.subject`; null once erased. */
  readonly subject: string | null;
  /** The first of `IntentTerms.shapes`; null for an intent of an earlier version. */
  readonly shape_key: string | null;
  /** See `EarlierIntent.decidedBy`. */
  readonly decided_by: string | null;
  /** JSON list of the ids of the policies in force. */
  readonly policies: string;
  /** JSON list of the ids of those who voted, decided or ended it. */
  readonly people: string;
  /** JSON of `RequestedApproval`: codes and numbers only. Null for an intent that was never held. */
  readonly approval: string | null;
  /** JSON of `IntentDetails`; null: nothing to say, or of an earlier version. */
  readonly details: string | null;
  /** Ledger sequence this row reflects: an older row never overwrites a newer one. */
  readonly seq: number;
}

/** An agent can name any text as a policy; only a valid id may enter the list, which holds no free text. */
const POLICY_ID = /^[A-Za-z0-9_.-]{1,128}$/;

export function rowOf(state: IntentState, seq: number): IntentRow {
  const { terms } = state;
  return {
    id: terms.id,
    agent_id: terms.agent,
    destination: terms.destination,
    action: terms.action,
    policy_id: POLICY_ID.test(terms.policy) ? terms.policy : "",
    phase: state.phase,
    status: statusOf(state.phase, isPulled(state)),
    reason_code: terms.reasonCode,
    risk_score: terms.risk.score,
    risk_level: terms.risk.level,
    records: terms.records,
    value_cents: terms.valueCents,
    created_at: terms.createdAt,
    decide_by: state.decideBy ?? terms.decideBy,
    approved_at: state.approvedAt,
    updated_at: state.updatedAt,
    group_key: terms.group,
    subject: terms.subject === "" ? null : terms.subject,
    shape_key: terms.shapes?.[0] ?? null,
    policies: JSON.stringify(terms.policies.map(({ id }) => id)),
    people: JSON.stringify(decidersOf(state)),
    decided_by: state.endedBy ?? state.decidedBy,
    approval: terms.outcome === "hold" ? JSON.stringify(requestedApprovalOf(state)) : null,
    details: detailsOf(state),
    seq,
  };
}

/** Person ids. An intent that its agent withdrew, or policy or time decided, has none. */
function decidersOf({ terms, votes, rejections, decidedBy, endedBy }: IntentState): readonly string[] {
  const voted = [...votes, ...rejections].flatMap(({ person, acting }) => [person, acting]);
  const ended = [decidedBy, endedBy ?? null].filter((who) => who !== null);
  const nobody = new Set(["policy", "timeout", terms.agent]);
  return [...new Set([...voted, ...ended])].filter((who) => !nobody.has(who));
}

/** The approval requirements and votes that the review queue shows. */
export interface RequestedApproval {
  readonly require: number;
  readonly votes: number;
  readonly groups: readonly string[];
  readonly people: readonly string[];
  readonly min_assurance: string;
  /** Null: the hold has no deadline any more, and the row's own has passed. Absent in rows of earlier versions. */
  readonly decide_by?: number | null;
}

/** Null for an intent that was never held. */
export function requestedApproval(column: IntentRow["approval"]): RequestedApproval | null {
  return column === null ? null : (JSON.parse(column) as RequestedApproval);
}

/** More of an intent that a list shows; codes only. */
export interface IntentDetails {
  readonly payload_type?: string;
  readonly profile?: string;
  readonly standing_approval?: string;
}

export function intentDetails(column: IntentRow["details"]): IntentDetails {
  return column === null ? {} : (JSON.parse(column) as IntentDetails);
}

/** A payload's type may be an extension that the agent made up. */
const PAYLOAD_TYPE = /^[a-z0-9]{1,16}$/;

function detailsOf({ terms, votes }: IntentState): string | null {
  const standing = standingApprovalIn(votes);
  const details: IntentDetails = {
    ...(terms.payloadType !== undefined &&
      PAYLOAD_TYPE.test(terms.payloadType) && { payload_type: terms.payloadType }),
    ...(terms.profile !== undefined && { profile: terms.profile.id }),
    ...(standing !== null && { standing_approval: standing }),
  };
  return Object.keys(details).length === 0 ? null : JSON.stringify(details);
}

/** The decision deadline; null: none. */
export function deadlineOf({
  approval,
  decide_by: column,
}: Pick<IntentRow, "approval" | "decide_by">): number | null {
  const requested = requestedApproval(approval)?.decide_by;
  return requested === undefined ? column : requested;
}

/** What waits without a deadline is listed after all that has one. */
export const NO_DEADLINE = 999_999_999_999_999;

function requestedApprovalOf({ terms, votes, decideBy }: IntentState): RequestedApproval {
  const { require, groups, people, minAssurance } = terms.approval;
  return {
    require,
    votes: votes.length,
    groups,
    people,
    min_assurance: minAssurance,
    decide_by: decideBy,
  };
}
