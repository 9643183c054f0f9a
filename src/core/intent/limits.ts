import { TIME_LIMIT_BOUNDS, type TimeLimits } from "../base/time-limits.ts";

/** `orderMs`: an order lapses when no runner reports or claims it. `claimMs`: a claim lapses without a heartbeat. */
export type ExecutionLimits = Pick<TimeLimits, "orderMs" | "claimMs">;

/** The contract promises 15 minutes. */
export const ORDER_TTL_MS = TIME_LIMIT_BOUNDS.GATE_ORDER_TTL_SECONDS.byDefault * 1_000;

export const CLAIM_TTL_MS = TIME_LIMIT_BOUNDS.GATE_CLAIM_TTL_SECONDS.byDefault * 1_000;

export const DEFAULT_EXECUTION_LIMITS: ExecutionLimits = { orderMs: ORDER_TTL_MS, claimMs: CLAIM_TTL_MS };

/** Orders per intent, the first and its retries. The contract names three attempts. */
export const MAX_ATTEMPTS = 3;

/** The pause between attempts that the contract asks of runners. */
export const RETRY_BACKOFF_SECONDS = 30;

const SHORTEST_WINDOW_MS = 60_000;
const LONGEST_WINDOW_MS = 24 * 60 * SHORTEST_WINDOW_MS;
const WINDOW_SHARE_OF_AGE = 1 / 10;

/**
 * Repeats under one key, and heartbeats of one claim, become one ledger entry with a count within this window. It grows
 * with the age of what is repeated, so that a caller that goes on for a year adds some hundred entries, and the intent
 * stays small enough to read.
 */
export function foldingWindowMs(ageMs: number): number {
  return Math.min(Math.max(ageMs * WINDOW_SHARE_OF_AGE, SHORTEST_WINDOW_MS), LONGEST_WINDOW_MS);
}
