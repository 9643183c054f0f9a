import type { Finding } from "../../verifier/finding.ts";
import type { ExportReport } from "../../verifier/export-walk.ts";
import type { CommandIo } from "../io.ts";

const STATUS_TEXT = { holds: "holds", fails: "FAILS", not_shown: "not shown" } as const;

/** A verification's result. `incomplete`: no check failed, but some could not be made. */
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

/** Prints a report. Exit code 0 only for `proven`: a script must not take "not shown" for "true". */
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
      io.out(`${STATUS_TEXT[status].padEnd(9)}  ${name.padEnd(width)}  ${words}`);
    }
    io.out(["", summary(outcome, findings), ...closing].join("\n"));
  }
  return outcome === "proven" ? 0 : 1;
}

function summary(outcome: VerificationOutcome, findings: readonly Finding[]): string {
  const failed = findings.filter(({ status }) => status === "fails").length;
  switch (outcome) {
    case "proven":
      return "PROVEN: everything shown holds, and is in the log that your key signed.";
    case "incomplete":
      return "INCOMPLETE: no check failed, but the evidence is not enough for a proof.";
    case "broken":
      return `BROKEN: ${failed} of ${findings.length} checks failed. Keep this evidence as it is.`;
  }
}

/** An export's result, with its figures for programs. */
export function exportOutcome({ findings, broken, entries, intents, head }: ExportReport) {
  const isBroken = broken !== null || findings.some(({ status }) => status === "fails");
  const outcome: VerificationOutcome = isBroken ? "broken" : head === null ? "incomplete" : "proven";
  return { outcome, more: { broken, entries, chains: intents, size: head?.size ?? null } };
}
