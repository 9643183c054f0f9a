import type { Assurance } from "../core/identity/assurance.ts";
import type { Principal } from "../core/identity/principal.ts";
import type { OidcProvider, Person, TrustedIssuer } from "../core/registry/registry.ts";
import type { Result } from "../core/base/result.ts";

/** A person's account at a system that Gate trusts to authenticate them, by that system's stable id, never a name. */
export interface ExternalIdentity {
  /**
   * `link`: the recipient of a message, by its signed link or through an approval provider. `local`: unauthenticated; a local server was started so
   * that people sign in by name.
   */
  readonly kind: "oidc" | "slack" | "link" | "local";
  /** The issuer's URL; Slack's team id; `gate` for `link`; `local` for `local`. */
  readonly issuer: string;
  /** The issuer's id of the person; Slack's user id; for `link` and `local` the person's id in the registry. */
  readonly subject: string;
}

/** An external identity that is linked to a person of the registry. */
export interface LinkedIdentity {
  /** Id in the registry when it was linked; the registry may have dropped it since. */
  readonly person: string;
  /** Its current record. It may be suspended: callers check its status. */
  readonly principal: Principal;
}

/** How a principal without a key authenticates. */
export type IdentityLink = Pick<ExternalIdentity, "kind" | "issuer"> & {
  /** False: an admin unlinked it, and the person has not signed in since. */
  readonly isLinked: boolean;
};

export interface LinkedIdentities {
  /** Null: a key's principal. */
  linkOf(principal: string): Promise<IdentityLink | null>;
  /** The person and principal that this identity is linked to; null: not linked. */
  find(credential: ExternalIdentity): Promise<LinkedIdentity | null>;
  /**
   * The reviewer that this identity acts as. First use creates it and links it to the person, on the ledger. The link
   * is one to one and lasting, so that an e-mail address given to a new colleague does not bring the old one's votes.
   * The principal may be suspended: callers check its status.
   */
  resolveOrLink(
    credential: ExternalIdentity,
    person: Person,
  ): Promise<Result<Principal, "identity_already_linked">>;
  /**
   * Unlinks a principal's identity, so that the person can sign in with another account as the same principal. A
   * revoked principal stays revoked: the person gets a new one. False: it has no link.
   */
  unlink(principal: string, actor: string): Promise<boolean>;
}

/** The proof a session was opened with. The session ends with it: rotating the key or unlinking the account ends it. */
export type SessionProof = { readonly key: string } | ExternalIdentity;

/** A browser that has signed in. Only a digest of its token is stored. */
export interface Session {
  /** Its current record, read together with the session. */
  readonly principal: Principal;
  /** Assurance of the proof when the session was opened. */
  readonly assurance: Assurance;
  /** Kind of the proof it was opened with. */
  readonly by: "key" | Pick<ExternalIdentity, "kind" | "issuer">;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface Sessions {
  /** Null: the proof is no longer valid, or its principal may not act. */
  open(
    proof: SessionProof,
    assurance: Assurance,
    now: number,
  ): Promise<{ readonly token: string; readonly expiresAt: number } | null>;
  /** Null: unknown, closed or expired. */
  find(token: string, now: number): Promise<Session | null>;
  close(token: string): Promise<void>;
}

export interface VerifiedToken {
  readonly issuer: string;
  readonly subject: string;
  /** The verified address, in lower case, or why there is none. */
  readonly email: Result<string, EmailProblem>;
}

/** Why a verified token, and the issuer's userinfo endpoint, state no verified address. */
export type EmailProblem =
  /** There is no `email`. */
  | "email_missing"
  /** `email` is no address. */
  | "email_invalid"
  /** `email_verified` is not true. */
  | "email_unverified"
  /** Only the userinfo endpoint would know, and it can't be reached or refuses. */
  | "userinfo_unavailable";

/** Why a token was refused. */
export type TokenProblem =
  | "malformed"
  | "unknown_issuer"
  | "wrong_audience"
  | "expired"
  | "not_yet_valid"
  | "bad_signature"
  | "keys_unavailable";

export interface TokenFailure {
  readonly problem: TokenProblem;
  /** The claim that is wrong or missing; null: none by itself. */
  readonly claim: string | null;
}

export interface TokenVerifier {
  /** A JWT of one of these issuers (RFC 7519, RFC 8725: asymmetric algorithms only). */
  verify(token: string, issuers: readonly TrustedIssuer[]): Promise<Result<VerifiedToken, TokenFailure>>;
}

/** Why a sign-in with a provider failed. */
export type SignInProblem =
  /** The provider or the vault of its client secret is unreachable; a later attempt may succeed. */
  | "provider_unavailable"
  /** Begun in another browser, expired, or finished already. */
  | "attempt_unknown"
  /** The person or the provider declined. */
  | "denied"
  /** The provider does not accept the authorization request: its redirect URI, scope or response type. */
  | "request_refused"
  /** The provider does not accept Gate's client id and secret. */
  | "client_refused"
  /** The provider does not accept the code: it expired, or was redeemed. */
  | "code_refused"
  /** The browser came back without a code, or with more than one provider's answer has. */
  | "callback_invalid"
  /** The token endpoint's answer is none of OAuth 2.0. */
  | "answer_invalid"
  | TokenProblem;

export interface SignInFailure {
  readonly problem: SignInProblem;
  /** The token's claim that is wrong or missing; null: none by itself. */
  readonly claim: string | null;
  /** The provider; null: the attempt is of none. */
  readonly issuer: string | null;
}

/** A sign-in that the browser takes to the provider. */
export interface StartedSignIn {
  readonly url: string;
  /** The provider sends it back. */
  readonly state: string;
  readonly sealedAttempt: string;
}

/** OpenID Connect's authorization code flow with PKCE (RFC 7636), state and nonce. */
export interface CodeFlow {
  /**
   * The provider's URL, and the attempt for the browser to store: encrypted, so that it can neither read nor forge it.
   */
  begin(
    provider: OidcProvider,
    attempt: { readonly next: string; readonly redirectUri: string; readonly now: number },
  ): Promise<Result<StartedSignIn, SignInFailure>>;
  /** Redeems the provider's callback. An attempt can be finished once, successful or not. */
  finish(
    providers: readonly OidcProvider[],
    callback: { readonly url: string; readonly sealedAttempt: string; readonly now: number },
  ): Promise<Result<{ readonly token: VerifiedToken; readonly next: string }, SignInFailure>>;
}
