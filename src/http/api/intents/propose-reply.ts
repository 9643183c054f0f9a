import { levelOf, OWN_PROVIDER } from "../../../core/policy/approval-demand.ts";
import type { Decision } from "../../../core/policy/decision.ts";
import { messageIdOf, questionIdOf } from "../../../core/intent/message-ids.ts";
import { profileSummary } from "../../../core/presentation/profile-summary.ts";
import type { ProposalRequest } from "../../../core/proposal/request.ts";
import { isPulled, type IntentState } from "../../../core/intent/state.ts";
import { standingApprovalIn } from "../../../core/intent/mandate.ts";
import { statusOf } from "../../../core/intent/phase.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { Answer } from "../shared/answer.ts";
import type { DUPLICATE, PROPOSED, REHEARSED } from "./propose-schema.ts";

/** The response to a proposal: the contract's camelCase, the names its documentation promised, and `state`. */
export function proposeReply(
  state: IntentState,
  decision: Decision,
  request: Pick<ProposalRequest, "approval" | "profile" | "metadata">,
): Answer<typeof PROPOSED> {
  const { terms, phase } = state;
  const status = statusOf(phase, isPulled(state));
  const held = phase === "pending_approval";
  return {
    intentId: terms.id,
    proposalId: terms.id,
    status,
    state: phase,
    reason_code: decision.reasonCode,
    reasonCode: decision.reasonCode,
    reason: decision.reason,
    remedy: decision.remedy,
    blockReason: phase === "blocked" ? decision.reason : null,
    holdReason: held ? decision.reason : null,
    intent_digest: terms.digest,
    payload_hash: terms.payloadDigest,
    policies: terms.policies.map(({ id }) => id),
    expiresAt: iso(held ? terms.decideBy : (state.executeBy ?? terms.decideBy)),
    requiredApprovals: terms.approval.require,
    ...riskFields(decision),
    approvalState: held ? "waiting_input" : state.votes.length > 0 ? "answered" : null,
    profile: request.profile,
    profileSummary: request.profile === null ? null : profileSummary(request.profile, request.metadata),
    standingApprovalId: standingApprovalIn(state.votes),
    messageId: messageIdOf(terms.id),
    // Always null: the contract gives the proposing agent a link that approves, with which it could approve itself.
    approvalLinkToken: null,
    ...requestedApproval(state, request),
  };
}

/** How a held proposal is to be approved; no member of it approves anything. */
function requestedApproval({ terms }: IntentState, { approval: demand }: Pick<ProposalRequest, "approval">) {
  if (terms.outcome !== "hold") {
    return {
      approvalInteractionId: null,
      approvalProvider: null,
      requiredApprovalFactors: [],
      assuranceLevel: null,
    };
  }
  return {
    approvalInteractionId: questionIdOf(terms.id),
    approvalProvider: demand?.provider ?? OWN_PROVIDER,
    requiredApprovalFactors: demand?.factors ?? [],
    assuranceLevel: levelOf(terms.approval.minAssurance),
  };
}

/** The response to a dry run: the same members without an intent. */
export function rehearsalReply(decision: Decision): Answer<typeof REHEARSED> {
  const status = { approve: "approved", hold: "pending_approval", block: "blocked" } as const;
  return {
    dryRun: true,
    intentId: null,
    status: status[decision.outcome],
    reason_code: decision.reasonCode,
    reasonCode: decision.reasonCode,
    reason: decision.reason,
    remedy: decision.remedy,
    blockReason: decision.outcome === "block" ? decision.reason : null,
    policies: decision.policies.map(({ id }) => id),
    ...riskFields(decision),
  };
}

/**
 * The response to a repeated proposal: ids are the first intent's.
 *
 * @param key the business key both came under; null if a policy recognised the payload
 */
export function duplicateReply(
  id: string,
  state: IntentState | null,
  key: string | null,
): Answer<typeof DUPLICATE> {
  const existingStatus = state === null ? null : statusOf(state.phase, isPulled(state));
  return {
    intentId: id,
    proposalId: id,
    status: "duplicate_blocked",
    state: state?.phase ?? null,
    code: "duplicate_blocked",
    reason_code: "duplicate_blocked",
    blockReason:
      key === null
        ? "Duplicate intent — the same payload was proposed before"
        : `Duplicate intent — idempotency_key already used: ${key}`,
    existingStatus,
    existing_status: existingStatus,
  };
}

function riskFields({ risk }: Decision) {
  const score = risk.score / 100;
  return {
    riskScore: score,
    risk_score: score,
    riskLevel: risk.level,
    risk_level: risk.level,
    riskFactors: risk.factors,
    risk_factors: risk.factors,
  };
}
