import { err, ok, type Result } from "../../base/result.ts";
import { finish, type Steps } from "../../base/steps.ts";
import type { Pattern } from "./alignment.ts";
import { buildTermAutomaton } from "./automaton.ts";
import { eachBatch } from "../decoding/decodings.ts";
import type { FoldMode } from "./fold.ts";
import { emptyLetters } from "./letters.ts";
import { newStretches } from "./near-texts.ts";
import { readPattern } from "./pattern.ts";
import { propose, scanText, STEPS_PER_LETTER, type TermScan, type TermSet, verify } from "./scan.ts";

/** Looks for all of its terms in one pass. */
export interface TermMatcher {
  /** How many terms. */
  readonly size: number;
  /** Indices of the terms that occur in any of the texts, ascending. */
  find(texts: readonly string[]): readonly number[];
  /** The same in pieces. */
  findInSteps(texts: readonly string[]): Steps<readonly number[]>;
}

/** A term longer than any phrase is a mistake in the policy, and would make the automaton deep. */
const MAX_TERM_LETTERS = 256;
const BASE_STEPS = 100_000;

/** Builds a matcher once for many payloads; a term that normalises to nothing is an error. */
export function compileTerms(
  terms: readonly string[],
): Result<TermMatcher, { readonly term: string; readonly problem: string }> {
  const patterns: Pattern[] = [];
  for (const term of terms) {
    const pattern = readPattern(term);
    if (pattern === null) return err({ term, problem: "nothing is left of it once normalised" });
    if (pattern.codes.length > MAX_TERM_LETTERS) {
      return err({ term, problem: `it has more than ${MAX_TERM_LETTERS} letters` });
    }
    patterns.push(pattern);
  }
  const sets = [setOf(patterns, "latin"), setOf(patterns, "native")].filter((set) => set.patterns.length > 0);
  const findInSteps = (texts: readonly string[]) => find(sets, terms.length, texts);
  return ok({ size: terms.length, find: (texts) => finish(findInSteps(texts)), findInSteps });
}

function setOf(all: readonly Pattern[], mode: FoldMode): TermSet {
  const terms: number[] = [];
  for (const [index, pattern] of all.entries()) {
    if (pattern.native === (mode === "native")) terms.push(index);
  }
  const patterns = terms.flatMap((index) => all[index] ?? []);
  const automaton = buildTermAutomaton(patterns.map((pattern) => Array.from(pattern.codes)));
  return { mode, automaton, patterns, terms };
}

function* find(sets: readonly TermSet[], size: number, texts: readonly string[]): Steps<readonly number[]> {
  const found = new Uint8Array(size);
  if (size === 0) return [];
  const lengths = sets.flatMap(({ patterns }) => patterns.map(({ codes }) => codes.length));
  const scan: TermScan = {
    sets,
    longest: lengths.reduce((longest, length) => Math.max(longest, length), 0),
    letters: emptyLetters(),
    budget: { steps: BASE_STEPS },
    found,
    isUndecided: false,
  };
  const complete = yield* eachBatch(texts, { words: true }, function* (decoded) {
    const searched: string[] = [];
    scan.isUndecided = false;
    for (const text of decoded) {
      if (isKnown(scan, text, searched)) continue;
      yield* scanText(scan, text, verify);
      searched.push(text);
    }
  });
  // As for an exhausted budget: an agent must not get an approval by stalling the search.
  if (!complete) found.fill(1);
  const indices: number[] = [];
  for (let index = 0; index < size; index++) if (found[index] === 1) indices.push(index);
  return indices;
}

/** Shorter texts are searched before one has looked what is new in them. */
const MIN_COMPARED_CHARACTERS = 512;
/** Of the texts before it, those among which it has its like. */
const COMPARED = 4;

/** Whether a search of the text would find nothing that the search of the others did not. */
function isKnown(scan: TermScan, text: string, searched: readonly string[]): boolean {
  if (scan.isUndecided || searched.length === 0 || text.length < MIN_COMPARED_CHARACTERS) return false;
  const stretches = newStretches(text, searched.slice(-COMPARED), scan.longest);
  if (stretches === null) return false;
  finish(scanText(scan, stretches, propose));
  if (scan.isUndecided) return false;
  // As many as if it had been searched.
  scan.budget.steps += (text.length - stretches.length) * STEPS_PER_LETTER;
  return true;
}
