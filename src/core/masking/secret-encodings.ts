/*
 * What a secret may be turned into before its characters are written down: nothing, base64 (RFC 4648 sections 4 and
 * 5) at each of the three places its first byte can have in a group of three, hexadecimal. A form is a sequence of
 * sets of characters; how a character is written is for `escapes.ts`.
 */

/** The forms of all secrets, one after the other, laid out for reading one byte at a time. */
export interface SecretEncodings {
  /** What may stand at each position, as the number of a set. */
  readonly setAt: Uint16Array;
  /** `sets[number * 256 + character]`: 1 if the set has it. */
  readonly sets: Uint8Array;
  /** 1 where a form ends. */
  readonly endsAt: Uint8Array;
  /** What may stand before a character without being part of the form: `NOTHING`, `NULS` or `BREAKS`. */
  readonly before: Uint8Array;
  /** Where the forms begin. */
  readonly starts: readonly number[];
  /** Characters of the longest form. */
  readonly longest: number;
}

/** Before the first character. */
export const NOTHING = 0;
/** Bytes of zero: between all characters of ASCII in UTF-16. */
export const NULS = 1;
/** Those, and line breaks: encoders of base64 put them in. */
export const BREAKS = 2;

interface Form {
  readonly characters: readonly string[];
  readonly mayBreak: boolean;
}

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const URL_SAFE: Readonly<Record<string, string>> = { "+": "-", "/": "_" };
/** The ways to write each of them. */
const SEXTETS = Array.from(BASE64, (character) => character + (URL_SAFE[character] ?? ""));
const ALL_BITS = 0b111111;

/** @param secrets printable ASCII, none of them empty */
export function secretEncodings(secrets: readonly string[]): SecretEncodings {
  const forms = [...new Set(secrets)].flatMap((secret) => {
    return [asWritten(secret), ...[0, 1, 2].map((bytes) => inBase64(secret, bytes)), inHex(secret)];
  });
  const length = forms.reduce((sum, { characters }) => sum + characters.length, 0);
  const numbers = new Map<string, number>();
  const setAt = new Uint16Array(length);
  const endsAt = new Uint8Array(length);
  const before = new Uint8Array(length);
  const starts: number[] = [];
  let position = 0;
  for (const { characters, mayBreak } of forms) {
    starts.push(position);
    for (const [index, set] of characters.entries()) {
      const number = numbers.get(set) ?? numbers.size;
      numbers.set(set, number);
      setAt[position] = number;
      before[position] = index === 0 ? NOTHING : mayBreak ? BREAKS : NULS;
      position += 1;
    }
    endsAt[position - 1] = 1;
  }
  const longest = forms.reduce((most, { characters }) => Math.max(most, characters.length), 0);
  return { setAt, sets: bitsOf([...numbers.keys()]), endsAt, before, starts, longest };
}

/** The same for a text whose letters may all have become small. */
export function withoutCase(forms: SecretEncodings): SecretEncodings {
  const sets = forms.sets.slice();
  for (let row = 0; row < sets.length; row += 256) {
    for (let small = 0x61; small <= 0x7a; small += 1) {
      const capital = small - 0x20;
      const either = (sets[row + small] ?? 0) | (sets[row + capital] ?? 0);
      sets[row + small] = either;
      sets[row + capital] = either;
    }
  }
  return { ...forms, sets };
}

function bitsOf(sets: readonly string[]): Uint8Array {
  const bits = new Uint8Array(sets.length * 256);
  for (const [number, set] of sets.entries()) {
    for (const character of set) bits[number * 256 + character.charCodeAt(0)] = 1;
  }
  return bits;
}

function asWritten(secret: string): Form {
  // Forms (`application/x-www-form-urlencoded`) write a space as a plus.
  const characters = Array.from(secret, (character) => (character === " " ? " +" : character));
  return { characters, mayBreak: false };
}

/**
 * The first and the last character may hold bits of what stands before and after: there, all characters are taken
 * that agree with the secret's bits, so that not a bit of it is left.
 *
 * @param before bytes of something else in the group of three where the secret begins
 */
function inBase64(secret: string, before: number): Form {
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

/** Characters of both alphabets whose known bits are these. */
function sextetsLike(known: number, value: number): string {
  if (known === ALL_BITS) return SEXTETS[value] ?? "";
  let set = "";
  for (const [sextet, characters] of SEXTETS.entries()) if ((sextet & known) === value) set += characters;
  return set;
}

/** Not an encoding of HTTP's, but how dumps and debuggers show bytes. */
function inHex(secret: string): Form {
  const digits = Array.from(secret, (character) => character.charCodeAt(0).toString(16)).join("");
  return {
    characters: Array.from(digits, (digit) => (/\d/.test(digit) ? digit : digit + digit.toUpperCase())),
    mayBreak: false,
  };
}
