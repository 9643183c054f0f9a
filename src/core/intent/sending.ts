import { mayOrder } from "./execution.ts";
import { MAX_ATTEMPTS } from "./limits.ts";
import { currentOrder, type Instant, type IntentState } from "./state.ts";

/** The first pause between two attempts to send; each later one is twice as long. */
const FIRST_PAUSE_MS = 5_000;

/** A vault or an upstream that is down for long is asked this often. */
const LONGEST_PAUSE_MS = 300_000;

/**
 * Is it Gate's turn to send this? Approved and not begun; begun, and nothing had been sent; or an attempt after which
 * another can do no harm, because the provider knows a repeat.
 */
export function isToBeSent(state: IntentState, now: Instant): boolean {
  if (state.terms.sending !== "by_gate" || state.erasedAt !== null) return false;
  if (state.phase === "scheduled") {
    const order = currentOrder(state);
    return order !== undefined && order.claim === null && now < order.expiresAt;
  }
  return mayOrder(state, now) && state.orders.length < MAX_ATTEMPTS;
}

/** How long to wait after this many attempts, in milliseconds. */
export function pauseAfter(attempts: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** Math.min(Math.max(attempts - 1, 0), 10), LONGEST_PAUSE_MS);
}
