import { isJsonObject, type Json } from "../../base/json.ts";
import type { Body } from "../formats/content.ts";
import { parseJsonPath } from "./json-path-syntax.ts";

/**
 * Does the body hold a name that some servers take for one of the path's? `{"amount":1,"Amount":900}` is 900 to readers
 * that don't mind case, `amount=1&amount[]=900` to those that make lists: of what has two readings nothing is known.
 */
export function hasSimilarNames(body: Body, path: string): boolean {
  const names = namesIn(path);
  switch (body.format) {
    case "json":
    case "ndjson": {
      const isAlike = alikeTo(names, folded);
      const values = body.format === "json" ? [body.value] : body.values;
      return values.some((value) => anyMember(value, isAlike));
    }
    case "csv":
      return (body.shape.header ?? []).some(alikeTo([path, ...names], folded));
    case "form":
      return body.fields.map(([name]) => name).some(alikeField(names));
    case "multipart":
      return body.parts.flatMap(({ name }) => name ?? []).some(alikeField(names));
    default:
      return false;
  }
}

/** Of a path that is none, as columns may be called, the whole. */
function namesIn(path: string): readonly string[] {
  const parsed = parseJsonPath(path);
  if (!parsed.ok) return [path];
  return parsed.value.segments.flatMap(({ selectors }) =>
    selectors.flatMap((selector) => (selector.kind === "name" ? [selector.name] : [])),
  );
}

/** Unicode's simple folding, which is what parsers that don't mind case do: U+017F is an `s` to them. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** The same once made loose, and not the same as it is written. */
function alikeTo(names: readonly string[], loose: (name: string) => string): (name: string) => boolean {
  const wanted = new Set(names.map(loose));
  // A million records have a few names.
  const others = new Set(names);
  return (name) => {
    if (others.has(name)) return false;
    if (wanted.has(loose(name))) return true;
    others.add(name);
    return false;
  };
}

/** Where a path leads through one field (`lines[0][amount]`), its other members are other fields. */
function alikeField(names: readonly string[]): (name: string) => boolean {
  const isAlike = alikeTo(names, bare);
  const beginsAlike = alikeTo(
    names.filter((name) => !name.includes("[")),
    firstOf,
  );
  return (name) => isAlike(name) || (beginsAlike(name) && !names.includes(name));
}

/** Blanks and control characters are dropped by some, and so are the brackets of a list. */
function bare(name: string): string {
  return folded(name)
    .replaceAll(/[\s\p{Cc}]/gu, "")
    .replace(/(?:\[\d{0,9}\])+$/, "");
}

/** Of `amount[value]` and, as some write it, `amount.value`: `amount`. */
function firstOf(name: string): string {
  return bare(name).split(/[[.]/)[0] ?? "";
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
