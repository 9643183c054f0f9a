const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BACKSLASH = 0x5c;

/**
 * How a quote is written inside a quoted cell: `doubled` by RFC 4180; `both` so or behind a backslash, which takes its
 * meaning from any next character, as in MySQL and Python's `escapechar`; `backslash`: behind one only.
 */
export type Escapes = "doubled" | "both" | "backslash";

/** Yields the non-empty rows as cells; at most `limit`. */
export function* csvRows(
  text: string,
  delimiter: string,
  limit: number,
  escapes: Escapes = "doubled",
): Generator<string[]> {
  const { length } = text;
  const separator = delimiter.charCodeAt(0);
  let row: string[] = [];
  let index = 0;
  let yielded = 0;
  while (index <= length && yielded < limit) {
    const start = index;
    let cell: string;
    if (text.charCodeAt(index) === QUOTE) {
      const close = closingQuote(text, index, escapes);
      const rest = cellEnd(text, Math.min(close + 1, length), separator, escapes);
      const quoted = text.slice(index + 1, close);
      const hasDoubled = escapes !== "backslash" && quoted.includes('""');
      cell = hasDoubled ? quoted.replaceAll('""', '"') : quoted;
      if (rest > close + 1) cell += text.slice(close + 1, rest);
      index = rest;
    } else {
      index = cellEnd(text, start, separator, escapes);
      cell = text.slice(start, index);
    }
    row.push(escapes !== "doubled" && cell.includes("\\") ? cell.replaceAll(/\\([^])/g, "$1") : cell);
    if (text.charCodeAt(index) === separator) {
      index++;
      continue;
    }
    if (row.some((each) => each.trim() !== "")) {
      yielded++;
      yield row;
    }
    row = [];
    index += text.startsWith("\r\n", index) ? 2 : 1;
  }
}

function cellEnd(text: string, start: number, separator: number, escapes: Escapes): number {
  const hasEscapes = escapes !== "doubled";
  for (let index = start; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === separator || unit === LINE_FEED || unit === CARRIAGE_RETURN) return index;
    if (hasEscapes && unit === BACKSLASH) index++;
  }
  return text.length;
}

/** Index of the closing quote; the text's length when none closes. */
export function closingQuote(text: string, open: number, escapes: Escapes): number {
  for (let index = open + 1; ; index += 2) {
    index = escapes === "doubled" ? text.indexOf('"', index) : nextUnescapedQuote(text, index);
    if (index < 0) return text.length;
    if (escapes === "backslash" || text.charCodeAt(index + 1) !== QUOTE) return index;
  }
}

function nextUnescapedQuote(text: string, start: number): number {
  for (let index = start; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === QUOTE) return index;
    if (unit === BACKSLASH) index++;
  }
  return -1;
}
