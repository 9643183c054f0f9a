import { PIECE, type Steps } from "../../base/steps.ts";
import { type Budget, type Pattern, matchesAt } from "./alignment.ts";
import { type TermAutomaton, nextNode, symbolFor } from "./automaton.ts";
import { OPTIONAL, type FoldMode, UNSPACED } from "./fold.ts";
import { GAP_BITS, type Letters, readLetters, readLettersAtOnce } from "./letters.ts";

/** Verification steps per letter of text: ten times what ordinary text needs. */
export const STEPS_PER_LETTER = 16;

/** Terms of one fold mode, and the automaton that looks for them. */
export interface TermSet {
  readonly mode: FoldMode;
  readonly automaton: TermAutomaton;
  readonly patterns: readonly Pattern[];
  /** Which term each pattern is. */
  readonly terms: readonly number[];
}

/** What one call looks for, and what it found. */
export interface TermScan {
  readonly sets: readonly TermSet[];
  /** Letters of the longest term. */
  readonly longest: number;
  readonly letters: Letters;
  readonly budget: Budget;
  /** 1 for a term that was found. */
  readonly found: Uint8Array;
  /** A term was proposed and not found, or symbols were left out: where other letters are around them it may be one. */
  isUndecided: boolean;
}

type OnCandidate = (scan: TermScan, set: TermSet, node: number, position: number) => void;

/** Reads a text, and proposes each node of the automaton at which terms end. */
export function* scanText(scan: TermScan, text: string, onCandidate: OnCandidate): Steps<void> {
  const { letters, budget } = scan;
  for (const set of scan.sets) {
    if (text.length > PIECE) yield* readLetters(text, set.mode, letters);
    else readLettersAtOnce(text, set.mode, letters);
    if (letters.hasDropped) scan.isUndecided = true;
    budget.steps += letters.length * STEPS_PER_LETTER;
    // A generator costs a short text as much as its search.
    if (letters.length > PIECE) yield* scanPieces(scan, set, onCandidate);
    else scanPiece(scan, set, onCandidate, { node: 0, nodes: [] }, 0);
  }
}

/** Where a scan has come to. */
interface Position {
  node: number;
  /** The nodes of all interpretations of a symbol, as letter or boundary; empty while there is only one. */
  nodes: number[];
}

function* scanPieces(scan: TermScan, set: TermSet, onCandidate: OnCandidate): Steps<void> {
  const state: Position = { node: 0, nodes: [] };
  const { length } = scan.letters;
  for (let position = 0; position < length; position += PIECE) {
    scanPiece(scan, set, onCandidate, state, position);
    yield Math.min(length - position, PIECE);
  }
}

function scanPiece(
  scan: TermScan,
  set: TermSet,
  onCandidate: OnCandidate,
  state: Position,
  begin: number,
): void {
  const { automaton } = set;
  const { asciiSymbols, table, width, ends } = automaton;
  const { codes, traits, length } = scan.letters;
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
        onCandidate(scan, set, node, position);
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
        onCandidate(scan, set, next, position);
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

/** Takes the terms that end here as found, where a reader sees them. */
export function verify(scan: TermScan, set: TermSet, node: number, position: number): void {
  const { letters, budget, found } = scan;
  const { automaton, patterns, terms } = set;
  let end = automaton.ends[node] ?? 0;
  while (end !== 0) {
    for (const index of automaton.patternsAt.get(end) ?? []) {
      const term = terms[index] ?? 0;
      const pattern = patterns[index];
      if (pattern === undefined || found[term] === 1) continue;
      if (matchesAt(letters, pattern, position, budget)) found[term] = 1;
      else scan.isUndecided = true;
    }
    end = automaton.ends[automaton.failure[end] ?? 0] ?? 0;
  }
}

/** Verifies nothing: what surrounds a stretch is not known in it. */
export function propose(scan: TermScan, set: TermSet, node: number): void {
  const { automaton, terms } = set;
  let end = automaton.ends[node] ?? 0;
  while (end !== 0) {
    for (const index of automaton.patternsAt.get(end) ?? []) {
      if (scan.found[terms[index] ?? 0] !== 1) scan.isUndecided = true;
    }
    end = automaton.ends[automaton.failure[end] ?? 0] ?? 0;
  }
}
