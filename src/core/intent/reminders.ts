import type { Instant } from "./state.ts";

/** Gate reminds approvers who have not voted at half time, and at least once a day. */
export const LONGEST_REMINDER_MS = 24 * 60 * 60_000;

/** A shorter hold gets no reminder: it would follow the first notification too closely. */
const SHORTEST_WAIT_MS = 10 * 60_000;

/** When Gate first reminds the approvers; null: the hold is too short for a reminder. */
export function firstReminder(from: Instant, decideBy: Instant): Instant | null {
  const wait = decideBy - from;
  if (wait < SHORTEST_WAIT_MS) return null;
  return from + Math.min(Math.floor(wait / 2), LONGEST_REMINDER_MS);
}

/** When the reminder after one sent now is due; null: the deadline comes first. */
export function nextReminder(now: Instant, decideBy: Instant | null): Instant | null {
  const next = now + LONGEST_REMINDER_MS;
  return decideBy === null || next < decideBy ? next : null;
}
