import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../src/core/base/json.ts";

/** No real evidence nests deeper; an attacker nests to overflow a recursive parser's stack. */
const MAX_DEPTH = 64;

/**
 * Parses unambiguous JSON. Null for text that is not JSON, nests too deeply, or repeats a member: one program would
 * show the first and another verify the last (parser differential).
 */
export function readJson(text: string): Json | null {
  try {
    return hasOneReading(text) ? (JSON.parse(text) as Json) : null;
  } catch {
    return null;
  }
}

/** Parses an object in its exact RFC 8785 form; null for any other text. */
export function readCanonical(text: string): JsonObject | null {
  const value = readJson(text);
  return isJsonObject(value) && canonicalOf(value) === text ? value : null;
}

/** RFC 8785 text; null for a value that has no canonical form. */
export function canonicalOf(value: Json): string | null {
  try {
    return canonicalJson(value);
  } catch {
    return null;
  }
}

/** Own members only, because `constructor` and the like are on every object's prototype. */
export function member(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function textMember(object: JsonObject, name: string): string | null {
  const value = member(object, name);
  return typeof value === "string" ? value : null;
}

export function numberMember(object: JsonObject, name: string): number | null {
  const value = member(object, name);
  return typeof value === "number" ? value : null;
}

/** @throws {SyntaxError} for a member name that is not a JSON string */
function hasOneReading(text: string): boolean {
  // One set of names per open object; null for an open list.
  const open: (Set<string> | null)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    switch (text[at]) {
      case "{":
        open.push(new Set());
        break;
      case "[":
        open.push(null);
        break;
      case "}":
      case "]":
        open.pop();
        break;
      case '"': {
        const end = endOfString(text, at + 1);
        const names = open.at(-1);
        if (names && isName(text, end + 1)) {
          const name = JSON.parse(text.slice(at, end + 1)) as string;
          if (names.has(name)) return false;
          names.add(name);
        }
        at = end;
        break;
      }
      default:
    }
    if (open.length > MAX_DEPTH) return false;
  }
  return true;
}

function endOfString(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (end !== -1 && isEscaped(text, end, from)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

/** A quotation mark is escaped by an odd number of backslashes before it. */
function isEscaped(text: string, quote: number, from: number): boolean {
  let at = quote;
  while (at > from && text[at - 1] === "\\") at -= 1;
  return (quote - at) % 2 === 1;
}

function isName(text: string, from: number): boolean {
  for (let at = from; at < text.length; at += 1) {
    const char = text[at];
    if (char !== " " && char !== "\n" && char !== "\r" && char !== "\t") return char === ":";
  }
  return false;
}
