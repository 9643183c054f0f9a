import { closingQuote, type Escapes } from "./csv-rows.ts";
import { ANY_LINE_END, isDisputedLineEnd } from "./line-ends.ts";

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const COMMA = 0x2c;

export interface RowCount {
  /** Rows with more than blanks, quotes and commas in them, the header included. */
  readonly rows: number;
  /** False when a quote does not close or stands inside a cell. */
  readonly wellFormed: boolean;
  /** Line ends inside quoted cells: a reader that doesn't see the quotes finds rows there. */
  readonly hiddenBreaks: number;
  /** Outside of quotes: line ends of each kind, and other characters that end a line to some readers. */
  readonly breaks: {
    readonly returns: number;
    readonly feeds: number;
    readonly pairs: number;
    readonly others: number;
  };
  /** Where quoted cells hold line ends, alternating beginning and end. */
  readonly multiline: readonly number[];
}

/** Counts rows without allocating cells. Behind a closing quote a cell goes on unquoted, as lenient readers have it. */
export function countRows(text: string, delimiter: string, escapes: Escapes = "doubled"): RowCount {
  const separator = delimiter.charCodeAt(0);
  const { length } = text;
  let rows = 0;
  let filled = false;
  let wellFormed = true;
  let cellStart = true;
  let hiddenBreaks = 0;
  let returns = 0;
  let feeds = 0;
  let pairs = 0;
  let others = 0;
  const multiline: number[] = [];
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === separator) {
      cellStart = true;
      // A row of commas is empty to every reader of commas. Of `;;;` a reader of commas makes a value.
      if (unit !== COMMA && unit !== 0x09) filled = true;
    } else if (unit === LINE_FEED || unit === CARRIAGE_RETURN) {
      if (unit === LINE_FEED) feeds++;
      else if (text.charCodeAt(index + 1) === LINE_FEED) {
        pairs++;
        index++;
      } else returns++;
      if (filled) rows++;
      filled = false;
      cellStart = true;
    } else if (unit === QUOTE) {
      if (!cellStart) {
        wellFormed = false;
        filled = true;
        continue;
      }
      const close = closingQuote(text, index, escapes);
      if (close > index + 1) filled = true;
      if (close >= length || !endsCell(text.charCodeAt(close + 1), separator)) wellFormed = false;
      const hidden = countBreaks(text, index + 1, close);
      if (hidden > 0) multiline.push(index + 1, close);
      hiddenBreaks += hidden;
      index = Math.min(close, length);
      cellStart = false;
    } else {
      cellStart = false;
      if (unit !== 0x20 && unit !== 0x09) filled = true;
      if (isDisputedLineEnd(unit)) others++;
    }
  }
  const breaks = { returns, feeds, pairs, others };
  return { rows: filled ? rows + 1 : rows, wellFormed, hiddenBreaks, breaks, multiline };
}

function endsCell(unit: number, separator: number): boolean {
  // charCodeAt gives NaN past the end.
  return Number.isNaN(unit) || unit === separator || unit === LINE_FEED || unit === CARRIAGE_RETURN;
}

function countBreaks(text: string, start: number, end: number): number {
  let breaks = 0;
  for (let index = start; index < end; index++) {
    const unit = text.charCodeAt(index);
    if (unit === LINE_FEED || unit === CARRIAGE_RETURN || isDisputedLineEnd(unit)) breaks++;
  }
  return breaks;
}

/** Lines with more than delimiters and quotes in them: no reader finds more rows. */
export function countLines(text: string): number {
  return text.split(ANY_LINE_END).filter((line) => /[^\s,"]/.test(line)).length;
}

/** Lines inside quoted cells that hold a delimiter. */
export function delimitedLines(text: string, { multiline }: RowCount, delimiter: string): number {
  let count = 0;
  for (let at = 0; at < multiline.length; at += 2) {
    const cell = text.slice(multiline[at], multiline[at + 1]);
    if (cell.includes(delimiter)) {
      count += cell.split(ANY_LINE_END).filter((line) => line.includes(delimiter)).length;
    }
  }
  return count;
}
