/** The claim is proven, disproven, or can't be checked with the evidence given. */
export type Status = "holds" | "fails" | "not_shown";

export interface Finding {
  readonly name: string;
  readonly status: Status;
  /** One sentence for people. Names from the evidence are in quotation marks, without control characters. */
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

/** Findings that must hold, or no other finding about the intent is backed by the signed log. */
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
 * `broken`: a finding fails. `proven`: none fails, and all foundations hold. `incomplete`: none fails, but a foundation
 * is not shown.
 */
export type Verdict = "proven" | "incomplete" | "broken";

/** Summarizes the findings about one bundle. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  if (findings.some(({ status }) => status === "fails")) return "broken";
  const held = new Set(findings.filter(({ status }) => status === "holds").map(({ name }) => name));
  return FOUNDATIONS.every((name) => held.has(name)) ? "proven" : "incomplete";
}

const MAX_QUOTED_CHARS = 80;

/** Quotes a name from the evidence for a terminal: an attacker could put escape sequences or bidi controls into it. */
export function quoted(name: string): string {
  const plain = name
    .slice(0, MAX_QUOTED_CHARS)
    .replace(/[\p{C}\p{Z}"]/gu, (char) => (char === " " ? " " : "?"));
  return `"${plain}${name.length > MAX_QUOTED_CHARS ? "…" : ""}"`;
}
