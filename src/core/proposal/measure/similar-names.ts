import { isJsonObject, type Json } from "../../base/json.ts";

/** Unicode's simple case folding, as case-insensitive parsers do it: U+017F is an `s` to them. */
function foldCase(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** Matches names that differ from every wanted name as written, and equal one to a parser that ignores case. */
export function matchesLoosely(names: readonly string[]): (name: string) => boolean {
  const wanted = new Set(names.map(foldCase));
  // Names that were compared already: a million records share a few names.
  const compared = new Set(names);
  return (name) => {
    if (compared.has(name)) return false;
    if (wanted.has(foldCase(name))) return true;
    compared.add(name);
    return false;
  };
}

/**
 * The same for a form's names, which servers take apart. A name with brackets (`lines[0][amount]`) is compared whole:
 * other members of `lines` are other fields.
 */
export function matchesFieldLoosely(names: readonly string[]): (name: string) => boolean {
  const whole = new Set(names.map(bareName));
  const stems = new Set(names.filter((name) => !name.includes("[")).map(bareName));
  const exact = new Set(names);
  return (name) => {
    if (exact.has(name)) return false;
    return name.length > MAX_NAME || whole.has(bareName(name)) || stems.has(bareName(stemOf(name)));
  };
}

/** No genuine name is longer; a longer one is taken for similar to every name. */
const MAX_NAME = 1_000;
/** PHP turns blanks, dots and brackets into `_`, Java's frameworks write `_amount` and `!amount` beside `amount`. */
const PUNCTUATION = /[\s\p{P}\p{S}\p{Cc}\p{Cf}]+/gu;
const PERCENT = /%(?:u([0-9a-f]{4})|([0-9a-f]{2}))/gi;

/** A name's letters and digits, without the digits of an index. */
function bareName(name: string): string {
  return foldCase(decodedName(name))
    .replaceAll(/[[.(]\d{0,9}[\])]?(?=[[.(]|$)/g, "")
    .replaceAll(PUNCTUATION, "");
}

/** `amount` for `amount[value]`, `amount.value`, `amount(0)` and `[amount]`. */
function stemOf(name: string): string {
  return (
    decodedName(name)
      .replace(/^[\s[.(]+/, "")
      .split(/[[\].()]/, 1)[0] ?? ""
  );
}

/** Browsers write a part's name with percents, and some servers undo them; Classic ASP decodes `%u0061`; programs in C end a name at its NUL. */
function decodedName(name: string): string {
  const decoded = name.includes("%") ? name.replaceAll(PERCENT, decodedUnit) : name;
  const end = decoded.indexOf("\0");
  return end < 0 ? decoded : decoded.slice(0, end);
}

function decodedUnit(_: string, unit?: string, byte?: string): string {
  return String.fromCharCode(Number.parseInt(unit ?? byte ?? "", 16));
}

export function anyMember(root: Json, isAlike: (name: string) => boolean): boolean {
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
