import type { IntentState } from "../intent/state.ts";

/** Why a deadline that passed in silence approved nothing; null: none did. */
export function silenceWords({ silence }: Pick<IntentState, "silence">): string | null {
  switch (silence?.notCounted) {
    case "approvers_not_notified":
      return "The time is up, and nobody's silence counts: no approver's channel took a message in time.";
    case "gate_was_down":
      return "The time is up, and nobody's silence counts: Gate was down meanwhile.";
    case null:
      return "The time is up; whether the silence counts is not confirmed.";
    case undefined:
      return null;
  }
}
