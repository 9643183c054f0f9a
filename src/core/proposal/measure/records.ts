import { isJsonObject, type Json, type JsonObject } from "../../base/json.ts";
import type { MeasureHints } from "../../registry/measure-hints.ts";
import type { Body, MultipartBody, ParsedContent, ParsedPart } from "../formats/content.ts";
import {
  bracketFields,
  endsALine,
  fieldCount,
  type Fields,
  fieldsAsWritten,
  formFields,
  formRecords,
} from "../formats/form.ts";
import { readJson, readJsonLines } from "../formats/json-text.ts";
import { doubt } from "../doubt.ts";
import { doubted, known, larger, type Measured, total, unknown } from "../measured.ts";
import { countEitherWay, countLines, hasLines } from "./field-lines.ts";
import { mutationRecords } from "./graphql.ts";
import { pathDoubt } from "./path-doubt.ts";
import { recordsAt } from "./select.ts";

/** Formats in which an object or a field can hold a list. */
const LISTING: ReadonlySet<Body["format"]> = new Set(["json", "ndjson", "form", "multipart"]);

/**
 * Counts records at the configured path and by the format; the larger number stands, because records outside the path
 * are written too.
 *
 * @param deletes whether the request deletes: then a list of ids in an object is one record each
 */
export function countRecords(body: Body, hints: MeasureHints, deletes: () => boolean): Measured {
  if (hints.records.kind === "single") return known(1);
  const isDeletion = LISTING.has(body.format) && deletes();
  const counted = countByFormat(body, isDeletion);
  if (hints.records.kind === "auto" || body.format === "csv") return counted;
  const { path } = hints.records;
  const found = recordsAt(body, path);
  const because = pathDoubt(body, path);
  if (body.format === "ndjson" && found.ok && found.value.every((item) => item === undefined)) return counted;
  if (!found.ok || found.value.includes(undefined)) return doubted(counted, "not_at_path");
  if (because !== null && because !== "duplicate_field") return doubted(counted, because);
  // `$.values[*]` says that each item is a record, even one that is a list of cells.
  const eachIsOne = /\[[^\]]*[*:?][^\]]*\]\s*$/.test(path);
  const atPath = known(
    eachIsOne ? found.value.length : found.value.reduce<number>((sum, item) => sum + itemsOf(item), 0),
  );
  // An object counts as one record only where nothing says where its records are.
  return body.format === "json" && isJsonObject(body.value) && !isDeletion ? atPath : larger(counted, atPath);
}

function countByFormat(body: Body, isDeletion: boolean): Measured {
  switch (body.format) {
    case "json":
      return known(isDeletion ? Math.max(rowsOf(body.value), listedItems([body.value])) : rowsOf(body.value));
    case "ndjson": {
      const rows = body.values.reduce<number>((sum, value) => sum + Math.max(1, rowsOf(value)), 0);
      return known(isDeletion ? Math.max(rows, listedItems(body.values)) : rows);
    }
    case "csv":
      return { value: body.shape.rows, doubt: body.shape.doubt };
    case "form":
      return countForm(body.text, body.fields, isDeletion);
    case "multipart":
      return countParts(body, isDeletion);
    case "text":
      return known(null);
    default:
      return unknown(null, "uncountable_format");
  }
}

function rowsOf(written: Json): number {
  const value = typeof written === "string" ? (jsonIn(written) ?? written) : written;
  if (!Array.isArray(value)) return batchSize(value);
  return (value as readonly Json[]).reduce<number>((sum, item) => sum + itemsOf(item), 0);
}

/** Members in which APIs take a batch (HubSpot, Salesforce, SendGrid, Zendesk, Google, Microsoft, Mailchimp, …). */
const BATCH_MEMBERS = [
  "inputs",
  "input",
  "records",
  "rows",
  "items",
  "batch",
  "requests",
  "compositeRequest",
  "batchRequests",
  "operations",
  "writes",
  "contacts",
  "leads",
  "members",
  "personalizations",
  "tickets",
  "users",
  "organizations",
];

/** The records of an undeclared body to a server that takes it for a form; unknown where they are more. */
export function withGuessed(
  counted: Measured,
  { body, guessed }: ParsedContent,
  hints: MeasureHints,
  deletes: () => boolean,
): Measured {
  if (guessed === null || hints.records.kind === "single" || !("text" in body)) return counted;
  const { value } = countForm(body.text, guessed, deletes());
  if (value === null || value <= Math.max(1, counted.value ?? 1)) return counted;
  return larger(unknown(value, "guessed_type"), counted);
}

/** Members that hold a request within a request (Salesforce composite, GraphQL, JSON-RPC, Microsoft Graph). */
const WRAPPERS = ["body", "data", "payload", "request", "params", "variables"];
const HOLDERS: ReadonlySet<string> = new Set([...BATCH_MEMBERS, ...WRAPPERS]);

/**
 * An object is one record and those of its relations, or as many as a batch in it has objects: that is what its API
 * writes.
 */
function batchSize(value: Json): number {
  if (!isJsonObject(value)) return Array.isArray(value) ? Math.max(1, rowsOf(value as readonly Json[])) : 1;
  let most = 1;
  let related = 0;
  for (const name of Object.keys(value)) {
    const written = value[name];
    // Most members are plain values, which hold nothing.
    if (typeof written !== "object" && typeof written !== "string") continue;
    if (!HOLDERS.has(name)) {
      if (typeof written === "object") related += relatedRecords(written);
      continue;
    }
    const inner = typeof written === "string" ? jsonIn(written) : written;
    const [first] = Array.isArray(inner) ? (inner as readonly Json[]) : [inner];
    // Each member once: its lists and objects are counted within.
    if (inner !== undefined && first !== undefined && isJsonObject(first)) {
      most = Math.max(most, batchSize(inner));
    }
  }
  return Math.max(most, related === 0 ? 0 : related + 1, graphqlRecords(value));
}

/** Salesforce's trees write the records below a relation, `{"Contacts":{"records":[…]}}`, as well as the one around them. */
function relatedRecords(value: Json | undefined): number {
  if (value === undefined || !isJsonObject(value)) return 0;
  const records = value["records"];
  return Array.isArray(records) ? rowsOf(records as readonly Json[]) : 0;
}

/** A list or an object that is sent as text, as queues and webhooks do. */
function jsonIn(text: string): Json | undefined {
  return /^\s*[[{]/.test(text) ? readJson(text)?.value : undefined;
}

/** The lists among a GraphQL request's variables are written as those in its document. */
function graphqlRecords({ query, variables }: JsonObject): number {
  const written = typeof query === "string" ? mutationRecords(query) : 0;
  if (written === 0 || variables === undefined || !isJsonObject(variables)) return written;
  return Object.values(variables).reduce<number>(
    (most, each) => (Array.isArray(each) ? Math.max(most, each.length) : most),
    written,
  );
}

/** A list in a list stands for its items: `[[…500]]` is 500 to a receiver that flattens. */
function itemsOf(value: Json | undefined): number {
  return value === undefined ? 1 : batchSize(value);
}

/** The items of all lists, at any depth. */
function listedItems(roots: readonly Json[]): number {
  let count = 0;
  const stack: Json[] = [...roots];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (Array.isArray(next)) {
      for (const item of next as readonly Json[]) {
        if (!Array.isArray(item)) count++;
        if (typeof item === "object" && item !== null) stack.push(item);
      }
    } else if (isJsonObject(next)) {
      for (const value of Object.values(next)) {
        if (typeof value === "object" && value !== null) stack.push(value);
      }
    }
  }
  return count;
}

/** HTML 4.01, appendix B.2.2: older servers separate fields at semicolons as well. */
function countForm(text: string, fields: Fields | null, isDeletion: boolean): Measured {
  const counted = countEitherEnd(text, fields, isDeletion);
  if (!text.includes(";")) return counted;
  const separated = text.replaceAll(";", "&");
  return larger(counted, countEitherEnd(separated, formFields(separated), isDeletion));
}

/** To most servers a last line end belongs to the last name: `a%0A&a⏎` names one field twice. */
function countEitherEnd(text: string, fields: Fields | null, isDeletion: boolean): Measured {
  const counted = countKnown(text, fields, isDeletion);
  const written = endsALine(text) ? fieldsAsWritten(text) : null;
  return written === null ? counted : larger(counted, known(formRecords(written)));
}

function countKnown(text: string, fields: Fields | null, isDeletion: boolean): Measured {
  if (fields === null) return unknown(fieldCount(text), "too_many_fields");
  const counted = countFields(fields, isDeletion);
  const others = text.includes("]") || /%5d/i.test(text) ? bracketFields(text) : [];
  return others.length === 0 ? counted : larger(counted, countFields(others, isDeletion));
}

/** A form is as many records as its most repeated field has values, or as its fields hold lists. */
function countFields(fields: Fields, isDeletion: boolean): Measured {
  const lists = total(fields.map(([, value]) => countValue(value, isDeletion)));
  const most = formRecords(fields);
  if (lists.value === 0) return known(most);
  const unsure = lists.doubt;
  const readings = unsure?.readings.map((reading) => Math.max(most, reading));
  return larger(known(most), { ...lists, doubt: unsure && doubt(unsure.because, readings) });
}

/** Ids in one value, as in `ids=1,2,3`. */
const ID_LIST = /^[\w:.-]+(?:,[\w:.-]+)+$/;

/** The records that a field's text is a list of; 0 for a plain value. */
function countValue(value: string, isDeletion: boolean): Measured {
  // Within JSON a NEL or LS is a character of a string.
  return (
    countJson(value, isDeletion) ??
    countEitherWay(value, (text) => countJson(text, isDeletion) ?? countText(text, isDeletion))
  );
}

function countJson(value: string, isDeletion: boolean): Measured | null {
  const start = value.trimStart().charAt(0);
  if (start !== "[" && start !== "{") return null;
  const json = readJson(value);
  if (json !== null) return countList([json.value], isDeletion);
  const lines = readJsonLines(value);
  return lines === null ? null : countList(lines.values, isDeletion);
}

function countText(value: string, isDeletion: boolean): Measured {
  if (/[\n\r]/.test(value)) return countLines(value);
  return known(isDeletion && ID_LIST.test(value) ? value.split(",").length : 0);
}

function countList(values: readonly Json[], isDeletion: boolean): Measured {
  if (isDeletion) return known(listedItems(values));
  const rows = values.reduce<number>((sum, value) => sum + Math.max(1, rowsOf(value)), 0);
  return known(rows > 1 || Array.isArray(values[0]) ? rows : 0);
}

function countParts({ parts }: MultipartBody, isDeletion: boolean): Measured {
  return total(parts.map((part) => countPart(part, isDeletion)));
}

/**
 * A file counts as it does alone, so that wrapping it makes nothing one record. A plain field is one record, or the
 * list it holds.
 */
function countPart(part: ParsedPart, isDeletion: boolean): Measured {
  const { content, encoded, fileNames } = part;
  if (encoded) return unknown(1, "transfer_encoding");
  const { body } = content;
  if (content.doubt !== null) return unknown(1, content.doubt);
  const counted = countByFormat(body, isDeletion);
  if (counted.doubt?.because === "uncountable_format") return unknown(1, "uncountable_part");
  if (counted.value !== null) return { ...counted, value: Math.max(1, counted.value) };
  const isField = body.format === "text" && fileNames.length === 0 && isPlain(content.declaredType);
  if (!isField) return unknown(1, "uncountable_part");
  return hasLines(body.text) ? unknown(1, "uncountable_field") : known(1);
}

function isPlain(declaredType: string | null): boolean {
  return declaredType === null || declaredType === "text";
}
