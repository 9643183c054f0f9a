import type { TraceStep } from "../decision.ts";
import type { PolicyField, PolicyRules } from "../policy.ts";
import type { ReasonCode } from "./reason-codes.ts";

/** A rule that said no, with what may be told about it. */
export interface Finding {
  readonly outcome: "hold" | "block";
  readonly code: ReasonCode;
  /** For the agent: quotes the policy, never a value seen in the payload. */
  readonly reason: string;
  /** What would pass; null where saying so gives something away, or nothing would. */
  readonly remedy: string | null;
  /** It was about what the payload says, so silence must never approve it. */
  readonly content: boolean;
}

/** What one policy in one environment said about one ask. */
export interface Sheet {
  readonly trace: TraceStep[];
  /** In the order of evaluation. */
  readonly findings: Finding[];
  approves: boolean;
}

export function blankSheet(): Sheet {
  return { trace: [], findings: [], approves: false };
}

/** The first blocking finding, else the first holding one. */
export function firstFinding(sheet: { readonly findings: readonly Finding[] }): Finding | undefined {
  return sheet.findings.find((finding) => finding.outcome === "block") ?? sheet.findings[0];
}

/** Traces a rule that has nothing against the ask, or could not apply. */
export function note(
  sheet: Sheet,
  rules: PolicyRules,
  field: PolicyField,
  outcome: "pass" | "skip",
  seen: string | null,
): void {
  const place = rules.fields.get(field);
  sheet.trace.push({
    policy: rules.policy,
    rule: place?.path ?? field,
    line: place?.line ?? null,
    seen,
    outcome,
    reasonCode: null,
  });
}

/** Traces a rule that says no, and keeps what may be told about it. */
export function object(
  sheet: Sheet,
  rules: PolicyRules,
  field: PolicyField | "default",
  seen: string | null,
  finding: Finding,
): void {
  const place = field === "default" ? undefined : rules.fields.get(field);
  sheet.trace.push({
    policy: rules.policy,
    rule: place?.path ?? field,
    line: place?.line ?? null,
    seen,
    outcome: finding.outcome,
    reasonCode: finding.code,
  });
  sheet.findings.push(finding);
}

export function holdFor(code: ReasonCode, reason: string, remedy: string | null): Finding {
  return { outcome: "hold", code, reason, remedy, content: false };
}

export function holdForContent(code: ReasonCode, reason: string, remedy: string | null): Finding {
  return { outcome: "hold", code, reason, remedy, content: true };
}

export function blockFor(code: ReasonCode, reason: string, remedy: string | null): Finding {
  return { outcome: "block", code, reason, remedy, content: false };
}
