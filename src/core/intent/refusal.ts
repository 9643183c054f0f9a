import type { DemandProblem } from "../policy/approval-demand.ts";
import type { Phase } from "./phase.ts";
import type { Instant } from "./state.ts";
import type { Executor } from "../registry/executor.ts";

/** Why a command was refused. The doors map each reason to one status, code and sentence. */
export type Refusal =
  | { readonly reason: "not_found" }
  /** The command makes no sense in this phase. */
  | { readonly reason: "wrong_phase"; readonly command: string; readonly phase: Phase }
  /** The deadline passed before the command arrived. */
  | { readonly reason: "expired"; readonly what: "intent" | "order" }
  /** Same key, another request. */
  | { readonly reason: "key_reused" }
  | { readonly reason: "self_approval_forbidden" }
  | { readonly reason: "not_eligible" }
  | { readonly reason: "assurance_too_low"; readonly required: string }
  | { readonly reason: "digest_mismatch" }
  /** The vote of this person, given by that one, uses up the voter's: one human has one vote. */
  | { readonly reason: "vote_not_counted"; readonly person: string; readonly acting: string }
  /** The same person rejected the intent before. */
  | { readonly reason: "already_rejected" }
  /** The policy wants every rejection to say why. */
  | { readonly reason: "reason_required" }
  /** The proposal asks of its approval what Gate can't give. */
  | DemandProblem
  /** An approval link works once. */
  | { readonly reason: "link_used" }
  /** The policy does not let reviewers edit the payload. */
  | { readonly reason: "edit_not_allowed" }
  /** A policy or the destination's configuration changed since the approval. */
  | { readonly reason: "approval_stale" }
  /** Voters may vote no longer, so that the approval was taken back: it waits again. */
  | { readonly reason: "approval_lapsed" }
  /** The rules changed while it waited, and would block it now. */
  | { readonly reason: "blocked_by_rules"; readonly code: string }
  /** The agent's own credential is of another account than the one the write was proposed with. */
  | { readonly reason: "credential_changed" }
  | { readonly reason: "not_proposer" }
  /** The destination or the policy names another executor. */
  | { readonly reason: "wrong_executor"; readonly executor: Executor }
  | { readonly reason: "not_runner" }
  | { readonly reason: "claim_required" }
  /** The destination accepts only signed reports. */
  | { readonly reason: "proof_required" }
  | { readonly reason: "already_claimed" }
  /** The last send attempt failed; another may begin at `until`. */
  | { readonly reason: "retry_later"; readonly until: Instant }
  /** The approval was revoked; the ledger records the runner's report, and the state stays. */
  | { readonly reason: "intent_revoked" }
  | { readonly reason: "already_reported" }
  | { readonly reason: "order_superseded" }
  | { readonly reason: "attempts_exhausted" }
  | { readonly reason: "bad_token" }
  | { readonly reason: "ledger_unavailable" };
