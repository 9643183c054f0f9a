import type { Instant, Order } from "./state.ts";

/** The first pause between two send attempts; each later one is twice as long. */
const FIRST_PAUSE_MS = 5_000;

/** The pause grows no further: an upstream or vault that was down for long is retried within five minutes. */
const LONGEST_PAUSE_MS = 300_000;

/** The pause after this many attempts, in milliseconds. */
export function sendBackoffMs(attempts: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(Math.max(attempts - 1, 0), 10), LONGEST_PAUSE_MS);
}

/**
 * When Gate may claim an order again whose last claim was undone. Every attempt adds two ledger entries, so without
 * this pause an agent that repeats its request while the upstream is down could flood the ledger. It is half of Gate's
 * own pause, so that it never refuses Gate's own next attempt, which may come a little early.
 */
export function nextAttemptAt({ undone }: Order): Instant {
  return undone === undefined ? 0 : undone.at + sendBackoffMs(undone.count) / 2;
}
