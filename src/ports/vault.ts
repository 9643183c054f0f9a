import type { Result } from "../core/base/result.ts";
import type { SecretRef } from "../core/registry/secret-ref.ts";
import type { VaultConnections } from "../core/registry/vault-connection.ts";
import type { SendOutgoing } from "./notifications.ts";

/** Why a secret could not be fetched. */
export type VaultProblem =
  /** The connection is not configured, or its own credentials are missing or unusable. */
  | "not_configured"
  | "denied"
  | "not_found"
  | "rate_limited"
  /** Down, sealed or unreachable. */
  | "unavailable"
  | "timeout"
  /** Its response holds no usable secret. */
  | "invalid_response"
  | "too_large"
  /** Too short to be masked in an upstream's response without mangling it. */
  | "too_short"
  /** Not sent, because `publicAddress` refuses the URL. */
  | "refused_address";

export interface VaultFailure {
  readonly problem: VaultProblem;
  /** A sentence for operators, without secrets, tokens, a URL's query or text from the vault. */
  readonly detail: string;
}

export interface VaultDeps {
  readonly send: SendOutgoing;
  /** The deployment's variables, secrets and bindings; only those that a reference names are read. */
  readonly variables: object;
  readonly now: () => number;
}

/** `line`: fits into a header or a form, and can be masked. `text`: may have line breaks, as a private key has. */
export type SecretForm = "line" | "text";

/**
 * Fetches one secret for one use. Neither the secret nor a token that was needed to read it is cached or stored. Never
 * throws.
 *
 * @param form `line` if absent
 */
export type FetchSecret = (
  ref: SecretRef,
  connections: VaultConnections,
  deps: VaultDeps,
  form?: SecretForm,
) => Promise<Result<string, VaultFailure>>;

/** What one call to an upstream injects. */
export interface FetchedCredential {
  /** Injected, and masked in the response. */
  readonly secret: string;
  /** Masked in the response as well: the secrets with which an access token was obtained. */
  readonly alsoMasked: readonly string[];
  /** When an access token ends, in milliseconds; null: a stored secret, whose end is not known. */
  readonly expiresAt: number | null;
  /** True: an access token of an earlier call, which the provider may have revoked since. */
  readonly isReused: boolean;
  /**
   * The upstream answered 401: an access token is not used for another call, unless one was given up so a moment ago.
   *
   * @returns whether the next call has another one
   */
  discard(): boolean;
}

/** Obtains the named credential of the registry for one call. Never throws. */
export type FetchCredential = (name: string) => Promise<Result<FetchedCredential, VaultFailure>>;
