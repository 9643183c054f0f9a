import type { Assurance } from "../identity/assurance.ts";
import type { Outcome } from "../policy/decision.ts";
import type { Instant, IntentTerms, SilenceProblem, UnsentReason } from "./state.ts";
import type { Executor } from "../registry/executor.ts";

/** The actor of entries that policy or time caused; every other entry names a principal. */
export const GATE = "gate";

/** A rule that held, blocked or approved. */
export interface AppliedRule {
  readonly rule: string;
  readonly outcome: string;
  readonly policy: string;
}

/** The vote that ended an intent; its members are absent in events of version 0.1. */
export interface FinalVote {
  /** The person who acted; differs from the person whose vote it is only under a delegation. */
  readonly acting: string;
  readonly assurance: Assurance;
  readonly mandate: string | null;
}

/**
 * An event of an intent. Each becomes one chained ledger entry, in which a salted commitment replaces free text
 * (`note`, `result`, `facts`, `proof`); see `draftEntry`.
 */
export type IntentEvent =
  | { readonly type: "proposed"; readonly terms: IntentTerms }
  | {
      readonly type: "policy_checked";
      readonly outcome: Outcome;
      readonly reasonCode: string;
      readonly rules: readonly AppliedRule[];
      /** RFC 8785 text of the measured facts. */
      readonly facts: string;
      readonly records: number | null;
    }
  /** The rules changed: Gate evaluated the intent again. `terms` replace the earlier ones, and earlier votes count no more. */
  | {
      readonly type: "policy_rechecked";
      readonly terms: IntentTerms;
      readonly previousDigest: string;
      /** `approved`: policy alone had approved it, and would again. */
      readonly phase: "pending_approval" | "approved";
      readonly outcome: Outcome;
      readonly reasonCode: string;
      readonly rules: readonly AppliedRule[];
      /** RFC 8785 text of the measured facts. */
      readonly facts: string;
      readonly records: number | null;
    }
  | { readonly type: "blocked"; readonly reasonCode: string }
  | { readonly type: "duplicate_blocked"; readonly count: number }
  | { readonly type: "approval_requested"; readonly decideBy: Instant }
  | {
      readonly type: "approval_vote_recorded";
      /** The person whose vote counts, and the person who acted; they differ only under a delegation. */
      readonly person: string;
      readonly acting: string;
      readonly principal: string;
      readonly assurance: Assurance;
      readonly counts: readonly string[];
      readonly mandate: string | null;
      readonly note: string | null;
    }
  /**
   * A vote stops counting: its principal or mandate was revoked, the person rejected the intent afterwards, a personal
   * vote took the place of one under a delegation, or its person may vote no longer.
   */
  | {
      readonly type: "approval_vote_withdrawn";
      readonly person: string;
      readonly why: "credential_inactive" | "changed_mind" | "replaced" | "not_eligible";
    }
  /** A rejection where the policy requires more than one. */
  | {
      readonly type: "rejection_vote_recorded";
      readonly person: string;
      readonly acting: string;
      readonly principal: string;
      readonly assurance: Assurance;
      readonly mandate: string | null;
      readonly note: string | null;
    }
  /** A voter used an approval link, which works once. */
  | { readonly type: "approval_link_used"; readonly link: string }
  | { readonly type: "approval_reminded"; readonly next: Instant | null }
  /** A step of the policy's `escalate`: Gate notifies this group or person next. */
  | { readonly type: "approval_escalated"; readonly step: number; readonly to: string }
  /** `on_no_response: escalate`: Gate notifies everyone the steps name, and the hold gets a second deadline. */
  | {
      readonly type: "expiry_escalated";
      readonly to: readonly string[];
      readonly decideBy: Instant;
      readonly remindAt: Instant | null;
    }
  /** A reviewer edited the payload; the successor is another intent that needs its own votes. */
  | {
      readonly type: "superseded";
      readonly successor: string;
      readonly person: string;
      readonly note: string | null;
    }
  | {
      readonly type: "approved";
      readonly by: string;
      readonly executeBy: Instant;
      /** Of an approval by silence: when an approver's channel took the message. */
      readonly notifiedAt?: Instant;
    }
  /** Votes that completed the approval count no more: the intent waits again. Their withdrawals follow. */
  | { readonly type: "approval_lapsed"; readonly decideBy: Instant }
  | ({
      readonly type: "rejected";
      readonly person: string;
      readonly note: string | null;
    } & Partial<FinalVote>)
  | { readonly type: "cancelled"; readonly person: string; readonly note: string | null }
  | { readonly type: "withdrawn"; readonly note: string | null }
  /** With a vote where a voter's no ended an approval; without one where it was revoked by other means. */
  | ({ readonly type: "revoked"; readonly by: string; readonly note: string | null } & Partial<FinalVote>)
  | { readonly type: "expired"; readonly from: "pending_approval" | "approved" }
  | { readonly type: "expiry_deferred" }
  /** The silence until the deadline approves nothing, and the intent waits on for a person. */
  | { readonly type: "silence_not_counted"; readonly why: SilenceProblem }
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
  /** `why` is absent where no attempt to send failed, and in events of version 0.1. */
  | { readonly type: "execution_claim_undone"; readonly order: string; readonly why?: UnsentReason }
  /** Heartbeats moved the claim's end; `count` of them since the entry before. */
  | {
      readonly type: "execution_extended";
      readonly order: string;
      readonly expiresAt: Instant;
      readonly count: number;
    }
  | {
      readonly type: "execution_succeeded" | "execution_failed";
      readonly order: string;
      readonly by: string;
      readonly executedAt: Instant | null;
      readonly retryable: boolean;
      /** JSON text of the result the executor reported; null when it reported none. */
      readonly result: string | null;
      /** The executor's signed report, verified; null without one. */
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
  /** A vote, order or claim named another digest, or the approval's policies or destination entry changed. */
  | { readonly type: "binding_refused"; readonly command: string; readonly reason: BindingReason }
  /** Gate destroyed the intent's key and salt, and with them payload and notes; the entries remain. */
  | { readonly type: "payload_erased"; readonly why: "retention" | "requested"; readonly note: string | null }
  /** A runner reported on an order revoked meanwhile: it may have written before it learned of the revocation. */
  | {
      readonly type: "execution_reported_late";
      readonly order: string;
      readonly by: string;
      readonly outcome: "succeeded" | "failed" | "indeterminate";
      readonly executedAt: Instant | null;
      readonly result: string | null;
      readonly proof: string | null;
    }
  /** The data were restored from a backup: what became of the intent after the backup is not known. */
  | { readonly type: "restored"; readonly restoredAt: Instant }
  | {
      readonly type: "outcome_resolved";
      readonly by: string;
      readonly outcome: "executed" | "not_executed";
      readonly note: string | null;
    };

/** The broken binding: the digest a vote named, or the policies and destination entry of the approval. */
export type BindingReason = "digest_mismatch" | "approval_stale";

export type IntentEventType = IntentEvent["type"];

/** An event with its actor and time. */
export interface RecordedEvent {
  readonly event: IntentEvent;
  /** A principal id, or `gate`. */
  readonly actor: string;
  readonly at: Instant;
}
