/** An order not reported (or claimed) by then has lapsed: the contract promises 15 minutes. */
export const ORDER_TTL_MS = 15 * 60_000;

/** A claim without a heartbeat for this long is lost with its worker. */
export const CLAIM_TTL_MS = 5 * 60_000;

/** Orders an intent can have: the first and its retries. The contract names three attempts. */
export const MAX_ATTEMPTS = 3;

/** What the contract tells workers to wait between attempts. */
export const RETRY_BACKOFF_SECONDS = 30;

/** Repeats of one key within this window become one ledger entry with a count, so a retry storm can't flood it. */
export const DUPLICATE_WINDOW_MS = 60_000;
