const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Standard Webhooks: how long to wait before each attempt, the first one included. */
export const STANDARD_WAITS_MS = [
  0,
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
] as const;

/** What webhooks of one intent were always retried by. */
export const CONTRACT_WAITS_MS = [0, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS] as const;

/** Somebody waits at the other end of a channel: soon first, and then as often as it does no harm. */
export const CHANNEL_WAITS_MS = [
  0,
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  HOUR_MS,
] as const;

/** Up to this much longer, so that what failed at one time does not come back at one time. */
const JITTER = 0.2;

/** Nothing is tried again sooner, whatever the other side asks for. */
const SHORTEST_WAIT_MS = SECOND_MS;

/** The wait that others may ask for: beyond it, the schedule is the better guess. */
const MAX_REQUESTED_MS = 24 * HOUR_MS;

/**
 * How long to wait after this many attempts; null: that was the last one.
 *
 * @param requestedMs what the other side asked for instead; null: nothing
 * @param random at least 0 and less than 1
 */
export function waitAfter(
  attempts: number,
  waits: readonly number[],
  requestedMs: number | null,
  random: number,
): number | null {
  const wait = waits[attempts];
  if (wait === undefined) return null;
  if (requestedMs !== null) return Math.min(Math.max(requestedMs, SHORTEST_WAIT_MS), MAX_REQUESTED_MS);
  return Math.floor(wait * (1 + JITTER * random));
}

/** The same for what is tried on for ever at the last of these distances: somebody else says when it is over. */
export function endlessWaitAfter(
  attempts: number,
  waits: readonly number[],
  requestedMs: number | null,
  random: number,
): number {
  const last = Math.min(attempts, waits.length - 1);
  return waitAfter(last, waits, requestedMs, random) ?? SHORTEST_WAIT_MS;
}
