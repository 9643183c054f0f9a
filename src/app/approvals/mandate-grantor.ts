import type { Delegation, StandingApproval } from "../../core/intent/mandate.ts";
import { voterOf } from "../../core/identity/people.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Account } from "../../ports/identity.ts";
import type { Voter } from "../../core/identity/voter.ts";

export type MakerPorts = Pick<Ports, "principals" | "rules" | "credentials" | "settings">;

/**
 * Whoever made a mandate, as they are now and as sure of themselves as they were then; null: they could not vote
 * themselves any more, so nothing votes for them.
 */
export async function makerOf(
  { id, principal, person, assurance }: StandingApproval | Delegation,
  { principals, rules, credentials, settings }: MakerPorts,
): Promise<Voter | null> {
  const [maker, account, { registry }] = await Promise.all([
    principals.get(principal),
    credentials.accountOf(principal),
    rules.current(),
  ]);
  if (maker?.status !== "active" || maker.role !== "reviewer") return null;
  if (account !== null && !isVouchedFor(account, registry, settings)) return null;
  // An account counts as long as the registry knows the person; a key is taken back by itself.
  if ((account !== null || assurance !== "key") && !registry.people.has(person)) return null;
  const voter = voterOf(maker, assurance, registry);
  // A credential that was given to somebody else since does not take its mandates along.
  return voter.person === person ? { ...voter, mandate: id } : null;
}

/** Does whoever let the maker in still count for who a person is? As with sessions, their word goes with them. */
function isVouchedFor(
  { kind, issuer, isPinned }: Account,
  { signIn: { oidc, access } }: Registry,
  { localSignIn }: Ports["settings"],
): boolean {
  if (!isPinned) return false;
  if (kind === "local") return localSignIn;
  return kind !== "oidc" || [...oidc, access].some((trusted) => trusted?.issuer === issuer);
}
