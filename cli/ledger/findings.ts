import type { Finding } from "../../verifier/finding.ts";
import type { ExportReport } from "../../verifier/export-walk.ts";
import type { CommandIo } from "../io.ts";

const WORDS = { holds: "holds", fails: "FAILS", not_shown: "not shown" } as const;

/** What a verification comes to. `incomplete`: nothing is false, and not everything that was asked is shown. */
export type VerificationOutcome = "proven" | "incomplete" | "broken";

export interface Report {
  readonly of: "bundle" | "export" | "server";
  readonly outcome: VerificationOutcome;
  readonly findings: readonly Finding[];
  /** More for programs. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** Last lines for people. */
  readonly closing?: readonly string[];
}

/** Exit code 0 only when everything that matters holds: a script must not take "not shown" for "true". */
export function showReport(
  { of, outcome, findings, more = {}, closing = [] }: Report,
  json: boolean,
  io: CommandIo,
): number {
  if (json) {
    io.out(JSON.stringify({ of, outcome, ...more, findings }, null, 2));
  } else {
    const width = Math.max(...findings.map(({ name }) => name.length));
    for (const { name, status, words } of findings) {
      io.out(`${WORDS[status].padEnd(9)}  ${name.padEnd(width)}  ${words}`);
    }
    io.out(["", summary(outcome, findings), ...closing].join("\n"));
  }
  return outcome === "proven" ? 0 : 1;
}

function summary(outcome: VerificationOutcome, findings: readonly Finding[]): string {
  const failed = findings.filter(({ status }) => status === "fails").length;
  switch (outcome) {
    case "proven":
      return "PROVEN: everything that is shown holds, and stands on the log that the key in hand signed.";
    case "incomplete":
      return "INCOMPLETE: nothing shown is false, but not enough is shown to prove it.";
    case "broken":
      return `BROKEN: ${failed} of ${findings.length} ${failed === 1 ? "does" : "do"} not hold. Keep this evidence as it is.`;
  }
}

/** What an export comes to, and its figures for programs. */
export function exportOutcome({ findings, broken, entries, intents, head }: ExportReport) {
  const isBroken = broken !== null || findings.some(({ status }) => status === "fails");
  const outcome: VerificationOutcome = isBroken ? "broken" : head === null ? "incomplete" : "proven";
  return { outcome, more: { broken, entries, chains: intents, size: head?.size ?? null } };
}
