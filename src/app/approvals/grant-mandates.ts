import { toBase64Url } from "../../core/base/base64url.ts";
import { personCalled, voterOf } from "../../core/identity/people.ts";
import type { Voter } from "../../core/identity/voter.ts";
import {
  DELEGATION_ID_PREFIX,
  STANDING_ID_PREFIX,
  type Delegation,
  type MandateScope,
  type StandingApproval,
} from "../../core/intent/mandate.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Authenticated } from "../identity/authenticate.ts";
import { voterFor, type NotReviewer } from "../identity/voter-for.ts";

/** Why a mandate was not granted or not revoked; each door words it. */
export type MandateFailure =
  | NotReviewer
  /** The scope names an agent that is not registered: the mandate would never match. */
  | { readonly kind: "agent_unknown" }
  /** The delegate's principal is not a registered reviewer. */
  | { readonly kind: "delegate_not_reviewer" }
  /** The registry has no such person. */
  | { readonly kind: "delegate_unknown" }
  /** The request names another person than the caller as the delegator. */
  | { readonly kind: "not_own_vote" }
  | { readonly kind: "delegate_is_delegator" }
  | { readonly kind: "too_many_mandates" }
  | { readonly kind: "mandate_not_found" }
  | { readonly kind: "already_revoked" };

type GrantPorts = Pick<Ports, "principals" | "rules" | "mandates">;

export type StandingRequest = Omit<
  StandingApproval,
  "id" | "principal" | "person" | "assurance" | "createdAt" | "revokedAt" | "revokedReason" | "used"
>;

export interface DelegationRequest {
  readonly scope: MandateScope;
  /** A principal or person; null: the caller. */
  readonly delegator: string | null;
  /** One of the two names the delegate. */
  readonly delegatePrincipal: string | null;
  readonly delegatePerson: string | null;
  readonly expiresAt: number;
}

/** Approves beforehand, as the caller and with the assurance they have now, every intent that matches. */
export async function grantStandingApproval(
  caller: Authenticated,
  request: StandingRequest,
  ports: GrantPorts,
  now: number,
): Promise<Result<StandingApproval, MandateFailure>> {
  const voter = await voterFor(caller, ports);
  if (!voter.ok) return voter;
  if (!(await isAgentKnown(request.agent, ports))) return err({ kind: "agent_unknown" });
  const id = freshId(STANDING_ID_PREFIX);
  const approval = { ...request, ...grantBy(voter.value), id, createdAt: now, used: 0 };
  const stored = await ports.mandates.createStandingApproval(approval, approval.principal);
  return stored.ok ? ok(approval) : err({ kind: stored.error });
}

/** Lets another reviewer cast the caller's vote. Only the person whose vote it is may delegate it. */
export async function grantDelegation(
  caller: Authenticated,
  { scope, delegator, delegatePrincipal, delegatePerson, expiresAt }: DelegationRequest,
  ports: GrantPorts,
  now: number,
): Promise<Result<Delegation, MandateFailure>> {
  const voter = await voterFor(caller, ports);
  if (!voter.ok) return voter;
  const { registry } = await ports.rules.current();
  const { principal, person } = voter.value;
  if (delegator !== null && delegator !== principal && personCalled(delegator, registry) !== person) {
    return err({ kind: "not_own_vote" });
  }
  const delegate = await delegateOf(delegatePrincipal, delegatePerson, registry, ports);
  if (!delegate.ok) return delegate;
  if (delegate.value === person) return err({ kind: "delegate_is_delegator" });
  if (!(await isAgentKnown(scope.agent, ports))) return err({ kind: "agent_unknown" });
  const id = freshId(DELEGATION_ID_PREFIX);
  const grant = grantBy(voter.value);
  const delegation = { ...scope, ...grant, id, delegate: delegate.value, createdAt: now, expiresAt };
  const stored = await ports.mandates.createDelegation(delegation, principal);
  return stored.ok ? ok(delegation) : err({ kind: stored.error });
}

/** Any reviewer may revoke any mandate: that only makes things stricter. */
export async function revokeMandate(
  { principal }: Pick<Authenticated, "principal">,
  id: string,
  isOfKind: (mandate: StandingApproval | Delegation) => boolean,
  reason: string | null,
  { mandates }: Pick<Ports, "mandates">,
  now: number,
): Promise<Result<void, MandateFailure>> {
  if (principal.role !== "reviewer") return err({ kind: "not_reviewer" });
  const mandate = await mandates.find(id);
  if (mandate === null || !isOfKind(mandate)) return err({ kind: "mandate_not_found" });
  const isRevoked = await mandates.revoke(id, principal.id, reason, now);
  return isRevoked ? ok(undefined) : err({ kind: "already_revoked" });
}

function grantBy({ principal, person, assurance }: Voter) {
  return { principal, person, assurance, revokedAt: null, revokedReason: null };
}

/** The person behind a reviewer's principal, or a person of the registry. */
async function delegateOf(
  principal: string | null,
  person: string | null,
  registry: Registry,
  { principals }: GrantPorts,
): Promise<Result<string, MandateFailure>> {
  if (principal !== null) {
    const found = await principals.get(principal);
    if (found?.role !== "reviewer") return err({ kind: "delegate_not_reviewer" });
    return ok(voterOf(found, "link", registry).person);
  }
  const id = personCalled(person ?? "", registry);
  return registry.people.has(id) ? ok(id) : err({ kind: "delegate_unknown" });
}

async function isAgentKnown(id: string | null, { principals }: GrantPorts): Promise<boolean> {
  return id === null || (await principals.get(id))?.role === "agent";
}

const ID_BYTES = 16;

function freshId(prefix: string): string {
  return prefix + toBase64Url(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
}
