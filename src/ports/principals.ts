import type { Principal, PrincipalStatus, Role } from "../core/identity/principal.ts";
import type { Result } from "../core/base/result.ts";

export type NewPrincipal = Omit<Principal, "status">;

/**
 * How old what was read may be. `cached`: 10 s, only for proposals that end in a runner's order, after which every step
 * reads again. `recent`: 2 s, only for listed reads through the proxy.
 */
export type ReadAge = "fresh" | "recent" | "cached";

export interface Principals {
  byKey(key: string, age: ReadAge): Promise<Principal | null>;
  /** As this isolate read it within the last ten seconds, whatever became of it since; null: it did not. */
  remembered(key: string): Principal | null;
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
