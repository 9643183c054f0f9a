import type { Assurance } from "../../core/identity/assurance.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { Person, Registry, TrustedIssuer } from "../../core/registry/registry.ts";
import { logLine } from "../../core/base/log-line.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { EmailProblem, Session, TokenProblem, VerifiedToken } from "../../ports/identity.ts";
import type { Ports } from "../../ports/ports.ts";
import type { ReadAge } from "../../ports/principals.ts";
import { ifActive, principalOfPerson, type AccountFailure } from "./account.ts";

/** The principal that sent a request, and how strongly it proved that. */
export interface Authenticated {
  readonly principal: Principal;
  readonly assurance: Assurance;
}

export interface Caller extends Authenticated {
  /** `token`: an issuer's, by itself or through Cloudflare Access. */
  readonly via: "key" | "token" | "session";
  /** When the session ends, in milliseconds since the epoch; null without a session. */
  readonly expiresAt: number | null;
}

/** The proof of identity in a request. A door extracts one, and never tries a second after a failure. */
export type PresentedCredential =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "bearer_token"; readonly jwt: string }
  /** Cloudflare Access in front of Gate vouches for it. */
  | { readonly kind: "access_assertion"; readonly jwt: string }
  | {
      readonly kind: "session";
      readonly token: string;
      /** Does the door accept sessions that were opened by name, without proof, on the local machine? */
      readonly acceptsLocal: boolean;
    };

/** Why a presented key or token was refused; each door words it. */
export type AuthFailure =
  | { readonly kind: "unknown_key" }
  | { readonly kind: "invalid_token"; readonly problem: TokenProblem; readonly claim: string | null }
  | AccountFailure
  | NoAddress;

/** An account that is not linked yet states no verified address by which to find its person. */
interface NoAddress {
  readonly kind: EmailProblem;
}

export type AuthPorts = Pick<Ports, "principals" | "linkedIdentities" | "sessions" | "tokens" | "rules">;

/** RFC 7519 tokens that list many groups have a few thousand characters; a longer one is not parsed. */
const MAX_JWT_CHARACTERS = 16 * 1024;

/** @returns null for a session that ended, or that the rules no longer accept: the request then counts as anonymous */
export async function authenticate(
  presented: PresentedCredential,
  ports: AuthPorts,
  age: ReadAge,
  now: number,
): Promise<Result<Caller | null, AuthFailure>> {
  switch (presented.kind) {
    case "key":
      return callerByKey(presented.key, ports, age);
    case "bearer_token": {
      const { signIn } = (await ports.rules.current()).registry;
      return callerByToken(presented.jwt, signIn.oidc, ports);
    }
    case "access_assertion": {
      const { access } = (await ports.rules.current()).registry.signIn;
      return callerByToken(presented.jwt, access === null ? [] : [access], ports);
    }
    case "session":
      return ok(await callerBySession(presented.token, presented.acceptsLocal, ports, now));
  }
}

/** The active principal that holds this key. */
export async function authenticateKey(
  key: string,
  ports: Pick<Ports, "principals">,
  age: ReadAge,
): Promise<Result<Principal, AuthFailure>> {
  const principal = await ports.principals.byKey(key, age);
  return principal === null ? err({ kind: "unknown_key" }) : ifActive(principal);
}

/**
 * The active principal that an issuer's account acts as. The e-mail address finds the person once; from then on the
 * account is linked to them, because addresses are reassigned and account ids are not.
 */
export async function principalOfAccount(
  { issuer, subject, email }: VerifiedToken,
  ports: Pick<Ports, "linkedIdentities" | "rules">,
): Promise<Result<Principal, AccountFailure | NoAddress>> {
  const account = { kind: "oidc", issuer, subject } as const;
  const [{ registry }, linked] = await Promise.all([
    ports.rules.current(),
    ports.linkedIdentities.find(account),
  ]);
  if (linked !== null) {
    // Removing a person from the registry ends their access, whatever account they were linked to.
    return registry.people.has(linked.person)
      ? ifActive(linked.principal)
      : refused({ kind: "person_unknown" }, issuer);
  }
  if (!email.ok) return refused({ kind: email.error }, issuer);
  const person = personOfEmail(email.value, registry);
  return person === undefined
    ? refused({ kind: "person_unknown" }, issuer)
    : principalOfPerson(account, person, ports);
}

/** The claim that keeps an account from its person; null: none by itself. */
export function claimOf({ kind }: AuthFailure): "email" | "email_verified" | null {
  if (kind === "email_unverified") return "email_verified";
  return kind === "email_missing" || kind === "email_invalid" ? "email" : null;
}

/** The token is valid, so that nobody but an issuer's user can fill the log; it never holds their address. */
function refused<F extends AccountFailure | NoAddress>(failure: F, issuer: string): Result<never, F> {
  const claim = claimOf(failure);
  console.error(logLine("sign_in_refused", { problem: failure.kind, issuer, ...(claim && { claim }) }));
  return err(failure);
}

async function callerByKey(
  key: string,
  ports: Pick<Ports, "principals">,
  age: ReadAge,
): Promise<Result<Caller, AuthFailure>> {
  const principal = await authenticateKey(key, ports, age);
  if (!principal.ok) return principal;
  return ok({ principal: principal.value, assurance: "key", via: "key", expiresAt: null });
}

async function callerByToken(
  jwt: string,
  issuers: readonly TrustedIssuer[],
  ports: AuthPorts,
): Promise<Result<Caller, AuthFailure>> {
  if (jwt.length > MAX_JWT_CHARACTERS) {
    return err({ kind: "invalid_token", problem: "malformed", claim: null });
  }
  const verified = await ports.tokens.verify(jwt, issuers);
  if (!verified.ok) return err({ kind: "invalid_token", ...verified.error });
  const principal = await principalOfAccount(verified.value, ports);
  if (!principal.ok) return principal;
  return ok({ principal: principal.value, assurance: "sso", via: "token", expiresAt: null });
}

async function callerBySession(
  token: string,
  acceptsLocal: boolean,
  ports: Pick<Ports, "sessions" | "rules">,
  now: number,
): Promise<Caller | null> {
  const session = await ports.sessions.find(token, now);
  if (session === null || !(await isAccepted(session, acceptsLocal, ports))) return null;
  const { principal, assurance, expiresAt } = session;
  return { principal, assurance, via: "session", expiresAt };
}

/** Does the registry still know the session's person, and trust the system that vouched for them? */
async function isAccepted(
  { by, principal }: Session,
  acceptsLocal: boolean,
  { rules }: Pick<Ports, "rules">,
): Promise<boolean> {
  if (by === "key") return true;
  const { people, signIn } = (await rules.current()).registry;
  if (!people.has(principal.person ?? "")) return false;
  return by.kind === "local" ? acceptsLocal : signIn.oidc.some(({ issuer }) => issuer === by.issuer);
}

/** An address that two people share identifies neither. */
function personOfEmail(email: string, { people }: Registry): Person | undefined {
  const [first, second] = [...people.values()].filter((person) => person.email === email);
  return second === undefined ? first : undefined;
}
