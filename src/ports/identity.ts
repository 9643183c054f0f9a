import type { Assurance } from "../core/identity/assurance.ts";
import type { Principal } from "../core/identity/principal.ts";
import type { OidcProvider, Person, TrustedIssuer } from "../core/registry/registry.ts";
import type { Result } from "../core/base/result.ts";

/** What proves a person to somebody else, who vouches for them here: never a name, always that system's own id. */
export interface ExternalIdentity {
  /**
   * `link`: whoever received a message. `local`: nobody vouches; a local installation was told to let people in by
   * name.
   */
  readonly kind: "oidc" | "slack" | "link" | "local";
  /** The issuer's URL; Slack's team id; the kind where Gate itself says so. */
  readonly issuer: string;
  /** The issuer's id of the person; Slack's user id; the person's own where Gate itself says so. */
  readonly subject: string;
}

/** A credential that was pinned to a person of the registry. */
export interface LinkedIdentity {
  /** Id in the registry, which may not know it any more. */
  readonly person: string;
  /** As it stands now. It may be suspended: callers look at its status. */
  readonly principal: Principal;
}

/** What a principal comes in with, where that is no key. */
export type IdentityLink = Pick<ExternalIdentity, "kind" | "issuer"> & {
  /** False: an admin took the pin away, and nobody came in anew. */
  readonly isLinked: boolean;
};

export interface LinkedIdentities {
  /** Null: a key's principal. */
  linkOf(principal: string): Promise<IdentityLink | null>;
  /** Whom this credential was pinned to; null: to nobody. */
  find(credential: ExternalIdentity): Promise<LinkedIdentity | null>;
  /**
   * The reviewer that this credential acts as. Made and pinned to the person when it first comes in, on the ledger;
   * from then on it is nobody else's, and nobody else's is theirs: an e-mail that passes to a new colleague does not
   * bring the votes of the old one. The principal may be suspended: callers look at its status.
   */
  resolveOrLink(
    credential: ExternalIdentity,
    person: Person,
  ): Promise<Result<Principal, "identity_already_linked">>;
  /**
   * Forgets the pins of a principal, so that the person can come in with another account, as the same principal. A
   * revoked one stays revoked: they come in as a new one. False: it has no pin.
   */
  unlink(principal: string, actor: string): Promise<boolean>;
}

/** What a session was opened with. It ends when that does: a rotated key and an unlinked account end it. */
export type SessionProof = { readonly key: string } | ExternalIdentity;

/** A browser that proved who it acts for. Only a digest of its token is kept. */
export interface Session {
  /** As it stands now, read with the session. */
  readonly principal: Principal;
  /** How it was proved when it was opened. */
  readonly assurance: Assurance;
  /** What it was opened with. */
  readonly by: "key" | Pick<ExternalIdentity, "kind" | "issuer">;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface Sessions {
  /** Null: the proof is nobody's any more, or its principal may not act. */
  open(
    proof: SessionProof,
    assurance: Assurance,
    now: number,
  ): Promise<{ readonly token: string; readonly expiresAt: number } | null>;
  /** Null: unknown, closed, or over. */
  find(token: string, now: number): Promise<Session | null>;
  close(token: string): Promise<void>;
}

export interface VerifiedToken {
  readonly issuer: string;
  readonly subject: string;
  /** Lower case; null unless the issuer says that it verified it. */
  readonly email: string | null;
}

/** Why a token proves nothing. */
export type TokenProblem =
  | "malformed"
  | "unknown_issuer"
  | "wrong_audience"
  | "expired"
  | "not_yet_valid"
  | "bad_signature"
  | "keys_unavailable";

export interface TokenVerifier {
  /**
   * A JWT of one of these issuers (RFC 7519, RFC 8725: asymmetric algorithms only).
   *
   * @param emails `vouched`: the issuer lets in nobody whose address it has not verified, and has no claim to say so
   */
  verify(
    token: string,
    issuers: readonly TrustedIssuer[],
    emails: "claimed" | "vouched",
  ): Promise<Result<VerifiedToken, TokenProblem>>;
}

/** Why a sign-in with a provider came to nothing. */
export type SignInProblem =
  /** The provider or its client secret can't be reached; later it may work. */
  | "provider_unavailable"
  /** Not begun in this browser, begun too long ago, or finished already. */
  | "attempt_unknown"
  /** The person or the provider said no. */
  | "denied"
  | TokenProblem;

/** OpenID Connect's authorization code flow with PKCE (RFC 7636), state and nonce. */
export interface CodeFlow {
  /** Where to send the browser, and what it keeps meanwhile: sealed, so that it can neither read nor make it. */
  begin(
    provider: OidcProvider,
    attempt: { readonly next: string; readonly redirectUri: string; readonly now: number },
  ): Promise<Result<{ readonly url: string; readonly sealedAttempt: string }, SignInProblem>>;
  /** Takes what the provider sent the browser back with. An attempt is finished once, whatever comes of it. */
  finish(
    providers: readonly OidcProvider[],
    callback: { readonly url: string; readonly sealedAttempt: string; readonly now: number },
  ): Promise<Result<{ readonly token: VerifiedToken; readonly next: string }, SignInProblem>>;
}
