import type { Facts } from "../facts.ts";
import type { Json } from "../../base/json.ts";
import type { Payload } from "../payload.ts";
import { finish, type Steps } from "../../base/steps.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { type Body, parseContent } from "../formats/content.ts";
import { columnCells, csvShape, isSameWithEscapes } from "../formats/csv.ts";
import { csvRows } from "../formats/csv-rows.ts";
import { type Fields, formFields } from "../formats/form.ts";
import type { MeasureHints } from "../../registry/measure-hints.ts";
import { readJson, readJsonLines } from "../formats/json-text.ts";
import { evaluateJsonPath } from "./json-path.ts";
import { parseJsonPath } from "./parse-json-path.ts";

/** A CSV with more rows is counted, but its cells are not read. */
const MAX_RECORDS = 500_000;

/**
 * The values at `path`. A path that begins with `$` is RFC 9535 from the document (of NDJSON and CSV: from each
 * record); any other is a dot path, looked up in every item of the arrays it meets, or a CSV column's name. A
 * record that lacks the value gives `undefined` in its place.
 *
 * @param type json, ndjson, csv or form; a text of any other type has no fields.
 * @returns a sentence when the text is not of its type, the path is invalid, or evaluating it costs too much.
 */
export function selectValues(
  text: string,
  type: string,
  path: string,
): Result<readonly (Json | undefined)[], string> {
  const body = parseFields(text, type);
  return body === null ? err(`this payload is not readable as ${type}`) : valuesIn(body, path);
}

function parseFields(text: string, type: string): Body | null {
  switch (type) {
    case "json": {
      const read = readJson(text);
      return read?.unambiguous === true ? { format: "json", text, value: read.value } : null;
    }
    case "ndjson": {
      const read = readJsonLines(text);
      return read?.unambiguous === true ? { format: "ndjson", text, values: read.values } : null;
    }
    case "csv":
      return { format: "csv", text, shape: csvShape(text) };
    case "form":
      return { format: "form", text, fields: formFields(text) };
    default:
      return null;
  }
}

/** @see selectValues */
export function valuesIn(body: Body, path: string): Result<readonly (Json | undefined)[], string> {
  return finish(valuesInSteps(body, path));
}

/** The same in pieces. */
export function* valuesInSteps(
  body: Body,
  path: string,
): Steps<Result<readonly (Json | undefined)[], string>> {
  if (body.format === "csv") {
    const column = columnOf(body, path);
    if (column !== null) return yield* columnValues(body, column);
  }
  const parsed = parseJsonPath(path);
  if (!parsed.ok) return parsed;
  const documents = documentsIn(body);
  if (!documents.ok) return documents;
  const values: (Json | undefined)[] = [];
  for (const document of documents.value) {
    const found = evaluateJsonPath(parsed.value, document);
    if (!found.ok) return found;
    for (const value of found.value) values.push(value);
  }
  return ok(values);
}

function documentsIn(body: Body): Result<readonly Json[], string> {
  switch (body.format) {
    case "json":
      return ok([body.value]);
    case "ndjson":
      return ok(body.values);
    case "csv":
      return rowRecords(body);
    case "form":
      return body.fields === null ? err("this form has too many fields") : ok([fieldsRecord(body.fields)]);
    case "multipart":
      return ok([fieldsRecord(body.parts.flatMap((part) => partField(part)))]);
    default:
      return err(`${body.format} has no fields`);
  }
}

function partField(part: { name: string | null; content: { body: Body } }): Fields {
  const { body } = part.content;
  return part.name !== null && "text" in body ? [[part.name, body.text]] : [];
}

/** A repeated field becomes an array, because Gate can't know which of its values the destination takes. */
function fieldsRecord(fields: Fields): Json {
  const values = new Map<string, string[]>();
  for (const [name, value] of fields) {
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return Object.fromEntries(
    [...values].map(([name, all]) => [name, all.length === 1 ? (all[0] ?? "") : all]),
  );
}

type CsvBody = Body & { readonly format: "csv" };

/** The column a path names: by its header, else by its number as `[0]`; null when it is neither. */
function columnOf(body: CsvBody, path: string): number | null {
  const { header } = body.shape;
  const name = /^\$\.([^.[\]]+)$/.exec(path)?.[1] ?? /^\$\['([^'\\]+)'\]$/.exec(path)?.[1] ?? path;
  const index = header === null ? -1 : header.indexOf(name);
  if (index >= 0) return header?.indexOf(name, index + 1) === -1 ? index : null;
  const number = /^\$?\[(\d{1,4})\]$/.exec(path)?.[1];
  return number === undefined ? null : Number(number);
}

function* columnValues(body: CsvBody, column: number): Steps<Result<readonly (Json | undefined)[], string>> {
  if (body.shape.rows > MAX_RECORDS) return err(`more than ${MAX_RECORDS} records can't be looked into`);
  const cells = yield* columnCells(body.text, body.shape, column);
  return cells === null ? err(MANY_DIALECTS) : ok(cells);
}

const MANY_DIALECTS = "readers of this CSV find different rows or cells in it";

function rowRecords(body: CsvBody): Result<readonly Json[], string> {
  const { header, delimiter, rows, begins } = body.shape;
  if (rows > MAX_RECORDS) return err(`more than ${MAX_RECORDS} records can't be looked into`);
  if (body.shape.doubt !== null || !isSameWithEscapes(body.text, body.shape)) return err(MANY_DIALECTS);
  const read: Json[] = [];
  let skip = header !== null;
  for (const row of csvRows(body.text.slice(begins), delimiter, Number.POSITIVE_INFINITY)) {
    if (skip) skip = false;
    else if (header === null) read.push(row);
    else read.push(recordOf(header, row));
  }
  return ok(read);
}

/** Over the row's own cells, because a wide header over many short rows would take quadratic time. */
function recordOf(header: readonly string[], row: readonly string[]): Json {
  const cells: [string, string][] = [];
  for (const [index, cell] of row.entries()) {
    const name = header[index];
    if (name !== undefined) cells.push([name, cell]);
  }
  return Object.fromEntries(cells);
}

/**
 * Each record of the payload, for checks on its fields: the items at the destination's records path, else the
 * items of a JSON array, the lines of NDJSON, the rows of a CSV as objects by header (as arrays when it has
 * none), else the one object there is.
 *
 * @returns a sentence when the payload has no records whose fields can be read.
 */
export function records(
  payload: Payload,
  facts: Facts,
  hints: MeasureHints,
): Result<readonly Json[], string> {
  if (payload.kind !== "content") return err("Gate has not seen this payload");
  if (facts.typeContradiction) return err("the payload is not what it is declared to be");
  const { body } = parseContent(payload);
  if (hints.records.kind === "path" && body.format !== "csv" && body.format !== "ndjson") {
    const found = recordsAt(body, hints.records.path);
    if (!found.ok) return found;
    const present: Json[] = [];
    for (const record of found.value) if (record !== undefined) present.push(record);
    return ok(present);
  }
  if (body.format === "json") {
    return ok(Array.isArray(body.value) ? (body.value as readonly Json[]) : [body.value]);
  }
  return documentsIn(body);
}

/**
 * The records at a path. A list at a path that ends in a name or an index stands for its items; `records.length`
 * means `records`.
 */
export function recordsAt(body: Body, path: string): Result<readonly (Json | undefined)[], string> {
  const bare = path.startsWith("$") ? path : path.replace(/\.length$/, "");
  const parsed = parseJsonPath(bare);
  if (!parsed.ok) return parsed;
  const found = valuesIn(body, bare);
  const last = parsed.value.segments.at(-1)?.selectors[0]?.kind;
  if (!found.ok || last === "wildcard" || last === "filter" || last === "slice") return found;
  const all: (Json | undefined)[] = [];
  for (const value of found.value) {
    if (Array.isArray(value)) for (const item of value as readonly Json[]) all.push(item);
    else all.push(value);
  }
  return ok(all);
}
