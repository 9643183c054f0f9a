import type { Voter } from "../../core/identity/voter.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Authenticated } from "../identity/authenticate.ts";
import { voterFor, type NotReviewer } from "../identity/voter-for.ts";
import { castVote, type VotePorts, type Vote, type VoteFailure } from "./decide-intent.ts";
import { delegatedVoter } from "./delegation.ts";

/** A signed-in reviewer's vote on one intent. */
export interface CallerVote extends Pick<Vote, "decision" | "digest" | "note"> {
  /** The delegator whose vote it is; null: the caller's own. */
  readonly onBehalfOf: string | null;
}

export type CallerVoteFailure =
  | VoteFailure
  | NotReviewer
  /** One reason for every cause, so that a caller can't probe who delegates what to whom. */
  | { readonly kind: "delegation_not_found" };

/** Casts the caller's vote, or a delegator's vote through the caller. */
export async function voteAsCaller(
  caller: Authenticated,
  intent: Intent,
  { onBehalfOf, ...vote }: CallerVote,
  ports: VotePorts,
  now: number,
): Promise<Result<IntentState, CallerVoteFailure>> {
  const voter = await effectiveVoter(caller, intent, onBehalfOf, ports, now);
  if (!voter.ok) return voter;
  const decided = await castVote(intent, { ...vote, voter: voter.value, link: null }, ports);
  return decided.ok ? ok(decided.value.state) : decided;
}

async function effectiveVoter(
  caller: Authenticated,
  intent: Intent,
  onBehalfOf: string | null,
  ports: VotePorts,
  now: number,
): Promise<Result<Voter, CallerVoteFailure>> {
  const own = await voterFor(caller, ports);
  if (!own.ok || onBehalfOf === null) return own;
  const delegated = await delegatedVoter(intent, own.value, onBehalfOf, ports, now);
  return delegated === null ? err({ kind: "delegation_not_found" }) : ok(delegated);
}
