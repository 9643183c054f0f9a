/** Layout of a delimited text. */
export interface CsvShape {
  readonly delimiter: string;
  /** Names of the columns; null when the first row is data. */
  readonly header: readonly string[] | null;
  /** Rows that are not empty, without the header. */
  readonly rows: number;
  /** False when a quote does not close or stands inside a cell: readers differ on where such rows end. */
  readonly wellFormed: boolean;
}

const DELIMITERS = [",", ";", "\t", "|"] as const;
/** The sample that the delimiter is detected from is bounded in rows and in characters. */
const SAMPLE_ROWS = 50;
const SAMPLE_CHARS = 65_536;
/** Cells that can't be a column's name: numbers, dates, e-mail addresses, URLs, booleans, phone numbers. */
const DATA_CELL =
  /^(?:[-+]?[$€£¥]?[\d.,\s]*\d[\d.,\s]*%?|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}.*|[^@\s]+@[^@\s]+\.[^@\s]+|https?:\/\/.*|true|false|yes|no|null|\+?[\d\s().-]{7,})$/i;

export function csvShape(text: string): CsvShape {
  const delimiter = bestDelimiter(text).delimiter;
  const [first] = csvRows(text, delimiter, 1);
  const header = first !== undefined && isHeader(first) ? first.map((cell) => cell.trim()) : null;
  const counted = countRows(text, delimiter);
  // With broken quotes, no parser finds more rows than lines: the larger count is the safe one.
  const rows = counted.wellFormed ? counted.rows : Math.max(counted.rows, countLines(text));
  return {
    delimiter,
    header,
    rows: header === null ? rows : Math.max(0, rows - 1),
    wellFormed: counted.wellFormed,
  };
}

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

interface Fit {
  readonly delimiter: string;
  readonly width: number;
  readonly rows: number;
  readonly spaced: boolean;
}

function bestDelimiter(whole: string): Fit {
  const text = whole.slice(0, SAMPLE_CHARS);
  let best: Fit = { delimiter: ",", width: 1, rows: 0, spaced: false };
  let bestScore = 0;
  for (const delimiter of DELIMITERS) {
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

/** A header has a distinct name for every column, and none of the names looks like data. */
function isHeader(row: readonly string[]): boolean {
  const names = row.map((cell) => cell.trim());
  while (names.length > 1 && names.at(-1) === "") names.pop();
  return (
    names.every((name) => name !== "" && name.length <= 100 && !DATA_CELL.test(name)) &&
    new Set(names).size === names.length
  );
}

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Counts the rows with more than delimiters, quotes and blanks in them, without allocating cells. */
function countRows(text: string, delimiter: string): { rows: number; wellFormed: boolean } {
  const separator = delimiter.charCodeAt(0);
  const { length } = text;
  let rows = 0;
  let filled = false;
  let wellFormed = true;
  let cellStart = true;
  for (let index = 0; index < length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === separator) {
      cellStart = true;
    } else if (unit === LINE_FEED || unit === CARRIAGE_RETURN) {
      if (filled) rows++;
      filled = false;
      cellStart = true;
    } else if (unit === QUOTE) {
      if (!cellStart) {
        wellFormed = false;
        continue;
      }
      const close = closingQuote(text, index);
      if (close > index + 1) filled = true;
      if (close >= length || !endsCell(text.charCodeAt(close + 1), separator)) wellFormed = false;
      index = Math.min(close, length);
      cellStart = false;
    } else {
      cellStart = false;
      if (unit !== 0x20 && unit !== 0x09) filled = true;
    }
  }
  return { rows: filled ? rows + 1 : rows, wellFormed };
}

function endsCell(unit: number, separator: number): boolean {
  // charCodeAt gives NaN past the end.
  return Number.isNaN(unit) || unit === separator || unit === LINE_FEED || unit === CARRIAGE_RETURN;
}

/** Index of the closing quote; the text's length when none closes. RFC 4180 doubles a quote inside a quoted cell. */
function closingQuote(text: string, open: number): number {
  for (let index = open + 1; ; index += 2) {
    index = text.indexOf('"', index);
    if (index < 0) return text.length;
    if (text.charCodeAt(index + 1) !== QUOTE) return index;
  }
}

function countLines(text: string): number {
  return text.split(/\r\n|\r|\n/).filter((line) => /[^\s,;|"]/.test(line)).length;
}

/** Yields the non-empty rows as cells; at most `limit`. */
export function* csvRows(text: string, delimiter: string, limit: number): Generator<string[]> {
  const { length } = text;
  let row: string[] = [];
  let index = 0;
  let yielded = 0;
  while (index <= length && yielded < limit) {
    const start = index;
    let cell: string;
    if (text.charCodeAt(index) === QUOTE) {
      const close = closingQuote(text, index);
      const rest = cellEnd(text, Math.min(close + 1, length), delimiter);
      cell = text.slice(index + 1, close).replaceAll('""', '"') + text.slice(close + 1, rest);
      index = rest;
    } else {
      index = cellEnd(text, start, delimiter);
      cell = text.slice(start, index);
    }
    row.push(cell);
    if (text.charAt(index) === delimiter) {
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

function cellEnd(text: string, start: number, delimiter: string): number {
  const separator = delimiter.charCodeAt(0);
  for (let index = start; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === separator || unit === LINE_FEED || unit === CARRIAGE_RETURN) return index;
  }
  return text.length;
}
