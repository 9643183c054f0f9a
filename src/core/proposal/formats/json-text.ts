import { isJsonObject, type Json } from "../../base/json.ts";

/** Genuine payloads are never nested deeper; an attacker's could overflow a recursive parser's stack. */
const MAX_DEPTH = 256;

export interface JsonText {
  readonly value: Json;
  /**
   * False when an object has a duplicate name: parsers differ on which value counts (RFC 8259 section 4), so Gate
   * could measure one and the destination write the other.
   */
  readonly unambiguous: boolean;
}

/** RFC 8259 section 2: a table need not be scanned to its end to be none. */
const MAY_BE_JSON = /^[ \t\n\r]*[-{["\dtfn]/;

/** Parses JSON; null when the text is invalid or nested deeper than `MAX_DEPTH`. */
export function readJson(text: string): JsonText | null {
  if (!MAY_BE_JSON.test(text)) return null;
  const shape = countSource(text);
  if (shape.depth > MAX_DEPTH) return null;
  try {
    const value = JSON.parse(text) as Json;
    return { value, unambiguous: memberCount(value) === shape.members };
  } catch {
    return null;
  }
}

/** Counts depth and members in the source, never an error; the counts are meaningless for invalid JSON. */
function countSource(text: string): { depth: number; members: number } {
  let depth = 0;
  let deepest = 0;
  let members = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0x22) {
      index = stringEnd(text, index);
    } else if (unit === 0x3a) {
      members++;
    } else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > deepest) deepest = depth;
    } else if (unit === 0x7d || unit === 0x5d) {
      depth--;
    }
  }
  return { depth: deepest, members };
}

/** Index of the quote that closes the string opened at `open`; the text's length when none does. */
function stringEnd(text: string, open: number): number {
  for (let index = open + 1; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0x22) return index;
    if (unit === 0x5c) index++;
  }
  return text.length;
}

function memberCount(root: Json): number {
  let count = 0;
  const stack: Json[] = [root];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (Array.isArray(next)) {
      for (const item of next as readonly Json[]) if (typeof item === "object") stack.push(item);
    } else if (isJsonObject(next)) {
      for (const key of Object.keys(next)) {
        count++;
        const value = next[key];
        if (value !== undefined && typeof value === "object") stack.push(value);
      }
    }
  }
  return count;
}

/**
 * Every string, name and number in a JSON text, decoded. It scans the source rather than the parsed value, so that
 * both values of a duplicate name are searched.
 */
export function jsonTokens(text: string): string[] {
  const tokens: string[] = [];
  addJsonTokens(text, 0, text.length, tokens);
  return tokens;
}

/**
 * The same for the tokens that begin between two indices, of which the first is outside of a token.
 *
 * @returns the index behind the last token, at least `end`
 */
export function addJsonTokens(text: string, start: number, end: number, tokens: string[]): number {
  let index = start;
  for (; index < end && index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0x22) {
      const close = stringEnd(text, index);
      const inner = text.slice(index + 1, close);
      if (inner !== "") tokens.push(inner.includes("\\") ? decodedString(inner) : inner);
      index = close;
    } else if (unit === 0x2d || (unit >= 0x30 && unit <= 0x39)) {
      const first = index;
      while (index + 1 < text.length && isNumberUnit(text.charCodeAt(index + 1))) index++;
      tokens.push(text.slice(first, index + 1));
    }
  }
  return index;
}

function decodedString(inner: string): string {
  try {
    return JSON.parse(`"${inner}"`) as string;
  } catch {
    return inner;
  }
}

function isNumberUnit(unit: number): boolean {
  return (
    (unit >= 0x30 && unit <= 0x39) ||
    unit === 0x2e ||
    unit === 0x2d ||
    unit === 0x2b ||
    (unit | 0x20) === 0x65
  );
}

export interface JsonValues {
  readonly values: Json[];
  readonly unambiguous: boolean;
}

/**
 * Parses the non-blank lines of NDJSON, or objects and arrays one behind the other, as stream parsers take them (jq,
 * Python's `raw_decode`); null when one is not a JSON object or array.
 */
export function readJsonLines(text: string): JsonValues | null {
  return readLines(text) ?? readStream(text);
}

function readLines(text: string): JsonValues | null {
  const values: Json[] = [];
  let unambiguous = true;
  for (const line of text.split("\n")) {
    const trimmed = line.trim();
    if (trimmed === "") continue;
    const read = trimmed.startsWith("{") || trimmed.startsWith("[") ? readJson(trimmed) : null;
    if (read === null) return null;
    values.push(read.value);
    if (!read.unambiguous) unambiguous = false;
  }
  return { values, unambiguous };
}

function readStream(text: string): JsonValues | null {
  const values: Json[] = [];
  let unambiguous = true;
  let start = 0;
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0x22 && depth > 0) {
      index = stringEnd(text, index);
    } else if (unit === 0x7b || unit === 0x5b) {
      if (depth++ === 0) start = index;
    } else if (unit === 0x7d || unit === 0x5d) {
      if (--depth > 0) continue;
      const read = depth < 0 ? null : readJson(text.slice(start, index + 1));
      if (read === null) return null;
      values.push(read.value);
      if (!read.unambiguous) unambiguous = false;
    } else if (depth === 0 && !isBlank(unit)) {
      return null;
    }
  }
  return depth === 0 && values.length > 0 ? { values, unambiguous } : null;
}

/** RFC 8259 section 2, and RS, which begins each text of a sequence (RFC 7464). */
function isBlank(unit: number): boolean {
  return unit === 0x20 || unit === 0x0a || unit === 0x0d || unit === 0x09 || unit === 0x1e;
}
