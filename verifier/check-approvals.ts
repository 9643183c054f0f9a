import { isJsonObject, type JsonObject } from "../src/core/base/json.ts";
import { fails, holds, notShown, quoted, type Finding } from "./finding.ts";
import { member, numberMember, textMember } from "./read-json.ts";
import { distinct, type Vote } from "./vote-tally.ts";
import type { StateHistory } from "./state-machine.ts";

interface Required {
  readonly require: number;
  readonly quorums: readonly { readonly policy: string; readonly require: number }[];
}

/**
 * Who approved, before anything was ordered (`storyOf` checked the order), and whether that is as many distinct
 * persons as the proposal's entry demands.
 *
 * @param proposed body of the first entry
 * @param outcome what policy said
 */
export function checkApprovals(story: StateHistory, proposed: JsonObject, outcome: string): Finding {
  const name = "approvals";
  const { approval } = story;
  if (approval === null) return holds(name, "Nothing was approved, so nothing could be executed.");
  const { by, votes, noes } = approval;
  if (by === "policy") {
    return outcome === "approve"
      ? holds(name, "Policy itself approved it; no person was needed.")
      : fails(name, "It says that policy approved it, and policy did not.");
  }
  if (outcome !== "hold") return fails(name, "It was approved as if policy had held it.");
  if (by === "timeout") {
    if (noes > 0) return fails(name, "It was approved by silence, and somebody had said no.");
    return notShown(
      name,
      "Nobody answered and it was approved by silence; only the policy's text says whether it may.",
    );
  }
  if (!votes.some(({ person }) => person === by)) {
    return fails(name, `It was approved in the name of ${quoted(by)}, whose vote is not there.`);
  }
  const forbidden = forbiddenVote(votes, proposed);
  if (forbidden !== null) return fails(name, forbidden);
  const voices = distinct(votes).length;
  const required = requiredBy(proposed);
  if (required === null) {
    return notShown(name, `${counted(voices)} voted for it; how many were needed is not on the ledger.`);
  }
  const missed = shortOf(required, votes);
  if (missed !== null) return fails(name, missed);
  return holds(
    name,
    `${counted(voices)} approved it, of ${required.require} needed, before any order was given.`,
  );
}

/** A vote by somebody who can't have one. */
function forbiddenVote(votes: readonly Vote[], proposed: JsonObject): string | null {
  const isBy = (who: string | null) => (vote: Vote) =>
    who !== null && [vote.person, vote.acting, vote.principal].includes(who);
  const isAgents = votes.some(isBy(textMember(proposed, "agent")));
  if (isAgents) return "It was approved by the agent that proposed it.";
  const mayEditorApprove = member(proposed, "editor_may_approve") === true;
  if (!mayEditorApprove && votes.some(isBy(textMember(proposed, "editor")))) {
    return "It was approved by the person who changed it, and no policy lets them.";
  }
  return votes.some(({ person, acting, mandate }) => person !== acting && mandate === null)
    ? "A vote was given for somebody else without a delegation."
    : null;
}

function shortOf({ require, quorums }: Required, votes: readonly Vote[]): string | null {
  const all = distinct(votes).length;
  if (all < require) return `${counted(all)} approved it, and ${require} were needed.`;
  for (const { policy, require: needed } of quorums) {
    const met = distinct(votes.filter(({ counts }) => counts.includes(policy))).length;
    if (met < needed) {
      return `${counted(met)} approved it for the policy ${quoted(policy)}, which asks for ${needed}.`;
    }
  }
  return null;
}

/** `approval: {require, quorums: [{policy, require}]}` in the proposal's entry; null where it has none. */
function requiredBy(proposed: JsonObject): Required | null {
  const approval = member(proposed, "approval");
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
