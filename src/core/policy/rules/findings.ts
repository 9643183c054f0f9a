import { reasonText, type Doubt } from "../../proposal/doubt.ts";
import type { TraceStep } from "../decision.ts";
import { POLICY_FIELDS } from "../policy.ts";
import type { FieldPlace, PolicyField, PolicyRules } from "../policy.ts";
import type { ReasonCode } from "../reason-codes.ts";

/** A rule's objection, with the sentences that the agent may see. */
export interface RuleFinding {
  readonly outcome: "hold" | "block";
  readonly code: ReasonCode;
  /** For the agent: quotes the policy, never a value seen in the payload. */
  readonly reason: string;
  /** A change that would pass; null where naming it would help evade the rule, or no change would pass. */
  readonly remedy: string | null;
  /** The rule is about content, so a missed deadline must never approve the intent. */
  readonly content: boolean;
}

/** Results of one policy in one environment for one proposal. */
export interface RuleResults {
  readonly trace: TraceStep[];
  /** In the order of evaluation. */
  readonly findings: RuleFinding[];
  approves: boolean;
}

export function emptyResults(): RuleResults {
  return { trace: [], findings: [], approves: false };
}

/** The first blocking finding, else the first holding one. */
export function strictestFinding(results: {
  readonly findings: readonly RuleFinding[];
}): RuleFinding | undefined {
  for (const finding of results.findings) if (finding.outcome === "block") return finding;
  return results.findings[0];
}

/** Traces a rule that has no objection, or could not apply. */
export function recordPass(
  results: RuleResults,
  rules: PolicyRules,
  field: PolicyField,
  outcome: "pass" | "skip",
  seen: string | null,
): void {
  const plain = rules.plainSteps[field][outcome];
  results.trace.push(seen === null ? plain : stepFor(plain, seen, outcome, null));
}

/** Traces a rule's objection and adds it to the findings. */
export function recordFinding(
  results: RuleResults,
  rules: PolicyRules,
  field: PolicyField | "default",
  seen: string | null,
  finding: RuleFinding,
): void {
  // JSON can escape a lone surrogate, and a trace with one has no canonical form (RFC 8785) to digest.
  const shown = seen === null ? null : seen.toWellFormed();
  results.trace.push(stepFor(rules.plainSteps[field].pass, shown, finding.outcome, finding.code));
  results.findings.push(finding);
}

/** Traces the one rule that approves. */
export function recordApproval(results: RuleResults, rules: PolicyRules, seen: string): void {
  results.trace.push(
    stepFor(rules.plainSteps.auto_approve_under.pass, seen, "approve", "approved_by_policy"),
  );
  results.approves = true;
}

function stepFor(
  { policy, rule, line }: TraceStep,
  seen: string | null,
  outcome: TraceStep["outcome"],
  reasonCode: ReasonCode | null,
): TraceStep {
  return { policy, rule, line, seen, outcome, reasonCode };
}

/** Prebuilt trace steps for rules without a finding. */
export function buildPlainSteps(
  policy: string,
  fields: ReadonlyMap<PolicyField, FieldPlace>,
): PolicyRules["plainSteps"] {
  const steps = ([...POLICY_FIELDS, "default"] as const).map((field) => {
    const place = field === "default" ? undefined : fields.get(field);
    const step = (outcome: "pass" | "skip"): TraceStep => ({
      policy,
      rule: place?.path ?? field,
      line: place?.line ?? null,
      seen: null,
      outcome,
      reasonCode: null,
    });
    return [field, { pass: step("pass"), skip: step("skip") }] as const;
  });
  return Object.fromEntries(steps) as PolicyRules["plainSteps"];
}

export function holdFor(code: ReasonCode, reason: string, remedy: string | null): RuleFinding {
  return { outcome: "hold", code, reason, remedy, content: false };
}

export function holdForContent(code: ReasonCode, reason: string, remedy: string | null): RuleFinding {
  return { outcome: "hold", code, reason, remedy, content: true };
}

/**
 * Holds because a fact is unknown. A missed deadline must not approve what readers disagree on, so that a doubt counts
 * as content.
 *
 * @param because without its full stop
 */
export function holdForDoubt(
  code: ReasonCode,
  because: string,
  found: Doubt | null,
  remedy: string | null,
): RuleFinding {
  return found === null
    ? holdFor(code, `${because}.`, remedy)
    : holdForContent(code, `${because}: ${reasonText(found)}.`, remedy);
}

export function blockFor(code: ReasonCode, reason: string, remedy: string | null): RuleFinding {
  return { outcome: "block", code, reason, remedy, content: false };
}
