import { isJsonObject, type JsonObject } from "../src/core/base/json.ts";
import { fails, holds, notShown, quoted, type Finding } from "./finding.ts";
import { member, numberMember, textMember } from "./read-json.ts";
import { distinct, type Vote } from "./vote-tally.ts";
import type { StateHistory } from "./state-machine.ts";

interface Required {
  readonly require: number;
  readonly quorums: readonly { readonly policy: string; readonly require: number }[];
}

/** Weakest first. */
const ASSURANCES = ["link", "slack", "key", "sso", "passkey"];

/**
 * Checks that as many distinct persons approved, before any order, as the entry of the last evaluation requires. `replayStates`
 * checked that approvals precede orders.
 *
 * @param proposed body of the first entry
 */
export function checkApprovals(history: StateHistory, proposed: JsonObject): Finding {
  const name = "approvals";
  const { approval } = history;
  if (approval === null) return holds(name, "Nothing was approved, so nothing could be executed.");
  const { by, votes, rejectionVotes, outcome, evaluated } = approval;
  if (by === "policy") {
    return outcome === "approve"
      ? holds(name, "Policy approved it; no person was required.")
      : fails(name, "The ledger says that policy approved it, and the policy's verdict was another.");
  }
  if (outcome !== "hold") {
    return fails(name, "It was approved by vote or timeout, although policy did not hold it.");
  }
  const demanded = demandedBy(evaluated);
  if (by === "timeout") {
    if (rejectionVotes > 0) {
      return fails(name, "It was approved by timeout, although a person had rejected it.");
    }
    if (demanded !== null) {
      return fails(name, "It was approved by timeout, although the proposal asked for a person's assurance.");
    }
    return notShown(
      name,
      "It was approved by timeout; only the policy's text shows whether that is allowed.",
    );
  }
  if (!votes.some(({ person }) => person === by)) {
    return fails(name, `It was approved in the name of ${quoted(by)}, whose vote is missing.`);
  }
  const forbidden = forbiddenVote(votes, proposed);
  if (forbidden !== null) return fails(name, forbidden);
  const weak = votes.find(({ assurance }) => isWeaker(assurance, demanded));
  if (weak !== undefined) {
    return fails(name, `The vote of ${quoted(weak.person)} has less assurance than the proposal asked for.`);
  }
  const persons = distinct(votes).length;
  const required = requiredBy(evaluated);
  if (required === null) {
    return notShown(name, `${counted(persons)} approved it; the required number is not on the ledger.`);
  }
  const unmet = unmetQuorum(required, votes);
  if (unmet !== null) return fails(name, unmet);
  return holds(
    name,
    `${counted(persons)} approved it before any order was issued; ${required.require} required.`,
  );
}

/** Finds a forbidden vote: by the proposing agent, by the editor, or for another person without a delegation. */
function forbiddenVote(votes: readonly Vote[], proposed: JsonObject): string | null {
  const isBy = (handle: string | null) => (vote: Vote) =>
    handle !== null && [vote.person, vote.acting, vote.principal].includes(handle);
  const isAgents = votes.some(isBy(textMember(proposed, "agent")));
  if (isAgents) return "It was approved by the agent that proposed it.";
  const mayEditorApprove = member(proposed, "editor_may_approve") === true;
  if (!mayEditorApprove && votes.some(isBy(textMember(proposed, "editor")))) {
    return "It was approved by the person who edited it, and no policy allows that.";
  }
  return votes.some(({ person, acting, mandate }) => person !== acting && mandate === null)
    ? "A vote was cast for another person without a delegation."
    : null;
}

function unmetQuorum({ require, quorums }: Required, votes: readonly Vote[]): string | null {
  const all = distinct(votes).length;
  if (all < require) return `${counted(all)} approved it; ${require} required.`;
  const admitted = votesByPolicy(votes);
  for (const { policy, require: needed } of quorums) {
    const met = distinct(admitted.get(policy) ?? []).length;
    if (met < needed) {
      return `${counted(met)} approved it for the policy ${quoted(policy)}; ${needed} required.`;
    }
  }
  return null;
}

/** Grouped once: a search through all votes for each quorum is quadratic in a hostile bundle. */
function votesByPolicy(votes: readonly Vote[]): ReadonlyMap<string, readonly Vote[]> {
  const admitted = new Map<string, Vote[]>();
  for (const vote of votes) {
    for (const policy of new Set(vote.counts)) {
      const known = admitted.get(policy);
      if (known === undefined) admitted.set(policy, [vote]);
      else known.push(vote);
    }
  }
  return admitted;
}

/** The least assurance of a vote, in the entry of an evaluation; null: the proposal asked for none. */
function demandedBy(evaluated: JsonObject): string | null {
  const approval = member(evaluated, "approval");
  if (!isJsonObject(approval)) return null;
  const demanded = member(approval, "demanded_assurance");
  if (demanded === undefined) return null;
  // Any other word is stronger than all that this verifier knows.
  return typeof demanded === "string" ? demanded : "";
}

function isWeaker(assurance: string | null, demanded: string | null): boolean {
  if (demanded === null) return false;
  const least = ASSURANCES.indexOf(demanded);
  return least === -1 || ASSURANCES.indexOf(assurance ?? "") < least;
}

/** `approval: {require, quorums: [{policy, require}]}` in the entry of an evaluation; null where it has none. */
function requiredBy(evaluated: JsonObject): Required | null {
  const approval = member(evaluated, "approval");
  if (!isJsonObject(approval)) return null;
  const require = numberMember(approval, "require");
  const listed = member(approval, "quorums");
  if (require === null || require < 1 || !Array.isArray(listed)) return null;
  const quorums: { readonly policy: string; readonly require: number }[] = [];
  for (const quorum of listed) {
    if (!isJsonObject(quorum)) return null;
    const policy = textMember(quorum, "policy");
    const needed = numberMember(quorum, "require");
    if (policy === null || needed === null) return null;
    quorums.push({ policy, require: needed });
  }
  return { require, quorums };
}

function counted(persons: number): string {
  return persons === 1 ? "1 person" : `${persons} distinct persons`;
}
