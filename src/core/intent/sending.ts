import { mayOrder } from "./execution.ts";
import { MAX_ATTEMPTS } from "./limits.ts";
import { currentOrder, type Instant, type IntentState } from "./state.ts";

/** Is it Gate's turn to send this, whoever else asks for it? */
export function isSendDue(state: IntentState, now: Instant): boolean {
  return state.terms.sending === "by_gate" && maySend(state, now);
}

/**
 * Approved and not begun; begun, and nothing had been sent; or an attempt after which another can do no harm, because
 * the provider knows a repeat.
 */
export function maySend(state: IntentState, now: Instant): boolean {
  if (state.terms.sending === null || state.erasedAt !== null) return false;
  if (state.phase === "scheduled") {
    const order = currentOrder(state);
    return order !== undefined && order.claim === null && now < order.expiresAt;
  }
  return mayOrder(state, now) && state.orders.length < MAX_ATTEMPTS;
}
