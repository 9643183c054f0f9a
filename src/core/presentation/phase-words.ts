import type { Phase } from "../intent/phase.ts";

const PHASE_WORDS = {
  blocked: "Blocked by policy",
  pending_approval: "Waiting for a decision",
  approved: "Approved",
  rejected: "Rejected",
  expired: "Expired",
  cancelled: "Cancelled",
  withdrawn: "Withdrawn by the agent",
  revoked: "Revoked",
  scheduled: "Handed to the executor",
  claimed: "Being carried out",
  succeeded: "Carried out",
  failed: "Failed",
  indeterminate: "Outcome unknown",
} as const satisfies Record<Phase, string>;

/** The phase as people read it. A word that a newer version stored is shown as it is. */
export function phaseWords(phase: string): string {
  return Object.hasOwn(PHASE_WORDS, phase) ? PHASE_WORDS[phase as Phase] : phase.replaceAll("_", " ");
}

/** What a state is to its reader; a medium gives each tone a shape and a colour beside the word. */
export type Tone = "ok" | "wait" | "stop" | "doubt" | "idle";

const TONES = {
  blocked: "stop",
  pending_approval: "wait",
  approved: "ok",
  rejected: "stop",
  expired: "idle",
  cancelled: "idle",
  withdrawn: "idle",
  revoked: "stop",
  scheduled: "ok",
  claimed: "ok",
  succeeded: "ok",
  failed: "stop",
  indeterminate: "doubt",
} as const satisfies Record<Phase, Tone>;

export function toneOf(phase: string): Tone {
  return Object.hasOwn(TONES, phase) ? TONES[phase as Phase] : "idle";
}

/** Over without a write, or with one: nothing is wanted any more. */
const ENDED: ReadonlySet<string> = new Set<Phase>([
  "blocked",
  "rejected",
  "expired",
  "cancelled",
  "withdrawn",
  "revoked",
  "succeeded",
  "failed",
]);

export function isEnded(phase: string): boolean {
  return ENDED.has(phase);
}
