import { parseStrictJson } from "../../base/strict-json.ts";
import type { Facts } from "../../proposal/facts.ts";
import { DOUBT_REASONS, reasonText } from "../../proposal/doubt.ts";
import { csvShape } from "../../proposal/formats/csv.ts";
import { type Fields, formFields } from "../../proposal/formats/form.ts";
import { csvTable, type CsvTable } from "./csv-table.ts";
import { indentJson } from "./json-lines.ts";

/**
 * A payload as its type is read best. Where readers could differ on the bytes it is `text`, as sent, and `because` says
 * why: a layout shows nothing that a reader of the bytes would not see.
 */
export type PayloadLayout =
  | { readonly kind: "text"; readonly because: string | null }
  | { readonly kind: "json"; readonly text: string; readonly isWhole: boolean }
  | { readonly kind: "table"; readonly table: CsvTable }
  | { readonly kind: "fields"; readonly fields: Fields };

/** Beyond it a page would be made for seconds; the text's start is shown as sent. */
const MAX_CHARACTERS = 2 * 1024 * 1024;

/** More fields are no form that a person compares. */
const MAX_FIELDS = 60;

const AS_SENT: PayloadLayout = { kind: "text", because: null };

/** @param maxCharacters of an indented JSON text */
export function payloadLayout(text: string, facts: Facts, maxCharacters: number): PayloadLayout {
  const { type } = facts;
  if (type !== "json" && type !== "csv" && type !== "form") return AS_SENT;
  if (text.length > MAX_CHARACTERS) return { kind: "text", because: "it is too long to be laid out" };
  const because = doubtIn(facts);
  if (because !== null) return { kind: "text", because };
  switch (type) {
    case "json":
      return jsonLayout(text, maxCharacters);
    case "csv":
      return csvLayout(text);
    case "form":
      return formLayout(text);
  }
}

function doubtIn({ typeContradiction, doubts }: Facts): string | null {
  if (typeContradiction) return "readers differ on its type";
  for (const found of [doubts?.content, doubts?.records, doubts?.money]) {
    // Where an amount is unknown for itself, readers agree on the bytes all the same.
    if (found !== undefined && !VALUE_DOUBTS.has(found.because)) return reasonText(found);
  }
  return null;
}

const VALUE_DOUBTS: ReadonlySet<string> = new Set([
  "not_at_path",
  "ambiguous_number",
  "unreadable_amount",
  "unreadable_currency",
  "uncountable_field",
]);

function jsonLayout(text: string, maxCharacters: number): PayloadLayout {
  const parsed = parseStrictJson(text);
  if (parsed.ok) return { kind: "json", ...indentJson(text, maxCharacters) };
  switch (parsed.error) {
    case "duplicate_key":
      return { kind: "text", because: "it names a member twice, and readers differ on which one counts" };
    case "unsafe_number":
      return { kind: "text", because: "it has a number that readers round differently" };
    case "lone_surrogate":
      return { kind: "text", because: "it has half of a character" };
    case "too_deep":
      return { kind: "text", because: "it is nested too deeply" };
    case "malformed":
      return { kind: "text", because: "it is no single JSON value" };
  }
}

function csvLayout(text: string): PayloadLayout {
  const shape = csvShape(text);
  if (!shape.wellFormed) return { kind: "text", because: "readers differ on its rows" };
  const table = csvTable(text, shape);
  return table === null
    ? { kind: "text", because: "its rows are no table of a few columns" }
    : { kind: "table", table };
}

function formLayout(text: string): PayloadLayout {
  if (text.includes(";")) return { kind: "text", because: DOUBT_REASONS.form_separator };
  const fields = formFields(text);
  if (fields === null || fields.length > MAX_FIELDS) {
    return { kind: "text", because: "it has too many fields" };
  }
  const isExact = fields.every((field) => field.every((part) => !part.includes("\ufffd")));
  return isExact ? { kind: "fields", fields } : { kind: "text", because: "it has bytes that are no text" };
}
