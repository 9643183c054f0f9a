import type { Outcome, TraceStep } from "./decision.ts";
import { strictestFinding, holdFor } from "./rules/findings.ts";
import type { RuleFinding, RuleResults } from "./rules/findings.ts";

export interface Verdict {
  readonly outcome: Outcome;
  readonly reasonCode: string;
  /** For the agent. */
  readonly reason: string;
}

const APPROVED: Verdict = {
  outcome: "approve",
  reasonCode: "approved_by_policy",
  reason: "Approved by policy.",
};

/** Block over hold over approve; of equals the first in the order of evaluation. */
export function strictestVerdict(all: readonly RuleResults[]): Verdict {
  let held: RuleFinding | undefined;
  for (const results of all) {
    const finding = strictestFinding(results);
    if (finding?.outcome === "block") return verdictOf(finding);
    held ??= finding;
  }
  return held === undefined ? APPROVED : verdictOf(held);
}

function verdictOf({ outcome, code, reason }: RuleFinding): Verdict {
  return { outcome, reasonCode: code, reason };
}

/** All remedies, joined; null when one finding has none, because the others would then not be enough. */
export function remedyOf(all: readonly RuleResults[]): string | null {
  const remedies: string[] = [];
  for (const results of all) {
    for (const { remedy } of results.findings) {
      if (remedy === null) return null;
      if (!remedies.includes(remedy)) remedies.push(remedy);
    }
  }
  return remedies.join(" ");
}

export function traceOf(all: readonly RuleResults[]): readonly TraceStep[] {
  const first = all[0];
  if (first !== undefined && all.length === 1) return first.trace;
  return all.flatMap((results) => results.trace);
}

/** A missed deadline must not approve an intent that was held for its content. */
export function isAboutContent(results: RuleResults): boolean {
  return results.findings.some(({ content }) => content);
}

/** A shadow policy never approves, so a proposal with only shadow policies is held. */
export function shadowOnlyResults(): RuleResults {
  const reason = "Only policies in shadow mode apply, and those never approve.";
  const finding = holdFor("only_shadow_policies", reason, null);
  const step: TraceStep = {
    policy: "",
    rule: "mode",
    line: null,
    seen: null,
    outcome: "hold",
    reasonCode: finding.code,
  };
  return { trace: [step], findings: [finding], approves: false };
}
