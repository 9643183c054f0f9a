import type { History, WindowCount } from "../history.ts";
import type { Budget, PolicyRules } from "../policy.ts";
import { effectiveValueCents } from "../risk.ts";
import type { RuleInput } from "./rule-input.ts";
import { blockFor, holdFor, holdForDoubt, recordPass, recordFinding } from "./findings.ts";
import type { RuleFinding, RuleResults } from "./findings.ts";
import { doubtAbout } from "../../proposal/unknown-facts.ts";
import { formatDuration } from "./format.ts";

/** A rule needs counters that could not be read: fail closed. */
const UNAVAILABLE: RuleFinding = holdFor(
  "history_unavailable",
  "The policy limits what an agent may do over time, and the counters could not be read.",
  null,
);

export function windowOf(history: History, policy: string, windowMs: number): WindowCount | undefined {
  return history.windows.find((count) => count.policy === policy && count.windowMs === windowMs);
}

export function duplicates(results: RuleResults, rules: PolicyRules, { history }: RuleInput): void {
  const field = "block_duplicates_within";
  const within = rules.blockDuplicatesWithinMs;
  if (within === null) return;
  if (history === null) return recordFinding(results, rules, field, null, UNAVAILABLE);
  const first = history.duplicateOf;
  if (first === null || first.ageMs >= within) return recordPass(results, rules, field, "pass", null);
  const reason = `The same payload went to this destination before, as ${first.intentId}.`;
  const remedy = `Follow ${first.intentId}, or wait ${formatDuration(within - first.ageMs)}.`;
  recordFinding(results, rules, field, first.intentId, blockFor("duplicate_blocked", reason, remedy));
}

export function rateLimits(results: RuleResults, rules: PolicyRules, { history }: RuleInput): void {
  if (rules.rateLimits.length === 0) return;
  const field = "rate_limits";
  for (const { field: limit, windowMs, limit: most } of rules.rateLimits) {
    const count = history === null ? undefined : windowOf(history, rules.policy, windowMs);
    if (count === undefined) {
      recordFinding(results, rules, field, limit, UNAVAILABLE);
      continue;
    }
    const seen = `${limit}: ${count.intents} of ${most}`;
    if (count.intents < most) {
      recordPass(results, rules, field, "pass", seen);
      continue;
    }
    const wait = formatDuration(count.freesUpInMs ?? windowMs);
    const reason = `The policy ${rules.policy} takes ${most} intents of one agent in ${formatDuration(windowMs)}; that is reached.`;
    recordFinding(
      results,
      rules,
      field,
      seen,
      blockFor("rate_limit_exceeded", reason, `Try again in ${wait}.`),
    );
  }
}

export function budgets(results: RuleResults, rules: PolicyRules, input: RuleInput): void {
  for (const budget of rules.budgets) {
    const { history } = input;
    const count = history === null ? undefined : windowOf(history, rules.policy, budget.windowMs);
    if (count === undefined) {
      recordFinding(results, rules, "budgets", budget.window, UNAVAILABLE);
      continue;
    }
    const use = budgetUse(budget, count, input);
    const shown = `${budget.window}: ${use.shown}`;
    if (use.over) {
      // The reason omits what is left, which an agent could use to stay just under the budget.
      const reason = `A budget of the policy ${rules.policy} does not cover this.`;
      const finding = (budget.onExceed === "block" ? blockFor : holdFor)("budget_exceeded", reason, null);
      recordFinding(results, rules, "budgets", shown, finding);
    } else if (use.unknown) {
      const reason = `The policy ${rules.policy} has a budget, and what this would use of it is not known`;
      const finding = holdForDoubt("budget_not_measurable", reason, use.doubt, null);
      recordFinding(results, rules, "budgets", shown, finding);
    } else {
      recordPass(results, rules, "budgets", "pass", shown);
    }
  }
}

function budgetUse(budget: Budget, count: WindowCount, { facts }: RuleInput) {
  const shown: string[] = [];
  let over = false;
  let unknown = false;
  const check = (name: string, used: number, adds: number | null, most: number | null): void => {
    if (most === null) return;
    shown.push(`${name} ${used} + ${adds ?? "?"} of ${most}`);
    if (used + (adds ?? 0) > most) over = true;
    else if (adds === null) unknown = true;
  };
  const measurable = facts.payload !== "content" || facts.money === "none" || facts.money === "measured";
  check("intents", count.intents, 1, budget.maxIntents);
  check(
    "records",
    count.records,
    facts.records.uncertain ? null : facts.records.effective,
    budget.maxRecords,
  );
  check("cents", count.valueUsdCents, measurable ? effectiveValueCents(facts) : null, budget.maxValueCents);
  const ofRecords = budget.maxRecords === null ? null : doubtAbout(facts, "records");
  const found = ofRecords ?? (budget.maxValueCents === null ? null : doubtAbout(facts, "money"));
  return { over, unknown, doubt: found, shown: shown.join(", ") };
}

/** Blocks a recently rejected payload, so that an agent can't resubmit it until a reviewer gives in. */
export function cooldown(results: RuleResults, rules: PolicyRules, { history }: RuleInput): void {
  const field = "cooldown_after_rejection";
  const within = rules.cooldownAfterRejectionMs;
  if (within === null) return;
  if (history === null) {
    // The default cooldown is read only when a proposal is about to be held; an explicit one is always read.
    if (rules.fields.has(field)) recordFinding(results, rules, field, null, UNAVAILABLE);
    return;
  }
  const last = history.rejected;
  if (last === null || last.ageMs >= within) return recordPass(results, rules, field, "pass", null);
  const wait = formatDuration(within - last.ageMs);
  const reason = `A person rejected the same payload a short while ago, as ${last.intentId}.`;
  recordFinding(results, rules, field, last.intentId, blockFor("recently_rejected", reason, `Wait ${wait}.`));
}
