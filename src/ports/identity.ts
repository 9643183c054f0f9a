import type { Assurance } from "../core/assurance.ts";
import type { Principal } from "../core/principal.ts";
import type { Person, TrustedIssuer } from "../core/registry.ts";
import type { Result } from "../core/result.ts";

/** What proves a person to somebody else, who vouches for them here: never a name, always that system's own id. */
export interface Credential {
  readonly kind: "oidc" | "slack" | "link";
  /** The issuer's URL; Slack's team id; `gate` for links that Gate sent to a person itself. */
  readonly issuer: string;
  /** The issuer's id of the person; Slack's user id; the person's own id for links. */
  readonly subject: string;
}

export interface Credentials {
  /**
   * The reviewer that this credential acts as. Made and pinned to the person when it first comes in, on the ledger;
   * from then on it is nobody else's, and nobody else's is theirs: an e-mail that passes to a new colleague does not
   * bring the votes of the old one. The principal may be suspended: callers look at its status.
   */
  reach(credential: Credential, person: Person): Promise<Result<Principal, "pinned_to_another">>;
  /** Forgets the pins of a principal, so that the person can come in with another account. */
  unpin(principal: string, actor: string): Promise<void>;
}

/** A browser that proved who it acts for. Only a digest of its token is kept. */
export interface Session {
  /** As it stands now, read with the session. */
  readonly principal: Principal;
  /** How it was proved when it was opened. */
  readonly assurance: Assurance;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

export interface Sessions {
  open(
    principal: string,
    assurance: Assurance,
    now: number,
  ): Promise<{ readonly token: string; readonly expiresAt: number }>;
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
  | "bad_signature"
  | "keys_unavailable";

export interface TokenVerifier {
  /** A JWT of one of these issuers (RFC 7519, RFC 8725: asymmetric algorithms only). */
  verify(token: string, issuers: readonly TrustedIssuer[]): Promise<Result<VerifiedToken, TokenProblem>>;
}
