/**
 * Whether something of the time `at` is younger than `ms`. Of the future it is not: a clock that was set back must not
 * extend the life of what is cached, nor suppress what is due.
 */
export function isYounger(at: number, now: number, ms: number): boolean {
  return now >= at && now - at < ms;
}
