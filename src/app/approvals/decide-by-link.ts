import type { Voter } from "../../core/identity/voter.ts";
import { currentEnd } from "../../core/intent/hold-end.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { err, type Result } from "../../core/base/result.ts";
import type { CommandOutcome, Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Inactive } from "../identity/account.ts";
import type { Authenticated } from "../identity/authenticate.ts";
import { federatedVoter } from "../identity/federated-voter.ts";
import { voterFor, type NotReviewer } from "../identity/voter-for.ts";
import { readLink, type LinkClaims } from "./approval-link.ts";
import { castVote, type VotePorts, type Vote, type VoteFailure } from "./decide-intent.ts";

/** An approval link that Gate signed, and the intent it is for. */
export interface FollowedLink {
  readonly claims: LinkClaims;
  readonly intent: Intent;
  readonly state: IntentState;
}

/** Why a link that Gate signed no longer accepts a vote. */
export type LinkProblem =
  | { readonly kind: "link_expired" }
  | { readonly kind: "refused"; readonly refusal: Refusal };

export type LinkVoteFailure =
  | LinkProblem
  | VoteFailure
  /** The caller is signed in with a role that does not vote. */
  | NotReviewer
  /** The recipient's access is suspended or revoked. */
  | Inactive
  /** Without sign-in this link only opens the case. */
  | { readonly kind: "sign_in_required" }
  /** The recipient left or lost the role: the response is the same as for a link that Gate never made. */
  | { readonly kind: "invalid_link" };

/**
 * @returns null for a token that Gate did not sign, or whose intent is not in this deployment, or whose recipient left
 *   `gate.yaml` since
 */
export async function followLink(
  token: string,
  ports: Pick<Ports, "intents" | "acceptedTokens" | "roster" | "rules" | "ahead">,
): Promise<FollowedLink | null> {
  const claims = readLink(ports, token);
  if (claims === null) return null;
  const intent = ports.intents.find(claims.intent);
  // The rules in force, so that the roster knows of everyone who left.
  await ports.rules.current();
  if (intent !== null) ports.ahead(intent.id, claims.person);
  const [state = null, departures] = await Promise.all([
    intent?.getState(),
    claims.person === null ? null : ports.roster.departuresOf(claims.person),
  ]);
  if (intent === null || state === null) return null;
  return departures === null || departures.times === (claims.departures ?? 0)
    ? { claims, intent, state }
    : null;
}

/** Why the link accepts no vote now; null: it accepts one. */
export function linkProblem({ claims, state }: FollowedLink, now: number): LinkProblem | null {
  if (state.linksUsed.includes(claims.id)) return refused({ reason: "link_used" });
  if (now >= currentEnd(state, claims.expiresAt)) return { kind: "link_expired" };
  if (claims.digest !== state.terms.digest) return refused({ reason: "digest_mismatch" });
  if (state.phase === "pending_approval") return null;
  return state.phase === "expired"
    ? refused({ reason: "expired", what: "intent" })
    : refused({ reason: "wrong_phase", command: "decide", phase: state.phase });
}

/** Only where the policy explicitly accepts a link as proof, and the link was sent to one person. */
export function allowsUnauthenticatedVote({ claims, state }: FollowedLink): boolean {
  return claims.person !== null && state.terms.approval.minAssurance === "link";
}

/**
 * Casts a vote through a link, and uses the link up. A signed-in caller votes as themselves, with their own rights; an
 * anonymous one as the person the link was sent to.
 */
export async function decideByLink(
  caller: Authenticated | null,
  followed: FollowedLink,
  vote: Pick<Vote, "decision" | "note" | "digest">,
  ports: VotePorts,
  now: number,
): Promise<Result<CommandOutcome, LinkVoteFailure>> {
  const problem = linkProblem(followed, now);
  if (problem !== null && !mayBeRepeat(problem)) return err(problem);
  const voter = caller === null ? await recipientOf(followed, ports) : await voterFor(caller, ports);
  if (!voter.ok) return voter;
  const { claims, intent } = followed;
  const digest = vote.digest ?? claims.digest;
  return castVote(intent, { ...vote, voter: voter.value, digest, link: claims.id }, ports);
}

/** The intent's object knows whether the same person says the same again: that is no second use of the link. */
function mayBeRepeat(problem: LinkProblem): boolean {
  return problem.kind === "refused" && problem.refusal.reason === "link_used";
}

async function recipientOf(
  followed: FollowedLink,
  ports: Pick<Ports, "rules" | "linkedIdentities">,
): Promise<Result<Voter, LinkVoteFailure>> {
  const { person } = followed.claims;
  if (person === null || !allowsUnauthenticatedVote(followed)) return err({ kind: "sign_in_required" });
  const voter = await federatedVoter({ system: "link", person }, ports);
  if (voter.ok) return voter;
  return err(voter.error.kind === "inactive" ? voter.error : { kind: "invalid_link" });
}

function refused(refusal: Refusal): LinkProblem {
  return { kind: "refused", refusal };
}
