import type { Result } from "../core/base/result.ts";
import type { SecretRef } from "../core/registry/secret-ref.ts";
import type { VaultConnections } from "../core/registry/vault-connection.ts";
import type { SendOutgoing } from "./notifications.ts";

/** Why a secret can't be had. */
export type VaultProblem =
  /** There is no such connection, or what opens it is missing or unusable. */
  | "not_configured"
  | "denied"
  | "not_found"
  | "rate_limited"
  /** Down, sealed, or not to be reached. */
  | "unavailable"
  | "timeout"
  /** It answered, and what it said can't be taken for a secret. */
  | "invalid_response"
  | "too_large"
  /** Too short to be found and masked in what an upstream answers. */
  | "too_short"
  /** The address is not one Gate sends to. */
  | "refused_address";

export interface VaultFailure {
  readonly problem: VaultProblem;
  /** A sentence for operators. It never holds a secret, a token, an address's query, or words of the vault's. */
  readonly detail: string;
}

export interface VaultDeps {
  readonly send: SendOutgoing;
  /** The deployment's variables, secrets and bindings; only those that a reference names are looked at. */
  readonly variables: object;
  readonly now: () => number;
}

/**
 * One secret, for one use. It is asked for each time and kept nowhere, and so is every token that was needed to ask.
 * Never throws.
 */
export type FetchSecret = (
  ref: SecretRef,
  connections: VaultConnections,
  deps: VaultDeps,
) => Promise<Result<string, VaultFailure>>;
