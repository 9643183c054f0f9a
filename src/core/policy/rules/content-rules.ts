import type { Facts } from "../../proposal/facts.ts";
import type { PiiKind } from "../../detection/pii/pii.ts";
import type { PolicyRules, TermRule } from "../policy.ts";
import type { ContentViews } from "../content-views.ts";
import { findFieldProblem } from "./field-checks.ts";
import type { FieldProblem } from "./field-checks.ts";
import type { RuleInput } from "./rule-input.ts";
import { blockFor, holdForContent, recordPass, recordFinding } from "./findings.ts";
import type { RuleFinding, RuleResults } from "./findings.ts";

/** A value in the trace is for reviewers; the whole payload would bury them. */
const MAX_SEEN_CHARACTERS = 200;
/** A longer list makes the sentence unreadable. */
const MAX_NAMED_TERMS = 5;

export type ContentField = "block_if_terms" | "hold_if_terms" | "block_if_pii" | "hold_if_pii";

/** Terms and PII: what blocks before what holds. */
export function contentRules(results: RuleResults, rules: PolicyRules, input: RuleInput): void {
  terms(results, rules, input, "block_if_terms", rules.blockIfTerms);
  pii(results, rules, input, "block_if_pii", rules.blockIfPii);
  terms(results, rules, input, "hold_if_terms", rules.holdIfTerms);
  pii(results, rules, input, "hold_if_pii", rules.holdIfPii);
}

/** Formats whose bytes are letters: what can't be read of them is their charset. */
function isText(type: string | null): boolean {
  return type === "csv" || type === "text" || type === "json" || type === "ndjson" || type === "xml";
}

/** A content rule can't clear a payload that it can't read, so a person has to. */
export function holdHidden(
  hidden: NonNullable<ContentViews["hidden"]>,
  { type }: Pick<Facts, "type">,
): RuleFinding {
  switch (hidden) {
    case "reference":
      return holdForContent(
        "payload_not_inspectable",
        "The policy has rules about content, and only the payload's name was sent.",
        "Send the content itself, not a reference to it.",
      );
    case "missing":
      return holdForContent(
        "payload_not_inspectable",
        "The policy has rules about content, and no payload was sent.",
        "Send the payload.",
      );
    case "undecodable":
      if (isText(type)) {
        return holdForContent(
          "payload_not_inspectable",
          "The policy has rules about content, and the charset of the text is not certain: it is not UTF-8, or names another (Excel saves CSV as Windows-1252).",
          'Send UTF-8 (in Excel: "CSV UTF-8"), or name the charset: text/csv; charset=windows-1252.',
        );
      }
      return holdForContent(
        "payload_not_inspectable",
        "The policy has rules about content, and the payload can't be read (compressed, encrypted or unknown).",
        "Send the content in a form that can be read: text, JSON or CSV.",
      );
    case "contradictory":
      return holdForContent(
        "payload_not_inspectable",
        "The policy has rules about content, and the payload is not of its declared type, or parsers differ on it.",
        "Declare the type that the content is of, and name every field once.",
      );
  }
}

function terms(
  results: RuleResults,
  rules: PolicyRules,
  { content, facts }: RuleInput,
  field: ContentField,
  rule: TermRule | null,
): void {
  if (rule === null) return;
  // The readable part (a reference's name) is searched even if the rest is hidden.
  const found = content.terms(rule.matcher).map((index) => rule.terms[index] ?? "");
  if (found.length > 0) {
    const list = quoteSome(found);
    const finding =
      field === "block_if_terms"
        ? blockFor("blocked_term_detected", `The payload holds a blocked term: ${list}.`, null)
        : holdForContent(
            "held_term_detected",
            `The payload holds a term a person must look at: ${list}.`,
            null,
          );
    return recordFinding(results, rules, field, list, finding);
  }
  if (content.hidden !== null) {
    return recordFinding(results, rules, field, content.hidden, holdHidden(content.hidden, facts));
  }
  recordPass(results, rules, field, "pass", null);
}

function pii(
  results: RuleResults,
  rules: PolicyRules,
  { content, facts }: RuleInput,
  field: ContentField,
  kinds: readonly PiiKind[] | null,
): void {
  if (kinds === null) return;
  const counts = content.pii(kinds);
  const found = kinds.filter((kind) => (counts.get(kind) ?? 0) > 0);
  if (found.length > 0) {
    const shown = found.map((kind) => `${kind} ×${counts.get(kind) ?? 0}`).join(", ");
    // The reason omits the kind, which would tell an agent what to disguise next time.
    const finding =
      field === "block_if_pii"
        ? blockFor(
            "blocked_pii_detected",
            "The payload holds personal data this policy does not let through.",
            null,
          )
        : holdForContent("held_pii_detected", "The payload holds personal data a person must look at.", null);
    return recordFinding(results, rules, field, shown, finding);
  }
  if (content.hidden !== null) {
    return recordFinding(results, rules, field, content.hidden, holdHidden(content.hidden, facts));
  }
  recordPass(results, rules, field, "pass", null);
}

/** Checks the fields of every record. Hidden content is held; content without records to check is blocked. */
export function fieldChecks(results: RuleResults, rules: PolicyRules, { content, facts }: RuleInput): void {
  if (rules.fieldChecks === null) return;
  if (content.hidden === "reference" || content.hidden === "undecodable") {
    return recordFinding(results, rules, "field_checks", content.hidden, holdHidden(content.hidden, facts));
  }
  const ambiguous = rules.fieldChecks.find(({ path }) => content.isAmbiguous?.(path) === true);
  if (ambiguous !== undefined) {
    const reason = `The request says "${ambiguous.path}" twice, in its query or in another spelling, and which one counts is not known.`;
    const finding = blockFor("field_check_failed", reason, "Say every field once.");
    return recordFinding(results, rules, "field_checks", ambiguous.path, finding);
  }
  const records = content.records();
  const cells = facts.type === "csv" || facts.type === "form" || facts.type === "multipart";
  const checked = records.ok ? findFieldProblem(rules.fieldChecks, records.value, cells) : records;
  if (!records.ok || !checked.ok) {
    const reason = "The policy checks fields, and the payload has none that can be checked.";
    const finding = blockFor("field_check_failed", reason, "Send JSON, NDJSON or CSV.");
    return recordFinding(results, rules, "field_checks", checked.ok ? null : checked.error, finding);
  }
  const problem = checked.value;
  if (problem === null) {
    return recordPass(results, rules, "field_checks", "pass", `${records.value.length} records`);
  }
  const condition = `"${problem.check.path}": ${describeExpected(problem)}`;
  recordFinding(
    results,
    rules,
    "field_checks",
    `record ${problem.record}: ${quoteValue(problem.value)}, ${condition}`,
    blockFor(
      "field_check_failed",
      `Record ${problem.record} does not pass the check of ${condition}.`,
      `Every record needs ${condition}.`,
    ),
  );
}

function describeExpected({ expected, check }: FieldProblem): string {
  return expected === "enum"
    ? `one of ${check.enum?.map((value) => JSON.stringify(value)).join(", ")}`
    : expected;
}

function quoteValue(value: unknown): string {
  const text = value === undefined ? "missing" : JSON.stringify(value);
  return text.length <= MAX_SEEN_CHARACTERS ? text : `${text.slice(0, MAX_SEEN_CHARACTERS)}…`;
}

function quoteSome(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMED_TERMS).map((name) => `"${name}"`);
  if (names.length > shown.length) shown.push(`and ${names.length - shown.length} more`);
  return shown.join(", ");
}
