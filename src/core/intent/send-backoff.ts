import type { Instant, Order } from "./state.ts";

/** The first pause between two attempts to send; each later one is twice as long. */
const FIRST_PAUSE_MS = 5_000;

/** A vault or an upstream that is down for long is asked this often. */
const LONGEST_PAUSE_MS = 300_000;

/** How long to wait after this many attempts, in milliseconds. */
export function sendBackoffMs(attempts: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(Math.max(attempts - 1, 0), 10), LONGEST_PAUSE_MS);
}

/**
 * When an order whose claims came to nothing may be claimed by Gate again. Every attempt is two entries of the ledger,
 * and an agent can repeat its request as often as it likes: without this one that is down would let it write as many.
 * Half of the pause that Gate itself makes, so that its own next attempt, which may come a little early, is never it.
 */
export function nextAttemptAt({ undone }: Order): Instant {
  return undone === undefined ? 0 : undone.at + sendBackoffMs(undone.count) / 2;
}
