import { isJsonObject, type Json } from "../../base/json.ts";
import type { Body } from "../formats/content.ts";
import { parseJsonPath } from "./parse-json-path.ts";

/**
 * Whether the body holds a name that some servers take for one of the path's: `{"amount":1,"Amount":900}` is 900 to
 * case-insensitive parsers, `amount=1&amount[]=900` to parsers that build lists. Such a value counts as unknown.
 */
export function hasSimilarNames(body: Body, path: string): boolean {
  const names = namesIn(path);
  switch (body.format) {
    case "json":
    case "ndjson": {
      const isAlike = matchesLoosely(names, foldCase);
      const values = body.format === "json" ? [body.value] : body.values;
      return values.some((value) => anyMember(value, isAlike));
    }
    case "csv":
      return (body.shape.header ?? []).some(matchesLoosely([path, ...names], foldCase));
    case "form":
      return body.fields.map(([name]) => name).some(matchesFieldLoosely(names));
    case "multipart":
      return body.parts.flatMap(({ name }) => name ?? []).some(matchesFieldLoosely(names));
    default:
      return false;
  }
}

/** The names in a path; the whole text if it doesn't parse as one, as a column's name may not. */
function namesIn(path: string): readonly string[] {
  const parsed = parseJsonPath(path);
  if (!parsed.ok) return [path];
  return parsed.value.segments.flatMap(({ selectors }) =>
    selectors.flatMap((selector) => (selector.kind === "name" ? [selector.name] : [])),
  );
}

/** Unicode's simple case folding, as case-insensitive parsers do it: U+017F is an `s` to them. */
function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** Matches names that differ from every wanted name as written, and equal one once `loose` is applied. */
function matchesLoosely(
  names: readonly string[],
  loose: (name: string) => string,
): (name: string) => boolean {
  const wanted = new Set(names.map(loose));
  // Names that were compared already: a million records share a few names.
  const compared = new Set(names);
  return (name) => {
    if (compared.has(name)) return false;
    if (wanted.has(loose(name))) return true;
    compared.add(name);
    return false;
  };
}

/** A name with brackets (`lines[0][amount]`) is compared whole: other members of `lines` are other fields. */
function matchesFieldLoosely(names: readonly string[]): (name: string) => boolean {
  const isAlike = matchesLoosely(names, bareName);
  const beginsAlike = matchesLoosely(
    names.filter((name) => !name.includes("[")),
    baseName,
  );
  return (name) => isAlike(name) || (beginsAlike(name) && !names.includes(name));
}

/** Some servers drop blanks, control characters and a list's brackets from a name. */
function bareName(name: string): string {
  return foldCase(name)
    .replaceAll(/[\s\p{Cc}]/gu, "")
    .replace(/(?:\[\d{0,9}\])+$/, "");
}

/** `amount` for `amount[value]` and `amount.value`. */
function baseName(name: string): string {
  return bareName(name).split(/[[.]/)[0] ?? "";
}

function anyMember(root: Json, isAlike: (name: string) => boolean): boolean {
  const stack: Json[] = [root];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (isJsonObject(next)) {
      for (const [name, value] of Object.entries(next)) {
        if (isAlike(name)) return true;
        if (typeof value === "object" && value !== null) stack.push(value);
      }
    } else if (Array.isArray(next)) {
      for (const item of next as readonly Json[]) {
        if (typeof item === "object" && item !== null) stack.push(item);
      }
    }
  }
  return false;
}
