import { err, ok, type Result } from "../result.ts";

/** Looks for all of its terms in one pass. */
export interface TermMatcher {
  /** How many terms. */
  readonly size: number;
  /** Indices of the terms that occur in any of the texts, ascending. */
  find(texts: readonly string[]): readonly number[];
}

/** Builds a matcher once for many payloads; a term that normalises to nothing is an error. */
export function compileTerms(
  terms: readonly string[],
): Result<TermMatcher, { readonly term: string; readonly problem: string }> {
  const words = terms.map((term) => ` ${plain(term)} `);
  const empty = words.findIndex((word) => word.trim() === "");
  if (empty >= 0) return err({ term: terms[empty] ?? "", problem: "nothing is left of it once normalised" });
  return ok({
    size: terms.length,
    find(texts) {
      const whole = texts.map((text) => ` ${plain(text)} `);
      return words.flatMap((word, index) => (whole.some((text) => text.includes(word)) ? [index] : []));
    },
  });
}

function plain(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}
