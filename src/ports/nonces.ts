import type { Result } from "../core/base/result.ts";

/** Lifetime of a nonce in the contract. */
export const NONCE_TTL_MS = 300_000;

/** One-time numbers that keep a captured decision request from being replayed. */
export interface Nonces {
  issue(principal: string, now: number): Promise<{ readonly nonce: string; readonly expiresAt: number }>;
  use(
    nonce: string,
    principal: string,
    now: number,
  ): Promise<Result<void, "nonce_unknown" | "nonce_already_used" | "nonce_expired">>;
}
