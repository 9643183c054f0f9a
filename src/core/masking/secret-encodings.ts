/*
 * The encodings of a secret before its characters are spelled: literal, base64 (RFC 4648 sections 4 and 5) at each of
 * the three alignments of its first byte, hexadecimal. An encoding is a sequence of character sets; `escapes.ts` knows
 * the spellings of a character.
 */

/** The encodings of all secrets, concatenated and laid out for reading one byte at a time. */
export interface SecretEncodings {
  /** The number of the character set at each position. */
  readonly setAt: Uint16Array;
  /** `sets[number * 256 + character]`: 1 if the set has the character. */
  readonly sets: Uint8Array;
  /** 1 where an encoding ends. */
  readonly endsAt: Uint8Array;
  /** Characters ignored before a position: `NOTHING`, `NULS` or `BREAKS`. */
  readonly before: Uint8Array;
  /** Characters of its encoding before each position. */
  readonly depthAt: Uint16Array;
  /** Positions where the encodings begin. */
  readonly starts: readonly number[];
  /** Characters of the longest encoding. */
  readonly longest: number;
}

/** None, before the first character. */
export const NOTHING = 0;
/** Zero bytes: UTF-16 has one beside each ASCII character. */
const NULS = 1;
/** Zero bytes and line breaks: base64 encoders insert line breaks. */
export const BREAKS = 2;

interface Encoding {
  readonly characters: readonly string[];
  readonly mayBreak: boolean;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: Readonly<Record<string, string>> = { "+": "-", "/": "_" };
/** The characters for each sextet, in both alphabets. */
const SEXTETS = Array.from(BASE64, (character) => character + (URL_SAFE[character] ?? ""));
const ALL_BITS = 0b111111;

/** @param secrets printable ASCII, none of them empty */
export function secretEncodings(secrets: readonly string[]): SecretEncodings {
  const encodings = [...new Set(secrets)].flatMap((secret) => {
    return [asWritten(secret), ...[0, 1, 2].map((bytes) => inBase64(secret, bytes)), inHex(secret)];
  });
  const length = encodings.reduce((sum, { characters }) => sum + characters.length, 0);
  const numbers = new Map<string, number>();
  const setAt = new Uint16Array(length);
  const endsAt = new Uint8Array(length);
  const before = new Uint8Array(length);
  const depthAt = new Uint16Array(length);
  const starts: number[] = [];
  let position = 0;
  for (const { characters, mayBreak } of encodings) {
    starts.push(position);
    for (const [index, set] of characters.entries()) {
      const number = numbers.get(set) ?? numbers.size;
      numbers.set(set, number);
      setAt[position] = number;
      depthAt[position] = index;
      before[position] = index === 0 ? NOTHING : mayBreak ? BREAKS : NULS;
      position += 1;
    }
    endsAt[position - 1] = 1;
  }
  const longest = encodings.reduce((most, { characters }) => Math.max(most, characters.length), 0);
  return { setAt, sets: bitsOf([...numbers.keys()]), endsAt, before, depthAt, starts, longest };
}

/** The same encodings, matched without case. */
export function withoutCase(encodings: SecretEncodings): SecretEncodings {
  const sets = encodings.sets.slice();
  for (let row = 0; row < sets.length; row += 256) {
    for (let small = 0x61; small <= 0x7a; small += 1) {
      const capital = small - 0x20;
      const either = (sets[row + small] ?? 0) | (sets[row + capital] ?? 0);
      sets[row + small] = either;
      sets[row + capital] = either;
    }
  }
  return { ...encodings, sets };
}

function bitsOf(sets: readonly string[]): Uint8Array {
  const bits = new Uint8Array(sets.length * 256);
  for (const [number, set] of sets.entries()) {
    for (const character of set) bits[number * 256 + character.charCodeAt(0)] = 1;
  }
  return bits;
}

function asWritten(secret: string): Encoding {
  // HTML forms (`application/x-www-form-urlencoded`) write a space as a plus.
  const characters = Array.from(secret, (character) => (character === " " ? " +" : character));
  return { characters, mayBreak: false };
}

/**
 * The first and the last character may mix bits of the secret with bits of its neighbours: there, every character that
 * agrees with the secret's bits matches, so that no bit of it is left unmasked.
 *
 * @param before bytes that precede the secret in its group of three
 */
function inBase64(secret: string, before: number): Encoding {
  const firstBit = before * 8;
  const endBit = firstBit + secret.length * 8;
  const characters: string[] = [];
  for (let at = Math.floor(firstBit / 6) * 6; at < endBit; at += 6) {
    let known = 0;
    let value = 0;
    for (let bit = at; bit < at + 6; bit += 1) {
      const isKnown = bit >= firstBit && bit < endBit;
      known = (known << 1) | (isKnown ? 1 : 0);
      value = (value << 1) | (isKnown ? bitOf(secret, bit - firstBit) : 0);
    }
    characters.push(sextetsLike(known, value));
  }
  return { characters, mayBreak: true };
}

function bitOf(secret: string, bit: number): number {
  return (secret.charCodeAt(bit >> 3) >> (7 - (bit & 7))) & 1;
}

/** Characters of both alphabets that have these values at the known bits. */
function sextetsLike(known: number, value: number): string {
  if (known === ALL_BITS) return SEXTETS[value] ?? "";
  let set = "";
  for (const [sextet, characters] of SEXTETS.entries()) if ((sextet & known) === value) set += characters;
  return set;
}

/** Hexadecimal, as dumps and debuggers show bytes; HTTP itself does not use it. */
function inHex(secret: string): Encoding {
  const digits = Array.from(secret, (character) => character.charCodeAt(0).toString(16)).join("");
  return {
    characters: Array.from(digits, (digit) => (/\d/.test(digit) ? digit : digit + digit.toUpperCase())),
    mayBreak: false,
  };
}
