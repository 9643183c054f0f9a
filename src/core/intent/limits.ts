/** An order lapses when no runner reports (or claims) it in this time: the contract promises 15 minutes. */
export const ORDER_TTL_MS = 15 * 60_000;

/** A claim lapses without a heartbeat in this time: its runner crashed or lost the network. */
export const CLAIM_TTL_MS = 5 * 60_000;

/** Orders per intent, the first and its retries. The contract names three attempts. */
export const MAX_ATTEMPTS = 3;

/** The pause between attempts that the contract asks of runners. */
export const RETRY_BACKOFF_SECONDS = 30;

/** Repeats of one key in this window become one ledger entry with a count: a retry storm can't flood the ledger. */
export const DUPLICATE_WINDOW_MS = 60_000;
