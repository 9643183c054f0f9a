import type { Voter } from "./core/intent/command.ts";
import type { Delegation, StandingApproval } from "./core/mandate.ts";
import { voterOf } from "./core/people.ts";
import type { Ports } from "./ports.ts";

/**
 * Whoever made a mandate, as they are now and as sure of themselves as they were then; null: they could not vote
 * themselves any more, so nothing votes for them.
 */
export async function makerOf(
  { id, principal, person, assurance }: StandingApproval | Delegation,
  { principals, rules }: Pick<Ports, "principals" | "rules">,
): Promise<Voter | null> {
  const [maker, { registry }] = await Promise.all([principals.get(principal), rules.current()]);
  if (maker?.status !== "active" || maker.role !== "reviewer") return null;
  // An account counts as long as the registry knows the person; a key is taken back by itself.
  if (assurance !== "key" && !registry.people.has(person)) return null;
  const voter = voterOf(maker, assurance, registry);
  // A credential that was given to somebody else since does not take its mandates along.
  return voter.person === person ? { ...voter, mandate: id } : null;
}
