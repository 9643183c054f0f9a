import { placeholdersIn } from "../../detection/placeholders.ts";
import type { TraceStep } from "../../policy/decision.ts";

/** A piece of a shown text, marked where a rule found something. */
export interface MarkedText {
  readonly text: string;
  readonly isMarked: boolean;
}

const TERM_RULES = /^(?:block|hold)_if_terms$/;

/** As the rule traces them: `"free trial", "refund"`. */
const QUOTED = /"([^"]{1,200})"/g;

/** The terms that held or blocked a write. */
export function foundTerms(trace: readonly TraceStep[]): readonly string[] {
  const terms = trace
    .filter(({ rule, outcome }) => TERM_RULES.test(rule) && (outcome === "hold" || outcome === "block"))
    .flatMap(({ seen }) => Array.from((seen ?? "").matchAll(QUOTED), ([, term = ""]) => term));
  return [...new Set(terms)];
}

/**
 * The text in pieces, with placeholders and terms marked where they are written as such: a term in another spelling or
 * encoding is found by the rules, and can't be pointed at here.
 */
export function markedText(
  text: string,
  terms: readonly string[],
  hasPlaceholders: boolean,
): readonly MarkedText[] {
  const ranges = [
    ...(hasPlaceholders
      ? placeholdersIn(text).map(({ written, index }) => [index, index + written.length] as const)
      : []),
    ...terms.flatMap((term) => occurrences(text, term)),
  ].toSorted(([one], [other]) => one - other);
  const pieces: MarkedText[] = [];
  let end = 0;
  for (const [from, to] of ranges) {
    if (to <= end) continue;
    const start = Math.max(from, end);
    if (start > end) pieces.push({ text: text.slice(end, start), isMarked: false });
    pieces.push({ text: text.slice(start, to), isMarked: true });
    end = to;
  }
  if (end < text.length || pieces.length === 0) pieces.push({ text: text.slice(end), isMarked: false });
  return pieces;
}

function occurrences(text: string, term: string): readonly (readonly [from: number, to: number])[] {
  const literal = term
    .replaceAll(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)
    .replaceAll(/\s+/g, String.raw`\s+`);
  return Array.from(text.matchAll(new RegExp(literal, "gi")), ({ index, 0: found }) => [
    index,
    index + found.length,
  ]);
}
