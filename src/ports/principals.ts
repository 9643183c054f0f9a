import type { Principal, PrincipalStatus, Role } from "../core/identity/principal.ts";
import type { Result } from "../core/base/result.ts";

export type NewPrincipal = Omit<Principal, "status">;

export interface Principals {
  /** The holder of this key. `cached` may be up to 10 s old: only for requests that change nothing by themselves. */
  byKey(key: string, age: "fresh" | "cached"): Promise<Principal | null>;
  get(id: string): Promise<Principal | null>;
  /** Registered names by id; an unknown id is absent. */
  names(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** By its exact registered name. */
  named(name: string): Promise<Principal | null>;
  /** Oldest first. */
  list(page: { readonly after: string | null; readonly limit: number }): Promise<readonly Principal[]>;
  /** Names are unique after folding (`nameKey`). `actor` is the acting principal's id, for the ledger. */
  register(principal: NewPrincipal, key: string, actor: string): Promise<Result<void, "name_taken">>;
  setStatus(id: string, status: PrincipalStatus, actor: string): Promise<void>;
  setRole(id: string, role: Role, actor: string): Promise<void>;
  /** The Ed25519 key that verifies its reports, base64url of 32 bytes; null removes it. */
  setReportKey(id: string, publicKey: string | null, actor: string): Promise<void>;
  /** Revokes all its keys; the new one is the only one. */
  rotateKey(id: string, key: string, actor: string): Promise<void>;
}
