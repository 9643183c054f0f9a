import type { PolicyRules } from "../policy.ts";
import type { RuleInput } from "./rule-input.ts";
import { contentRules, fieldChecks } from "./content-rules.ts";
import { budgets, cooldown, duplicates, rateLimits } from "./history-rules.ts";
import { listsName } from "../../registry/name-patterns.ts";
import { profileProblems } from "./profiles.ts";
import { emptyResults, blockFor, holdFor, recordPass, recordFinding } from "./findings.ts";
import type { RuleResults } from "./findings.ts";
import { templateErrors } from "./template-rule.ts";
import { byDefault, recordThresholds, riskLimits, unmeasured, valueLimits } from "./threshold-rules.ts";

/**
 * One policy's rules for one environment over one case, in the order the documentation states. All of them run
 * even after one has said no: people see the whole picture, and the answer's time tells an agent nothing.
 */
export function evaluateRules(rules: PolicyRules, seen: RuleInput): RuleResults {
  const results = emptyResults();
  destination(results, rules, seen);
  allowedTypes(results, rules, seen);
  profile(results, rules, seen);
  if (rules.looksInside) {
    fieldChecks(results, rules, seen);
    contentRules(results, rules, seen);
  }
  if (rules.counts) {
    duplicates(results, rules, seen);
    rateLimits(results, rules, seen);
    budgets(results, rules, seen);
  }
  always(results, rules);
  orgWide(results, rules, seen);
  if (rules.looksInside) templateErrors(results, rules, seen);
  valueLimits(results, rules, seen);
  cooldown(results, rules, seen);
  unmeasured(results, rules, seen);
  recordThresholds(results, rules, seen);
  riskLimits(results, rules, seen);
  byDefault(results, rules, seen);
  return results;
}

function destination(results: RuleResults, rules: PolicyRules, seen: RuleInput): void {
  if (listsName(rules.destinations, seen.request.destination)) {
    return recordPass(results, rules, "destinations", "pass", null);
  }
  const reason = `The policy ${rules.policy} does not list this destination.`;
  recordFinding(
    results,
    rules,
    "destinations",
    seen.request.destination,
    blockFor("destination_not_allowed", reason, null),
  );
}

function allowedTypes(results: RuleResults, rules: PolicyRules, { facts }: RuleInput): void {
  if (rules.allowedTypes === null) return;
  if (facts.payload === "none") return recordPass(results, rules, "allowed_types", "skip", "no payload");
  if (facts.typeContradiction) {
    const reason = "The payload's content is not of the type it is declared to be.";
    const shown = `declared ${facts.declaredType ?? "nothing"}, content ${facts.type ?? "unknown"}`;
    return recordFinding(results, rules, "allowed_types", shown, blockFor("type_contradicted", reason, null));
  }
  // The declared type is only of use where it agrees with the content; a reference has nothing else.
  if (facts.type !== null && rules.allowedTypes.has(facts.type)) {
    return recordPass(results, rules, "allowed_types", "pass", facts.type);
  }
  const types = [...rules.allowedTypes].join(", ");
  recordFinding(
    results,
    rules,
    "allowed_types",
    facts.type ?? "unknown",
    blockFor(
      "type_not_allowed",
      `The policy ${rules.policy} takes only payloads of these types: ${types}.`,
      `Send one of: ${types}.`,
    ),
  );
}

function profile(results: RuleResults, rules: PolicyRules, { request }: RuleInput): void {
  const wanted = rules.requireProfile;
  if (wanted === null) return;
  if (request.profile === null) {
    const reason = `The policy ${rules.policy} wants the action profile ${wanted}.`;
    const finding = blockFor("profile_required", reason, `Name the profile ${wanted} and fill its fields.`);
    return recordFinding(results, rules, "require_profile", null, finding);
  }
  if (request.profile !== wanted) {
    const reason = `The policy ${rules.policy} wants the action profile ${wanted}, not another.`;
    const finding = blockFor("profile_mismatch", reason, `Name the profile ${wanted} and fill its fields.`);
    return recordFinding(results, rules, "require_profile", request.profile, finding);
  }
  const problems = profileProblems(wanted, request.metadata);
  if (problems.length === 0) return recordPass(results, rules, "require_profile", "pass", wanted);
  const fields = problems.join(", ");
  const reason = `The metadata does not fit the profile ${wanted}: ${fields}.`;
  const finding = blockFor("invalid_profile_payload", reason, `Give valid values for: ${fields}.`);
  recordFinding(results, rules, "require_profile", fields, finding);
}

function always(results: RuleResults, rules: PolicyRules): void {
  if (!rules.requireApprovalAlways) return;
  const reason = `The policy ${rules.policy} wants a person to look at every intent.`;
  recordFinding(results, rules, "require_approval", null, holdFor("manual_review_required", reason, null));
}

function orgWide(results: RuleResults, rules: PolicyRules, { request }: RuleInput): void {
  if (!rules.requireApprovalForOrgWide) return;
  const scope = request.metadata["scope"];
  if (typeof scope !== "string" || !/^org[-_ ]?wide$/i.test(scope)) {
    return recordPass(results, rules, "require_approval_for", "pass", null);
  }
  const reason = `The policy ${rules.policy} wants a person to look at what concerns the whole organisation.`;
  recordFinding(results, rules, "require_approval_for", scope, holdFor("org_wide_scope", reason, null));
}
