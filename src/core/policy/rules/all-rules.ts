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
 * Evaluates one policy's rules for one environment, in the documented order. All of them run even after one has
 * blocked: reviewers see every finding, and the response time reveals nothing to an agent.
 */
export function evaluateRules(rules: PolicyRules, input: RuleInput): RuleResults {
  const results = emptyResults();
  destination(results, rules, input);
  allowedTypes(results, rules, input);
  profile(results, rules, input);
  if (rules.readsContent) {
    fieldChecks(results, rules, input);
    contentRules(results, rules, input);
  }
  if (rules.needsCounters) {
    duplicates(results, rules, input);
    rateLimits(results, rules, input);
    budgets(results, rules, input);
  }
  approvalAlways(results, rules);
  approvalForOrgWide(results, rules, input);
  if (rules.readsContent) templateErrors(results, rules, input);
  valueLimits(results, rules, input);
  cooldown(results, rules, input);
  unmeasured(results, rules, input);
  recordThresholds(results, rules, input);
  riskLimits(results, rules, input);
  byDefault(results, rules, input);
  return results;
}

function destination(results: RuleResults, rules: PolicyRules, input: RuleInput): void {
  if (listsName(rules.destinations, input.request.destination)) {
    return recordPass(results, rules, "destinations", "pass", null);
  }
  const reason = `The policy ${rules.policy} does not list this destination.`;
  recordFinding(
    results,
    rules,
    "destinations",
    input.request.destination,
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
  // The declared type counts only where the content agrees with it; a reference has no content to check.
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

function approvalAlways(results: RuleResults, rules: PolicyRules): void {
  if (!rules.requireApprovalAlways) return;
  const reason = `The policy ${rules.policy} wants a person to look at every intent.`;
  recordFinding(results, rules, "require_approval", null, holdFor("manual_review_required", reason, null));
}

function approvalForOrgWide(results: RuleResults, rules: PolicyRules, { request }: RuleInput): void {
  if (!rules.requireApprovalForOrgWide) return;
  const scope = request.metadata["scope"];
  if (typeof scope !== "string" || !/^org[-_ ]?wide$/i.test(scope)) {
    return recordPass(results, rules, "require_approval_for", "pass", null);
  }
  const reason = `The policy ${rules.policy} wants a person to look at what concerns the whole organisation.`;
  recordFinding(results, rules, "require_approval_for", scope, holdFor("org_wide_scope", reason, null));
}
