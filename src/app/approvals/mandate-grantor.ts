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
  const [grantor, link, { registry }] = await Promise.all([
    principals.get(principal),
    linkedIdentities.linkOf(principal),
    rules.current(),
  ]);
  if (grantor?.status !== "active" || grantor.role !== "reviewer") return null;
  if (link !== null && !isTrusted(link, registry, settings)) return null;
  // A linked identity counts while the registry lists its person; a key until it is revoked.
  if ((link !== null || assurance !== "key") && !registry.people.has(person)) return null;
  const voter = voterOf(grantor, assurance, registry);
  // A principal that was reassigned to another person must not bring its mandates along.
  return voter.person === person ? { ...voter, mandate: id } : null;
}

/** Does the registry still trust the issuer of a linked identity? Sessions of an issuer that it removed end as well. */
function isTrusted(
  { kind, issuer, isLinked }: IdentityLink,
  { signIn: { oidc, access } }: Registry,
  { localSignIn }: Ports["settings"],
): boolean {
  if (!isLinked) return false;
  if (kind === "local") return localSignIn;
  return kind !== "oidc" || [...oidc, access].some((trusted) => trusted?.issuer === issuer);
}
