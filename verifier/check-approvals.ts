import { isJsonObject, type JsonObject } from "../src/core/json.ts";
import { fails, holds, notShown, quoted, type Finding } from "./finding.ts";
import { member, numberMember, textMember } from "./read-json.ts";
import type { Story, Vote } from "./story.ts";

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
export function checkApprovals(story: Story, proposed: JsonObject, outcome: string): Finding {
  const name = "approvals";
  const { approval } = story;
  if (approval === null) return holds(name, "Nothing was approved, so nothing could be executed.");
  const { by, votes } = approval;
  if (by === "policy") {
    return outcome === "approve"
      ? holds(name, "Policy itself approved it; no person was needed.")
      : fails(name, "It says that policy approved it, and policy did not.");
  }
  if (outcome !== "hold") return fails(name, "It was approved as if policy had held it.");
  if (by === "timeout") {
    return notShown(
      name,
      "Nobody answered and it was approved by silence; only the policy's text says whether it may.",
    );
  }
  const persons = new Set(votes.map(({ person }) => person));
  if (!persons.has(by)) {
    return fails(name, `It was approved in the name of ${quoted(by)}, whose vote is not there.`);
  }
  const agent = textMember(proposed, "agent");
  if (votes.some(({ person, principal }) => person === agent || principal === agent)) {
    return fails(name, "It was approved by the agent that proposed it.");
  }
  const required = requiredBy(proposed);
  if (required === null) {
    return notShown(
      name,
      `${counted(persons.size)} voted for it; how many were needed is not on the ledger.`,
    );
  }
  const missed = shortOf(required, votes);
  if (missed !== null) return fails(name, missed);
  return holds(
    name,
    `${counted(persons.size)} approved it, of ${required.require} needed, before any order was given.`,
  );
}

function shortOf({ require, quorums }: Required, votes: readonly Vote[]): string | null {
  const all = new Set(votes.map(({ person }) => person)).size;
  if (all < require) return `${counted(all)} approved it, and ${require} were needed.`;
  for (const { policy, require: needed } of quorums) {
    const counting = votes.filter(({ counts }) => counts.includes(policy));
    const met = new Set(counting.map(({ person }) => person)).size;
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
