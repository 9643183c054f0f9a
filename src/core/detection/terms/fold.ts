import { BARRIER } from "../decoding/barrier.ts";
import { latinLookalike } from "../../base/confusables.ts";

/**
 * Results of folding a code point for the matcher. Small numbers are not letters; any other number is a letter: its
 * folded code in the low 16 bits, its traits above. A number at or over `EXPANSION` stands for several letters.
 */
export const PUNCTUATION = 1;
export const SPACE = 2;
export const NEWLINE = 3;
export const IGNORED = 4;

/** May also be read as a boundary: `!` is an i or the end of a sentence. */
export const OPTIONAL = 0x04;
/** Of a script written without spaces: words may begin and end anywhere. */
export const UNSPACED = 0x08;
/** Looks like its neighbour in the alphabet: a capital I among small letters, a small l at a word's start. */
export const SOFT = 0x10;
export const DIGIT = 0x20;
/** Written in a letter of another script, or not Latin at all. */
export const FOREIGN = 0x40;

const TRAITS_SHIFT = 16;
const EXPANSION = 1 << 28;
const UNKNOWN = 0;

/**
 * `latin` reads lookalikes in the case they are written in (Greek Η as h), for terms in Latin letters; `native`
 * folds case first, so that a Greek or Russian term matches in any case, with Latin lookalikes in it or not.
 */
export type FoldMode = "latin" | "native";

/** Symbols that stand for a letter and are punctuation as often. The ASCII ones keep their own code. */
const OPTIONAL_SYMBOLS: ReadonlyMap<string, string> = new Map([
  ["!", "!"],
  ["|", "|"],
  ["@", "@"],
  ["$", "$"],
  ["+", "+"],
  ["¡", "!"],
  ["€", "e"],
  ["¢", "c"],
  ["¥", "y"],
  ["§", "s"],
  ["©", "c"],
  ["®", "r"],
  ["£", "l"],
  ["°", "o"],
  ["†", "t"],
  ["‡", "t"],
  ["×", "x"],
]);

interface FoldTable {
  /** By code unit; 0 where not computed yet. */
  readonly units: Int32Array;
  readonly astral: Map<number, number>;
  readonly expansions: (readonly number[])[];
}

const TABLES: Readonly<Record<FoldMode, FoldTable>> = { latin: emptyTable(), native: emptyTable() };

function emptyTable(): FoldTable {
  return { units: new Int32Array(0x10000), astral: new Map(), expansions: [] };
}

/** Folded forms by code unit, to be read directly in hot loops; 0 means: call `fold`. */
export function foldedUnits(mode: FoldMode): Int32Array {
  return TABLES[mode].units;
}

/** @returns one of the constants above, a letter, or an expansion; cached, because it depends on Unicode alone. */
export function fold(codePoint: number, mode: FoldMode): number {
  const ideograph = foldedIdeograph(codePoint);
  if (ideograph !== UNKNOWN && (mode === "native" || latinLookalike(codePoint) === undefined)) {
    return ideograph;
  }
  const table = TABLES[mode];
  const known = codePoint < 0x10000 ? table.units[codePoint] : table.astral.get(codePoint);
  if (known !== undefined && known !== UNKNOWN) return known;
  const folded = computeFold(codePoint, mode, table);
  if (codePoint < 0x10000) table.units[codePoint] = folded;
  else table.astral.set(codePoint, folded);
  return folded;
}

/**
 * Folds the largest blocks by range: computing and caching each code point would let an agent's text of a million
 * different characters take seconds and exhaust the memory.
 */
function foldedIdeograph(codePoint: number): number {
  if (codePoint < 0x3400) return UNKNOWN;
  const isHanOrHangul =
    (codePoint <= 0x9fff && (codePoint < 0x4dc0 || codePoint >= 0x4e00)) ||
    (codePoint >= 0xac00 && codePoint <= 0xd7a3) ||
    // U+2F800 to U+2FA1F are compatibility ideographs, which decompose.
    (codePoint >= 0x20000 && codePoint <= 0x3ffff && (codePoint < 0x2f800 || codePoint > 0x2fa1f));
  if (isHanOrHangul) return codeOf(codePoint) | ((UNSPACED | FOREIGN) << TRAITS_SHIFT);
  if (codePoint < 0x40000) return UNKNOWN;
  // Unassigned planes; tags and variation selectors; private use.
  return codePoint >= 0xe0000 && codePoint <= 0xe0fff ? IGNORED : PUNCTUATION;
}

export function isExpansion(folded: number): boolean {
  return folded >= EXPANSION;
}

/** The parts of an expansion, each a letter or one of the constants above. */
export function expansion(folded: number, mode: FoldMode): readonly number[] {
  return TABLES[mode].expansions[folded - EXPANSION] ?? [];
}

function computeFold(codePoint: number, mode: FoldMode, table: FoldTable): number {
  const parts: number[] = [];
  for (const character of decomposed(codePoint, mode)) parts.push(...classify(character, mode));
  const letters = parts.filter((part) => part !== IGNORED);
  const [first] = letters;
  if (first === undefined) return IGNORED;
  // Compatibility spaces decompose to a space and a mark; one part needs no expansion.
  if (letters.length === 1) return first;
  table.expansions.push(letters);
  return EXPANSION + table.expansions.length - 1;
}

function decomposed(codePoint: number, mode: FoldMode): string {
  const character = String.fromCodePoint(codePoint);
  if (mode === "latin" && latinLookalike(codePoint) !== undefined) return character;
  if (codePoint >= 0xd800 && codePoint <= 0xdfff) return " ";
  return character.normalize("NFKD");
}

function upperCased(character: string): number {
  return character.toUpperCase().codePointAt(0) ?? 0;
}

/** Upper, then lower case is Unicode's full case folding but for a few letters the lookalikes cover. */
function caseFolded(character: string): string {
  return character.toUpperCase().toLowerCase().normalize("NFKD");
}

const IGNORABLE = /^[\p{Default_Ignorable_Code_Point}\p{Cf}\u2800\u0640]$/u;
/** Marks that accent a letter. Vowel signs of Indic and South-East Asian scripts are letters to a reader. */
const ACCENT = new RegExp(
  `^[${[
    [0x0300, 0x036f],
    [0x0483, 0x0489],
    [0x0591, 0x05c7],
    [0x0610, 0x061a],
    [0x064b, 0x065f],
    [0x0670, 0x0670],
    [0x1ab0, 0x1aff],
    [0x1dc0, 0x1dff],
    [0x20d0, 0x20ff],
    [0xfe20, 0xfe2f],
  ]
    .map((range) => range.map((codePoint) => `\\u{${codePoint.toString(16)}}`).join("-"))
    .join("")}\\p{Me}]$`,
  "u",
);
const LINE_BREAK = /^[\n\v\f\r\u0085\u2028\u2029]$/;
const UNSPACED_SCRIPT =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]$/u;

function classify(character: string, mode: FoldMode): readonly number[] {
  if (character === BARRIER) return [letter(BARRIER, 0)];
  if (LINE_BREAK.test(character)) return [NEWLINE];
  if (/^\s$/.test(character)) return [SPACE];
  if (IGNORABLE.test(character) || ACCENT.test(character) || /^\p{Cc}$/u.test(character)) return [IGNORED];
  const symbol = OPTIONAL_SYMBOLS.get(character);
  if (symbol !== undefined) return [letter(symbol, OPTIONAL)];
  const written = character.codePointAt(0) ?? 0;
  // A Latin word needs no marks of other scripts, but could be hidden behind them.
  if (mode === "latin" && /^\p{M}$/u.test(character)) return [IGNORED];
  const seen =
    mode === "latin" ? (latinLookalike(written) ?? latinLookalike(upperCased(character))) : undefined;
  if (seen !== undefined) return Array.from(seen, (part) => letter(part, FOREIGN));
  if (!/^[\p{L}\p{N}\p{M}]$/u.test(character)) return [lookalikeSymbol(written)];
  const parts: number[] = [];
  for (const part of caseFolded(character)) {
    if (ACCENT.test(part)) continue;
    const latin = latinLookalike(part.codePointAt(0) ?? 0);
    if (latin === undefined) parts.push(letter(part, 0));
    else parts.push(...Array.from(latin, (one) => letter(one, FOREIGN)));
  }
  return parts;
}

/** Symbols such as 🅐 or ◯ are letters only because they look like one. */
function lookalikeSymbol(codePoint: number): number {
  const latin = latinLookalike(codePoint);
  return latin === undefined ? PUNCTUATION : letter(latin, FOREIGN);
}

function letter(character: string, traits: number): number {
  const codePoint = character.codePointAt(0) ?? 0;
  let all = traits;
  if (codePoint >= 0x30 && codePoint <= 0x39) all |= DIGIT;
  if (UNSPACED_SCRIPT.test(character)) all |= UNSPACED;
  if (codePoint >= 0x80) all |= FOREIGN;
  return codeOf(codePoint) | (all << TRAITS_SHIFT);
}

/** Letters beyond the BMP share the 2,048 surrogate values, which no letter has of its own. */
function codeOf(codePoint: number): number {
  return codePoint < 0x10000 ? codePoint : 0xd800 + (codePoint % 0x800);
}
