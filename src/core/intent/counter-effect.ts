import type { IntentState } from "./state.ts";

/** What an intent means to its agent's counters. */
export type CounterEffect = "kept" | "released" | "rejected";

/**
 * An intent that was never ordered and never will be gives back the records and money it reserved; one that was
 * ordered may have been carried out, so it keeps counting whatever became of it.
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
