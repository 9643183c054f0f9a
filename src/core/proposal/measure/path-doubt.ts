import type { DoubtReason } from "../doubt.ts";
import type { Body, MultipartBody } from "../formats/content.ts";
import { isRaggedColumn, otherHeaders } from "../formats/csv.ts";
import { columnName } from "../formats/column-name.ts";
import { csvRows } from "../formats/csv-rows.ts";
import { formFields, type Fields } from "../formats/form.ts";
import { parseJsonPath } from "./parse-json-path.ts";
import { anyMember, matchesFieldLoosely, matchesLoosely } from "./similar-names.ts";

/** PHP's `max_input_vars`, and the limits of qs and Rack: what follows the thousandth field is dropped. */
const MAX_FIELDS_READ = 1_000;

/**
 * Why the value at a path has another place or spelling that some servers take instead: `{"amount":1,"Amount":900}` is
 * 900 to case-insensitive parsers, `amount=1&amount[]=900` to parsers that build lists. Null: no reader finds another.
 */
export function pathDoubt(body: Body, path: string): DoubtReason | null {
  const names = namesIn(path);
  switch (body.format) {
    case "json":
    case "ndjson": {
      const isAlike = matchesLoosely(names);
      const values = body.format === "json" ? [body.value] : body.values;
      return values.some((value) => anyMember(value, isAlike)) ? "similar_name" : null;
    }
    case "csv": {
      const isAlike = matchesLoosely([path, ...names]);
      if ((body.shape.header ?? []).some(isAlike)) return "similar_name";
      if (namesColumnTwice(body, path, names)) return "duplicate_field";
      return columnDoubt(body, path, names);
    }
    case "form":
      return body.fields === null ? "too_many_fields" : formDoubt(body.text, body.fields, names);
    case "multipart":
      return multipartDoubt(body, names);
    default:
      return null;
  }
}

/** The names in a path; the whole text if it doesn't parse as one, as a column's name may not. */
function namesIn(path: string): readonly string[] {
  const parsed = parseJsonPath(path);
  if (!parsed.ok) return [path];
  return parsed.value.segments.flatMap(({ selectors }) =>
    selectors.flatMap((selector) => (selector.kind === "name" ? [selector.name] : [])),
  );
}

/** A first row that names a column twice is no header here, and one to readers that keep the first or the last. */
function namesColumnTwice({ text, shape }: CsvBody, path: string, names: readonly string[]): boolean {
  if (shape.header !== null || NUMBERED.test(path)) return false;
  const [first] = csvRows(text.slice(shape.begins), shape.delimiter, 1);
  return first !== undefined && namesColumn(first.map(columnName), path, names);
}

/** Whether readers of another dialect take another column, or another row for the one that names it. */
function columnDoubt({ text, shape }: CsvBody, path: string, names: readonly string[]): DoubtReason | null {
  const isElsewhere = otherHeaders(text, shape).some((header) => namesColumn(header, path, names));
  if (isElsewhere || isRaggedColumn(text, shape)) return "csv_delimiter";
  const isNamed = shape.header !== null && namesColumn(shape.header, path, names);
  return !isNamed && !NUMBERED.test(path) && hasCell(text, [path, ...names]) ? "csv_delimiter" : null;
}

/** Where no column has the name, another row that has it is a first row to readers that skip those above. */
function hasCell(text: string, names: readonly string[]): boolean {
  const wanted = new Set(names.map((name) => name.toLowerCase()));
  return text.split(/[\r\n,;\t|]/).some((cell) => {
    // A quote, and the backslash before one.
    const bare = cell.length > MAX_NAME_CHARS ? "" : columnName(cell.replaceAll(/["\\]/g, ""));
    return bare !== "" && wanted.has(bare.toLowerCase());
  });
}

/** A longer cell is no column's name. */
const MAX_NAME_CHARS = 200;

type CsvBody = Body & { readonly format: "csv" };

const NUMBERED = /^\$?\[(\d{1,4})\]$/;

/** Whether a reader with another delimiter finds the column, by its name or by its number. */
function namesColumn(header: readonly string[], path: string, names: readonly string[]): boolean {
  const number = NUMBERED.exec(path)?.[1];
  if (number !== undefined) return header.length > Number(number);
  const wanted = new Set([path, ...names].map((name) => name.toLowerCase()));
  return header.some((name) => wanted.has(name.toLowerCase()));
}

function formDoubt(text: string, fields: Fields, names: readonly string[]): DoubtReason | null {
  const found = fieldsDoubt(
    fields.map(([name]) => name),
    names,
  );
  if (found !== null || !text.includes(";")) return found;
  // HTML 4.01, appendix B.2.2: older servers separate fields at semicolons as well.
  const others = formFields(text.replaceAll(";", "&"));
  if (others === null) return "form_separator";
  const wanted = new Set(names);
  const valuesOf = (all: Fields) => all.filter(([name]) => wanted.has(name)).map(([, value]) => value);
  const isSame = valuesOf(fields).join("\n") === valuesOf(others).join("\n");
  const otherNames = others.map(([name]) => name);
  return isSame && fieldsDoubt(otherNames, names) === null ? null : "form_separator";
}

function multipartDoubt({ parts }: MultipartBody, names: readonly string[]): DoubtReason | null {
  const wanted = new Set(names);
  const isFile = parts.some(
    ({ name, fileNames }) => name !== null && wanted.has(name) && fileNames.length > 0,
  );
  if (isFile) return "file_field";
  const isEncoded = parts.some(({ name, encoded }) => name !== null && wanted.has(name) && encoded);
  if (isEncoded) return "transfer_encoding";
  return fieldsDoubt(
    parts.flatMap(({ name }) => name ?? []),
    names,
  );
}

function fieldsDoubt(fields: readonly string[], names: readonly string[]): DoubtReason | null {
  if (fields.some(matchesFieldLoosely(names))) return "similar_name";
  const wanted = new Set(names);
  const found = fields.filter((name) => wanted.has(name));
  if (found.length !== new Set(found).size) return "duplicate_field";
  return fields.length > MAX_FIELDS_READ && found.length > 0 ? "too_many_fields" : null;
}
