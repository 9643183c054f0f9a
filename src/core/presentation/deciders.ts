import type { Assurance } from "../identity/assurance.ts";
import type { Refusal } from "../intent/refusal.ts";
import type { ApprovalRequirements } from "../policy/decision.ts";

/** How a person signed in, as a noun. */
export const ASSURANCE_WORDS = {
  link: "a link sent to them",
  slack: "Slack",
  key: "a reviewer's key",
  sso: "single sign-on",
  passkey: "a passkey",
} as const satisfies Record<Assurance, string>;

export function assuranceWords(assurance: string): string {
  return Object.hasOwn(ASSURANCE_WORDS, assurance) ? ASSURANCE_WORDS[assurance as Assurance] : assurance;
}

/** `any reviewer`; `ana, ben or the group sales`. */
export function decidersText({ groups, people }: Pick<ApprovalRequirements, "groups" | "people">): string {
  const all = [...people, ...groups.map((group) => `the group ${group}`)];
  return all.length === 0 ? "any reviewer" : orList(all);
}

export function orList(items: readonly string[]): string {
  const last = items.at(-1) ?? "";
  return items.length < 2 ? last : `${items.slice(0, -1).join(", ")} or ${last}`;
}

/** What excludes a person from the decision, for the sentence about who may decide. */
export function exclusionText({
  excludeProposer,
  excludeOwner,
}: Pick<ApprovalRequirements, "excludeProposer" | "excludeOwner">): string | null {
  if (excludeOwner) return "the agent, and the people who answer for it";
  return excludeProposer ? "its proposer" : null;
}

/** Why this reader may not decide, as a sentence to them; null: another kind of refusal. */
export function whyNotYou(refusal: Refusal, isEditor: boolean): string | null {
  switch (refusal.reason) {
    case "self_approval_forbidden":
      return isEditor
        ? "You can't decide this: you wrote its payload."
        : "You can't decide this: it was proposed by your own agent.";
    case "not_eligible":
      return "You can't decide this: the policy names other people.";
    case "assurance_too_low":
      return `You can't decide this with the way you signed in: it takes ${assuranceWords(refusal.required)}, or stronger.`;
    default:
      return null;
  }
}
