import { PIECE, type Steps } from "../../base/steps.ts";
import {
  expansion,
  fold,
  foldedUnits,
  IGNORED,
  isExpansion,
  NEWLINE,
  OPTIONAL,
  PUNCTUATION,
  type FoldMode,
  SOFT,
  SPACE,
} from "./fold.ts";

/**
 * A text as its letters. Separators become the width of the gap before the next letter, so that `r e f u n d`,
 * `re-fund` and `refund` are one sequence of letters.
 */
export interface Letters {
  /** Folded codes; only the first `length` are valid. */
  codes: Uint16Array;
  /** Gap before the letter in the two low bits, traits (see fold.ts) above. */
  traits: Uint8Array;
  length: number;
  /** Whether some symbols of a long run were left out, which depends on where the run begins. */
  hasDropped: boolean;
}

export const GAP_BITS = 0x03;
/** Punctuation only: `re-fund`. */
export const GAP_PUNCTUATION = 1;
/** One space, with punctuation or without. */
export const GAP_SPACE = 2;
/** Several spaces, or a line break. */
export const GAP_WIDE = 3;

const UPPER_I = 0x49;
const LOWER_L = 0x6c;

export function emptyLetters(): Letters {
  return { codes: new Uint16Array(0), traits: new Uint8Array(0), length: 0, hasDropped: false };
}

export function hasTrait(letters: Letters, position: number, trait: number): boolean {
  return ((letters.traits[position] ?? 0) & trait) !== 0;
}

export function gapBefore(letters: Letters, position: number): number {
  return (letters.traits[position] ?? 0) & GAP_BITS;
}

/** Where the reading of a text has come to. */
interface Reading {
  /** In the text. */
  index: number;
  gap: number;
  /** Consecutive symbols. */
  symbols: number;
}

/**
 * Reads a text into `into`, whose buffers are reused: one text at a time, no allocation per text. Yields after each piece
 * of it.
 */
export function* readLetters(source: string, mode: FoldMode, into: Letters): Steps<void> {
  const text = composed(source);
  const reading = begun(text, into);
  for (;;) {
    readPiece(text, mode, into, reading, Math.min(text.length, reading.index + PIECE));
    if (reading.index >= text.length) return;
    yield PIECE;
  }
}

/** The same for a short text. */
export function readLettersAtOnce(source: string, mode: FoldMode, into: Letters): void {
  const text = composed(source);
  readPiece(text, mode, into, begun(text, into), text.length);
}

/** Decomposed Hangul would be read as single jamo, which no composed term matches. */
function composed(source: string): string {
  return /[\u1100-\u11ff]/.test(source) ? source.normalize("NFC") : source;
}

function begun(text: string, into: Letters): Reading {
  reserve(into, text.length, 0);
  into.length = 0;
  into.hasDropped = false;
  return { index: 0, gap: GAP_WIDE, symbols: 0 };
}

function readPiece(text: string, mode: FoldMode, into: Letters, reading: Reading, end: number): void {
  const units = foldedUnits(mode);
  let { codes, traits, length } = into;
  let { index, gap, symbols } = reading;
  for (; index < end; index++) {
    const unit = text.charCodeAt(index);
    let folded = units[unit] ?? 0;
    // Most characters are letters without a trait.
    if (folded > IGNORED && folded <= 0xffff && unit !== UPPER_I && unit !== LOWER_L) {
      if (length === codes.length) {
        reserve(into, text.length, length);
        ({ codes, traits } = into);
      }
      codes[length] = folded;
      traits[length++] = gap;
      gap = 0;
      symbols = 0;
      continue;
    }
    if (folded === 0 || (unit >= 0xd800 && unit <= 0xdfff)) {
      const codePoint = text.codePointAt(index) ?? 0;
      if (codePoint > 0xffff) index++;
      folded = fold(codePoint, mode);
    }
    if (folded > IGNORED && !isExpansion(folded)) {
      if (((folded >> 16) & OPTIONAL) !== 0) {
        // Dropped without a gap: the last symbols may be letters of the next word (`$$$$$$ue`).
        if (gap === 0 && isRepeated(codes, length, folded & 0xffff)) continue;
        if (++symbols > MAX_SYMBOLS) {
          dropSymbol(codes, traits, length--);
          into.hasDropped = true;
          symbols--;
        }
      } else {
        symbols = 0;
      }
      if (length === codes.length) {
        reserve(into, text.length, length);
        ({ codes, traits } = into);
      }
      let traitsHere = (folded >> 16) | gap;
      if (unit === UPPER_I || unit === LOWER_L) traitsHere |= softTrait(text, index, unit, gap);
      codes[length] = folded & 0xffff;
      traits[length++] = traitsHere;
      gap = 0;
    } else if (folded === SPACE) {
      gap = gap >= GAP_SPACE ? GAP_WIDE : GAP_SPACE;
    } else if (folded === PUNCTUATION) {
      if (gap === 0) gap = isContraction(text, index) ? GAP_SPACE : GAP_PUNCTUATION;
    } else if (folded === NEWLINE) {
      // A word hyphenated at the end of a line goes on in the next.
      if (gap !== GAP_PUNCTUATION || !endsInHyphen(text, index)) gap = GAP_WIDE;
    } else if (isExpansion(folded)) {
      for (const part of expansion(folded, mode)) {
        if (part <= IGNORED) {
          gap = Math.max(gap, part === PUNCTUATION ? GAP_PUNCTUATION : GAP_SPACE);
          continue;
        }
        if (length === codes.length) {
          reserve(into, text.length, length);
          ({ codes, traits } = into);
        }
        codes[length] = part & 0xffff;
        traits[length++] = (part >> 16) | gap;
        gap = 0;
      }
    }
  }
  into.length = length;
  reading.index = index;
  reading.gap = gap;
  reading.symbols = symbols;
}

function reserve(letters: Letters, extra: number, used: number): void {
  if (letters.codes.length >= used + extra && used === 0) return;
  const size = used + extra + 64;
  const codes = new Uint16Array(size);
  const traits = new Uint8Array(size);
  codes.set(letters.codes.subarray(0, used));
  traits.set(letters.traits.subarray(0, used));
  letters.codes = codes;
  letters.traits = traits;
}

/** Consecutive symbols that stay. Longer runs are ornament, and every symbol adds to the cost of the search. */
const MAX_SYMBOLS = 12;
/** Of these the leading ones, which may end the word before; the others may begin the next. */
const FIRST_SYMBOLS = 4;

/** No word writes three letters in a row with the same symbol. */
function isRepeated(codes: Uint16Array, length: number, code: number): boolean {
  return length >= 2 && codes[length - 1] === code && codes[length - 2] === code;
}

function dropSymbol(codes: Uint16Array, traits: Uint8Array, length: number): void {
  const dropped = length - MAX_SYMBOLS + FIRST_SYMBOLS;
  codes.copyWithin(dropped, dropped + 1, length);
  traits.copyWithin(dropped, dropped + 1, length);
}

function isSmall(unit: number): boolean {
  return unit >= 0x61 && unit <= 0x7a;
}

/** `guIlty` hides an l behind a capital I, `lnvoice` an I behind an l; `MAIL` and `hall` hide nothing. */
function softTrait(text: string, index: number, unit: number, gap: number): number {
  const beforeSmall = isSmall(text.charCodeAt(index + 1));
  if (unit === LOWER_L) return gap > 0 && beforeSmall ? SOFT : 0;
  return (gap > 0 && beforeSmall) || (gap === 0 && isSmall(text.charCodeAt(index - 1))) ? SOFT : 0;
}

const APOSTROPHES = "'\u2019\u2018\u02bc`";
const CONTRACTION = /^(?:s|t|d|m|ll|re|ve)(?![\p{L}\p{N}])/iu;

/** `he'll` is two words, or every text with it would hold "hell"; `re'fund` is one. */
function isContraction(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  // Most punctuation is a full stop or a comma.
  if (unit < 0x80 && unit !== 0x27 && unit !== 0x60) return false;
  return APOSTROPHES.includes(text.charAt(index)) && CONTRACTION.test(text.slice(index + 1, index + 5));
}

function endsInHyphen(text: string, index: number): boolean {
  const before = text.charAt(text.charAt(index - 1) === "\r" ? index - 2 : index - 1);
  return before === "-" || before === "\u2010";
}
