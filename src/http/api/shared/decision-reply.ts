import { statusOf } from "../../../core/intent/phase.ts";
import { isPulled, type IntentState } from "../../../core/intent/state.ts";
import { isoOrNull } from "../../../core/base/iso-time.ts";

/** Where an intent stands, as every answer about one begins. */
export function standing(state: IntentState) {
  return {
    intentId: state.terms.id,
    proposalId: state.terms.id,
    status: statusOf(state.phase, isPulled(state)),
    state: state.phase,
  };
}

/** The contract's answer to a decision. */
export function decisionReply(state: IntentState, decision: "approve" | "reject", note: string | null) {
  const approvalState = state.phase === "pending_approval" ? "waiting_input" : "answered";
  if (decision === "reject") {
    return { ...standing(state), approvalState, reason: note, approvalEvidence: null };
  }
  return {
    ...standing(state),
    approvalState,
    approvedAt: isoOrNull(state.approvedAt),
    votes: state.votes.length,
    requiredApprovals: state.terms.approval.require,
    votedBy: state.votes.map(({ person }) => person),
    // The contract hands out the download here; only the proposer may ask for it.
    deliveryToken: null,
    autoDeliver: false,
    gate_exec: null,
    approvalEvidence: null,
  };
}
