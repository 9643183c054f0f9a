import type { Instant, IntentState } from "./state.ts";

/**
 * How long a link or a provider's question works in a hold that has no deadline, or loses the one it has: a week, in
 * which daily reminders bring new ones.
 */
export const WITHOUT_DEADLINE_MS = 7 * 24 * 60 * 60_000;

type Hold = Pick<IntentState, "terms" | "decideBy" | "isExtended">;

/**
 * The end of a link or question that is handed out now. Its holder may decide for as long as the hold lasts, so it must
 * not end at a deadline that `on_no_response` moves or lifts.
 */
export function endForApprovers({ terms, decideBy, isExtended }: Hold, now: Instant): Instant {
  if (decideBy === null) return now + WITHOUT_DEADLINE_MS;
  switch (terms.onNoResponse) {
    case "reject":
      return decideBy;
    case "escalate":
      return isExtended ? decideBy : decideBy + (terms.decideBy - terms.createdAt);
    case "defer":
    case "auto_approve_if_low_risk":
      return decideBy + WITHOUT_DEADLINE_MS;
  }
}

/**
 * The end, as of now, of a link or question that was handed out with this one. One that lasts until the deadline moves
 * with it, also one that an earlier version made to end at the first.
 */
export function currentEnd({ terms, decideBy, phase }: IntentState, handedOut: Instant): Instant {
  if (phase !== "pending_approval" || handedOut < terms.decideBy) return handedOut;
  return Math.max(handedOut, decideBy ?? terms.decideBy + WITHOUT_DEADLINE_MS);
}
