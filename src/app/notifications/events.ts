import type { IntentEventType } from "../../core/intent/event.ts";

/** Every event of an intent; webhooks prefix it with `intent.`. */
const EVENTS = {
  proposed: true,
  policy_checked: true,
  policy_rechecked: true,
  blocked: true,
  duplicate_blocked: true,
  approval_requested: true,
  approval_vote_recorded: true,
  approval_vote_withdrawn: true,
  rejection_vote_recorded: true,
  approval_link_used: true,
  approval_reminded: true,
  approval_escalated: true,
  expiry_escalated: true,
  superseded: true,
  approved: true,
  approval_lapsed: true,
  rejected: true,
  cancelled: true,
  withdrawn: true,
  revoked: true,
  expired: true,
  expiry_deferred: true,
  silence_not_counted: true,
  execution_requested: true,
  execution_lapsed: true,
  execution_claimed: true,
  execution_claim_undone: true,
  execution_extended: true,
  execution_succeeded: true,
  execution_failed: true,
  execution_indeterminate: true,
  binding_refused: true,
  payload_erased: true,
  execution_reported_late: true,
  outcome_resolved: true,
  restored: true,
} as const satisfies Record<IntentEventType, true>;

const PREFIX = "intent.";

export function eventName(event: string): string {
  return PREFIX + event;
}

/** `intent.approved`, `intent.*` or `*`. */
export function isEventFilter(written: string): boolean {
  if (written === "*" || written === `${PREFIX}*`) return true;
  return written.startsWith(PREFIX) && Object.hasOwn(EVENTS, written.slice(PREFIX.length));
}

/** The events that end a hold, by the contract's names for its webhooks. */
const CONTRACT_EVENTS = {
  approved: "approved",
  rejected: "rejected",
  cancelled: "approval_cancelled",
  withdrawn: "approval_cancelled",
  expired: "approval_cancelled",
  revoked: "approval_cancelled",
  superseded: "approval_cancelled",
} as const satisfies Partial<Record<IntentEventType, string>>;

export type ContractEvent = (typeof CONTRACT_EVENTS)[keyof typeof CONTRACT_EVENTS];

/** Null: the event ends no hold. */
export function contractEvent(event: string): ContractEvent | null {
  return Object.hasOwn(CONTRACT_EVENTS, event)
    ? CONTRACT_EVENTS[event as keyof typeof CONTRACT_EVENTS]
    : null;
}
