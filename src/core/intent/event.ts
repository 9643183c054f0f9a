import type { Assurance } from "../identity/assurance.ts";
import type { Outcome } from "../policy/decision.ts";
import type { Instant, IntentTerms } from "./state.ts";
import type { Executor } from "../registry/executor.ts";

/** Who an entry is attributed to: a principal's id, or Gate itself for policy and time. */
export const GATE = "gate";

/**
 * What happened. Each becomes one chained ledger entry, in which free text (`note`, `result`) is replaced by a
 * salted commitment; see `entryBody`.
 */
export type IntentEvent =
  | { readonly type: "proposed"; readonly terms: IntentTerms }
  | {
      readonly type: "policy_checked";
      readonly outcome: Outcome;
      readonly reasonCode: string;
      readonly rules: readonly { readonly rule: string; readonly outcome: string; readonly policy: string }[];
      /** RFC 8785 text of the measured facts. */
      readonly facts: string;
      readonly records: number | null;
    }
  | { readonly type: "blocked"; readonly reasonCode: string }
  | { readonly type: "duplicate_blocked"; readonly count: number }
  | { readonly type: "approval_requested"; readonly decideBy: Instant }
  | {
      readonly type: "approval_vote_recorded";
      /** Whose vote it is, and who acted: another one only under a delegation. */
      readonly person: string;
      readonly acting: string;
      readonly principal: string;
      readonly assurance: Assurance;
      readonly counts: readonly string[];
      readonly mandate: string | null;
      readonly note: string | null;
    }
  /** A vote counts no longer: its credential or mandate is gone, or the person said no after all. */
  | {
      readonly type: "approval_vote_withdrawn";
      readonly person: string;
      readonly why: "credential_inactive" | "changed_mind";
    }
  /** A "no" where the policy wants more than one of them. */
  | {
      readonly type: "rejection_vote_recorded";
      readonly person: string;
      readonly acting: string;
      readonly principal: string;
      readonly assurance: Assurance;
      readonly mandate: string | null;
      readonly note: string | null;
    }
  /** A link from a message was used to decide; it works once. */
  | { readonly type: "approval_link_used"; readonly link: string }
  | { readonly type: "approval_reminded"; readonly next: Instant | null }
  /** A step of the policy's `escalate`: this group or person is told next. */
  | { readonly type: "approval_escalated"; readonly step: number; readonly to: string }
  /** `on_no_response: escalate`: everybody named in the steps is told, and the intent waits once more. */
  | {
      readonly type: "expiry_escalated";
      readonly to: readonly string[];
      readonly decideBy: Instant;
      readonly remindAt: Instant | null;
    }
  /** A reviewer changed the payload; the successor is another intent, decided anew. */
  | {
      readonly type: "superseded";
      readonly successor: string;
      readonly person: string;
      readonly note: string | null;
    }
  | { readonly type: "approved"; readonly by: string; readonly executeBy: Instant }
  | { readonly type: "rejected"; readonly person: string; readonly note: string | null }
  | { readonly type: "cancelled"; readonly person: string; readonly note: string | null }
  | { readonly type: "withdrawn"; readonly note: string | null }
  | { readonly type: "revoked"; readonly by: string; readonly note: string | null }
  | { readonly type: "expired"; readonly from: "pending_approval" | "approved" }
  | { readonly type: "expiry_deferred" }
  | {
      readonly type: "execution_requested";
      readonly order: string;
      readonly fence: number;
      readonly mode: Executor;
      readonly issuedTo: string;
      readonly expiresAt: Instant;
    }
  | { readonly type: "execution_lapsed"; readonly order: string }
  | {
      readonly type: "execution_claimed";
      readonly order: string;
      readonly by: string;
      readonly expiresAt: Instant;
    }
  | { readonly type: "execution_claim_undone"; readonly order: string }
  | { readonly type: "execution_extended"; readonly order: string; readonly expiresAt: Instant }
  | {
      readonly type: "execution_succeeded" | "execution_failed";
      readonly order: string;
      readonly by: string;
      readonly executedAt: Instant | null;
      readonly retryable: boolean;
      /** JSON text of what the worker reported; null when it reported nothing. */
      readonly result: string | null;
      /** The report as the worker signed it, verified; null without one. */
      readonly proof: string | null;
    }
  | {
      readonly type: "execution_indeterminate";
      readonly order: string;
      readonly by: string;
      readonly why: "order_lapsed" | "claim_lapsed" | "reported";
      readonly result: string | null;
      readonly proof: string | null;
    }
  /** Somebody decided on, ordered or claimed something else than what is bound here. */
  | { readonly type: "binding_refused"; readonly command: string; readonly reason: BindingReason }
  /** Key, salt and everything they opened are gone; what remains are the entries. */
  | { readonly type: "payload_erased"; readonly why: "retention" | "requested"; readonly note: string | null }
  /** A worker's word on an order that was revoked meanwhile: it may have written before it could know. */
  | {
      readonly type: "execution_reported_late";
      readonly order: string;
      readonly by: string;
      readonly outcome: "succeeded" | "failed" | "indeterminate";
      readonly executedAt: Instant | null;
      readonly result: string | null;
      readonly proof: string | null;
    }
  | {
      readonly type: "outcome_resolved";
      readonly by: string;
      readonly outcome: "executed" | "not_executed";
      readonly note: string | null;
    };

/** What of a binding did not hold: the digest a decision named, or the rules an approval was given under. */
export type BindingReason = "digest_mismatch" | "approval_stale";

export type IntentEventType = IntentEvent["type"];

/** An event with who caused it and when. */
export interface RecordedEvent {
  readonly event: IntentEvent;
  /** A principal id, or `gate`. */
  readonly actor: string;
  readonly at: Instant;
}
