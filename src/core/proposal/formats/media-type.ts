/** The parameters of a media type or a `Content-Disposition` by lower-case name, and what servers disagree about. */
export interface Parameters {
  /** Every value that some parser reads, in the order written. */
  readonly values: ReadonlyMap<string, readonly string[]>;
  /** Names with more than one value, or with a value that only some parsers find; null: all parameters may be. */
  readonly contradictory: ReadonlySet<string> | null;
}

const PARAMETER = /\s*;\s*(?:([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*)))?/y;
/** A parser that ignores quotes finds these inside a quoted value. */
const HIDDEN = /;\s*([^\s;="*]+)(?:\*\d*)?\*?\s*=/g;
/** RFC 8187 section 3.2.1: `charset*=utf-8''value`. */
const EXTENDED = /^(utf-8|iso-8859-1)'[A-Za-z0-9-]*'(.*)$/i;

/**
 * Parses by RFC 9110 section 5.6.6, and lists what other parsers would read otherwise: a name twice with different
 * values, escapes and extended values (RFC 8187), continuations (RFC 2231), and parameters inside quoted text.
 */
export function parseParameters(header: string): Parameters {
  const values = new Map<string, string[]>();
  const seen = new Map<string, Set<string>>();
  const contradictory = new Set<string>();
  const line = header.trimEnd();
  const head = /^[^;]*/.exec(line)?.[0].trimEnd() ?? "";
  // In `Content-Disposition: name="amount"`, without a type, some servers find a parameter.
  if (head.includes("=")) return { values, contradictory: null };
  PARAMETER.lastIndex = head.length;
  while (PARAMETER.lastIndex < line.length) {
    const [, written, quoted, plain] = PARAMETER.exec(line) ?? [];
    if (PARAMETER.lastIndex === 0) return { values, contradictory: null };
    if (written === undefined) continue;
    const value = quoted ?? plain ?? "";
    for (const [, hidden = ""] of value.matchAll(HIDDEN)) contradictory.add(hidden.toLowerCase());
    const star = written.indexOf("*");
    const name = (star < 0 ? written : written.slice(0, star)).toLowerCase();
    const read = star < 0 ? [value] : extendedValue(written.slice(star), value);
    if (value.includes("\\")) read.push(value.replaceAll(/\\(.)/g, "$1"));
    const known = seen.get(name);
    // A server that doesn't know RFC 8187 finds no such parameter.
    if (read.length !== 1 || (star >= 0 && known === undefined)) contradictory.add(name);
    if (known !== undefined && read.some((each) => !known.has(each))) contradictory.add(name);
    addAll(read, name, values, seen);
  }
  return { values, contradictory };
}

/** Looked up in a set, because a header that names one parameter a thousand times would take quadratic time. */
function addAll(
  read: readonly string[],
  name: string,
  values: Map<string, string[]>,
  seen: Map<string, Set<string>>,
): void {
  const list = values.get(name) ?? [];
  const known = seen.get(name) ?? new Set();
  for (const each of read) {
    list.push(each);
    known.add(each);
  }
  values.set(name, list);
  seen.set(name, known);
}

/** The value of `name*=…`; none for a continuation or an unknown form, which servers read differently. */
function extendedValue(suffix: string, value: string): string[] {
  const encoded = suffix === "*" ? EXTENDED.exec(value) : null;
  if (encoded === null) return [];
  try {
    return [decodeURIComponent(encoded[2] ?? "")];
  } catch {
    return [];
  }
}

/** Whether every parser finds the same value, or none, of a parameter. */
export function isCertain({ contradictory }: Parameters, name: string): boolean {
  return contradictory !== null && !contradictory.has(name);
}
