/** A JSON value as `JSON.parse` yields it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type JsonObject = { readonly [key: string]: Json };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses a JSON object; null for any other JSON value and for text that is not JSON. */
export function jsonObjectIn(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Thrown for a value that has no canonical form: NaN, an infinity, a lone surrogate, a non-JSON type. */
export class NotCanonical extends Error {
  override readonly name = "NotCanonical";
}

/**
 * RFC 8785 (JCS): one text for one value, so that equal values have equal digests. Members are sorted by UTF-16
 * code units (the default order of `sort`), numbers and strings are serialised as ECMAScript does, which is
 * what the RFC prescribes. `undefined` members are left out, as in `JSON.stringify`.
 *
 * @throws {NotCanonical}
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case "string":
      return canonicalString(value);
    case "number":
      if (!Number.isFinite(value)) throw new NotCanonical("a number that is not finite");
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (Array.isArray(value)) return canonicalList(value);
      return canonicalObject(value as Record<string, unknown>);
    default:
      throw new NotCanonical(`a ${typeof value}`);
  }
}

function canonicalList(list: readonly unknown[]): string {
  // Array.from visits holes as `undefined`, which `map` would skip and `join` write as nothing.
  return `[${Array.from(list, (item) => canonicalJson(item)).join(",")}]`;
}

function canonicalObject(value: Record<string, unknown>): string {
  const members: string[] = [];
  for (const key of Object.keys(value).toSorted()) {
    const member = value[key];
    if (member !== undefined) members.push(`${canonicalString(key)}:${canonicalJson(member)}`);
  }
  return `{${members.join(",")}}`;
}

function canonicalString(value: string): string {
  // RFC 8785 section 3.2.2.2: a lone surrogate has no UTF-8 form, so it must be an error, not U+FFFD.
  if (!value.isWellFormed()) throw new NotCanonical("a lone surrogate");
  return JSON.stringify(value);
}
