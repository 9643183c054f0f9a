import type { Assurance } from "../identity/assurance.ts";
import type { Facts } from "../proposal/facts.ts";
import type { History } from "./history.ts";
import type { Risk } from "./risk.ts";
import type { Executor } from "../registry/executor.ts";

/** Strictest last. */
export type Outcome = "approve" | "hold" | "block";

/** One rule that was evaluated. */
export interface TraceStep {
  readonly policy: string;
  /** The policy field, e.g. `require_approval_over`. */
  readonly rule: string;
  /** Line of that field in the policy file; null for a rule that applies by default. */
  readonly line: number | null;
  /** The value that the rule checked; for reviewers and auditors only, because it can quote the payload. */
  readonly seen: string | null;
  /** `pass`: the rule has no objection; `skip`: it could not apply. */
  readonly outcome: Outcome | "pass" | "skip";
  /** Set when the outcome is block, hold or approve. */
  readonly reasonCode: string | null;
}

export interface PolicyRef {
  readonly id: string;
  /** SHA-256 of the policy file's bytes. */
  readonly hash: string;
  /** SHA-256 of what the file says, whatever its comments and layout; absent in intents of version 0.1. */
  readonly meaning?: string;
}

/** Who may decide a held intent; fixed when the intent is created. */
export interface ApprovalRequirements {
  /** Distinct persons needed in all, ≥ 1: the most that any applicable policy requires. */
  readonly require: number;
  /**
   * The quorum of each applicable policy. The approval is complete when every one of them is met; one person
   * counts in every quorum that admits them.
   */
  readonly quorums: readonly Quorum[];
  /** When either list is not empty, only these groups and people may vote: the union over the quorums. */
  readonly groups: readonly string[];
  readonly people: readonly string[];
  readonly excludeProposer: boolean;
  readonly excludeOwner: boolean;
  readonly minAssurance: Assurance;
  /** The least assurance that the proposal itself asked for; absent: it asked for none. */
  readonly demandedAssurance?: Assurance;
  /** Distinct persons whose rejections are final, ≥ 1: the fewest that any applicable policy requires. */
  readonly rejections: number;
  /** True: every rejection must say why; absent: no applicable policy wants that. */
  readonly reasonRequired?: true;
}

export interface Quorum {
  readonly policy: string;
  /** Distinct persons, ≥ 1. */
  readonly require: number;
  /** When either list is not empty, only these groups and people count here. */
  readonly groups: readonly string[];
  readonly people: readonly string[];
}

/** Whom to notify next about an undecided intent. */
export interface Escalation {
  readonly afterMinutes: number;
  /** A group or person of the registry. */
  readonly to: string;
}

export type OnNoResponse = "reject" | "defer" | "escalate" | "auto_approve_if_low_risk";

/** The stored result of evaluating one proposal: the same input always gives the same value, to the byte. */
export interface Decision {
  readonly outcome: Outcome;
  /** Stable and documented in docs/reason-codes.md. */
  readonly reasonCode: string;
  /** One sentence for the agent; quotes no value seen in the payload. */
  readonly reason: string;
  /** The smallest change that would pass; null where naming it would help an agent evade a rule. */
  readonly remedy: string | null;
  /** Enforcing policies, in the order they were merged; shadow policies are not among them. */
  readonly policies: readonly PolicyRef[];
  /** Results of the shadow policies. */
  readonly shadow: readonly {
    readonly policy: PolicyRef;
    readonly outcome: Outcome;
    readonly reasonCode: string;
    readonly trace: readonly TraceStep[];
  }[];
  readonly trace: readonly TraceStep[];
  /** The environment the agent was registered in at the evaluation. */
  readonly environment: string | null;
  readonly facts: Facts;
  /** The counters that the evaluation used; null when no applicable rule needed any. */
  readonly history: History | null;
  readonly risk: Risk;
  /** Minutes a held intent waits: the shortest of the applicable policies and of the proposal. */
  readonly expiryMinutes: number;
  readonly executionWindowMinutes: number;
  /** Null: retained until erased. */
  readonly retentionDays: number | null;
  readonly onNoResponse: OnNoResponse;
  /** True when a rule about content held it, or a fact is unknown: no missed deadline or standing approval approves it. */
  readonly heldByContent: boolean;
  readonly approval: ApprovalRequirements;
  /** In the order of notification, earliest first. */
  readonly escalate: readonly Escalation[];
  /** Whether a reviewer may edit the payload, and approve their own edit. */
  readonly edit: { readonly allow: boolean; readonly editorMayApprove: boolean };
  /** The executor that the policies name; null leaves it to the destination. */
  readonly executor: Executor | null;
}
