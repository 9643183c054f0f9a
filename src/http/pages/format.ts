import type { Phase } from "../../core/intent/phase.ts";

/** Sentences for what the rest of Gate says in codes. */

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const STANDING = {
  blocked: "Blocked by policy",
  pending_approval: "Waiting for a decision",
  approved: "Approved",
  rejected: "Rejected",
  expired: "Expired",
  cancelled: "Cancelled",
  withdrawn: "Withdrawn by the agent",
  revoked: "Revoked",
  scheduled: "Approved, and handed out to be carried out",
  claimed: "Being carried out",
  succeeded: "Carried out",
  failed: "Carried out, and failed",
  indeterminate: "Nobody knows whether it was carried out",
} as const satisfies Record<Phase, string>;

export function standingOf(phase: Phase): string {
  return STANDING[phase];
}

/** How a phase looks: done, waiting, or over. */
export function toneOf(phase: Phase): "good" | "warn" | "bad" {
  switch (phase) {
    case "approved":
    case "scheduled":
    case "claimed":
    case "succeeded":
      return "good";
    case "pending_approval":
    case "indeterminate":
      return "warn";
    case "blocked":
    case "rejected":
    case "expired":
    case "cancelled":
    case "withdrawn":
    case "revoked":
    case "failed":
      return "bad";
  }
}

/** `2026-03-08 14:30 UTC`: the page can't know where its reader is. */
export function timeOf(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `in 25 minutes`, `3 hours ago`. */
export function distanceTo(at: number, now: number): string {
  const away = Math.abs(at - now);
  const [count, unit] =
    away < HOUR_MS
      ? [Math.max(1, Math.round(away / MINUTE_MS)), "minute"]
      : away < 2 * DAY_MS
        ? [Math.round(away / HOUR_MS), "hour"]
        : [Math.round(away / DAY_MS), "day"];
  const words = counted(count, unit);
  return at >= now ? `in ${words}` : `${words} ago`;
}

export function counted(count: number, what: string): string {
  return `${count.toLocaleString("en-US")} ${what}${count === 1 ? "" : "s"}`;
}

export function dollars(cents: number): string {
  return (cents / 100).toLocaleString("en-US", { style: "currency", currency: "USD" });
}

export function bytesOf(size: number): string {
  return size < 10_000
    ? counted(size, "byte")
    : `${(size / 1024).toLocaleString("en-US", { maximumFractionDigits: 1 })} KiB`;
}
