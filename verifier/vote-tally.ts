import { isJsonObject, type JsonObject } from "../src/core/base/json.ts";
import { member, numberMember, textMember } from "./read-json.ts";

/** Who was for it, who was against it, and which links were used to say so, as far as the entries tell. */
export interface VoteTally {
  /** Those given and not withdrawn. */
  votes: readonly Vote[];
  /** Everybody who said no, or for whom somebody did. */
  readonly against: Set<string>;
  noes: number;
  readonly links: Set<string>;
  /** How many distinct persons' "no" decides. */
  readonly rejections: number;
}

interface Voice {
  /** Whose it is. */
  readonly person: string;
  /** Who gave it: another one only under a delegation. */
  readonly acting: string;
}

export interface Vote extends Voice {
  /** The credential it came through. */
  readonly principal: string;
  /** The standing approval or delegation it was given under. */
  readonly mandate: string | null;
  /** The policies whose quorum this person counts in. */
  readonly counts: readonly string[];
}

/** @param proposed body of the proposal's entry */
export function emptyTally(proposed: JsonObject): VoteTally {
  const approval = member(proposed, "approval");
  const rejections = isJsonObject(approval) ? (numberMember(approval, "rejections") ?? 1) : 1;
  return { votes: [], against: new Set(), noes: 0, links: new Set(), rejections };
}

/** Takes down what an entry says. Returns what is wrong with it, or null. */
export function countVote(ballot: VoteTally, event: string, body: JsonObject): string | null {
  const { votes, against, links } = ballot;
  const voice = voiceOf(body);
  const hasRejected = against.has(voice.person) || against.has(voice.acting);
  switch (event) {
    case "approval_vote_recorded":
      ballot.votes = [...votes, voteOf(body)];
      return hasRejected ? "is a yes by somebody who had said no" : null;
    case "approval_vote_withdrawn":
      ballot.votes = votes.filter(({ person }) => person !== voice.person);
      return ballot.votes.length === votes.length ? "withdraws a vote that is not there" : null;
    case "rejection_vote_recorded": {
      const voiced = new Set([voice.person, voice.acting]);
      const hasApproved = votes.some(({ person, acting }) => voiced.has(person) || voiced.has(acting));
      against.add(voice.person).add(voice.acting);
      ballot.noes += 1;
      if (hasRejected) return "is a second no by the same person";
      return hasApproved ? "is a no by somebody whose yes still stands" : null;
    }
    case "rejected":
      return hasRejected || ballot.noes + 1 < ballot.rejections
        ? "comes before enough persons had said no"
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

/**
 * Those of the votes that are of distinct humans: whoever acted for another has used up both their voices, so a
 * delegation moves a vote and never makes a second one.
 */
export function distinct(votes: readonly Vote[]): readonly Vote[] {
  const heard = new Set<string>();
  return votes.filter(({ person, acting }) => {
    const isNew = !heard.has(person) && !heard.has(acting);
    if (isNew) heard.add(person).add(acting);
    return isNew;
  });
}

function voteOf(body: JsonObject): Vote {
  return {
    ...voiceOf(body),
    principal: textMember(body, "principal") ?? "",
    mandate: textMember(body, "mandate"),
    counts: textsOf(body, "counts"),
  };
}

/** Entries of before there were delegations name no one else. */
function voiceOf(body: JsonObject): Voice {
  const person = textMember(body, "person") ?? "";
  return { person, acting: textMember(body, "acting") ?? person };
}

function textsOf(body: JsonObject, name: string): readonly string[] {
  const value = member(body, name);
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
