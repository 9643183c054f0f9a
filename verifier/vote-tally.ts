import { isJsonObject, type JsonObject } from "../src/core/base/json.ts";
import { member, numberMember, textMember } from "./read-json.ts";

/** The votes so far, and the approval links that were used. */
export interface VoteTally {
  /** Approvals cast and not withdrawn, by person and in their order. */
  readonly votes: Map<string, Vote[]>;
  /** How many of these votes each human is part of, as person or as delegate. */
  readonly voices: Map<string, number>;
  /** The place of the next vote. */
  places: number;
  /** Persons who rejected, and persons for whom a delegate rejected. */
  readonly rejecters: Set<string>;
  rejectionVotes: number;
  readonly links: Set<string>;
  /** How many distinct persons' rejections decide. */
  readonly rejectionsRequired: number;
}

interface VoterPair {
  /** The person whose vote it is. */
  readonly person: string;
  /** The person who cast it; differs only under a delegation. */
  readonly acting: string;
}

export interface Vote extends VoterPair {
  /** Its place among all votes. */
  readonly place: number;
  /** The principal that cast it. */
  readonly principal: string;
  /** How strongly the voter had proved who they are; null: the entry does not say. */
  readonly assurance: string | null;
  /** The standing approval or delegation that authorizes it. */
  readonly mandate: string | null;
  /** The policies whose quorum counts this person. */
  readonly counts: readonly string[];
}

/** @param proposed body of the proposal's entry */
export function emptyTally(proposed: JsonObject): VoteTally {
  const approval = member(proposed, "approval");
  const rejectionsRequired = isJsonObject(approval) ? (numberMember(approval, "rejections") ?? 1) : 1;
  return {
    votes: new Map(),
    voices: new Map(),
    places: 0,
    rejecters: new Set(),
    rejectionVotes: 0,
    links: new Set(),
    rejectionsRequired,
  };
}

/** Applies one entry to the tally. Returns the violated rule, as the rest of a sentence; null: none. */
export function countVote(tally: VoteTally, event: string, body: JsonObject): string | null {
  const { votes, voices, rejecters, links } = tally;
  const voter = voterPairOf(body);
  const hasRejected = rejecters.has(voter.person) || rejecters.has(voter.acting);
  switch (event) {
    case "approval_vote_recorded":
      addVote(tally, voteOf(body));
      return hasRejected ? "is an approval by a person who had rejected" : null;
    case "approval_vote_withdrawn": {
      const withdrawn = votes.get(voter.person) ?? [];
      for (const vote of withdrawn) countVoices(tally, vote, -1);
      votes.delete(voter.person);
      return withdrawn.length === 0 ? "withdraws a vote that was not cast" : null;
    }
    case "rejection_vote_recorded": {
      const hasApproved = voices.has(voter.person) || voices.has(voter.acting);
      rejecters.add(voter.person).add(voter.acting);
      tally.rejectionVotes += 1;
      if (hasRejected) return "is a second rejection by the same person";
      return hasApproved ? "is a rejection by a person who has not withdrawn their approval" : null;
    }
    case "rejected":
      return hasRejected || tally.rejectionVotes + 1 < tally.rejectionsRequired
        ? "comes before enough persons had rejected"
        : null;
    case "approval_link_used": {
      const link = textMember(body, "link") ?? "";
      if (links.has(link)) return "uses a link a second time";
      links.add(link);
      return null;
    }
    default:
      return null;
  }
}

/** The votes in force, in the order in which they were cast. */
export function votesOf({ votes }: VoteTally): readonly Vote[] {
  return [...votes.values()].flat().toSorted((one, other) => one.place - other.place);
}

function addVote(tally: VoteTally, vote: Omit<Vote, "place">): void {
  const placed = { ...vote, place: tally.places++ };
  const ofPerson = tally.votes.get(vote.person);
  if (ofPerson === undefined) tally.votes.set(vote.person, [placed]);
  else ofPerson.push(placed);
  countVoices(tally, placed, 1);
}

function countVoices({ voices }: VoteTally, { person, acting }: VoterPair, by: 1 | -1): void {
  for (const human of new Set([person, acting])) {
    const count = (voices.get(human) ?? 0) + by;
    if (count === 0) voices.delete(human);
    else voices.set(human, count);
  }
}

/**
 * The votes of distinct humans. A delegate's vote uses up both persons' votes, so a delegation moves a vote and never
 * creates a second one.
 */
export function distinct(votes: readonly Vote[]): readonly Vote[] {
  const counted = new Set<string>();
  return votes.filter(({ person, acting }) => {
    const isNew = !counted.has(person) && !counted.has(acting);
    if (isNew) counted.add(person).add(acting);
    return isNew;
  });
}

function voteOf(body: JsonObject): Omit<Vote, "place"> {
  return {
    ...voterPairOf(body),
    principal: textMember(body, "principal") ?? "",
    assurance: textMember(body, "assurance"),
    mandate: textMember(body, "mandate"),
    counts: textsOf(body, "counts"),
  };
}

/** Entries from before delegations existed have no `acting`. */
function voterPairOf(body: JsonObject): VoterPair {
  const person = textMember(body, "person") ?? "";
  return { person, acting: textMember(body, "acting") ?? person };
}

function textsOf(body: JsonObject, name: string): readonly string[] {
  const value = member(body, name);
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
