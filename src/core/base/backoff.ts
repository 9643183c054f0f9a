const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Standard Webhooks' retry schedule: the wait before each attempt, the first one included. */
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

/** Retry schedule for the webhooks of one intent; the reference contract fixes it. */
export const CONTRACT_WAITS_MS = [0, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS] as const;

/** Retry schedule for approval channels: dense at first because an approver is waiting, then hourly. */
export const CHANNEL_WAITS_MS = [
  0,
  5 * SECOND_MS,
  30 * SECOND_MS,
  2 * MINUTE_MS,
  10 * MINUTE_MS,
  HOUR_MS,
] as const;

/** Fraction added at random, so that deliveries that failed together are not retried together (thundering herd). */
const JITTER = 0.2;

/** Lower bound on a `Retry-After`, so that a receiver cannot make Gate retry in a tight loop. */
const SHORTEST_WAIT_MS = SECOND_MS;

/** Upper bound on a `Retry-After`, so that a receiver cannot postpone a delivery indefinitely. */
const MAX_REQUESTED_MS = 24 * HOUR_MS;

/**
 * Milliseconds to wait after this many attempts; null after the last one.
 *
 * @param requestedMs the receiver's `Retry-After`, which replaces the schedule; null: none was sent
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

/** Like `waitAfter`, but repeats the last wait without end: the caller decides when to give up. */
export function endlessWaitAfter(
  attempts: number,
  waits: readonly number[],
  requestedMs: number | null,
  random: number,
): number {
  const last = Math.min(attempts, waits.length - 1);
  return waitAfter(last, waits, requestedMs, random) ?? SHORTEST_WAIT_MS;
}
