import type { Outcome, TraceStep } from "./decision.ts";
import { firstFinding, holdFor } from "./rules/findings.ts";
import type { Finding, Sheet } from "./rules/findings.ts";

export interface Answer {
  readonly outcome: Outcome;
  readonly reasonCode: string;
  /** For the agent. */
  readonly reason: string;
}

const APPROVED: Answer = {
  outcome: "approve",
  reasonCode: "approved_by_policy",
  reason: "Approved by policy.",
};

/** Block over hold over approve; of equals the first in the order of evaluation. */
export function strictest(sheets: readonly Sheet[]): Answer {
  let held: Finding | undefined;
  for (const sheet of sheets) {
    const finding = firstFinding(sheet);
    if (finding?.outcome === "block") return answerOf(finding);
    held ??= finding;
  }
  return held === undefined ? APPROVED : answerOf(held);
}

function answerOf({ outcome, code, reason }: Finding): Answer {
  return { outcome, reasonCode: code, reason };
}

/** What would pass is only worth saying when it is all that stands in the way, and nothing of it is secret. */
export function remedyOf(sheets: readonly Sheet[]): string | null {
  const remedies: string[] = [];
  for (const sheet of sheets) {
    for (const { remedy } of sheet.findings) {
      if (remedy === null) return null;
      if (!remedies.includes(remedy)) remedies.push(remedy);
    }
  }
  return remedies.join(" ");
}

export function traceOf(sheets: readonly Sheet[]): readonly TraceStep[] {
  const first = sheets[0];
  if (first !== undefined && sheets.length === 1) return first.trace;
  return sheets.flatMap((sheet) => sheet.trace);
}

/** Silence must not approve what was held for what it says. */
export function isAboutContent(sheet: Sheet): boolean {
  return sheet.findings.some(({ content }) => content);
}

/** Policies in shadow let through what the others say; where there are no others, nobody has said yes. */
export function onlyShadow(): Sheet {
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
