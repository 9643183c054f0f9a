import { mayOrder } from "./execution.ts";
import { MAX_ATTEMPTS } from "./limits.ts";
import { currentOrder, type Instant, type IntentState } from "./state.ts";

/** Should Gate send this now, without waiting for a repeat by the agent? */
export function isSendDue(state: IntentState, now: Instant): boolean {
  return state.terms.sending === "by_gate" && maySend(state, now);
}

/**
 * May a send begin? Yes for an approved write that was never begun, for one whose claim was undone before a byte was
 * sent, after a failure reported as retryable, and after an unknown outcome where the upstream deduplicates.
 */
export function maySend(state: IntentState, now: Instant): boolean {
  if (state.terms.sending === null || state.erasedAt !== null) return false;
  if (state.phase === "scheduled") {
    const order = currentOrder(state);
    return order !== undefined && order.claim === null && now < order.expiresAt;
  }
  return mayOrder(state, now) && state.orders.length < MAX_ATTEMPTS;
}
