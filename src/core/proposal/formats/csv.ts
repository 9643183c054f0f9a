import { PIECE, type Steps } from "../../base/steps.ts";
import { doubt, type Doubt, type DoubtReason } from "../doubt.ts";
import { known, type Measured, merged } from "../measured.ts";
import { columnName } from "./column-name.ts";
import { countLines, countRows, delimitedLines, type RowCount } from "./csv-count.ts";
import { bestDelimiter, DELIMITERS, separatorLine, stablestDelimiter } from "./csv-dialect.ts";
import { csvRows, type Escapes } from "./csv-rows.ts";

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
  /** Lines end both with and without a CR: a reader that detects one kind takes the other for text in a cell. */
  readonly hasMixedEnds: boolean;
  /** True when no reader finds other rows. */
  readonly wellFormed: boolean;
}

/** Cells that can't be a column's name: numbers, dates, e-mail addresses, URLs, booleans, phone numbers. */
const DATA_CELL =
  /^(?:[-+]?[$€£¥]?[\d.,\s]*\d[\d.,\s]*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[^@\s]+@[^@\s]+\.[^@\s]+|https?:\/\/.*|true|false|yes|no|null|\+?[\d\s().-]{7,})$/i;

/** @param declared the delimiter that the type names, where it names one and the text has it */
export function csvShape(whole: string, declared: "\t" | null = null): CsvShape {
  const separator = separatorLine(whole);
  const begins = separator?.length ?? 0;
  const text = begins === 0 ? whole : whole.slice(begins);
  const named = declared !== null && text.includes(declared) ? declared : null;
  const delimiter = separator?.delimiter ?? named ?? bestDelimiter(text).delimiter;
  const [first] = csvRows(text, delimiter, 1);
  const header = first !== undefined && isHeader(first) ? first.map(columnName) : null;
  const counted = countRows(text, delimiter);
  const { breaks } = counted;
  const hasMixedEnds = breaks.pairs > 0 && breaks.feeds > 0;
  const found = readRows(text, delimiter, counted, declared === "\t" || delimiter === "\t");
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
    hasMixedEnds,
    wellFormed: found.doubt === null && found.value === counted.rows && !hasMixedEnds,
  };
}

/** The most rows that a reader of another dialect finds, the header included; unknown where they are another table. */
function readRows(text: string, delimiter: string, counted: RowCount, hasTabs: boolean): Measured {
  const { rows, wellFormed, hiddenBreaks, breaks } = counted;
  // With broken quotes, no parser finds more rows than lines.
  if (!wellFormed) return otherRows("csv_quotes", [rows, Math.max(rows, countLines(text))]);
  if (breaks.others > 0) return otherRows("csv_line_ends", [rows, Math.max(rows, countLines(text))]);
  // Also where the other kind stands in a quoted cell: to a reader of LFs the rows before it are one line.
  if (breaks.returns > 0 && text.includes("\n")) {
    return otherRows("csv_line_ends", hiddenBreaks === 0 ? [rows] : [rows, Math.max(rows, countLines(text))]);
  }
  // Where no quotes hide a line end, no reader finds more rows than these.
  if (hiddenBreaks === 0) return known(rows);
  const lines = Math.max(rows, countLines(text));
  // To a reader that detects CRLF, as PapaParse does, a cell begins with a lone LF, and the quote behind it opens nothing.
  if (breaks.pairs > 0 && breaks.feeds > 0) return otherRows("csv_line_ends", [rows, lines]);
  // Behind a byte-order mark, which some readers keep, a first quote stands inside a cell.
  if (text.startsWith('"') && counted.multiline[0] === 1) return otherRows("csv_quotes", [rows, lines]);
  // Tab-separated values have no quotes (IANA text/tab-separated-values).
  let most = hasTabs ? lines : rows;
  if (most > rows * MOST_LINES) return otherRows("csv_delimiter", [rows, lines]);
  for (const other of plausibleDelimiters(text, delimiter, counted)) {
    const { rows: read, breaks: others, wellFormed: isClear } = countRows(text, other);
    // To it a quote goes on or ends elsewhere, and lenient readers differ on where.
    if (!isClear) most = Math.max(most, lines);
    if (others.others > 0) return otherRows("csv_line_ends", [rows, lines]);
    const isOtherTable = read > rows * MOST_LINES || hidesRows(text, other, counted);
    if (read !== rows && isOtherTable) return otherRows("csv_delimiter", [rows, read]);
    most = Math.max(most, read);
  }
  if (mayEndAtDoubled(text, delimiter)) most = Math.max(most, countRows(text, delimiter, "backslash").rows);
  if (!text.includes("\\")) return known(most);
  const escaped = [delimiter, ...plausibleDelimiters(text, delimiter, counted)].flatMap((each) => [
    countRows(text, each, "both").rows,
    countRows(text, each, "backslash").rows,
  ]);
  return merged([most, ...escaped], "csv_escapes");
}

/** Python's Sniffer guesses from as much. */
const SNIFFED_CHARS = 4_096;

/** Whether Python's Sniffer sees no cell with a quote inside, and takes `""` for a cell's end and its beginning. */
function mayEndAtDoubled(text: string, delimiter: string): boolean {
  if (!text.includes('""')) return false;
  return !text
    .slice(0, SNIFFED_CHARS)
    .split("\n")
    .flatMap((line) => line.split(delimiter))
    .some((cell) => cell.split('"').length > 3 && /^\W*"/.test(cell) && /"\W*$/.test(cell));
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
    if (other === "," || other === stablest) return true;
    return text.includes(other) && (hidesRows(text, other, counted) || mayBeTable(text, other));
  });
}

/** Whether more than half of the lines, at least two, have the delimiter, as those of its table do. */
function mayBeTable(text: string, other: string): boolean {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  const count = lines.filter((line) => line.includes(other)).length;
  return count >= 2 && count > lines.length / 2;
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
  const names = row.map(columnName);
  while (names.length > 1 && names.at(-1) === "") names.pop();
  return (
    names.every((name) => name !== "" && name.length <= 100 && !DATA_CELL.test(name)) &&
    new Set(names).size === names.length
  );
}

/**
 * The first row as readers with other delimiters have it: their names of columns. Where it is one cell to all of them,
 * they differ only on rows that have their delimiters.
 */
export function otherHeaders(text: string, { delimiter, begins }: CsvShape): readonly (readonly string[])[] {
  const start = text.slice(begins);
  return DELIMITERS.filter((other) => other !== delimiter && start.includes(other)).map((other) => {
    const [first = []] = csvRows(start, other, 1);
    return first.map(columnName);
  });
}

/** Whether a first row of one cell heads rows of more: a reader without delimiters finds other cells. */
export function isRaggedColumn(text: string, { delimiter, begins, header }: CsvShape): boolean {
  if (header?.length !== 1) return false;
  for (const row of csvRows(text.slice(begins), delimiter, Number.POSITIVE_INFINITY)) {
    if (row.length > 1) return true;
  }
  return false;
}

const ESCAPED = /\\["\\,;\t|\r\n]/;

/** The other dialects to read a text in that has backslashes: to those that only know them, `""` ends a cell. */
function otherEscapes(text: string): readonly Escapes[] {
  if (!text.includes("\\")) return [];
  if (ESCAPED.test(text)) return ["both", "backslash"];
  return text.includes('""') ? ["backslash"] : [];
}

/**
 * The cells of one column, `undefined` where a row ends before it; null where readers of other dialects find others.
 */
export function* columnCells(
  text: string,
  shape: CsvShape,
  column: number,
): Steps<readonly (string | undefined)[] | null> {
  if (shape.doubt !== null || shape.hasMixedEnds) return null;
  const body = shape.begins === 0 ? text : text.slice(shape.begins);
  const cells = yield* cellsOf(body, shape, column, "doubled");
  const isUnsure = !body.includes("\\") && mayEndAtDoubled(body, shape.delimiter);
  if (isUnsure && (yield* cellsOf(body, shape, column, "backslash")).length !== cells.length) return null;
  for (const escapes of otherEscapes(body)) {
    const escaped = yield* cellsOf(body, shape, column, escapes);
    const isSame = cells.length === escaped.length && cells.every((cell, row) => cell === escaped[row]);
    if (!isSame) return null;
  }
  return cells;
}

function* cellsOf(
  text: string,
  { delimiter, header }: CsvShape,
  column: number,
  escapes: Escapes,
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

/** Whether a reader that undoes backslashes, or detects the line ends, finds the same rows of the same width. */
export function isSameWithEscapes(text: string, { delimiter, hasMixedEnds }: CsvShape): boolean {
  if (hasMixedEnds) return false;
  const others = otherEscapes(text);
  if (others.length === 0) return true;
  const widths = (escapes: Escapes) =>
    [...csvRows(text, delimiter, Number.POSITIVE_INFINITY, escapes)].map((row) => row.length).join();
  const written = widths("doubled");
  return others.every((escapes) => widths(escapes) === written);
}
