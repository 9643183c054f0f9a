import { html } from "hono/html";
import type { CsvTable } from "../../../core/presentation/payload/csv-table.ts";
import { counted, groupDigits } from "../../../core/presentation/numbers.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";

/** A longer cell would push the others off the screen. */
const MAX_CELL_CHARACTERS = 120;

/** The first and the last rows of a CSV, and the sums of its columns of numbers. */
export function csvBox(table: CsvTable): Markup {
  const { header, width, first, last, rows, sums, unsummed } = table;
  const left = rows - first.length - last.length;
  const columns = Array.from({ length: width }, (_, at) => header?.[at] ?? `column ${at + 1}`);
  const numeric = columns.map((_, at) => sums[at] !== null && sums[at] !== undefined);
  return html`<div class="box">
    <div class="scroll" tabindex="0" role="region" aria-label="Payload as a table">
      <table class="asis">
        <thead>
          <tr>
            <th class="num" scope="col">row</th>
            ${columns.map((name, at) => html`<th scope="col" class="${alignment(numeric[at])}">${cell(name)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${first.map((row, at) => tableRow(row, at + 1, numeric))}
          ${
            left <= 0
              ? null
              : html`<tr class="gap">
                  <td></td>
                  <td colspan="${width}">
                    ${counted(left, "row")} not shown here: open the payload as sent to read every row
                  </td>
                </tr>`
          }
          ${last.map((row, at) => tableRow(row, rows - last.length + at + 1, numeric))}
        </tbody>
        ${[...sums, ...unsummed].some((one) => one !== null) ? totals(sums, unsummed) : null}
      </table>
    </div>
  </div>`;
}

function tableRow(row: readonly string[], number: number, numeric: readonly boolean[]): Markup {
  return html`<tr>
    <td class="num dim">${groupDigits(number)}</td>
    ${row.map((text, at) => html`<td class="${numeric[at] === true ? "num" : wrapping(text)}">${cell(text)}</td>`)}
  </tr>`;
}

/** One hidden cell that is no number must not take a sum away unseen. */
function totals(sums: CsvTable["sums"], unsummed: CsvTable["unsummed"]): Markup {
  return html`<tfoot>
    <tr>
      <th scope="row">sum</th>
      ${sums.map((sum, at) => (sum === null ? noSum(unsummed[at] ?? null) : html`<td class="num">${sum}</td>`))}
    </tr>
  </tfoot>`;
}

function noSum(row: number | null): Markup {
  return row === null
    ? html`<td></td>`
    : html`<td class="text">none: row ${groupDigits(row)} is no plain number</td>`;
}

function alignment(isNumeric: boolean | undefined): string {
  return isNumeric === true ? "num" : "text";
}

/** More characters than a column of a table takes without a second line. */
const WRAPPED_FROM = 48;

function wrapping(text: string): string {
  return text.length < WRAPPED_FROM ? "text" : "wrap";
}

/** One line: a line end inside a cell is shown by its code. */
function cell(text: string): Markup | string {
  if (text.length <= MAX_CELL_CHARACTERS) return sanitizeText(text);
  const start = text.slice(0, MAX_CELL_CHARACTERS);
  const whole = start.isWellFormed() ? start : start.slice(0, -1);
  return html`${sanitizeText(whole)}<span class="dim"
      >… and ${counted(text.length - whole.length, "more character")}</span
    >`;
}
