import { BETWEEN_TEXTS } from "../decoding/barrier.ts";
import { withoutOctets } from "../decoding/escapes.ts";

/*
 * What is new in a reading of a text beside another reading that was searched. Both are mostly the same letters, so a
 * term of this one either was a candidate there, or is in a stretch around a difference.
 *
 * The automaton sees letters and no gaps, and passes over symbols: which terms it proposes for verification does not
 * depend on what stands between the letters, but for the gap behind the last one.
 */

/** A longer one is searched whole: looking for what is new is one piece of work. */
const MAX_CHARACTERS = 1024 * 1024;
/** Letters beyond the longest term: the next one, and two that decide whether a symbol is a repetition. */
const BESIDE_TERM_LETTERS = 3;

const OCTETS = /(?:=[0-9A-F]{2})+/g;
const SOFT_BREAK = /=\r?\n/;
/** Conjoining jamo: the text's letters are those of its composed form. */
const JAMO = /[\u1100-\u11ff]/;

/**
 * The stretches of a text that hold every term for which the automaton proposes more than in one of the texts that were
 * searched; empty without any, and null where the whole text must be searched.
 *
 * @param longest letters of the longest term
 */
export function newStretches(text: string, searched: readonly string[], longest: number): string | null {
  if (text.length > MAX_CHARACTERS || JAMO.test(text)) return null;
  // Halves of a surrogate pair would meet.
  if (searched.some((one) => isWithoutBreaks(text, one) && one.isWellFormed())) return "";
  return isWithOctets(text, searched) ? stretchesAround(text, OCTETS, longest + BESIDE_TERM_LETTERS) : null;
}

const NEWLINE = 0x0a;

/** Whether it is another text without some of its line breaks, which only makes gaps narrower. */
function isWithoutBreaks(text: string, other: string): boolean {
  if (text.length >= other.length || other.length > 2 * text.length) return false;
  let index = 0;
  for (let at = 0; at < other.length; at++) {
    const unit = other.charCodeAt(at);
    if (index < text.length && text.charCodeAt(index) === unit) index++;
    else if (unit !== NEWLINE) return false;
  }
  return index === text.length;
}

/** Whether another text is this one with its quoted-printable octets decoded, and nothing else. */
function isWithOctets(text: string, searched: readonly string[]): boolean {
  if (text.search(OCTETS) < 0 || SOFT_BREAK.test(text)) return false;
  return searched.length > 0 && searched.includes(withoutOctets(text));
}

/**
 * Each difference with so many letters on both sides: a term that touches it has no more. Only letters and digits of
 * ASCII count, which are one letter each in any place, and a stretch begins and ends with one, so that it cuts no run of
 * symbols. Null where little is left out.
 */
function stretchesAround(text: string, differences: RegExp, letters: number): string | null {
  const stretches: string[] = [];
  let start = 0;
  let end = -1;
  let size = 0;
  for (const { 0: difference, index } of text.matchAll(differences)) {
    const from = before(text, index, Math.max(0, end), letters);
    if (from > end) {
      if (end >= 0) stretches.push(text.slice(start, end));
      start = from;
    }
    // One that ended behind this difference is counted anew from it.
    const reached = behind(text, index + difference.length, letters);
    size += reached - Math.max(from, end);
    end = reached;
    if (size > text.length / 2) return null;
  }
  if (end >= 0) stretches.push(text.slice(start, end));
  return stretches.join(BETWEEN_TEXTS);
}

/** Where so many letters before an index begin, or the limit. */
function before(text: string, index: number, limit: number, letters: number): number {
  let left = letters;
  let at = index;
  while (at > limit && left > 0) if (isAlphanumeric(text.charCodeAt(--at))) left--;
  return at;
}

/** Where so many letters from an index on end, or the text. */
function behind(text: string, index: number, letters: number): number {
  let left = letters;
  let at = index;
  while (at < text.length && left > 0) if (isAlphanumeric(text.charCodeAt(at++))) left--;
  return at;
}

function isAlphanumeric(unit: number): boolean {
  const small = unit | 0x20;
  return (unit >= 0x30 && unit <= 0x39) || (small >= 0x61 && small <= 0x7a);
}
