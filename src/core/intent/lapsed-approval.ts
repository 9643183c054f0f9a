import { ok } from "../base/result.ts";
import type { VoterStanding } from "./command.ts";
import type { Command, CommandResult } from "./command-result.ts";
import type { IntentState } from "./state.ts";
import { isComplete, recount } from "./vote-count.ts";

/*
 * An approval is worth what its votes are worth when the write is about to begin. Between the last vote and the order a
 * voter may have left the group, gate.yaml or Gate.
 */

/** What is known of earlier voters when the write is about to begin. */
export interface Recount {
  readonly lapsed: readonly string[];
  readonly standings: readonly VoterStanding[];
}

/** Do the votes still complete the approval? Yes as well where policy or silence approved it: nobody voted. */
export function isStillApproved(state: IntentState, { lapsed, standings }: Recount): boolean {
  const { phase, votes, decidedBy, terms } = state;
  if (phase !== "approved" || !votes.some(({ person }) => person === decidedBy)) return true;
  return isComplete(terms.approval, recount(state, lapsed, standings).votes);
}

/** Takes the approval back where its votes don't suffice any more: the intent waits again, as long as it would have been sent. */
export function recountApproval(state: IntentState, command: Command<"recount">): CommandResult {
  if (command.digest !== state.terms.digest || isStillApproved(state, command)) return ok([]);
  const { withdrawn } = recount(state, command.lapsed, command.standings);
  return ok([{ type: "approval_lapsed", decideBy: state.executeBy ?? state.terms.decideBy }, ...withdrawn]);
}
