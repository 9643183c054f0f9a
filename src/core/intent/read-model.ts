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
  /** JSON of `RequestedApproval`: codes and numbers only. Null for an intent that was never held. */
  readonly approval: string | null;
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
    approval: terms.outcome === "hold" ? JSON.stringify(requestedApprovalOf(state)) : null,
    seq,
  };
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
