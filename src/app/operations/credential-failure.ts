import type { VaultFailure, VaultProblem } from "../../ports/vault.ts";

/** A vault that is down, slow or busy: the same request may succeed later. Everything else needs an operator. */
const PASSING: ReadonlySet<VaultProblem> = new Set(["rate_limited", "unavailable", "timeout"]);

/** Can it heal by itself? */
export function isPassing({ problem }: VaultFailure): boolean {
  return PASSING.has(problem);
}
