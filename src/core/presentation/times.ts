import { counted } from "./numbers.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** `2026-03-08 14:30 UTC`: neither a page without script nor a message knows the reader's time zone. */
export function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `in 25 minutes`, `3 hours ago`. */
export function distanceText(at: number, now: number): string {
  const span = spanText(at - now);
  return at >= now ? `in ${span}` : `${span} ago`;
}

/** `25 minutes`. */
export function spanText(ms: number): string {
  const away = Math.abs(ms);
  if (away < HOUR_MS) return counted(Math.max(1, Math.round(away / MINUTE_MS)), "minute");
  if (away < 2 * DAY_MS) return counted(Math.round(away / HOUR_MS), "hour");
  return counted(Math.round(away / DAY_MS), "day");
}

/** The same where there is little room: `25 min`, `3 h`, `9 d`. */
export function shortSpan(ms: number): string {
  const away = Math.abs(ms);
  if (away < HOUR_MS) return `${Math.max(1, Math.round(away / MINUTE_MS))} min`;
  if (away < 2 * DAY_MS) return `${Math.round(away / HOUR_MS)} h`;
  return `${Math.round(away / DAY_MS)} d`;
}
