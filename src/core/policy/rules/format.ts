import { DAY_MS, HOUR_MS, MINUTE_MS } from "../policy.ts";

/** A duration in words, rounded up: an agent that retries after the stated wait must not be too early. */
export function formatDuration(ms: number): string {
  if (ms <= MINUTE_MS) return "a minute";
  if (ms <= 2 * HOUR_MS) return `${Math.ceil(ms / MINUTE_MS)} minutes`;
  if (ms <= 2 * DAY_MS) return `${Math.ceil(ms / HOUR_MS)} hours`;
  return `${Math.ceil(ms / DAY_MS)} days`;
}

/** Dollars as people write them: `$1,250.50`, and `$500` when there are no cents. */
export function formatDollars(cents: number): string {
  const whole = Math.floor(cents / 100)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ",");
  const rest = cents % 100;
  return rest === 0 ? `$${whole}` : `$${whole}.${rest.toString().padStart(2, "0")}`;
}
