import { compileNames } from "../../core/registry/name-patterns.ts";
import { isProfileId } from "../../core/policy/rules/profiles.ts";
import { buildPlainSteps } from "../../core/policy/rules/findings.ts";
import { compileTerms } from "../../core/detection/terms/terms.ts";
import { parseJsonPath } from "../../core/proposal/measure/parse-json-path.ts";
import type { JsonPath } from "../../core/proposal/measure/json-path-syntax.ts";
import {
  DAY_MS,
  DEFAULT_COOLDOWN_MS,
  DEFAULT_EXECUTION_WINDOW_MINUTES,
  DEFAULT_EXPIRY_MINUTES,
  HOUR_MS,
  MINUTE_MS,
} from "../../core/policy/policy.ts";
import type {
  FieldCheck,
  FieldPlace,
  PolicyField,
  PolicyRules,
  RateLimit,
  TermRule,
} from "../../core/policy/policy.ts";
import type { RiskLevel } from "../../core/policy/risk.ts";
import { CONTENT_FIELDS } from "./fields.ts";
import type { WrittenRules } from "./fields.ts";
import { linearPattern } from "./patterns.ts";
import type { Path } from "../yaml/source.ts";

/** Reports a problem of a field; `rest` is the path inside the field. */
export type ReportProblem = (field: PolicyField, rest: Path, message: string) => void;

/** Compiles a file's rules with their defaults, and reports the problems that only compiling finds. */
export function compilePolicyRules(
  policy: string,
  written: WrittenRules,
  fields: ReadonlyMap<PolicyField, FieldPlace>,
  report: ReportProblem,
): PolicyRules {
  const approvers = written.approvers ?? {};
  return {
    policy,
    fields,
    plainSteps: buildPlainSteps(policy, fields),
    readsContent: CONTENT_FIELDS.some((field) => written[field] !== undefined && written[field] !== false),
    needsCounters:
      written.block_duplicates_within !== undefined ||
      written.rate_limits !== undefined ||
      written.budgets !== undefined,
    destinations: compileNames(written.destinations),
    allowedTypes: written.allowed_types === undefined ? null : new Set(written.allowed_types),
    autoApproveUnder: written.auto_approve_under ?? null,
    requireApprovalOver: written.require_approval_over ?? null,
    requireApprovalAlways: written.require_approval === "always",
    requireApprovalForOrgWide: written.require_approval_for === "org_wide",
    requireApprovalIfTemplateError: written.require_approval_if_template_error ?? false,
    blockIfTerms: termRule("block_if_terms", written.block_if_terms, report),
    holdIfTerms: termRule("hold_if_terms", written.hold_if_terms, report),
    blockIfPii: written.block_if_pii === undefined ? null : [...new Set(written.block_if_pii)],
    holdIfPii: written.hold_if_pii === undefined ? null : [...new Set(written.hold_if_pii)],
    fieldChecks: fieldChecks(written.field_checks, report),
    maxValueCents: written.max_value_usd ?? null,
    requireApprovalOverValueCents: written.require_approval_over_value_usd ?? null,
    holdAtRisk: riskLevel(written.risk?.hold_at ?? "high"),
    blockAtRisk: riskLevel(written.risk?.block_at ?? "never"),
    rateLimits: rateLimits(written.rate_limits),
    budgets: (written.budgets ?? []).map((budget) => ({
      windowMs: budget.window.ms,
      window: budget.window.written,
      maxIntents: budget.max_intents ?? null,
      maxRecords: budget.max_records ?? null,
      maxValueCents: budget.max_value_usd ?? null,
      onExceed: budget.on_exceed ?? "hold",
    })),
    blockDuplicatesWithinMs: written.block_duplicates_within ?? null,
    cooldownAfterRejectionMs:
      written.cooldown_after_rejection === "none"
        ? null
        : (written.cooldown_after_rejection ?? DEFAULT_COOLDOWN_MS),
    allowUnmeasured: written.allow_unmeasured ?? false,
    requireProfile:
      written.require_profile !== undefined && isProfileId(written.require_profile)
        ? written.require_profile
        : null,
    expiryMinutes: written.expiry_minutes ?? DEFAULT_EXPIRY_MINUTES,
    executionWindowMinutes: written.execution_window_minutes ?? DEFAULT_EXECUTION_WINDOW_MINUTES,
    onNoResponse: written.on_no_response ?? "reject",
    approvers: {
      require: approvers.require ?? written.require_approvals ?? 1,
      groups: approvers.groups ?? [],
      people: approvers.people ?? [],
      excludeProposer: approvers.exclude_proposer ?? true,
      excludeOwner: approvers.exclude_owner ?? true,
      minAssurance: approvers.min_assurance ?? "slack",
      rejections: approvers.rejections ?? 1,
      ...(approvers.reject_reason === "required" && { reasonRequired: true as const }),
    },
    edit: {
      allow: written.edit?.allow ?? false,
      editorMayApprove: written.edit?.editor_may_approve ?? false,
    },
    escalate: (written.escalate ?? [])
      .map(({ after, to }) => ({ afterMinutes: Math.max(1, Math.ceil(after / MINUTE_MS)), to }))
      .toSorted((a, b) => a.afterMinutes - b.afterMinutes),
    executor: written.execution ?? null,
    retentionDays: written.retention_days ?? null,
  };
}

function riskLevel(written: RiskLevel | "never"): RiskLevel | null {
  return written === "never" ? null : written;
}

function rateLimits(written: WrittenRules["rate_limits"]): readonly RateLimit[] {
  const limits: RateLimit[] = [];
  const hour = written?.per_agent_per_hour;
  const day = written?.per_agent_per_day;
  if (hour !== undefined) limits.push({ field: "per_agent_per_hour", windowMs: HOUR_MS, limit: hour });
  if (day !== undefined) limits.push({ field: "per_agent_per_day", windowMs: DAY_MS, limit: day });
  return limits;
}

function termRule(
  field: "block_if_terms" | "hold_if_terms",
  terms: readonly string[] | undefined,
  report: ReportProblem,
): TermRule | null {
  if (terms === undefined) return null;
  const matcher = compileTerms(terms);
  if (matcher.ok) return { terms, matcher: matcher.value };
  const { term, problem } = matcher.error;
  report(
    field,
    [terms.indexOf(term)],
    `${field}: the term ${JSON.stringify(term)} can't be used: ${problem}`,
  );
  return null;
}

/** Placeholder for an invalid path, whose file is refused. */
const UNRESOLVED_PATH: JsonPath = { segments: [], dotted: true, selective: false };

function fieldChecks(
  written: WrittenRules["field_checks"],
  report: ReportProblem,
): readonly FieldCheck[] | null {
  if (written === undefined) return null;
  return written.map((check, index) => {
    const { path, required, type, min, max, max_length: maxLength, pattern, enum: values } = check;
    if (Object.keys(check).length === 1) {
      report("field_checks", [index], `the check of "${path}" checks nothing; add required, type, max …`);
    }
    if (min !== undefined && max !== undefined && min > max) {
      report("field_checks", [index, "min"], `min ${min} is over max ${max}: no value passes`);
    }
    if (type !== undefined && type !== "string" && pattern !== undefined) {
      report("field_checks", [index, "pattern"], `a pattern is for text, and the type is ${type}`);
    }
    const select = parseJsonPath(path);
    if (!select.ok) report("field_checks", [index, "path"], `the path can't be used: ${select.error}`);
    const compiled = pattern === undefined ? null : linearPattern(pattern);
    if (compiled !== null && !compiled.ok) {
      report("field_checks", [index, "pattern"], `the pattern can't be used: ${compiled.error}`);
    }
    return {
      path,
      select: select.ok ? select.value : UNRESOLVED_PATH,
      required: required ?? false,
      type: type ?? null,
      min: min ?? null,
      max: max ?? null,
      maxLength: maxLength ?? null,
      pattern: compiled?.ok === true ? compiled.value : null,
      enum: values ?? null,
    };
  });
}
