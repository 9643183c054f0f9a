import { HTML_REFERENCES } from "./html-references.ts";

/*
 * The spellings of one character: as itself, percent-encoded (RFC 3986 section 2.1), escaped in a JSON string (RFC 8259
 * section 7) or in source code, or as an HTML character reference. Each character of a secret may use another spelling,
 * and an escape may be escaped again (`%2541`, `&amp;#65;`, `\\u0041`).
 *
 * A spelling is read byte by byte; the numbers below are its states. A spelling can be endless (leading zeros,
 * backslashes), so a caller that holds bytes back needs its own limit.
 */

/** Before the first byte of a character. */
export const START = 0;

/** After `%`. */
const PERCENT = 1;
/** After `\x` or `\u00`: two hexadecimal digits must follow. */
const HEX = 2;
/** After the first of two hexadecimal digits: 3 to 18. */
const LOW_DIGIT = 3;
/** After one or more backslashes. */
const BACKSLASH = 19;
/** After `\u`, and after `\u0`. */
const UNICODE = 20;
const UNICODE_0 = 21;
/** After `&`. */
const REFERENCE = 22;
/** After `&#`, and after `&#x`; leading zeros included. */
const NUMBER = 23;
const HEX_NUMBER = 24;
/** After the first digit of `&#x…`: 25 to 40. */
const HEX_NUMBER_LOW = 25;
/** After decimal digits, by their value: 41 to 167. */
const DECIMAL = 41;
/** The last printable character of ASCII. */
const MAX_CHARACTER = 0x7e;
/** After both digits of `&#x…`, by their value; only the semicolon can follow. */
const HEX_NUMBER_READ = DECIMAL + MAX_CHARACTER + 1;
/** After letters of a reference's name, by node of the trie `HTML_REFERENCES`. */
const NAME = HEX_NUMBER_READ + MAX_CHARACTER + 1;

/** Upper bound on the states above. */
export const SPELLING_STATES = 512;

const NONE = 0xff;
/** Value of each byte that is a hexadecimal digit. */
const HEX_DIGITS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return /[\dA-Fa-f]/.test(char) ? Number.parseInt(char, 16) : NONE;
});

function isLetterOrDigit(byte: number): boolean {
  return /[\dA-Za-z]/.test(String.fromCharCode(byte));
}

const CHAR = {
  percent: 0x25,
  backslash: 0x5c,
  ampersand: 0x26,
  hash: 0x23,
  semicolon: 0x3b,
  zero: 0x30,
  n: 0x6e,
  r: 0x72,
  u: 0x75,
  x: 0x78,
  upperX: 0x58,
} as const;

/** First characters of escapes. */
export const ESCAPE_BEGINNINGS = [CHAR.percent, CHAR.backslash, CHAR.ampersand] as const;

/** Receives the transitions of one byte: to a state inside a spelling, or to a complete character. */
export interface SpellingReader {
  goTo(state: number): void;
  /** A complete character. One byte can complete several, and the next byte more. */
  read(character: number): void;
}

/** Reports the transitions from a state by one byte; none where the byte continues no spelling. */
export function spell(state: number, byte: number, reader: SpellingReader): void {
  if (state === START) decode(byte, reader);
  else if (state === PERCENT || state === HEX) toDigit(LOW_DIGIT, byte, reader);
  else if (state < BACKSLASH) lowDigit(state - LOW_DIGIT, byte, reader);
  else if (state === BACKSLASH) escaped(byte, reader);
  else if (state === UNICODE) expect(byte, CHAR.zero, UNICODE_0, reader);
  else if (state === UNICODE_0) expect(byte, CHAR.zero, HEX, reader);
  else if (state === REFERENCE && byte === CHAR.hash) reader.goTo(NUMBER);
  else if (state === REFERENCE) name(0, byte, reader);
  else if (state === NUMBER) number(byte, reader);
  else if (state === HEX_NUMBER && byte === CHAR.zero) reader.goTo(HEX_NUMBER);
  else if (state === HEX_NUMBER) toDigit(HEX_NUMBER_LOW, byte, reader);
  else if (state < DECIMAL) hexNumber(state - HEX_NUMBER_LOW, byte, reader);
  else if (state < HEX_NUMBER_READ) decimal(state - DECIMAL, byte, reader);
  else if (state < NAME) semicolon(state - HEX_NUMBER_READ, byte, reader);
  else name(state - NAME, byte, reader);
}

/** Reports a character, which may itself begin a further escape (nested escaping). */
function decode(character: number, reader: SpellingReader): void {
  reader.read(character);
  if (character === CHAR.percent) reader.goTo(PERCENT);
  else if (character === CHAR.backslash) reader.goTo(BACKSLASH);
  else if (character === CHAR.ampersand) reader.goTo(REFERENCE);
}

function expect(byte: number, wanted: number, state: number, reader: SpellingReader): void {
  if (byte === wanted) reader.goTo(state);
}

function toDigit(first: number, byte: number, reader: SpellingReader): void {
  const digit = HEX_DIGITS[byte] ?? NONE;
  if (digit !== NONE) reader.goTo(first + digit);
}

function lowDigit(high: number, byte: number, reader: SpellingReader): void {
  const low = HEX_DIGITS[byte] ?? NONE;
  if (low !== NONE) decode((high << 4) | low, reader);
}

/** After backslashes, in any number: each round of quoting doubles them. */
function escaped(byte: number, reader: SpellingReader): void {
  if (byte === CHAR.backslash) decode(byte, reader);
  else if (byte === CHAR.u) reader.goTo(UNICODE);
  else if (byte === CHAR.x) reader.goTo(HEX);
  else if (byte === CHAR.n) reader.read(0x0a);
  else if (byte === CHAR.r) reader.read(0x0d);
  else if (!isLetterOrDigit(byte)) decode(byte, reader);
}

function number(byte: number, reader: SpellingReader): void {
  if (byte === CHAR.zero) reader.goTo(NUMBER);
  else if (byte === CHAR.x || byte === CHAR.upperX) reader.goTo(HEX_NUMBER);
  else if (byte > CHAR.zero && byte <= CHAR.zero + 9) reader.goTo(DECIMAL + byte - CHAR.zero);
}

function hexNumber(high: number, byte: number, reader: SpellingReader): void {
  const low = HEX_DIGITS[byte] ?? NONE;
  const character = (high << 4) | low;
  if (low !== NONE && character <= MAX_CHARACTER) toReference(HEX_NUMBER_READ, character, reader);
}

function decimal(value: number, byte: number, reader: SpellingReader): void {
  semicolon(value, byte, reader);
  const digit = byte - CHAR.zero;
  const character = value * 10 + digit;
  if (digit >= 0 && digit <= 9 && character <= MAX_CHARACTER) toReference(DECIMAL, character, reader);
}

/** Accepts a reference without its semicolon, as HTML parsers do; a semicolon that follows belongs to it. */
function toReference(first: number, character: number, reader: SpellingReader): void {
  reader.goTo(first + character);
  decode(character, reader);
}

function semicolon(character: number, byte: number, reader: SpellingReader): void {
  if (byte === CHAR.semicolon) decode(character, reader);
}

function name(place: number, byte: number, reader: SpellingReader): void {
  const character = HTML_REFERENCES.characters[place];
  const next = HTML_REFERENCES.places[place]?.get(byte);
  if (next !== undefined) reader.goTo(NAME + next);
  else if (byte === CHAR.semicolon && character !== undefined) decode(character, reader);
}
