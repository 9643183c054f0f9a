import { err, ok, type Result } from "../../base/result.ts";
import { finish, PIECE, type Steps } from "../../base/steps.ts";
import { type Budget, type Pattern, matchesAt } from "./alignment.ts";
import { type TermAutomaton, buildTermAutomaton, nextNode, symbolFor } from "./automaton.ts";
import { eachBatch } from "../decoding/decodings.ts";
import { OPTIONAL, type FoldMode, UNSPACED } from "./fold.ts";
import { emptyLetters, GAP_BITS, type Letters, readLetters, readLettersAtOnce } from "./letters.ts";
import { readPattern } from "./pattern.ts";

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
/** Verification steps per letter of text: ten times what ordinary text needs. */
const STEPS_PER_LETTER = 16;
const BASE_STEPS = 100_000;

/** Terms of one fold mode, and the automaton that looks for them. */
interface Search {
  readonly mode: FoldMode;
  readonly automaton: TermAutomaton;
  readonly patterns: readonly Pattern[];
  /** Which term each pattern is. */
  readonly terms: readonly number[];
}

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
  const searches = [searchFor(patterns, "latin"), searchFor(patterns, "native")].filter(
    (search) => search.patterns.length > 0,
  );
  const findInSteps = (texts: readonly string[]) => find(searches, terms.length, texts);
  return ok({ size: terms.length, find: (texts) => finish(findInSteps(texts)), findInSteps });
}

function searchFor(all: readonly Pattern[], mode: FoldMode): Search {
  const terms: number[] = [];
  for (const [index, pattern] of all.entries()) {
    if (pattern.native === (mode === "native")) terms.push(index);
  }
  const patterns = terms.flatMap((index) => all[index] ?? []);
  const automaton = buildTermAutomaton(patterns.map((pattern) => Array.from(pattern.codes)));
  return { mode, automaton, patterns, terms };
}

function* find(
  searches: readonly Search[],
  size: number,
  texts: readonly string[],
): Steps<readonly number[]> {
  const found = new Uint8Array(size);
  if (size === 0) return [];
  const letters = emptyLetters();
  const budget: Budget = { steps: BASE_STEPS };
  const complete = yield* eachBatch(texts, { words: true }, function* (decoded) {
    for (const text of decoded) {
      for (const search of searches) {
        if (text.length > PIECE) yield* readLetters(text, search.mode, letters);
        else readLettersAtOnce(text, search.mode, letters);
        budget.steps += letters.length * STEPS_PER_LETTER;
        // A generator costs a short text as much as its search.
        if (letters.length > PIECE) yield* scan(search, letters, budget, found);
        else scanPiece(search, letters, budget, found, { node: 0, nodes: [] }, 0);
      }
    }
  });
  // As for an exhausted budget: an agent must not get an approval by stalling the search.
  if (!complete) found.fill(1);
  const indices: number[] = [];
  for (let index = 0; index < size; index++) if (found[index] === 1) indices.push(index);
  return indices;
}

/** Where a scan has come to. */
interface Scan {
  node: number;
  /** The nodes of all interpretations of a symbol, as letter or boundary; empty while there is only one. */
  nodes: number[];
}

function* scan(search: Search, letters: Letters, budget: Budget, found: Uint8Array): Steps<void> {
  const state: Scan = { node: 0, nodes: [] };
  for (let position = 0; position < letters.length; position += PIECE) {
    scanPiece(search, letters, budget, found, state, position);
    yield Math.min(letters.length - position, PIECE);
  }
}

function scanPiece(
  search: Search,
  letters: Letters,
  budget: Budget,
  found: Uint8Array,
  state: Scan,
  begin: number,
): void {
  const { automaton } = search;
  const { asciiSymbols, table, width, ends } = automaton;
  const { codes, traits, length } = letters;
  const isTable = table.length > 0;
  const end = Math.min(length, begin + PIECE);
  let { node, nodes } = state;
  let spare: number[] = [];
  for (let position = begin; position < end; position++) {
    const code = codes[position] ?? 0;
    const trait = traits[position] ?? 0;
    const symbol = code < 0x80 ? (asciiSymbols[code] ?? 0) : symbolFor(automaton, code);
    if (nodes.length === 0 && (trait & OPTIONAL) === 0) {
      node = isTable ? (table[node * width + symbol] ?? 0) : nextNode(automaton, node, symbol);
      if (ends[node] !== 0 && endsAWord(traits, length, position)) {
        verify(search, letters, node, position, budget, found);
      }
      continue;
    }
    if (nodes.length === 0) nodes.push(node);
    spare.length = 0;
    for (const from of nodes) {
      const next = nextNode(automaton, from, symbol);
      if (spare.includes(next)) continue;
      spare.push(next);
      if (ends[next] !== 0 && endsAWord(traits, length, position)) {
        verify(search, letters, next, position, budget, found);
      }
    }
    if ((trait & OPTIONAL) !== 0) {
      for (const skipped of nodes) if (!spare.includes(skipped)) spare.push(skipped);
    }
    [nodes, spare] = [spare, nodes];
    if (nodes.length > 1) continue;
    node = nodes[0] ?? 0;
    nodes.length = 0;
  }
  state.node = node;
  state.nodes = nodes;
}

function endsAWord(traits: Uint8Array, length: number, position: number): boolean {
  if (position + 1 >= length) return true;
  const next = traits[position + 1] ?? 0;
  return (next & (GAP_BITS | OPTIONAL | UNSPACED)) !== 0 || ((traits[position] ?? 0) & UNSPACED) !== 0;
}

function verify(
  search: Search,
  letters: Letters,
  node: number,
  position: number,
  budget: Budget,
  found: Uint8Array,
): void {
  const { automaton, patterns, terms } = search;
  let end = automaton.ends[node] ?? 0;
  while (end !== 0) {
    for (const index of automaton.patternsAt.get(end) ?? []) {
      const term = terms[index] ?? 0;
      const pattern = patterns[index];
      if (pattern === undefined || found[term] === 1) continue;
      if (matchesAt(letters, pattern, position, budget)) found[term] = 1;
    }
    end = automaton.ends[automaton.failure[end] ?? 0] ?? 0;
  }
}
