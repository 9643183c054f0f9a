import { currentOrder, isPulled } from "../../../core/intent/state.ts";
import { unknownFacts } from "../../../core/proposal/doubt.ts";
import { statusOf, type Phase, type Status } from "../../../core/intent/phase.ts";
import { messageIdOf } from "../../../core/intent/message-ids.ts";
import { rejectionsIn } from "../../../core/intent/rejections.ts";
import { intentDetails, requestedApproval, type IntentRow } from "../../../core/intent/read-model.ts";
import { approvalInteractions, approvalState } from "./approval-interactions.ts";
import { auditTrail } from "./audit-view.ts";
import { httpView } from "./http-write-view.ts";
import { orderView } from "../executions/order-view.ts";
import { standingApprovalIn } from "../../../core/intent/mandate.ts";
import type { EvidenceView } from "../shared/evidence-view.ts";
import { storedContent } from "../shared/stored-record.ts";
import { iso, isoOrNull } from "../../../core/base/iso-time.ts";
import type { Names } from "../../../app/identity/names.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import type { RiskLevel } from "../../../core/policy/risk.ts";
import type { Answer } from "../shared/answer.ts";
import type { INTENT } from "./intent-schema.ts";
import type { INTENT_ROW } from "./intent-row-schema.ts";

/**
 * One intent in full: the contract's columns in snake_case, and those that Gate adds.
 *
 * @param isPayloadVisible false: the request that Gate sends is left out, whose URL can contain the payload's data
 */
export function intentView(
  record: IntentRecord,
  isPayloadVisible: boolean,
  evidence: EvidenceView | null,
): Answer<typeof INTENT> {
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
    message_id: messageIdOf(terms.id),
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
    profile_id: request?.profile ?? terms.profile?.id ?? null,
    profile_fields_hash: terms.profile?.fieldsHash ?? null,
    payload_path: payload?.kind === "reference" ? payload.name : null,
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
    approval_state: approvalState(state.phase),
    standing_approval_id: standingApprovalIn(state.votes),
    has_approval_link: false,
    manifest: null,
    approval_link_expires_at: null,
    approval_link_used_at: null,
    approval_evidence: evidence,
    approval_interactions: approvalInteractions(state, request, evidence),
    execution: order === undefined ? null : orderView(record, order, null, evidence),
    auditTrail: auditTrail(record),
  };
}

/**
 * One line of a list: the contract's columns, those that hold free text or a plain digest as null.
 *
 * @param names of agents, as far as the reader may look them up
 */
export function intentRowView(row: IntentRow, names: Names): Answer<typeof INTENT_ROW> {
  const { payload_type, profile, standing_approval } = intentDetails(row.details);
  const valueUsd = row.value_cents === null ? null : row.value_cents / 100;
  return {
    id: row.id,
    intentId: row.id,
    proposalId: row.id,
    status: row.status as Status,
    state: row.phase as Phase,
    message_id: messageIdOf(row.id),
    sender_agent_id: row.agent_id,
    agent_name: names[row.agent_id] ?? null,
    destination: row.destination,
    action: row.action,
    policy_id: row.policy_id,
    policies: JSON.parse(row.policies) as readonly string[],
    reason_code: row.reason_code,
    risk_score: row.risk_score / 100,
    risk_level: row.risk_level as RiskLevel,
    estimated_records: row.records,
    value_usd: valueUsd,
    estimated_value_usd: valueUsd,
    payload_path: null,
    payload_hash: null,
    payload_type: payload_type ?? null,
    block_reason: null,
    on_behalf_of: null,
    idempotency_key: null,
    sensitivity_tags: null,
    profile_id: profile ?? null,
    profile_fields_hash: null,
    approval_state: approvalState(row.phase as Phase),
    required_approvals: requestedApproval(row.approval)?.require ?? 1,
    standing_approval_id: standing_approval ?? null,
    has_approval_link: false,
    approval_link_expires_at: null,
    approval_link_used_at: null,
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
