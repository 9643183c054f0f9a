import type { Ask } from "../../core/ask.ts";
import type { Decision } from "../../core/decision.ts";
import { currentOrder, isPulled } from "../../core/intent/state.ts";
import { statusOf } from "../../core/intent/phase.ts";
import type { IntentRow } from "../../core/intent/read-model.ts";
import type { Principal } from "../../core/principal.ts";
import type { Dossier } from "../../ports.ts";
import { auditTrail } from "./audit.ts";
import { orderView } from "./order-view.ts";
import { iso, isoOrNull } from "./times.ts";

type StoredAsk = Ask & { readonly key: string | null };

/** One intent in full: the contract's columns in snake_case, and what it lacked. */
export function intentView(dossier: Dossier) {
  const { state, payload } = dossier;
  const { terms } = state;
  const ask = JSON.parse(dossier.ask) as StoredAsk;
  const decision = JSON.parse(dossier.decision) as Decision;
  const note = dossier.notes.filter(({ kind }) => kind === "note").at(-1)?.text ?? null;
  const status = statusOf(state.phase, isPulled(state));
  const order = currentOrder(state);
  return {
    id: terms.id,
    intentId: terms.id,
    proposalId: terms.id,
    status,
    state: state.phase,
    sender_agent_id: terms.agent,
    destination: terms.destination,
    action: terms.action,
    policy_id: terms.policy,
    policies: terms.policies,
    reason_code: decision.reasonCode,
    reason: decision.reason,
    remedy: decision.remedy,
    block_reason: status === "blocked" && note !== null ? note : decision.outcome === "approve" ? null : decision.reason,
    risk_score: decision.risk.score / 100,
    risk_level: decision.risk.level,
    risk_factors: decision.risk.factors,
    estimated_records: terms.records,
    declared_records: ask.recordCount,
    measured_records: decision.facts.records.measured,
    estimated_value_usd: ask.estimatedValueUsd,
    sensitivity_tags: JSON.stringify(ask.sensitivityTags),
    on_behalf_of: ask.onBehalfOf,
    idempotency_key: ask.key,
    principal_id: ask.principalId,
    metadata: ask.metadata,
    profile_id: ask.profile,
    payload_path: null,
    payload_kind: payload.kind,
    payload_name: payload.name,
    payload_type: decision.facts.type,
    payload_bytes: payload.bytes,
    payload_hash: terms.payloadDigest,
    intent_digest: terms.digest,
    created_at: iso(terms.createdAt),
    updated_at: iso(state.updatedAt),
    expires_at: iso(terms.decideBy),
    execute_by: isoOrNull(state.executeBy),
    approved_at: isoOrNull(state.approvedAt),
    decided_by: state.decidedBy,
    required_approvals: terms.approval.require,
    approval: terms.approval,
    votes: state.votes.map(({ person, assurance, at }) => ({ person, assurance, at: iso(at) })),
    approval_state: approvalState(state.phase, state.votes.length),
    standing_approval_id: null,
    has_approval_link: false,
    manifest: null,
    approval_evidence: null,
    approval_interactions: [],
    execution: order === undefined ? null : orderView(dossier, order, null),
    auditTrail: auditTrail(dossier),
  };
}

function approvalState(phase: string, votes: number): string | null {
  switch (phase) {
    case "pending_approval":
      return "waiting_input";
    case "expired":
      return "expired";
    case "cancelled":
      return "cancelled";
    case "rejected":
      return "answered";
    case "blocked":
      return null;
    default:
      return votes > 0 ? "answered" : null;
  }
}

/** One line of a list. */
export function intentRowView(row: IntentRow) {
  return {
    id: row.id,
    intentId: row.id,
    proposalId: row.id,
    status: row.status,
    state: row.phase,
    sender_agent_id: row.agent_id,
    destination: row.destination,
    action: row.action,
    policy_id: row.policy_id,
    reason_code: row.reason_code,
    risk_score: row.risk_score / 100,
    risk_level: row.risk_level,
    estimated_records: row.records,
    value_usd: row.value_cents === null ? null : row.value_cents / 100,
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
    expires_at: iso(row.decide_by),
    approved_at: isoOrNull(row.approved_at),
  };
}

/**
 * The decision: the contract's row, with the facts and policies it rests on. The trace can quote the payload,
 * so it is for those who review and audit, never for the agent.
 */
export function decisionView(dossier: Dossier, reader: Principal) {
  const { terms } = dossier.state;
  const decision = JSON.parse(dossier.decision) as Decision;
  const isAgent = reader.role === "agent" || reader.role === "runner";
  const { key: _, ...ask } = JSON.parse(dossier.ask) as StoredAsk;
  const status = { approve: "approved", hold: "pending_approval", block: "blocked" } as const;
  return {
    id: `dec_${terms.digest.slice(0, 16)}`,
    intent_id: terms.id,
    status: status[decision.outcome],
    outcome: decision.outcome,
    reason_code: decision.reasonCode,
    reason_detail: decision.reason,
    remedy: decision.remedy,
    risk_score: decision.risk.score / 100,
    risk_level: decision.risk.level,
    risk_factors: decision.risk.factors,
    policy_snapshot: JSON.stringify({ policy: terms.policy, destination: terms.destination }),
    policies: decision.policies,
    required_approvals: decision.outcome === "hold" ? decision.approval.require : 0,
    evaluated_at: iso(terms.createdAt),
    approval_evidence: null,
    facts: decision.facts,
    ask,
    ...(isAgent
      ? {}
      : {
          trace: decision.trace,
          shadow: decision.shadow,
          history: decision.history,
          approval: decision.approval,
        }),
  };
}
