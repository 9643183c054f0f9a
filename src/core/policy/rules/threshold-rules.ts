import type { Facts } from "../../proposal/facts.ts";
import type { PolicyRules } from "../policy.ts";
import { effectiveValueCents, RISK_RANK, riskLevelOf } from "../risk.ts";
import type { RiskLevel } from "../risk.ts";
import type { RuleInput } from "./rule-input.ts";
import { recordApproval, blockFor, holdFor, holdForDoubt, recordPass, recordFinding } from "./findings.ts";
import type { RuleFinding, RuleResults } from "./findings.ts";
import { doubtText } from "../../proposal/doubt.ts";
import { doubtAbout } from "../../proposal/unknown-facts.ts";
import { formatDollars } from "./format.ts";

export function valueLimits(results: RuleResults, rules: PolicyRules, { facts }: RuleInput): void {
  const { maxValueCents: most, requireApprovalOverValueCents: threshold } = rules;
  if (most === null && threshold === null) return;
  const cents = effectiveValueCents(facts);
  const complete = cents !== null && moneyIsComplete(facts);
  const found = doubtAbout(facts, "money");
  const seen = `${cents === null ? "unknown" : formatDollars(cents)} (${found === null ? facts.money : doubtText(found)})`;
  if (most !== null) {
    if (cents !== null && cents > most) {
      const reason = `The policy ${rules.policy} lets no more than ${formatDollars(most)} through.`;
      recordFinding(results, rules, "max_value_usd", seen, blockFor("value_over_limit", reason, upTo(rules)));
    } else {
      passIfMeasured(results, rules, "max_value_usd", complete, seen, facts);
    }
  }
  if (threshold !== null) {
    const field = "require_approval_over_value_usd";
    if (cents !== null && cents > threshold) {
      const reason = `The policy ${rules.policy} wants a person to look at more than ${formatDollars(threshold)}.`;
      recordFinding(results, rules, field, seen, holdFor("value_over_threshold", reason, upTo(rules)));
    } else {
      passIfMeasured(results, rules, field, complete, seen, facts);
    }
  }
}

function passIfMeasured(
  results: RuleResults,
  rules: PolicyRules,
  field: "max_value_usd" | "require_approval_over_value_usd",
  complete: boolean,
  seen: string,
  facts: Facts,
): void {
  if (complete) return recordPass(results, rules, field, "pass", seen);
  const found = doubtAbout(facts, "money");
  const reason = `The policy ${rules.policy} has a rule about money, and not all amounts are known in US dollars`;
  const remedy = "Give every amount, in US dollars.";
  recordFinding(results, rules, field, seen, holdForDoubt("value_not_measured", reason, found, remedy));
}

/** A reference's declared amount is for the rule on unmeasured payloads, not for this one. */
function moneyIsComplete(facts: Facts): boolean {
  return facts.payload !== "content" || facts.money === "none" || facts.money === "measured";
}

function upTo({ maxValueCents, requireApprovalOverValueCents }: PolicyRules): string {
  const limits = [maxValueCents, requireApprovalOverValueCents].filter((limit) => limit !== null);
  return `Up to ${formatDollars(Math.min(...limits))}.`;
}

export function unmeasured(results: RuleResults, rules: PolicyRules, { facts }: RuleInput): void {
  if (facts.payload !== "reference") return;
  if (rules.allowUnmeasured) {
    return recordPass(results, rules, "allow_unmeasured", "pass", "declared facts only");
  }
  const reason = "Only the payload's name was sent, so nothing about it could be measured.";
  const remedy = "Send the content itself, not a reference to it.";
  recordFinding(
    results,
    rules,
    "allow_unmeasured",
    "reference",
    holdFor("payload_unmeasured", reason, remedy),
  );
}

export function recordThresholds(results: RuleResults, rules: PolicyRules, { facts }: RuleInput): void {
  const { requireApprovalOver: over, autoApproveUnder: under } = rules;
  if (over === null && under === null) return;
  const { effective, uncertain } = facts.records;
  const seen = seenRecords(facts);
  if (over !== null) {
    const field = "require_approval_over";
    if (uncertain) recordFinding(results, rules, field, seen, recordsNotMeasured(facts));
    else if (effective === null) recordPass(results, rules, field, "skip", seen);
    else if (effective <= over) recordPass(results, rules, field, "pass", seen);
    else {
      const reason = `More records than the ${over} that the policy ${rules.policy} lets pass without review.`;
      const most = under === null ? null : Math.min(under, over);
      recordFinding(results, rules, field, seen, holdFor("record_threshold_exceeded", reason, atMost(most)));
    }
  }
  if (under !== null) {
    const field = "auto_approve_under";
    if (uncertain) {
      if (over === null) recordFinding(results, rules, field, seen, recordsNotMeasured(facts));
      else recordPass(results, rules, field, "skip", seen);
    } else if (effective === null) recordPass(results, rules, field, "skip", seen);
    else if (effective > under) recordPass(results, rules, field, "pass", seen);
    else recordApproval(results, rules, seen);
  }
}

function recordsNotMeasured(facts: Facts): RuleFinding {
  return holdForDoubt(
    "records_not_measured",
    "The number of records is unknown",
    doubtAbout(facts, "records"),
    null,
  );
}

function seenRecords(facts: Facts): string {
  const { declared, measured, effective } = facts.records;
  const because = doubtAbout(facts, "records");
  if (because !== null) {
    const shown = declared === null ? "" : `, declared ${declared}`;
    return `unknown (${doubtText(because, "records")}${shown})`;
  }
  if (declared !== null && measured !== null && declared !== measured) {
    return `${effective} (declared ${declared}, measured ${measured})`;
  }
  return effective === null ? "unknown" : String(effective);
}

function atMost(records: number | null): string | null {
  return records === null ? null : `At most ${records} record${records === 1 ? "" : "s"}.`;
}

/** Texts for all 101 scores, built once, because every decision traces this rule. */
const SEEN_RISK: readonly string[] = Array.from(
  { length: 101 },
  (_, score) => `${score}/100 ${riskLevelOf(score)}`,
);

export function riskLimits(results: RuleResults, rules: PolicyRules, { risk }: RuleInput): void {
  const seen = SEEN_RISK[risk.score] ?? null;
  if (reaches(risk.level, rules.blockAtRisk)) {
    const reason = `The policy ${rules.policy} blocks writes of this risk level.`;
    return recordFinding(results, rules, "risk", seen, blockFor("risk_too_high", reason, null));
  }
  if (reaches(risk.level, rules.holdAtRisk)) {
    const reason = `The policy ${rules.policy} wants a person to look at writes of this risk level.`;
    return recordFinding(results, rules, "risk", seen, holdFor("risk_needs_review", reason, null));
  }
  recordPass(results, rules, "risk", "pass", seen);
}

function reaches(level: RiskLevel, limit: RiskLevel | null): boolean {
  return limit !== null && RISK_RANK[level] >= RISK_RANK[limit];
}

/** A policy never approves by omission: without an approval and without a finding, a person decides. */
export function byDefault(results: RuleResults, rules: PolicyRules, { facts }: RuleInput): void {
  if (results.approves || results.findings.length > 0) return;
  const under = rules.autoApproveUnder;
  const reason = `No rule of the policy ${rules.policy} approves this, so a person decides.`;
  const remedy = under !== null && facts.records.effective === null ? declareAtMost(under) : atMost(under);
  recordFinding(results, rules, "default", null, holdFor("manual_review_required", reason, remedy));
}

function declareAtMost(records: number): string {
  return `Declare the number of records; at most ${records} pass${records === 1 ? "es" : ""}.`;
}
