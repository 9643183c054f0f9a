import type { Phase } from "../../core/intent/phase.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const PHASE_TEXT = {
  blocked: "Blocked by policy",
  pending_approval: "Waiting for a decision",
  approved: "Approved",
  rejected: "Rejected",
  expired: "Expired",
  cancelled: "Cancelled",
  withdrawn: "Withdrawn by the agent",
  revoked: "Revoked",
  scheduled: "Approved, handed to the executor",
  claimed: "Being carried out",
  succeeded: "Carried out",
  failed: "Failed",
  indeterminate: "Outcome unknown",
} as const satisfies Record<Phase, string>;

export function phaseText(phase: Phase): string {
  return PHASE_TEXT[phase];
}

/** The color of a phase: done, waiting for a person, or over without a write. */
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

/** `2026-03-08 14:30 UTC`: without a script the page can't know the reader's time zone. */
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
