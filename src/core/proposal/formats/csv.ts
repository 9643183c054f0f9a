import { PIECE, type Steps } from "../../base/steps.ts";
import { doubt, type Doubt, type DoubtReason } from "../doubt.ts";
import { known, type Measured, merged } from "../measured.ts";
import { countLines, countRows, delimitedLines, type RowCount } from "./csv-count.ts";
import { bestDelimiter, DELIMITERS, separatorLine, stablestDelimiter } from "./csv-dialect.ts";
import { csvRows } from "./csv-rows.ts";

/** Layout of a delimited text. */
export interface CsvShape {
  readonly delimiter: string;
  /** Characters of Excel's `sep=;` line before the table; 0 without one. */
  readonly begins: number;
  /** Names of the columns; null when the first row is data. */
  readonly header: readonly string[] | null;
  /** Rows that are not empty, without the header: the most that a reader finds. */
  readonly rows: number;
  /** Set where readers find other rows: neither number nor cells are known. */
  readonly doubt: Doubt | null;
  /** True when no reader finds other rows. */
  readonly wellFormed: boolean;
}

/** Cells that can't be a column's name: numbers, dates, e-mail addresses, URLs, booleans, phone numbers. */
const DATA_CELL =
  /^(?:[-+]?[$€£¥]?[\d.,\s]*\d[\d.,\s]*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[^@\s]+@[^@\s]+\.[^@\s]+|https?:\/\/.*|true|false|yes|no|null|\+?[\d\s().-]{7,})$/i;

export function csvShape(whole: string): CsvShape {
  const separator = separatorLine(whole);
  const begins = separator?.length ?? 0;
  const text = begins === 0 ? whole : whole.slice(begins);
  const delimiter = separator?.delimiter ?? bestDelimiter(text).delimiter;
  const [first] = csvRows(text, delimiter, 1);
  const header = first !== undefined && isHeader(first) ? first.map((cell) => cell.trim()) : null;
  const counted = countRows(text, delimiter);
  const { breaks } = counted;
  const found = readRows(text, delimiter, counted);
  // Without knowledge of `sep=`, its line is the header, and the header a row.
  const headers = header === null || begins > 0 ? 0 : 1;
  return {
    delimiter,
    begins,
    header,
    rows: Math.max(0, (found.value ?? 0) - headers),
    doubt:
      found.doubt === null
        ? null
        : doubt(
            found.doubt.because,
            found.doubt.readings.map((reading) => Math.max(0, reading - headers)),
          ),
    // A reader that detects one kind of line end takes the other kind for text.
    wellFormed:
      found.doubt === null && found.value === counted.rows && !(breaks.pairs > 0 && breaks.feeds > 0),
  };
}

/** The most rows that a reader of another dialect finds, the header included; unknown where they are another table. */
function readRows(text: string, delimiter: string, counted: RowCount): Measured {
  const { rows, wellFormed, hiddenBreaks, breaks } = counted;
  // With broken quotes, no parser finds more rows than lines.
  if (!wellFormed) return otherRows("csv_quotes", [rows, Math.max(rows, countLines(text))]);
  if (breaks.others > 0) return otherRows("csv_line_ends", [rows, Math.max(rows, countLines(text))]);
  if (breaks.returns > 0 && breaks.feeds + breaks.pairs > 0) return otherRows("csv_line_ends", [rows]);
  // Where no quotes hide a line end, no reader finds more rows than these.
  if (hiddenBreaks === 0) return known(rows);
  const lines = Math.max(rows, countLines(text));
  // Behind a byte-order mark, which some readers keep, a first quote stands inside a cell.
  if (text.startsWith('"') && counted.multiline[0] === 1) return otherRows("csv_quotes", [rows, lines]);
  // Tab-separated values have no quotes (IANA text/tab-separated-values).
  let most = delimiter === "\t" ? lines : rows;
  if (most > rows * MOST_LINES) return otherRows("csv_delimiter", [rows, lines]);
  for (const other of plausibleDelimiters(text, delimiter, counted)) {
    const { rows: read, breaks: others } = countRows(text, other);
    if (others.others > 0) return otherRows("csv_line_ends", [rows, lines]);
    const isOtherTable = read > rows * MOST_LINES || hidesRows(text, other, counted);
    if (read !== rows && isOtherTable) return otherRows("csv_delimiter", [rows, read]);
    most = Math.max(most, read);
  }
  if (!text.includes('\\"')) return known(most);
  const escaped = [delimiter, ","].map((each) => countRows(text, each, true).rows);
  return merged([most, ...escaped], "csv_escapes");
}

function otherRows(because: DoubtReason, readings: readonly number[]): Measured {
  return { value: Math.max(...readings), doubt: doubt(because, readings) };
}

/**
 * Delimiters that a reader of this text may use. Most readers take a comma, some guess, and some are set to another
 * one, for which an attacker hides rows in a quoted cell: `1,"x⏎a;b⏎c;d"`.
 */
function plausibleDelimiters(text: string, delimiter: string, counted: RowCount): readonly string[] {
  const stablest = stablestDelimiter(text);
  return DELIMITERS.filter((other) => {
    if (other === delimiter) return false;
    return other === "," || other === stablest || (text.includes(other) && hidesRows(text, other, counted));
  });
}

/** Notes of several lines make a few lines of a row; more lines than these are hidden rows. */
const MOST_LINES = 4;

/**
 * Whether quoted cells hold rows of the other delimiter. Prose in cells, as `Line one⏎line two`, has few lines with a
 * delimiter: a reader that breaks it finds lines, and their number stands without a doubt. Hidden rows are many.
 */
function hidesRows(text: string, other: string, counted: RowCount): boolean {
  const firstLine = /^[^\r\n]*/.exec(text)?.[0] ?? "";
  return (
    firstLine.includes(other) || delimitedLines(text, counted, other) > Math.max(1, counted.rows / MOST_PROSE)
  );
}

/** One line of prose in this many rows may hold a delimiter. */
const MOST_PROSE = 10;

/** Whether an undeclared text is CSV: not prose, and every row (of the first 1,000) as wide as the first. */
export function looksLikeCsv(text: string): boolean {
  const { delimiter, width, rows, spaced } = bestDelimiter(text);
  if (width < 2 || rows < 2) return false;
  // In prose a space follows each comma ("Hello Ann,\nthank you, bye"); three rows of three cells count as a table.
  if (spaced && (rows < 3 || width < 3)) return false;
  let line = 0;
  for (const row of csvRows(text, delimiter, Number.POSITIVE_INFINITY)) {
    if (row.length !== width) return false;
    if (++line > 1_000) break;
  }
  return true;
}

/** A header has a distinct name for every column, and none of the names looks like data. */
function isHeader(row: readonly string[]): boolean {
  const names = row.map((cell) => cell.trim());
  while (names.length > 1 && names.at(-1) === "") names.pop();
  return (
    names.every((name) => name !== "" && name.length <= 100 && !DATA_CELL.test(name)) &&
    new Set(names).size === names.length
  );
}

/** The first row as readers with other delimiters have it: their names of columns. */
export function otherHeaders(text: string, { delimiter, begins }: CsvShape): readonly (readonly string[])[] {
  const start = text.slice(begins);
  return DELIMITERS.filter((other) => other !== delimiter).flatMap((other) => {
    const [first] = csvRows(start, other, 1);
    return first !== undefined && first.length > 1 ? [first.map((cell) => cell.trim())] : [];
  });
}

const ESCAPES = /\\["\\,;\t|\r\n]/;

/**
 * The cells of one column, `undefined` where a row ends before it; null where readers of other dialects find others.
 */
export function* columnCells(
  text: string,
  shape: CsvShape,
  column: number,
): Steps<readonly (string | undefined)[] | null> {
  if (shape.doubt !== null) return null;
  const body = shape.begins === 0 ? text : text.slice(shape.begins);
  const cells = yield* cellsOf(body, shape, column, false);
  if (!ESCAPES.test(body)) return cells;
  const escaped = yield* cellsOf(body, shape, column, true);
  return cells.length === escaped.length && cells.every((cell, row) => cell === escaped[row]) ? cells : null;
}

function* cellsOf(
  text: string,
  { delimiter, header }: CsvShape,
  column: number,
  escapes: boolean,
): Steps<(string | undefined)[]> {
  let read = 0;
  const cells: (string | undefined)[] = [];
  let skip = header !== null;
  for (const row of csvRows(text, delimiter, Number.POSITIVE_INFINITY, escapes)) {
    if (!skip) cells.push(row[column]);
    skip = false;
    for (const { length } of row) read += length + 1;
    if (read < PIECE) continue;
    yield read;
    read = 0;
  }
  return cells;
}

/** Whether a reader that undoes backslashes finds the same rows of the same width. */
export function isSameWithEscapes(text: string, { delimiter }: CsvShape): boolean {
  if (!ESCAPES.test(text)) return true;
  const widths = (escapes: boolean) =>
    [...csvRows(text, delimiter, Number.POSITIVE_INFINITY, escapes)].map((row) => row.length).join();
  return widths(false) === widths(true);
}
