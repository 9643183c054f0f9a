import { DIGIT, FOREIGN, OPTIONAL, SOFT, UNSPACED } from "./fold.ts";
import { GAP_PUNCTUATION, GAP_SPACE, gapBefore, hasTrait, type Letters } from "./letters.ts";
import { standsFor } from "./lookalike-classes.ts";
import { isForeignText, isInCode, isInDigest, isPartOfSpelling } from "./surroundings.ts";

/** A term as its letters. */
export interface Pattern {
  readonly codes: Uint16Array;
  /** Where each word starts in `codes`, and the length at the end. */
  readonly words: readonly number[];
  /** Not written in Latin letters. */
  readonly native: boolean;
  readonly hasLetter: boolean;
  readonly hasDigit: boolean;
}

/** Steps that all verifications of one search may take together: what makes the search linear in its input. */
export interface Budget {
  steps: number;
}

/** Shorter terms count as part of their surroundings where those look like a digest or spelled-out letters. */
const SHORT_TERM_LETTERS = 5;
/** `refundguaranteed` is a term without its space; `therapist` must not become one too easily. */
const MIN_RUN_TOGETHER_LETTERS = 8;
/** `re-fund` is one word; below this length it is too likely to be two. */
const MIN_REJOINED_LETTERS = 4;
const MIN_CHUNKED_LETTERS = 5;
const MIN_SPELLED_LETTERS = 3;
const MIN_HALVED_LETTERS = 6;
/**
 * Verifies a match of letter classes that ends at letter `end`: each written letter must be able to stand for the
 * pattern's, symbols count as letters or as boundaries, and gaps must be where a human reader would accept them.
 */
export function matchesAt(letters: Letters, pattern: Pattern, end: number, budget: Budget): boolean {
  const last = pattern.codes.length - 1;
  const at = new Int32Array(last + 1);
  return matchesLetter(letters, pattern, last, end) && alignBefore(letters, pattern, at, last, end, budget);
}

function alignBefore(
  letters: Letters,
  pattern: Pattern,
  at: Int32Array,
  index: number,
  position: number,
  budget: Budget,
): boolean {
  at[index] = position;
  if (index === 0) return isAcceptable(letters, pattern, at);
  for (let before = position - 1; before >= 0; before--) {
    // An exhausted budget counts as a match: an agent must not get an approval by stalling the search.
    if (budget.steps-- <= 0) return true;
    if (
      matchesLetter(letters, pattern, index - 1, before) &&
      alignBefore(letters, pattern, at, index - 1, before, budget)
    ) {
      return true;
    }
    if (!hasTrait(letters, before, OPTIONAL)) return false;
  }
  return false;
}

const LETTER_I = 0x69;
const LETTER_L = 0x6c;
const LETTER_O = 0x6f;

function matchesLetter(letters: Letters, pattern: Pattern, index: number, position: number): boolean {
  const written = letters.codes[position] ?? 0;
  const wanted = pattern.codes[index] ?? 0;
  if (written === wanted) return true;
  if (wanted >= 0x30 && wanted <= 0x39) return matchesDigit(pattern, written, wanted);
  if (standsFor(written, wanted)) return true;
  if (hasTrait(letters, position, SOFT)) {
    if (written === LETTER_I && wanted === LETTER_L) return true;
    return written === LETTER_L && wanted === LETTER_I && pattern.codes.length >= SHORT_TERM_LETTERS;
  }
  // A term written with a symbol in it (`a$$`) means the letter.
  return wanted < 0x61 && standsFor(wanted, written);
}

/** `fr33` is `free`, but `c4` is not `ca`, and `100` is `l00` only if a digit is left in it. */
function matchesDigit(pattern: Pattern, written: number, wanted: number): boolean {
  if (wanted === 0x30 && written === LETTER_O) return true;
  if (wanted === 0x31 && (written === LETTER_L || written === LETTER_I)) return true;
  return pattern.hasLetter && pattern.codes.length >= 4 && standsFor(wanted, written);
}

function isAcceptable(letters: Letters, pattern: Pattern, at: Int32Array): boolean {
  if (!startsAWord(letters, at[0] ?? 0)) return false;
  if (!hasSubstance(letters, pattern, at)) return false;
  let spelledGap = 0;
  for (let word = 0; word + 1 < pattern.words.length; word++) {
    const from = pattern.words[word] ?? 0;
    const to = pattern.words[word + 1] ?? 0;
    if (word > 0 && !separates(letters, pattern, at, from)) return false;
    const spelled = gapInWord(letters, at, from, to);
    if (spelled === null) return false;
    spelledGap = Math.max(spelledGap, spelled);
  }
  if (pattern.codes.length >= SHORT_TERM_LETTERS) return true;
  if (hasOperator(letters, pattern, at, spelledGap)) return false;
  if (spelledGap > 0 && isMostlyDigits(letters, at, spelledGap)) return false;
  if (spelledGap > 0 && isPartOfSpelling(letters, at, spelledGap)) return false;
  return !isInCode(letters, at) && !isInDigest(letters, at);
}

function startsAWord(letters: Letters, first: number): boolean {
  if (first === 0 || gapBefore(letters, first) > 0) return true;
  if (hasTrait(letters, first, UNSPACED)) return true;
  return hasTrait(letters, first - 1, OPTIONAL | UNSPACED);
}

/** Digits and symbols alone are numbers and prices, not words; and a foreign word may only look like a term. */
function hasSubstance(letters: Letters, pattern: Pattern, at: Int32Array): boolean {
  let plain = 0;
  let digits = 0;
  let foreign = 0;
  for (const position of at) {
    if (hasTrait(letters, position, DIGIT)) digits++;
    else if (!hasTrait(letters, position, OPTIONAL)) plain++;
    if (hasTrait(letters, position, FOREIGN)) foreign++;
  }
  if (pattern.native) return foreign > 0;
  if (pattern.hasDigit && digits === 0) {
    return !/^\d+$/.test(String.fromCharCode(...pattern.codes)) && plain > 0;
  }
  if (pattern.hasLetter && plain === 0) return false;
  // Short words of other scripts made of lookalikes only (Russian сор) are words of their language.
  return foreign < at.length || pattern.codes.length >= SHORT_TERM_LETTERS || !isForeignText(letters, at);
}

/** The gap a reader sees between two letters of the match; a symbol read as a boundary is one. */
function gapBetween(letters: Letters, from: number, to: number): number {
  // Scripts without spaces: a blank between two letters is no word boundary.
  if (to === from + 1 && hasTrait(letters, from, UNSPACED) && hasTrait(letters, to, UNSPACED)) return 0;
  let gap = to > from + 1 ? GAP_PUNCTUATION : 0;
  for (let position = from + 1; position <= to; position++) gap = Math.max(gap, gapBefore(letters, position));
  return gap;
}

function separates(letters: Letters, pattern: Pattern, at: Int32Array, index: number): boolean {
  if (gapBetween(letters, at[index - 1] ?? 0, at[index] ?? 0) > 0) return true;
  if (hasTrait(letters, at[index] ?? 0, UNSPACED)) return true;
  return pattern.codes.length >= MIN_RUN_TOGETHER_LETTERS;
}

/**
 * How one word is written: whole (0), or spelled out or rejoined across gaps (the widest gap), or in pieces that
 * are no spelling of it (null).
 */
function gapInWord(letters: Letters, at: Int32Array, from: number, to: number): number | null {
  let gaps = 0;
  let widest = 0;
  let piece = 1;
  let longestPiece = 1;
  let shortestPiece = to - from;
  for (let index = from + 1; index < to; index++) {
    const gap = gapBetween(letters, at[index - 1] ?? 0, at[index] ?? 0);
    if (gap > 0) {
      gaps++;
      widest = Math.max(widest, gap);
      shortestPiece = Math.min(shortestPiece, piece);
      piece = 0;
    }
    piece++;
    longestPiece = Math.max(longestPiece, piece);
  }
  shortestPiece = Math.min(shortestPiece, piece);
  const length = to - from;
  if (gaps === 0) return 0;
  if (gaps === length - 1 && (length >= MIN_SPELLED_LETTERS || widest === GAP_PUNCTUATION)) return widest;
  if (widest === GAP_PUNCTUATION) return length >= MIN_REJOINED_LETTERS ? widest : null;
  if (longestPiece <= 2 && gaps >= 2 && length >= MIN_CHUNKED_LETTERS) return widest;
  // One blank in a word (`law suit`, `guar anteed`); not a single letter cut off, which would be an article.
  const isHalved = gaps === 1 && widest === GAP_SPACE && shortestPiece >= 2;
  return isHalved && length >= MIN_HALVED_LETTERS ? widest : null;
}

/** `d || !e` and `t|T` are code: in short words these signs are letters only inside a longer one (`k!ll`). */
function hasOperator(letters: Letters, pattern: Pattern, at: Int32Array, spelledGap: number): boolean {
  const signs = spelledGap > 0 ? "!|+" : pattern.codes.length <= 3 ? "|+" : "";
  return (
    signs !== "" && at.some((position) => signs.includes(String.fromCharCode(letters.codes[position] ?? 0)))
  );
}

/** `i + 1 - 1` and `H<E11` spell nothing: most of a short word in pieces must be letters (but `5_u_3` is one). */
function isMostlyDigits(letters: Letters, at: Int32Array, spelledGap: number): boolean {
  if (at.length <= MIN_SPELLED_LETTERS && spelledGap === GAP_PUNCTUATION) return false;
  return at.filter((position) => hasTrait(letters, position, DIGIT)).length * 2 >= at.length;
}
