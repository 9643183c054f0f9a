import type { Principal, PrincipalStatus } from "../../core/identity/principal.ts";
import type { Person } from "../../core/registry/registry.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { ExternalIdentity } from "../../ports/identity.ts";
import type { Ports } from "../../ports/ports.ts";

/** Why an external account resolves to no active principal. */
export type AccountFailure =
  /** The registry does not list the person (any more). */
  | { readonly kind: "person_unknown" }
  /** The person is linked to another account; an admin can unlink it. */
  | { readonly kind: "identity_already_linked" }
  | Inactive;

export interface Inactive {
  readonly kind: "inactive";
  /** `role_changed`: it is active in another role than the one it began in. */
  readonly status: Exclude<PrincipalStatus, "active"> | "role_changed";
}

/**
 * The reviewer that an account acts as. The first use links the account to the person, for good: an e-mail address that
 * passes to a new colleague must not bring the votes of the old one.
 */
export async function principalOfPerson(
  account: ExternalIdentity,
  person: Person | undefined,
  { linkedIdentities }: Pick<Ports, "linkedIdentities">,
): Promise<Result<Principal, AccountFailure>> {
  if (person === undefined) return err({ kind: "person_unknown" });
  const linked = await linkedIdentities.resolveOrLink(account, person);
  return linked.ok ? ifActive(linked.value) : err({ kind: "identity_already_linked" });
}

/** The agent that began something, if it could still begin it: an active principal in the role of an agent. */
export function ifActiveAgent(principal: Principal): Result<Principal, Inactive> {
  if (principal.role !== "agent") return err({ kind: "inactive", status: "role_changed" });
  return ifActive(principal);
}

/** A suspended or revoked principal may do nothing. */
export function ifActive(principal: Principal): Result<Principal, Inactive> {
  const { status } = principal;
  return status === "active" ? ok(principal) : err({ kind: "inactive", status });
}
