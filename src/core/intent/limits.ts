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

/** Repeats of one key in this window become one ledger entry with a count: a retry storm can't flood the ledger. */
export const DUPLICATE_WINDOW_MS = 60_000;
