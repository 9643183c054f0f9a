import type { Json } from "./json.ts";
import { err, ok, type Result } from "./result.ts";

/** No real payload nests deeper; an attacker nests to overflow a recursive parser's stack. */
const MAX_DEPTH = 64;

export type JsonProblem = "malformed" | "duplicate_key" | "too_deep" | "lone_surrogate" | "unsafe_number";

/**
 * Parses JSON as RFC 8785 (I-JSON) requires, and refuses text that two parsers could read differently: of a repeated
 * member one parser keeps the first and another the last, so that an approver and a worker could see two amounts.
 */
export function parseStrictJson(text: string): Result<Json, JsonProblem> {
  const scanned = scan(text);
  if (scanned.depth > MAX_DEPTH) return err("too_deep");
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch {
    return err("malformed");
  }
  const counted = count(value);
  if (typeof counted === "string") return err(counted);
  // Every member of valid JSON has one colon outside strings, so fewer members than colons means a repeated name.
  return counted === scanned.colons ? ok(value) : err("duplicate_key");
}

/** Counts colons outside strings and the nesting depth, in one pass and without recursion. */
function scan(text: string): { readonly colons: number; readonly depth: number } {
  let colons = 0;
  let depth = 0;
  let deepest = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = endOfString(text, at + 1);
        break;
      case 0x3a: // :
        colons += 1;
        break;
      case 0x5b: // [
      case 0x7b: // {
        depth += 1;
        if (depth > deepest) deepest = depth;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth -= 1;
        break;
      default:
    }
  }
  return { colons, depth: deepest };
}

function endOfString(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at += 1;
    else if (code === 0x22) return at;
  }
  return text.length;
}

/** Counts the members of all objects in the value; a problem where two parsers could read it differently. */
function count(value: Json): number | JsonProblem {
  switch (typeof value) {
    case "string":
      return value.isWellFormed() ? 0 : "lone_surrogate";
    case "number":
      // RFC 8785 section 3.2.2.3: past 2^53 adjacent integers become one number, and 1e999 becomes infinity.
      return Math.abs(value) <= Number.MAX_SAFE_INTEGER ? 0 : "unsafe_number";
    case "boolean":
      return 0;
    case "object":
      return value === null ? 0 : countMembers(value);
  }
}

/** Avoids `Object.entries`, whose pairs would take more memory than a large payload itself. */
function countMembers(value: readonly Json[] | { readonly [key: string]: Json }): number | JsonProblem {
  let members = 0;
  if (isList(value)) {
    for (const item of value) {
      const inner = count(item);
      if (typeof inner === "string") return inner;
      members += inner;
    }
    return members;
  }
  for (const key of Object.keys(value)) {
    if (!key.isWellFormed()) return "lone_surrogate";
    const inner = count(value[key] ?? null);
    if (typeof inner === "string") return inner;
    members += inner + 1;
  }
  return members;
}

/** `Array.isArray` does not narrow readonly arrays. */
function isList(value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] {
  return Array.isArray(value);
}
