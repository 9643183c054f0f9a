import { csvRows } from "./csv-rows.ts";
import { isDisputedLineEnd } from "./line-ends.ts";

export const DELIMITERS = [",", ";", "\t", "|"] as const;
/** The sample that the delimiter is detected from is bounded in rows and in characters. */
const SAMPLE_ROWS = 50;
const SAMPLE_CHARS = 65_536;
/** As many rows as other programs guess from. */
const STABLE_ROWS = 10;

export interface Fit {
  readonly delimiter: string;
  readonly width: number;
  readonly rows: number;
  /** A blank follows every delimiter, as in prose. */
  readonly spaced: boolean;
}

/** The delimiter with which most rows of the sample are as wide as the first. */
export function bestDelimiter(whole: string): Fit {
  const text = whole.slice(0, SAMPLE_CHARS);
  let best: Fit = { delimiter: ",", width: 1, rows: 0, spaced: false };
  let bestScore = 0;
  for (const delimiter of DELIMITERS) {
    if (!text.includes(delimiter)) continue;
    const rows = [...csvRows(text, delimiter, SAMPLE_ROWS)];
    const width = rows[0]?.length ?? 0;
    if (width < 2) continue;
    const alike = rows.filter((row) => row.length === width).length;
    const score = (alike / rows.length) * 100 + Math.min(width, 50);
    if (score <= bestScore) continue;
    bestScore = score;
    const spaced = rows.every((row) => row.slice(1).every((cell) => cell === "" || /^\s/.test(cell)));
    best = { delimiter, width, rows: rows.length, spaced };
  }
  return best;
}

/** The delimiter with which the width changes least over the first rows: what PapaParse guesses. */
export function stablestDelimiter(whole: string): string {
  const text = whole.slice(0, SAMPLE_CHARS);
  let stablest = ",";
  let least = Number.POSITIVE_INFINITY;
  let widest = 0;
  for (const delimiter of DELIMITERS) {
    if (!text.includes(delimiter)) continue;
    const widths = [...csvRows(text, delimiter, STABLE_ROWS)].map((row) => row.length);
    const changes = widths.reduce((sum, width, at) => sum + Math.abs(width - (widths[at - 1] ?? width)), 0);
    const mean = widths.reduce((sum, width) => sum + width, 0) / Math.max(widths.length, 1);
    if (mean <= 1.99 || changes > least || mean <= widest) continue;
    stablest = delimiter;
    least = changes;
    widest = mean;
  }
  return stablest;
}

/** Excel takes the delimiter from a first line `sep=;`. To other readers that line is a row. */
const SEPARATOR_LINE = /^"?sep=([^\r\n"])"?(?:\r\n|\r|\n)/i;

/** A character that ends a line to some readers is no delimiter: as one, its rows would count as cells. */
export function separatorLine(text: string): { readonly delimiter: string; readonly length: number } | null {
  const found = SEPARATOR_LINE.exec(text);
  if (found?.[1] === undefined || isDisputedLineEnd(found[1].charCodeAt(0))) return null;
  return { delimiter: found[1], length: found[0].length };
}
