import type { ApprovalRequirements, Escalation, OnNoResponse, PolicyRef, TraceStep } from "./decision.ts";
import type { PiiKind } from "../detection/pii/pii.ts";
import type { TermMatcher } from "../detection/terms/terms.ts";
import type { JsonPath } from "../proposal/measure/json-path-syntax.ts";
import type { NamePatterns } from "../registry/name-patterns.ts";
import type { ProfileId } from "./rules/profiles.ts";
import type { RiskLevel } from "./risk.ts";
import type { Executor } from "../registry/executor.ts";

/** One policy file, parsed, validated and compiled. */
export interface Policy {
  readonly id: string;
  /** SHA-256 of the file's bytes. */
  readonly hash: string;
  /** With both hashes: of the bytes, and of the meaning. */
  readonly ref: Required<PolicyRef>;
  /** For people; shown to reviewers. */
  readonly description: string | null;
  /** A person or group of the registry; shown to reviewers. */
  readonly owner: string | null;
  /** A `shadow` policy is evaluated and recorded, without effect on the verdict. */
  readonly mode: "enforce" | "shadow";
  readonly base: PolicyRules;
  /** By environment name: the base with the file's overrides over it. */
  readonly environments: ReadonlyMap<string, PolicyRules>;
}

/** The rules of a policy for one environment, defaults filled in. Null means: the file has no such rule. */
export interface PolicyRules {
  readonly policy: string;
  /** Where each field stands in the file, for the trace; a field that applies by default has no entry. */
  readonly fields: ReadonlyMap<PolicyField, FieldPlace>;
  /** Trace steps of rules without a finding, built at load: most steps of most decisions. */
  readonly plainSteps: Readonly<Record<PolicyField | "default", PlainSteps>>;
  /** Some rule reads the content: terms, personal data, field checks, placeholders. */
  readonly readsContent: boolean;
  /** Some rule needs counters: duplicates, rates, budgets. */
  readonly needsCounters: boolean;
  readonly destinations: NamePatterns;
  /** Names as `Facts.type` has them. */
  readonly allowedTypes: ReadonlySet<string> | null;
  /** Effective records at or under it approve. */
  readonly autoApproveUnder: number | null;
  /** Effective records over it hold. */
  readonly requireApprovalOver: number | null;
  readonly requireApprovalAlways: boolean;
  readonly requireApprovalForOrgWide: boolean;
  readonly requireApprovalIfTemplateError: boolean;
  readonly blockIfTerms: TermRule | null;
  readonly holdIfTerms: TermRule | null;
  readonly blockIfPii: readonly PiiKind[] | null;
  readonly holdIfPii: readonly PiiKind[] | null;
  readonly fieldChecks: readonly FieldCheck[] | null;
  readonly maxValueCents: number | null;
  readonly requireApprovalOverValueCents: number | null;
  readonly holdAtRisk: RiskLevel | null;
  readonly blockAtRisk: RiskLevel | null;
  readonly rateLimits: readonly RateLimit[];
  readonly budgets: readonly Budget[];
  readonly blockDuplicatesWithinMs: number | null;
  /** Null when the file says `none`. */
  readonly cooldownAfterRejectionMs: number | null;
  readonly allowUnmeasured: boolean;
  readonly requireProfile: ProfileId | null;
  readonly expiryMinutes: number;
  readonly executionWindowMinutes: number;
  readonly onNoResponse: OnNoResponse;
  readonly approvers: Omit<ApprovalRequirements, "quorums">;
  readonly edit: { readonly allow: boolean; readonly editorMayApprove: boolean };
  readonly escalate: readonly Escalation[];
  readonly executor: Executor | null;
  /** Null: retained until erased. */
  readonly retentionDays: number | null;
}

/** A field's path as people write it (`environments.production.auto_approve_under`) and its line, from 1. */
export interface FieldPlace {
  readonly path: string;
  readonly line: number;
}

export interface PlainSteps {
  readonly pass: TraceStep;
  readonly skip: TraceStep;
}

export interface TermRule {
  /** As the file writes them. */
  readonly terms: readonly string[];
  readonly matcher: TermMatcher;
}

export interface FieldCheck {
  /** A dot path or an RFC 9535 path inside one record, as written. */
  readonly path: string;
  readonly select: JsonPath;
  readonly required: boolean;
  readonly type: "string" | "number" | "integer" | "boolean" | "array" | "object" | null;
  readonly min: number | null;
  readonly max: number | null;
  /** Unicode code points of a string, items of an array. */
  readonly maxLength: number | null;
  readonly pattern: LinearPattern | null;
  readonly enum: readonly (string | number | boolean)[] | null;
}

/** A regular expression that is matched in time linear in the text. */
export interface LinearPattern {
  readonly source: string;
  test(text: string): boolean;
}

export interface RateLimit {
  readonly field: "per_agent_per_hour" | "per_agent_per_day";
  readonly windowMs: number;
  readonly limit: number;
}

export interface Budget {
  readonly windowMs: number;
  /** As the file writes it. */
  readonly window: string;
  readonly maxIntents: number | null;
  readonly maxRecords: number | null;
  readonly maxValueCents: number | null;
  readonly onExceed: "hold" | "block";
}

/** Every key a policy file may have at its top, in the order the documentation has them. */
export const POLICY_FIELDS = [
  "id",
  "description",
  "owner",
  "mode",
  "destinations",
  "allowed_types",
  "require_profile",
  "field_checks",
  "block_if_terms",
  "block_if_pii",
  "hold_if_terms",
  "hold_if_pii",
  "block_duplicates_within",
  "rate_limits",
  "budgets",
  "require_approval",
  "require_approval_for",
  "require_approval_if_template_error",
  "max_value_usd",
  "require_approval_over_value_usd",
  "cooldown_after_rejection",
  "allow_unmeasured",
  "require_approval_over",
  "auto_approve_under",
  "risk",
  "environments",
  "expiry_minutes",
  "execution_window_minutes",
  "on_no_response",
  "approvers",
  "require_approvals",
  "edit",
  "escalate",
  "execution",
  "retention_days",
] as const;

export type PolicyField = (typeof POLICY_FIELDS)[number];

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const DEFAULT_EXPIRY_MINUTES = 60;
export const DEFAULT_EXECUTION_WINDOW_MINUTES = 60;
export const DEFAULT_COOLDOWN_MS = HOUR_MS;
