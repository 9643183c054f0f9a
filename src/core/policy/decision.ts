import type { Assurance } from "../identity/assurance.ts";
import type { Facts } from "../proposal/facts.ts";
import type { History } from "./history.ts";
import type { Risk } from "./risk.ts";
import type { Executor } from "../registry/executor.ts";

/** Strictest last. */
export type Outcome = "approve" | "hold" | "block";

/** One rule that was looked at. */
export interface TraceStep {
  readonly policy: string;
  /** The policy field, e.g. `require_approval_over`. */
  readonly rule: string;
  /** Line of that field in the policy file; null for a rule that applies by default. */
  readonly line: number | null;
  /** What the rule saw, for reviewers and auditors only: it can quote the payload. */
  readonly seen: string | null;
  /** What the rule wanted: `pass` says nothing against, `skip` could not apply. */
  readonly outcome: Outcome | "pass" | "skip";
  /** Set when the outcome is block, hold or approve. */
  readonly reasonCode: string | null;
}

export interface PolicyRef {
  readonly id: string;
  /** SHA-256 of the policy file's bytes. */
  readonly hash: string;
}

/** Who may decide a held intent; fixed when the intent is made. */
export interface ApprovalRequirements {
  /** Distinct persons needed in all, ≥ 1: the most any policy in force asks for. */
  readonly require: number;
  /**
   * What each policy in force asks for. The approval is complete when every one of them is met; one person
   * counts in every quorum that admits them.
   */
  readonly quorums: readonly Quorum[];
  /** When either list is not empty, only these groups and people may vote: the union over the quorums. */
  readonly groups: readonly string[];
  readonly people: readonly string[];
  readonly excludeProposer: boolean;
  readonly excludeOwner: boolean;
  readonly minAssurance: Assurance;
  /** Distinct persons whose "no" decides, ≥ 1: the fewest any policy in force asks for. */
  readonly rejections: number;
}

export interface Quorum {
  readonly policy: string;
  /** Distinct persons, ≥ 1. */
  readonly require: number;
  /** When either list is not empty, only these groups and people count here. */
  readonly groups: readonly string[];
  readonly people: readonly string[];
}

/** Who is told next about an intent nobody decided. */
export interface Escalation {
  readonly afterMinutes: number;
  /** A group or person of the registry. */
  readonly to: string;
}

export type OnNoResponse = "reject" | "defer" | "escalate" | "auto_approve_if_low_risk";

/** The whole answer to one ask: the same input always gives the same value, to the byte. */
export interface Decision {
  readonly outcome: Outcome;
  /** Stable and documented in docs/reason-codes.md. */
  readonly reasonCode: string;
  /** One sentence for the agent; quotes no value seen in the payload. */
  readonly reason: string;
  /** The smallest change that would pass, or null where saying so would give something away. */
  readonly remedy: string | null;
  /** In force, in the order they were merged; shadow policies are not among them. */
  readonly policies: readonly PolicyRef[];
  /** What shadow policies would have said. */
  readonly shadow: readonly {
    readonly policy: PolicyRef;
    readonly outcome: Outcome;
    readonly reasonCode: string;
    readonly trace: readonly TraceStep[];
  }[];
  readonly trace: readonly TraceStep[];
  /** The environment the agent was registered in when this was decided. */
  readonly environment: string | null;
  readonly facts: Facts;
  /** The counters it was decided on; null when no rule in force asked for any. */
  readonly history: History | null;
  readonly risk: Risk;
  /** Minutes a held intent waits: the shortest of the policies in force and of the ask. */
  readonly expiryMinutes: number;
  readonly executionWindowMinutes: number;
  /** Null: kept until erased. */
  readonly retentionDays: number | null;
  readonly onNoResponse: OnNoResponse;
  /** True when a rule about content held it: such an intent is never approved by silence. */
  readonly heldByContent: boolean;
  readonly approval: ApprovalRequirements;
  /** Told in this order, earliest first. */
  readonly escalate: readonly Escalation[];
  /** May a reviewer change the payload, and approve what they changed. */
  readonly edit: { readonly allow: boolean; readonly editorMayApprove: boolean };
  /** What the policies ask for; null leaves it to the destination. */
  readonly executor: Executor | null;
}
