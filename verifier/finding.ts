/** Whether a claim was shown to be true, shown to be false, or can't be judged from what was handed in. */
export type Status = "holds" | "fails" | "not_shown";

export interface Finding {
  readonly name: string;
  readonly status: Status;
  /** One sentence for people. Names from the evidence stand in quotation marks, without control characters. */
  readonly words: string;
}

export function holds(name: string, words: string): Finding {
  return { name, status: "holds", words };
}

export function fails(name: string, words: string): Finding {
  return { name, status: "fails", words };
}

export function notShown(name: string, words: string): Finding {
  return { name, status: "not_shown", words };
}

/** Without these holding, nothing that is said about an intent stands on the signed log. */
const FOUNDATIONS = [
  "form",
  "trusted_keys",
  "checkpoint",
  "inclusion",
  "entry_hashes",
  "chain",
  "bodies",
  "events",
] as const;

/**
 * `broken`: something is shown to be false. `proven`: nothing is, and everything the rest stands on holds.
 * `incomplete`: nothing is false, but not enough was shown.
 */
export type Verdict = "proven" | "incomplete" | "broken";

/** Sums up the findings about one bundle. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some(({ status }) => status === "fails")) return "broken";
  const held = new Set(findings.filter(({ status }) => status === "holds").map(({ name }) => name));
  return FOUNDATIONS.every((name) => held.has(name)) ? "proven" : "incomplete";
}

const MAX_QUOTED_CHARS = 80;

/** A name out of the evidence, safe to print: it could hold terminal escapes or turn the line around. */
export function quoted(name: string): string {
  const plain = name
    .slice(0, MAX_QUOTED_CHARS)
    .replace(/[\p{C}\p{Z}"]/gu, (char) => (char === " " ? " " : "?"));
  return `"${plain}${name.length > MAX_QUOTED_CHARS ? "…" : ""}"`;
}
