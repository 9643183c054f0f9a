import type { IntentState } from "../../core/intent/state.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { Intent } from "../../ports/intents.ts";
import { castVote, type VoteFailure } from "../approvals/decide-intent.ts";
import { editIntent, type EditResult, type EditFailure } from "./edit-intent.ts";
import type { PayloadEdit } from "./payload-edit.ts";
import type { GovernPorts } from "./proposal-input.ts";

export interface EditedAndVoted extends EditResult {
  /** The editor's own vote on the successor; null: not wanted, or policy decided the successor without people. */
  readonly vote: Result<IntentState, VoteFailure> | null;
}

/**
 * Edits an intent, and casts the editor's vote on the successor if they want to approve it too. Where the policy
 * requires another person's vote, the edit stands without it.
 */
export async function editAndVote(
  intent: Intent,
  change: PayloadEdit,
  approves: boolean,
  ports: GovernPorts,
  now: number,
): Promise<Result<EditedAndVoted, EditFailure>> {
  const edited = await editIntent(intent, change, ports, now);
  if (!edited.ok) return edited;
  const { terms, phase } = edited.value.successor;
  const successor = ports.intents.find(terms.id);
  const isPending = phase === "pending_approval";
  if (!approves || !isPending || successor === null) return ok({ ...edited.value, vote: null });
  const { voter, note } = change;
  const vote = { decision: "approve", voter, digest: terms.digest, note, link: null } as const;
  const decided = await castVote(successor, vote, ports);
  if (!decided.ok) return ok({ ...edited.value, vote: decided });
  const { state } = decided.value;
  return ok({ ...edited.value, successor: state, vote: ok(state) });
}
