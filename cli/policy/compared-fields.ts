import { formatDollars, formatDuration } from "../../src/core/policy/rules/format.ts";
import type { PolicyRules } from "../../src/core/policy/policy.ts";
import type { Difference, ComparedLimit } from "./diff-sentences.ts";

/*
 * Every field of a policy's rules, with the sentences for its changes. Without an entry here, two policies that differ
 * in a new field would be called "the same rules"; a test changes each field once.
 */

export const LISTS: readonly {
  readonly field: string;
  readonly what: string;
  /** True: an allow-list. */
  readonly allows: boolean;
  read(rules: PolicyRules): readonly string[] | null;
}[] = [
  { field: "destinations", what: "destination", allows: true, read: (r) => r.destinations.written },
  { field: "allowed_types", what: "type", allows: true, read: (r) => r.allowedTypes && [...r.allowedTypes] },
  {
    field: "block_if_terms",
    what: "blocked term",
    allows: false,
    read: (r) => r.blockIfTerms?.terms ?? null,
  },
  { field: "hold_if_terms", what: "held term", allows: false, read: (r) => r.holdIfTerms?.terms ?? null },
  { field: "block_if_pii", what: "blocked kind of personal data", allows: false, read: (r) => r.blockIfPii },
  { field: "hold_if_pii", what: "held kind of personal data", allows: false, read: (r) => r.holdIfPii },
  { field: "field_checks", what: "field check", allows: false, read: checks },
  { field: "budgets", what: "budget", allows: false, read: budgets },
  {
    field: "escalate",
    what: "escalation",
    allows: false,
    read: (r) => r.escalate.map(({ to, afterMinutes }) => `${to} after ${afterMinutes} minutes`),
  },
];

const limit = (
  field: string,
  read: ComparedLimit["read"],
  more: Difference["effect"],
  words: ComparedLimit["words"],
  none = "",
): ComparedLimit => ({ field, read, more, words, none });

const rate = (field: "per_agent_per_hour" | "per_agent_per_day", span: string): ComparedLimit =>
  limit(
    `rate_limits.${field}`,
    (r) => r.rateLimits.find((each) => each.field === field)?.limit ?? null,
    "looser",
    (n) => `an agent may propose ${n} times ${span}`,
    `an agent may propose any number of times ${span}`,
  );

export const LIMITS: readonly ComparedLimit[] = [
  limit(
    "auto_approve_under",
    (r) => r.autoApproveUnder,
    "looser",
    (n) => `up to ${n} records are approved`,
    "nothing is approved by count",
  ),
  limit(
    "require_approval_over",
    (r) => r.requireApprovalOver,
    "looser",
    (n) => `more than ${n} records are held`,
    "no count is held",
  ),
  limit(
    "max_value_usd",
    (r) => r.maxValueCents,
    "looser",
    (n) => `more than ${formatDollars(n)} is blocked`,
    "no value is blocked",
  ),
  limit(
    "require_approval_over_value_usd",
    (r) => r.requireApprovalOverValueCents,
    "looser",
    (n) => `more than ${formatDollars(n)} is held`,
    "no value is held",
  ),
  limit(
    "block_duplicates_within",
    (r) => r.blockDuplicatesWithinMs,
    "stricter",
    (n) => `duplicates are blocked for ${formatDuration(n)}`,
    "duplicates are not blocked",
  ),
  limit(
    "cooldown_after_rejection",
    (r) => r.cooldownAfterRejectionMs,
    "stricter",
    (n) => `a rejected payload stays blocked for ${formatDuration(n)}`,
    "a rejected payload may be proposed again at once",
  ),
  limit(
    "retention_days",
    (r) => r.retentionDays,
    "neutral",
    (n) => `payloads are retained for ${n} days`,
    "payloads are retained until they are erased",
  ),
  limit(
    "expiry_minutes",
    (r) => r.expiryMinutes,
    "looser",
    (n) => `a held intent waits ${n} minutes`,
  ),
  limit(
    "execution_window_minutes",
    (r) => r.executionWindowMinutes,
    "looser",
    (n) => `an approved intent waits ${n} minutes for its order`,
  ),
  limit(
    "approvers.require",
    (r) => r.approvers.require,
    "stricter",
    (n) => `${n} must approve`,
  ),
  limit(
    "approvers.rejections",
    (r) => r.approvers.rejections,
    "looser",
    (n) => (n === 1 ? "one rejection decides" : `${n} rejections decide`),
  ),
  rate("per_agent_per_hour", "an hour"),
  rate("per_agent_per_day", "a day"),
];

export const SWITCHES: readonly {
  readonly field: string;
  read(rules: PolicyRules): boolean;
  readonly on: string;
  readonly off: string;
  /** The effect of turning it on. */
  readonly effect: Difference["effect"];
}[] = [
  {
    field: "require_approval",
    read: (r) => r.requireApprovalAlways,
    on: "Every intent is held.",
    off: "No longer is every intent held.",
    effect: "stricter",
  },
  {
    field: "require_approval_for",
    read: (r) => r.requireApprovalForOrgWide,
    on: "Organisation-wide changes are held.",
    off: "Organisation-wide changes are no longer held for that.",
    effect: "stricter",
  },
  {
    field: "require_approval_if_template_error",
    read: (r) => r.requireApprovalIfTemplateError,
    on: "Unresolved placeholders are held.",
    off: "Unresolved placeholders are no longer held.",
    effect: "stricter",
  },
  {
    field: "allow_unmeasured",
    read: (r) => r.allowUnmeasured,
    on: "Payloads that Gate has not seen may be approved.",
    off: "Payloads that Gate has not seen are held.",
    effect: "looser",
  },
  {
    field: "edit.allow",
    read: (r) => r.edit.allow,
    on: "Reviewers may edit the payload.",
    off: "Reviewers may not edit the payload.",
    effect: "neutral",
  },
  {
    field: "edit.editor_may_approve",
    read: (r) => r.edit.editorMayApprove,
    on: "Editors may approve what they edited.",
    off: "Editors may not approve what they edited.",
    effect: "looser",
  },
  {
    field: "approvers.exclude_proposer",
    read: (r) => r.approvers.excludeProposer,
    on: "Proposers may not approve their own.",
    off: "Proposers may approve their own.",
    effect: "stricter",
  },
  {
    field: "approvers.reject_reason",
    read: (r) => r.approvers.reasonRequired === true,
    on: "A rejection must say why.",
    off: "A rejection need not say why.",
    effect: "stricter",
  },
  {
    field: "approvers.exclude_owner",
    read: (r) => r.approvers.excludeOwner,
    on: "The agent's owner may not approve.",
    off: "The agent's owner may approve.",
    effect: "stricter",
  },
];

export const VALUES: readonly {
  readonly field: string;
  readonly what: string;
  read(rules: PolicyRules): string;
}[] = [
  { field: "risk.hold_at", what: "held from risk level", read: (r) => r.holdAtRisk ?? "never" },
  { field: "risk.block_at", what: "blocked from risk level", read: (r) => r.blockAtRisk ?? "never" },
  { field: "require_profile", what: "required profile", read: (r) => r.requireProfile ?? "none" },
  { field: "on_no_response", what: "without a decision in time", read: (r) => r.onNoResponse },
  { field: "execution", what: "executor", read: (r) => r.executor ?? "the destination's" },
  { field: "approvers.min_assurance", what: "least assurance", read: (r) => r.approvers.minAssurance },
  {
    field: "approvers",
    what: "who may approve",
    read: ({ approvers }) => [...approvers.groups, ...approvers.people].join(", ") || "any reviewer",
  },
];

function checks(rules: PolicyRules): readonly string[] {
  return (rules.fieldChecks ?? []).map(({ pattern, ...check }) => {
    const rest = Object.entries(check).filter(
      ([key, value]) => key !== "select" && value !== null && value !== false,
    );
    if (pattern !== null) rest.push(["pattern", pattern.source]);
    return rest.map(([key, value]) => `${key} ${JSON.stringify(value)}`).join(" ");
  });
}

function budgets(rules: PolicyRules): readonly string[] {
  return rules.budgets.map(({ window, maxIntents, maxRecords, maxValueCents, onExceed }) => {
    const parts = [
      maxIntents === null ? null : `${maxIntents} intents`,
      maxRecords === null ? null : `${maxRecords} records`,
      maxValueCents === null ? null : formatDollars(maxValueCents),
    ];
    return `${parts.filter((part) => part !== null).join(" and ")} in ${window}, else ${onExceed}`;
  });
}
