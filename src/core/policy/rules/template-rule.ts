import type { TemplateError } from "../../detection/template-errors.ts";
import type { PolicyRules } from "../policy.ts";
import { holdHidden } from "./content-rules.ts";
import type { RuleInput } from "./rule-input.ts";
import { holdForContent, recordPass, recordFinding } from "./findings.ts";
import type { RuleResults } from "./findings.ts";

/** As many as a reviewer reads; the trace counts the rest. */
const MAX_LISTED = 10;

/** Holds a letter that greets `{{customer_name}}`; its reviewer sees each placeholder, its place and its records. */
export function templateErrors(
  results: RuleResults,
  rules: PolicyRules,
  { content, facts }: RuleInput,
): void {
  if (!rules.requireApprovalIfTemplateError) return;
  const field = "require_approval_if_template_error";
  const errors = content.templateErrors();
  if (errors.length > 0) {
    const reason = "The payload holds a placeholder that was not filled in.";
    const finding = holdForContent("template_error_detected", reason, "Fill in every placeholder.");
    return recordFinding(results, rules, field, describeErrors(errors), finding);
  }
  if (content.hidden !== null) {
    return recordFinding(results, rules, field, content.hidden, holdHidden(content.hidden, facts));
  }
  recordPass(results, rules, field, "pass", null);
}

function describeErrors(errors: readonly TemplateError[]): string {
  const shown = errors.slice(0, MAX_LISTED).map(({ placeholder, where, records }) => {
    const place = where === null ? "" : ` at ${where}`;
    return `${placeholder}${place} in ${records} record${records === 1 ? "" : "s"}`;
  });
  if (errors.length > shown.length) shown.push(`and ${errors.length - shown.length} more`);
  return shown.join("; ");
}
