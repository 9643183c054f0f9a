import { currentOrder, isPulled } from "../../../core/intent/state.ts";
import { unknownFacts } from "../../../core/proposal/doubt.ts";
import { statusOf, type Status } from "../../../core/intent/phase.ts";
import { rejectionsIn } from "../../../core/intent/rejections.ts";
import type { IntentRow } from "../../../core/intent/read-model.ts";
import { auditTrail } from "./audit-view.ts";
import { httpView } from "./http-write-view.ts";
import { orderView } from "../executions/order-view.ts";
import { standingApprovalOf } from "./propose-reply.ts";
import { storedContent } from "../shared/stored-record.ts";
import { iso, isoOrNull } from "../../../core/base/iso-time.ts";
import type { IntentRecord } from "../../../ports/intents.ts";

/**
 * One intent in full: the contract's columns in snake_case, and those that Gate adds.
 *
 * @param isPayloadVisible false: the request that Gate sends is left out, whose URL can contain the payload's data
 */
export function intentView(record: IntentRecord, isPayloadVisible: boolean) {
  const { state } = record;
  const { terms } = state;
  const { request, decision, payload } = storedContent(record);
  const note = record.notes.filter(({ kind }) => kind === "note").at(-1)?.text ?? null;
  const status = statusOf(state.phase, isPulled(state));
  const order = currentOrder(state);
  const policyReason = decision === null || decision.outcome === "approve" ? null : decision.reason;
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
    reason_code: terms.reasonCode,
    reason: decision?.reason ?? null,
    remedy: decision?.remedy ?? null,
    block_reason: blockReason(status, note, policyReason),
    risk_score: terms.risk.score / 100,
    risk_level: terms.risk.level,
    risk_factors: terms.risk.factors,
    estimated_records: terms.records,
    declared_records: request?.recordCount ?? null,
    measured_records: decision?.facts.records.measured ?? null,
    unknown: unknownFacts(decision?.facts.doubts),
    estimated_value_usd: request?.estimatedValueUsd ?? null,
    sensitivity_tags: request?.sensitivityTags ?? null,
    on_behalf_of: request?.onBehalfOf ?? null,
    idempotency_key: request?.key ?? null,
    principal_id: request?.principalId ?? null,
    metadata: request?.metadata ?? null,
    profile_id: request?.profile ?? null,
    payload_path: null,
    payload_kind: payload?.kind ?? null,
    payload_name: payload?.name ?? null,
    payload_type: decision?.facts.type ?? null,
    payload_bytes: payload?.bytes ?? null,
    payload_hash: terms.payloadDigest,
    intent_digest: terms.digest,
    http: httpView(record, isPayloadVisible),
    erased_at: isoOrNull(state.erasedAt),
    restored_at: isoOrNull(state.restoredAt ?? null),
    silence_not_counted: state.silence?.notCounted ?? null,
    created_at: iso(terms.createdAt),
    updated_at: iso(state.updatedAt),
    expires_at: iso(state.decideBy ?? terms.decideBy),
    decide_by: isoOrNull(state.decideBy),
    reminders_at: isoOrNull(state.remindAt),
    execute_by: isoOrNull(state.executeBy),
    approved_at: isoOrNull(state.approvedAt),
    decided_by: state.decidedBy,
    predecessor_id: terms.predecessor,
    successor_id: state.successor,
    edited_by: terms.editor,
    // Who wrote the payload: after an edit a person, and no longer the agent.
    author: terms.editor ?? terms.agent,
    required_approvals: terms.approval.require,
    approval: terms.approval,
    votes: state.votes.map(({ person, acting, assurance, mandate, at }) => ({
      person,
      acting,
      assurance,
      mandate,
      at: iso(at),
    })),
    rejections: rejectionsIn(record.entries, record.notes).map(({ at, ...rejection }) => ({
      ...rejection,
      at: iso(at),
    })),
    approval_state: approvalState(state.phase, state.votes.length),
    standing_approval_id: standingApprovalOf(state),
    has_approval_link: false,
    manifest: null,
    approval_evidence: null,
    approval_interactions: [],
    execution: order === undefined ? null : orderView(record, order, null),
    auditTrail: auditTrail(record),
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
    policies: JSON.parse(row.policies) as readonly string[],
    reason_code: row.reason_code,
    risk_score: row.risk_score / 100,
    risk_level: row.risk_level,
    estimated_records: row.records,
    value_usd: row.value_cents === null ? null : row.value_cents / 100,
    created_at: iso(row.created_at),
    updated_at: iso(row.updated_at),
    expires_at: iso(row.decide_by),
    approved_at: isoOrNull(row.approved_at),
    decided_by: row.decided_by,
  };
}

/** What stands in the way: a person's reason, or the policy's. Null once it was approved. */
function blockReason(status: Status, note: string | null, policy: string | null): string | null {
  switch (status) {
    case "blocked":
      return note ?? policy;
    case "pending_approval":
    case "expired":
      return policy;
    default:
      return null;
  }
}
