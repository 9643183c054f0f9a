import type { IntentState } from "./state.ts";

/** How an intent counts in its agent's counters. */
export type CounterEffect = "kept" | "released" | "rejected";

/**
 * An intent that ended without an order releases the records and money it reserved; an ordered one may have been
 * executed, so it keeps counting, even after a failure.
 */
export function counterEffect(state: IntentState): CounterEffect {
  if (state.orders.length > 0) return "kept";
  switch (state.phase) {
    case "rejected":
      return "rejected";
    case "blocked":
    case "expired":
    case "cancelled":
    case "withdrawn":
    case "revoked":
      return "released";
    default:
      return "kept";
  }
}
