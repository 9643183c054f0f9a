import type { PolicyRules } from "../policy.ts";
import type { Case } from "./rule-input.ts";
import { contentRules, fieldChecks } from "./content-rules.ts";
import { budgets, cooldown, duplicates, rateLimits } from "./history-rules.ts";
import { listsName } from "../../registry/name-patterns.ts";
import { profileProblems } from "./profiles.ts";
import { blankSheet, blockFor, holdFor, note, object } from "./findings.ts";
import type { Sheet } from "./findings.ts";
import { templateErrors } from "./template-rule.ts";
import { byDefault, recordThresholds, riskLimits, unmeasured, valueLimits } from "./threshold-rules.ts";

/**
 * One policy's rules for one environment over one case, in the order the documentation states. All of them run
 * even after one has said no: people see the whole picture, and the answer's time tells an agent nothing.
 */
export function evaluateRules(rules: PolicyRules, seen: Case): Sheet {
  const sheet = blankSheet();
  destination(sheet, rules, seen);
  allowedTypes(sheet, rules, seen);
  profile(sheet, rules, seen);
  if (rules.looksInside) {
    fieldChecks(sheet, rules, seen);
    contentRules(sheet, rules, seen);
  }
  if (rules.counts) {
    duplicates(sheet, rules, seen);
    rateLimits(sheet, rules, seen);
    budgets(sheet, rules, seen);
  }
  always(sheet, rules);
  orgWide(sheet, rules, seen);
  if (rules.looksInside) templateErrors(sheet, rules, seen);
  valueLimits(sheet, rules, seen);
  cooldown(sheet, rules, seen);
  unmeasured(sheet, rules, seen);
  recordThresholds(sheet, rules, seen);
  riskLimits(sheet, rules, seen);
  byDefault(sheet, rules, seen);
  return sheet;
}

function destination(sheet: Sheet, rules: PolicyRules, seen: Case): void {
  if (listsName(rules.destinations, seen.ask.destination)) {
    return note(sheet, rules, "destinations", "pass", null);
  }
  const reason = `The policy ${rules.policy} does not list this destination.`;
  object(
    sheet,
    rules,
    "destinations",
    seen.ask.destination,
    blockFor("destination_not_allowed", reason, null),
  );
}

function allowedTypes(sheet: Sheet, rules: PolicyRules, { facts }: Case): void {
  if (rules.allowedTypes === null) return;
  if (facts.payload === "none") return note(sheet, rules, "allowed_types", "skip", "no payload");
  if (facts.typeContradiction) {
    const reason = "The payload's content is not of the type it is declared to be.";
    const shown = `declared ${facts.declaredType ?? "nothing"}, content ${facts.type ?? "unknown"}`;
    return object(sheet, rules, "allowed_types", shown, blockFor("type_contradicted", reason, null));
  }
  // The declared type is only of use where it agrees with the content; a reference has nothing else.
  if (facts.type !== null && rules.allowedTypes.has(facts.type)) {
    return note(sheet, rules, "allowed_types", "pass", facts.type);
  }
  const types = [...rules.allowedTypes].join(", ");
  object(
    sheet,
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

function profile(sheet: Sheet, rules: PolicyRules, { ask }: Case): void {
  const wanted = rules.requireProfile;
  if (wanted === null) return;
  if (ask.profile === null) {
    const reason = `The policy ${rules.policy} wants the action profile ${wanted}.`;
    const finding = blockFor("profile_required", reason, `Name the profile ${wanted} and fill its fields.`);
    return object(sheet, rules, "require_profile", null, finding);
  }
  if (ask.profile !== wanted) {
    const reason = `The policy ${rules.policy} wants the action profile ${wanted}, not another.`;
    const finding = blockFor("profile_mismatch", reason, `Name the profile ${wanted} and fill its fields.`);
    return object(sheet, rules, "require_profile", ask.profile, finding);
  }
  const problems = profileProblems(wanted, ask.metadata);
  if (problems.length === 0) return note(sheet, rules, "require_profile", "pass", wanted);
  const fields = problems.join(", ");
  const reason = `The metadata does not fit the profile ${wanted}: ${fields}.`;
  const finding = blockFor("invalid_profile_payload", reason, `Give valid values for: ${fields}.`);
  object(sheet, rules, "require_profile", fields, finding);
}

function always(sheet: Sheet, rules: PolicyRules): void {
  if (!rules.requireApprovalAlways) return;
  const reason = `The policy ${rules.policy} wants a person to look at every intent.`;
  object(sheet, rules, "require_approval", null, holdFor("manual_review_required", reason, null));
}

function orgWide(sheet: Sheet, rules: PolicyRules, { ask }: Case): void {
  if (!rules.requireApprovalForOrgWide) return;
  const scope = ask.metadata["scope"];
  if (typeof scope !== "string" || !/^org[-_ ]?wide$/i.test(scope)) {
    return note(sheet, rules, "require_approval_for", "pass", null);
  }
  const reason = `The policy ${rules.policy} wants a person to look at what concerns the whole organisation.`;
  object(sheet, rules, "require_approval_for", scope, holdFor("org_wide_scope", reason, null));
}
