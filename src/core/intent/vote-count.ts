import type { ApprovalRequirements, Quorum } from "../policy/decision.ts";
import type { Voter } from "../identity/voter.ts";
import type { VoterStanding } from "./command.ts";
import type { IntentEvent } from "./event.ts";
import type { IntentState, RecordedVote } from "./state.ts";

/**
 * A quorum with groups or people admits only their members, a quorum without admits every reviewer. Only the person's
 * id counts: handles contain display names, which may exclude but must not admit a namesake.
 */
export function admits(
  { groups, people }: Pick<Quorum, "groups" | "people">,
  voter: Pick<Voter, "person" | "groups">,
): boolean {
  if (groups.length === 0 && people.length === 0) return true;
  return people.includes(voter.person) || groups.some((group) => voter.groups.includes(group));
}

/** Complete when every policy's quorum is met by distinct persons; one person counts wherever admitted. */
export function isComplete(
  { require, quorums }: ApprovalRequirements,
  votes: readonly Pick<RecordedVote, "person" | "counts">[],
): boolean {
  const persons = new Set(votes.map(({ person }) => person));
  if (persons.size < require) return false;
  return quorums.every((quorum) => {
    const counted = votes.filter(({ counts }) => counts.includes(quorum.policy));
    return new Set(counted.map(({ person }) => person)).size >= quorum.require;
  });
}

/**
 * The votes that count now, each in the quorums that admit its person now: they may have left a group, the registry or
 * Gate since they voted.
 */
export function recount(
  { votes, terms: { approval } }: IntentState,
  lapsed: readonly string[],
  standings: readonly VoterStanding[] = [],
): { readonly withdrawn: readonly IntentEvent[]; readonly votes: readonly RecordedVote[] } {
  const withdrawn: IntentEvent[] = [];
  const counted: RecordedVote[] = [];
  for (const vote of votes) {
    const standing = standings.find(({ person, acting }) => person === vote.person && acting === vote.acting);
    if (isLapsed(vote, lapsed)) {
      withdrawn.push(voteWithdrawn(vote.person, "credential_inactive"));
    } else if (standing === undefined) {
      counted.push(vote);
    } else if (standing.isExcluded || !admits(approval, standing)) {
      withdrawn.push(voteWithdrawn(vote.person, "not_eligible"));
    } else {
      counted.push({ ...vote, counts: admittingPolicies(approval, standing) });
    }
  }
  return { withdrawn, votes: counted };
}

export function admittingPolicies(
  { quorums }: ApprovalRequirements,
  voter: Pick<Voter, "person" | "groups">,
): readonly string[] {
  return quorums.filter((quorum) => admits(quorum, voter)).map(({ policy }) => policy);
}

/** Was the principal that cast the vote, or its mandate, revoked since? */
export function isLapsed(
  { principal, mandate }: Pick<RecordedVote, "principal" | "mandate">,
  lapsed: readonly string[],
) {
  return lapsed.includes(principal) || (mandate !== null && lapsed.includes(mandate));
}

export function voteWithdrawn(person: string, why: Withdrawal) {
  return { type: "approval_vote_withdrawn", person, why } as const;
}

type Withdrawal = Extract<IntentEvent, { type: "approval_vote_withdrawn" }>["why"];
