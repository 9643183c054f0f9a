import { listsName } from "../../src/core/registry/name-patterns.ts";
import type { Policy, PolicyField, PolicyRules } from "../../src/core/policy/policy.ts";
import type { Registry } from "../../src/core/registry/registry.ts";

export interface LintWarning {
  readonly line: number;
  readonly message: string;
}

/** Valid rules that most likely do not do what their author meant. */
export function lintWarnings(policy: Policy, registry: Registry): readonly LintWarning[] {
  const variants = [policy.base, ...policy.environments.values()];
  const found = variants.flatMap((rules) => [
    ...ofRules(rules),
    ...uselessEscalations(rules, registry),
    ...silenceOfNobody(rules, registry),
    ...countedAsOne(policy.id, rules, registry),
  ]);
  if (registry.destinations.size > 0) found.push(...unbound(policy, registry));
  const seen = new Set<string>();
  return found.filter(({ line, message }) => {
    const key = `${line}:${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

function ofRules(rules: PolicyRules): LintWarning[] {
  const found: LintWarning[] = [];
  const warn = (field: PolicyField, message: string) =>
    void found.push({ line: rules.fields.get(field)?.line ?? 1, message });
  const { autoApproveUnder: under, requireApprovalOver: over } = rules;
  if (under !== null && rules.requireApprovalAlways) {
    warn("auto_approve_under", "never applies: every intent is held (`require_approval: always`)");
  }
  if (over !== null && rules.requireApprovalAlways) {
    warn("require_approval_over", "never applies: every intent is held (`require_approval: always`)");
  }
  if (under !== null && over !== null && over < under) {
    warn("require_approval_over", `is below auto_approve_under: ${under}, so only up to ${over} pass`);
  }
  if (over !== null && under === null && !rules.requireApprovalAlways) {
    warn("require_approval_over", "no rule approves below it: without auto_approve_under everything is held");
  }
  if (under === 0) warn("auto_approve_under", "only intents of no records at all pass");
  const { maxValueCents: most, requireApprovalOverValueCents: threshold } = rules;
  if (most !== null && threshold !== null && threshold >= most) {
    warn("require_approval_over_value_usd", "never applies: max_value_usd blocks first");
  }
  for (const field of ["block_if_terms", "hold_if_terms"] as const) {
    const terms = (field === "block_if_terms" ? rules.blockIfTerms : rules.holdIfTerms)?.terms ?? [];
    const twice = terms.find((term, index) => terms.indexOf(term) !== index);
    if (twice !== undefined) warn(field, `lists ${JSON.stringify(twice)} twice`);
  }
  if (rules.onNoResponse === "auto_approve_if_low_risk" && rules.expiryMinutes < 5) {
    warn(
      "on_no_response",
      `approves without a decision after ${rules.expiryMinutes === 1 ? "a minute" : `${rules.expiryMinutes} minutes`}: few people are that fast`,
    );
  }
  if (rules.holdAtRisk === null && rules.blockAtRisk === null) {
    warn("risk", "the risk score has no effect (`hold_at: never`)");
  }
  return found;
}

/** Silence counts only where a channel took a message: without channels nothing is approved by it. */
function silenceOfNobody({ onNoResponse, fields }: PolicyRules, registry: Registry): readonly LintWarning[] {
  if (onNoResponse !== "auto_approve_if_low_risk" || registry.channels.size > 0) return [];
  const message = "never approves: gate.yaml has no channel that notifies approvers";
  return [{ line: fields.get("on_no_response")?.line ?? 1, message }];
}

/** Escalations to people who may not decide: a notification can't help them. */
function uselessEscalations(
  { approvers, escalate, fields }: PolicyRules,
  registry: Registry,
): readonly LintWarning[] {
  const { groups, people } = approvers;
  if (groups.length === 0 && people.length === 0) return [];
  const mayDecide = new Set([...people, ...groups.flatMap((id) => [...(registry.groups.get(id) ?? [])])]);
  return escalate
    .filter(({ to }) => ![...(registry.groups.get(to) ?? [to])].some((person) => mayDecide.has(person)))
    .map(({ to }) => ({
      line: fields.get("escalate")?.line ?? 1,
      message: `${to} is notified and may not decide: \`approvers\` admits none of them`,
    }));
}

/**
 * Without `records` in the registry, a JSON object counts as one record unless it names its batch as most APIs do, so that
 * a batch under another name passes: Gate's own call and a worker's may both send it.
 */
function countedAsOne(
  policy: string,
  { autoApproveUnder, allowedTypes, fields }: PolicyRules,
  registry: Registry,
): readonly LintWarning[] {
  if (autoApproveUnder === null || autoApproveUnder === 0) return [];
  if (allowedTypes !== null && !allowedTypes.has("json")) return [];
  return [...registry.destinations.values()]
    .filter(({ policies, measure }) => policies.includes(policy) && measure.records.kind === "auto")
    .map(({ name }) => ({
      line: fields.get("auto_approve_under")?.line ?? 1,
      message: `${name} does not define its records, so a JSON object may count as one although it contains a list: set \`records\` in the registry`,
    }));
}

/** Listed destinations without a bound policy: there the agent chooses which policy is evaluated. */
function unbound(policy: Policy, registry: Registry): readonly LintWarning[] {
  const line = policy.base.fields.get("destinations")?.line ?? 1;
  return policy.base.destinations.written
    .filter((name) => !name.endsWith(".*") && listsName(policy.base.destinations, name))
    .filter((name) => (registry.destinations.get(name)?.policies.length ?? 0) === 0)
    .map((name) => ({ line, message: `${name} is bound to no policy in the registry` }));
}
