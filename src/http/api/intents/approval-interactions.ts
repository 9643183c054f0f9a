import type { ProposalRequest } from "../../../core/proposal/request.ts";
import { levelOf, OWN_PROVIDER } from "../../../core/policy/approval-demand.ts";
import { messageIdOf, questionIdOf } from "../../../core/intent/message-ids.ts";
import type { Phase } from "../../../core/intent/phase.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { EvidenceView } from "../shared/evidence-view.ts";

/** The contract's word for where the approval stands, in an intent. */
export function approvalState(
  phase: Phase,
): "waiting_input" | "answered" | "expired" | "cancelled" | "failed" {
  return phase === "blocked" ? "failed" : QUESTION_STATES[phase];
}

const QUESTION_STATES = {
  pending_approval: "waiting_input",
  expired: "expired",
  cancelled: "cancelled",
  withdrawn: "cancelled",
  blocked: "cancelled",
  approved: "answered",
  rejected: "answered",
  revoked: "answered",
  scheduled: "answered",
  claimed: "answered",
  succeeded: "answered",
  failed: "answered",
  indeterminate: "answered",
} as const satisfies Record<Phase, string>;

/** The question that a held intent asks people: one, whatever channels carry it. Empty for one that was never held. */
export function approvalInteractions(
  state: IntentState,
  request: ProposalRequest | null,
  evidence: EvidenceView | null,
) {
  const { terms } = state;
  if (terms.outcome !== "hold") return [];
  const demand = request?.approval;
  return [
    {
      id: questionIdOf(terms.id),
      intentId: terms.id,
      provider: demand?.provider ?? OWN_PROVIDER,
      providerInteractionId: null,
      messageId: messageIdOf(terms.id),
      // An approved intent that nobody ordered in time expired; its question was answered.
      state: state.approvedAt === null ? QUESTION_STATES[state.phase] : ("answered" as const),
      principalId: request?.principalId ?? null,
      channelType: demand?.channel?.type ?? OWN_PROVIDER,
      channelAddressRedacted: demand?.channel?.address ?? null,
      approvedIntentHash: terms.digest,
      requiredFactors: demand?.factors ?? [],
      assuranceLevel: levelOf(terms.approval.minAssurance),
      evidence,
      createdAt: iso(terms.createdAt),
      expiresAt: iso(state.decideBy ?? terms.decideBy),
      answeredAt: evidence?.decided_at ?? null,
    },
  ];
}
