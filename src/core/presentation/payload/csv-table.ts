import type { CsvShape } from "../../proposal/formats/csv.ts";
import { csvRows } from "../../proposal/formats/csv-rows.ts";
import { columnSum, type Sum, ZERO } from "./column-sum.ts";

/** The first and the last rows of a CSV with the sum of each column of numbers. */
export interface CsvTable {
  /** Null: the first row is data. */
  readonly header: readonly string[] | null;
  readonly width: number;
  readonly first: readonly (readonly string[])[];
  readonly last: readonly (readonly string[])[];
  readonly rows: number;
  /** Per column; null: it has a cell that is no plain number. */
  readonly sums: readonly (string | null)[];
  /** Per column that begins with numbers and has no sum: the first row, from 1, whose cell is no plain number. */
  readonly unsummed: readonly (number | null)[];
}

const FIRST_ROWS = 8;
const LAST_ROWS = 3;
/** A wider table can't be compared by eye, and its text is shown instead. */
const MAX_COLUMNS = 16;

/** Names of columns whose sum means nothing. */
const NO_SUM = /(?:^|[_\s-])(?:id|ids|phone|zip|postcode|postal|year|code|no|number|date|lat|lng|lon)$|Id$/i;

/** Null: its rows differ in width, or are too wide, so that a table would show something other than the text. */
export function csvTable(text: string, { delimiter, begins, header }: CsvShape): CsvTable | null {
  const first: string[][] = [];
  let last: string[][] = [];
  let width: number | null = null;
  let rows = 0;
  let sums: (Sum | null)[] = [];
  let unsummed: (number | null)[] = [];
  let isHeader = header !== null;
  for (const row of csvRows(text.slice(begins), delimiter, Number.POSITIVE_INFINITY)) {
    width ??= row.length;
    if (row.length !== width || width > MAX_COLUMNS) return null;
    if (isHeader) {
      isHeader = false;
      continue;
    }
    if (rows === 0) {
      sums = row.map((_, column) => (NO_SUM.test(header?.[column] ?? "") ? null : ZERO));
      unsummed = row.map(() => null);
    }
    for (const [column, sum] of sums.entries()) {
      if (sum === null) continue;
      const next = columnSum(sum, row[column] ?? "");
      sums[column] = next;
      if (next === null && rows > 0) unsummed[column] = rows + 1;
    }
    rows += 1;
    if (first.length < FIRST_ROWS) first.push(row);
    else last.push(row);
    // Moved rarely, so that a long file costs no shift for each row.
    if (last.length > LAST_ROWS * 64) last = last.slice(-LAST_ROWS);
  }
  if (width === null || rows === 0) return null;
  return {
    header,
    width,
    first,
    last: last.slice(-LAST_ROWS),
    rows,
    sums: sums.map((sum) => (sum === null || rows < 2 ? null : sumText(sum))),
    unsummed,
  };
}

function sumText({ scaled, digits }: Sum): string {
  const all = String(scaled < 0n ? -scaled : scaled).padStart(digits + 1, "0");
  const whole = all.slice(0, all.length - digits).replace(/\B(?=(?:\d{3})+$)/g, ",");
  const part = digits === 0 ? "" : `.${all.slice(all.length - digits)}`;
  return `${scaled < 0n ? "-" : ""}${whole}${part}`;
}
