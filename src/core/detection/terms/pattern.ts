import type { Pattern } from "./alignment.ts";
import { withoutBarriers } from "../decoding/barrier.ts";
import { DIGIT, OPTIONAL, type FoldMode } from "./fold.ts";
import { emptyLetters, GAP_BITS, type Letters, readLettersAtOnce } from "./letters.ts";

/** Compiles a term for the automaton; null when it has no letter and no digit. */
export function readPattern(term: string): Pattern | null {
  const mode = foldModeOf(term);
  const letters = emptyLetters();
  readLettersAtOnce(withoutBarriers(term), mode, letters);
  const codes: number[] = [];
  const words: number[] = [];
  let gap = true;
  let hasLetter = false;
  let hasDigit = false;
  for (let position = 0; position < letters.length; position++) {
    const trait = letters.traits[position] ?? 0;
    if ((trait & GAP_BITS) !== 0) gap = true;
    if ((trait & OPTIONAL) !== 0 && !isLetterInTerm(letters, position)) {
      gap = true;
      continue;
    }
    if (gap) words.push(codes.length);
    gap = false;
    codes.push(letters.codes[position] ?? 0);
    if ((trait & DIGIT) !== 0) hasDigit = true;
    else if ((trait & OPTIONAL) === 0) hasLetter = true;
  }
  if (!hasLetter && !hasDigit) return null;
  return {
    codes: Uint16Array.from(codes),
    words: [...words, codes.length],
    native: mode === "native",
    hasLetter,
    hasDigit,
  };
}

/** A term with a Latin letter in it is Latin, even with a lookalike typed by mistake. */
function foldModeOf(term: string): FoldMode {
  const normal = term.normalize("NFKC");
  return /\p{L}/u.test(normal) && !/\p{Script=Latin}/u.test(normal) ? "native" : "latin";
}

/** `a$$` and `$ue` mean letters, `refund!` and `100+` do not. */
function isLetterInTerm(letters: Letters, position: number): boolean {
  const code = letters.codes[position] ?? 0;
  const before = reachesLetter(letters, position, -1);
  const after = reachesLetter(letters, position, 1);
  return code === 0x24 || code === 0x40 ? before || after : before && after;
}

function reachesLetter(letters: Letters, position: number, step: 1 | -1): boolean {
  for (let at = position; at >= 0 && at < letters.length; at += step) {
    const next = at + step;
    const gapHolder = step === 1 ? next : at;
    if (next < 0 || next >= letters.length) return false;
    if (((letters.traits[gapHolder] ?? 0) & GAP_BITS) !== 0) return false;
    const trait = letters.traits[next] ?? 0;
    if ((trait & OPTIONAL) === 0) return (trait & DIGIT) === 0;
  }
  return false;
}
