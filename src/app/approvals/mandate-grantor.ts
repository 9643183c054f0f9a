import type { Delegation, StandingApproval } from "../../core/intent/mandate.ts";
import { voterOf } from "../../core/identity/people.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { Ports } from "../../ports/ports.ts";
import type { IdentityLink } from "../../ports/identity.ts";
import type { Voter } from "../../core/identity/voter.ts";

export type GrantorPorts = Pick<Ports, "principals" | "rules" | "linkedIdentities" | "settings">;

/**
 * The grantor of a mandate as a voter: with today's rights, and the assurance they had when they granted it. Null: the
 * grantor could no longer vote, so that no mandate votes for them.
 */
export async function grantorOf(
  { id, principal, person, assurance }: StandingApproval | Delegation,
  { principals, rules, linkedIdentities, settings }: GrantorPorts,
): Promise<Voter | null> {
  const [maker, account, { registry }] = await Promise.all([
    principals.get(principal),
    linkedIdentities.linkOf(principal),
    rules.current(),
  ]);
  if (maker?.status !== "active" || maker.role !== "reviewer") return null;
  if (account !== null && !isVouchedFor(account, registry, settings)) return null;
  // An account counts as long as the registry knows its person; a key is revoked by itself.
  if ((account !== null || assurance !== "key") && !registry.people.has(person)) return null;
  const voter = voterOf(maker, assurance, registry);
  // A credential that passed to another person since does not bring its mandates to that person.
  return voter.person === person ? { ...voter, mandate: id } : null;
}

/** Does the registry still trust the system that vouched for the account? Its sessions end without that, too. */
function isVouchedFor(
  { kind, issuer, isLinked }: IdentityLink,
  { signIn: { oidc, access } }: Registry,
  { localSignIn }: Ports["settings"],
): boolean {
  if (!isLinked) return false;
  if (kind === "local") return localSignIn;
  return kind !== "oidc" || [...oidc, access].some((trusted) => trusted?.issuer === issuer);
}
