import type { IntentEventType } from "../intent/event.ts";

const EVENT_WORDS = {
  proposed: "Proposed",
  policy_checked: "Evaluated",
  policy_rechecked: "Evaluated again: the rules changed",
  blocked: "Blocked by policy",
  duplicate_blocked: "Proposed again, answered with this one",
  approval_requested: "Approvers asked",
  approval_vote_recorded: "Approved by one person",
  approval_vote_withdrawn: "An approval counts no more",
  rejection_vote_recorded: "Rejected by one person",
  approval_link_used: "A link was used",
  approval_reminded: "Approvers reminded",
  approval_escalated: "Escalated",
  expiry_escalated: "Escalated, with more time",
  superseded: "Payload edited: a successor replaces it",
  approved: "Approved",
  approval_lapsed: "Waits again: voters may vote no longer",
  rejected: "Rejected",
  cancelled: "Cancelled",
  withdrawn: "Withdrawn by the agent",
  revoked: "Revoked",
  expired: "Expired",
  expiry_deferred: "Waits on, without a deadline",
  silence_not_counted: "Nobody's silence counts: it waits for a person",
  execution_requested: "Handed to the executor",
  execution_lapsed: "The order lapsed",
  execution_claimed: "Being carried out",
  execution_claim_undone: "Not sent: nothing left Gate",
  execution_extended: "Still being carried out",
  execution_succeeded: "Carried out",
  execution_failed: "Failed",
  execution_indeterminate: "Outcome unknown",
  execution_reported_late: "Reported after it was revoked",
  binding_refused: "Refused: it was another version",
  payload_erased: "Payload erased",
  restored: "Restored from a backup",
  outcome_resolved: "Outcome resolved by a person",
} as const satisfies Record<IntentEventType, string>;

/** A ledger event as people read it; one that a newer version stored is shown with blanks. */
export function eventWords(event: string): string {
  return Object.hasOwn(EVENT_WORDS, event)
    ? EVENT_WORDS[event as IntentEventType]
    : event.replaceAll("_", " ");
}
