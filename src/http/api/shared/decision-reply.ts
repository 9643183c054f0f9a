import { statusOf } from "../../../core/intent/phase.ts";
import { isPulled, type IntentState } from "../../../core/intent/state.ts";
import { isoOrNull } from "../../../core/base/iso-time.ts";
import type { Ports } from "../../../ports/ports.ts";
import { evidenceOfState } from "./evidence-view.ts";
import type { Answer } from "./answer.ts";
import type { APPROVED, REJECTED, STATUS_SUMMARY } from "./decision-schema.ts";

/** Ids, status and state: the first members of a response about an intent. */
export function statusSummary(state: IntentState): Answer<typeof STATUS_SUMMARY> {
  return {
    intentId: state.terms.id,
    proposalId: state.terms.id,
    status: statusOf(state.phase, isPulled(state)),
    state: state.phase,
  };
}

/** The contract's response to a vote. */
export async function decisionReply(
  state: IntentState,
  decision: "approve" | "reject",
  note: string | null,
  ports: Pick<Ports, "signer" | "settings">,
): Promise<Answer<typeof APPROVED> | Answer<typeof REJECTED>> {
  const approvalEvidence = await evidenceOfState(state, ports);
  const approvalState = state.phase === "pending_approval" ? "waiting_input" : "answered";
  if (decision === "reject") {
    return { ...statusSummary(state), approvalState, reason: note, approvalEvidence };
  }
  return {
    ...statusSummary(state),
    approvalState,
    approvedAt: isoOrNull(state.approvedAt),
    votes: state.votes.length,
    requiredApprovals: state.terms.approval.require,
    votedBy: state.votes.map(({ person }) => person),
    // Null, where the contract hands out the download: only the proposer may order it.
    deliveryToken: null,
    autoDeliver: false,
    gate_exec: state.terms.sending === "by_gate",
    approvalEvidence,
  };
}
