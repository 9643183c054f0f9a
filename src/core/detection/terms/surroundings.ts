import { DIGIT, FOREIGN, OPTIONAL } from "./fold.ts";
import { GAP_PUNCTUATION, GAP_SPACE, GAP_WIDE, gapBefore, hasTrait, type Letters } from "./letters.ts";

/*
 * Checks on the letters around a match of a short term. In each, `at` is the position of every matched letter.
 */

/** How far a short term looks around for a digest, in letters to each side. */
const SURROUNDINGS_LETTERS = 48;

export function isForeignText(letters: Letters, at: Int32Array): boolean {
  const first = at[0] ?? 0;
  const last = at[at.length - 1] ?? 0;
  let foreign = 0;
  let latin = 0;
  const until = Math.min(letters.length, last + SURROUNDINGS_LETTERS);
  for (let position = Math.max(0, first - SURROUNDINGS_LETTERS); position < until; position++) {
    if (position >= first && position <= last) continue;
    if (hasTrait(letters, position, FOREIGN)) foreign++;
    else latin++;
  }
  return foreign > latin;
}

/** `i s s u e` spells issue, not sue: a short spelled-out term must not be the rest of a longer one. */
export function isPartOfSpelling(letters: Letters, at: Int32Array, spelledGap: number): boolean {
  const first = at[0] ?? 0;
  const last = at[at.length - 1] ?? 0;
  const limit = Math.min(spelledGap, GAP_SPACE);
  const before = first > 0 && gapBefore(letters, first) <= limit && isAlone(letters, first - 1);
  const after =
    last + 1 < letters.length && gapBefore(letters, last + 1) <= limit && isAlone(letters, last + 1);
  return before || after;
}

function isAlone(letters: Letters, position: number): boolean {
  if (hasTrait(letters, position, OPTIONAL)) return false;
  const gapAfter = position + 1 < letters.length ? gapBefore(letters, position + 1) : GAP_WIDE;
  return gapBefore(letters, position) > 0 && gapAfter > 0;
}

/** `SKU-1234-A55`: mostly digits, and tied to more of them. */
export function isInCode(letters: Letters, at: Int32Array): boolean {
  if (at.filter((position) => hasTrait(letters, position, DIGIT)).length * 2 <= at.length) return false;
  const first = at[0] ?? 0;
  const last = at[at.length - 1] ?? 0;
  const before = gapBefore(letters, first) <= GAP_PUNCTUATION && hasTrait(letters, first - 1, DIGIT);
  const after = gapBefore(letters, last + 1) <= GAP_PUNCTUATION && hasTrait(letters, last + 1, DIGIT);
  return before || (after && last + 1 < letters.length);
}

/** In a digest, a UUID or a base64 blob every short word turns up sooner or later. */
export function isInDigest(letters: Letters, at: Int32Array): boolean {
  let first = at[0] ?? 0;
  let last = at[at.length - 1] ?? 0;
  const stopAt = Math.max(0, first - SURROUNDINGS_LETTERS);
  const stopBy = Math.min(letters.length - 1, last + SURROUNDINGS_LETTERS);
  while (first > stopAt && gapBefore(letters, first) <= GAP_PUNCTUATION) first--;
  while (last < stopBy && gapBefore(letters, last + 1) <= GAP_PUNCTUATION) last++;
  if (isHex(letters, first, last)) return true;
  if (last - first < 24) return false;
  let changes = 0;
  for (let position = first + 1; position <= last; position++) {
    if (hasTrait(letters, position, DIGIT) !== hasTrait(letters, position - 1, DIGIT)) changes++;
  }
  // One change in eight letters: more than any path or sentence has, less than random text does.
  return changes * 8 >= last - first;
}

/** Groups of an IPv6 or MAC address, a UUID, a digest: hexadecimal throughout, and not without a digit. */
function isHex(letters: Letters, first: number, last: number): boolean {
  if (last - first < 11) return false;
  let digits = 0;
  for (let position = first; position <= last; position++) {
    const code = letters.codes[position] ?? 0;
    if (hasTrait(letters, position, DIGIT)) digits++;
    else if (code < 0x61 || code > 0x66) return false;
  }
  return digits > 2;
}
