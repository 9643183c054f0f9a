import type { Result } from "../core/base/result.ts";

/** Numbers that make a decision impossible to replay. */
export interface Nonces {
  issue(principal: string, now: number): Promise<{ readonly nonce: string; readonly expiresAt: number }>;
  use(
    nonce: string,
    principal: string,
    now: number,
  ): Promise<Result<void, "nonce_unknown" | "nonce_expired">>;
}
