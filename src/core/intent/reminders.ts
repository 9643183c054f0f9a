import type { Instant } from "./state.ts";

/** Who was told of an intent and has not answered is told again at half time, and at least once a day. */
export const LONGEST_REMINDER_MS = 24 * 60 * 60_000;

/** A wait shorter than this is over before anybody forgets it. */
const SHORTEST_WAIT_MS = 10 * 60_000;

/** When those who may decide are first told again; null: the wait is too short for that. */
export function firstReminder(from: Instant, decideBy: Instant): Instant | null {
  const wait = decideBy - from;
  if (wait < SHORTEST_WAIT_MS) return null;
  return from + Math.min(Math.floor(wait / 2), LONGEST_REMINDER_MS);
}

/** The reminder after one given now; null: the deadline comes first. */
export function nextReminder(now: Instant, decideBy: Instant | null): Instant | null {
  const next = now + LONGEST_REMINDER_MS;
  return decideBy === null || next < decideBy ? next : null;
}
