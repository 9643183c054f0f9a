/** Where an intent is in its life. */
export const PHASES = [
  "blocked",
  "pending_approval",
  "approved",
  "rejected",
  "expired",
  "cancelled",
  "withdrawn",
  "revoked",
  "scheduled",
  "claimed",
  "succeeded",
  "failed",
  "indeterminate",
] as const;

export type Phase = (typeof PHASES)[number];

/** All but what waits for people. */
export const DECIDED_PHASES: readonly Phase[] = PHASES.filter((phase) => phase !== "pending_approval");

/** The phases of an approved intent from its first order on. */
const ORDERED: ReadonlySet<Phase> = new Set(["scheduled", "claimed", "succeeded", "failed", "indeterminate"]);

/** Was an intent in this phase approved, and ordered since? */
export function wasOrdered(phase: Phase): boolean {
  return ORDERED.has(phase);
}

/**
 * The status that clients of the contract poll for. It folds phases that they need not tell apart: every rejection by
 * a person is `blocked`, and an unknown outcome stays `scheduled`, because `failed` would invite an agent to repeat a
 * write that may have happened.
 */
export type Status =
  | "blocked"
  | "pending_approval"
  | "approved"
  | "expired"
  | "scheduled"
  | "delivered"
  | "succeeded"
  | "failed";

const STATUS_OF = {
  blocked: "blocked",
  pending_approval: "pending_approval",
  approved: "approved",
  rejected: "blocked",
  expired: "expired",
  cancelled: "blocked",
  withdrawn: "blocked",
  revoked: "blocked",
  scheduled: "scheduled",
  claimed: "scheduled",
  succeeded: "succeeded",
  failed: "failed",
  indeterminate: "scheduled",
} as const satisfies Record<Phase, Status>;

/** @param pulled true where the executor downloaded the payload, which the contract calls `delivered` */
export function statusOf(phase: Phase, pulled: boolean): Status {
  return pulled && (phase === "claimed" || phase === "indeterminate") ? "delivered" : STATUS_OF[phase];
}

/** The phases that a filter by contract status or by exact phase stands for; empty for an unknown word. */
export function phasesOf(word: string): readonly Phase[] {
  if (word === "delivered") return ["claimed", "indeterminate"];
  if (word === "blocked" || word === "scheduled") return PHASES.filter((phase) => STATUS_OF[phase] === word);
  return PHASES.filter((phase) => phase === word);
}
