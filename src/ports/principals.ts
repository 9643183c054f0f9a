import type { Principal, PrincipalStatus, Role } from "../core/identity/principal.ts";
import type { Result } from "../core/base/result.ts";

export type NewPrincipal = Omit<Principal, "status">;

export interface Principals {
  /** Who holds this key. `cached` may be up to 10 s old: only for answers that lead to nothing by themselves. */
  byKey(key: string, age: "fresh" | "cached"): Promise<Principal | null>;
  get(id: string): Promise<Principal | null>;
  /** By its name, exactly as it was registered. */
  named(name: string): Promise<Principal | null>;
  /** Oldest first. */
  list(page: { readonly after: string | null; readonly limit: number }): Promise<readonly Principal[]>;
  /** Names are unique; `actor` is who did it, for the ledger. */
  register(principal: NewPrincipal, key: string, actor: string): Promise<Result<void, "name_taken">>;
  setStatus(id: string, status: PrincipalStatus, actor: string): Promise<void>;
  setRole(id: string, role: Role, actor: string): Promise<void>;
  /** The key its reports are verified with; null takes it back. Base64url of 32 bytes. */
  setReportKey(id: string, publicKey: string | null, actor: string): Promise<void>;
  /** Every key it had stops; the new one is the only one. */
  rotateKey(id: string, key: string, actor: string): Promise<void>;
}
