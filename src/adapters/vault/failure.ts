import { err } from "../../core/base/result.ts";
import type { VaultFailure, VaultProblem } from "../../ports/vault.ts";

/** Result of a call that gets no secret. */
export function failed(
  problem: VaultProblem,
  detail: string,
): { readonly ok: false; readonly error: VaultFailure } {
  return err({ problem, detail });
}

/** Default meaning of a status other than 200, where the vault's documentation has nothing more exact. */
export function problemOfStatus(status: number): VaultProblem {
  if (status === 401 || status === 403) return "denied";
  if (status === 404) return "not_found";
  if (status === 429) return "rate_limited";
  return status === 408 || status >= 500 ? "unavailable" : "invalid_response";
}
