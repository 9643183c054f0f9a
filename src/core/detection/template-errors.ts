import { finish, PIECE, type Steps } from "../base/steps.ts";
import type { Facts } from "../proposal/facts.ts";
import { isJsonObject, type Json } from "../base/json.ts";
import { type Body, parseContent } from "../proposal/formats/content.ts";
import { fieldLines, type Fields } from "../proposal/formats/form.ts";
import { csvRows } from "../proposal/formats/csv-rows.ts";
import type { Payload } from "../proposal/payload.ts";
import { shownTexts } from "./decoding/decodings.ts";
import { partTexts } from "./header-texts.ts";
import type { JoinedText } from "./joined/joined-texts.ts";
import { mayHoldPlaceholder, placeholdersIn } from "./placeholders.ts";

/** A placeholder that was never filled in. */
export interface TemplateError {
  /** As written, at most 80 characters: `{{customer_name}}`. */
  readonly placeholder: string;
  /** `$.messages[*].body`, the name of a CSV column or form field, or `line 3`; null when there is none. */
  readonly where: string | null;
  /** In how many records. */
  readonly records: number;
}

/** Enough for a reviewer to see what is wrong; a broken template repeats itself. */
const MAX_ERRORS = 100;

interface Tally {
  readonly placeholder: string;
  readonly where: string | null;
  records: number;
  /** The last record it was found in, so that each record counts once. */
  last: number;
}

/** What a value costs beside its characters. */
const SMALL = 16;

type Tallies = Map<string, Tally>;

/**
 * Unresolved placeholders in the payload's texts, in document order: at most 100, each with its place and the number
 * of records that contain it; then those that are split over joined runs (`{{` and `name}}`). Empty for a reference
 * and for a payload Gate can't read.
 */
export function findTemplateErrors(
  payload: Payload,
  facts: Facts,
  runs: readonly JoinedText[] = [],
): readonly TemplateError[] {
  return finish(findTemplateErrorsInSteps(payload, facts, runs));
}

/** The same in pieces. */
export function* findTemplateErrorsInSteps(
  payload: Payload,
  _facts: Facts,
  runs: readonly JoinedText[] = [],
): Steps<readonly TemplateError[]> {
  if (payload.kind !== "content") return [];
  const tallies: Tallies = new Map();
  const { body, guessed } = parseContent(payload);
  yield* collect(body, null, tallies);
  for (const [name, value] of guessed ?? []) {
    collectOthers([name, value], "a field", tallies);
    yield name.length + value.length;
  }
  for (const { text, where } of runs) collectOthers([text], `runs of "${where.slice(0, 80)}"`, tallies);
  return [...tallies.values()].map(({ placeholder, where, records }) => ({ placeholder, where, records }));
}

function* collect(body: Body, within: string | null, tallies: Tallies): Steps<void> {
  switch (body.format) {
    case "json":
      yield* collectFromJson(body.value, within, null, tallies);
      return;
    case "ndjson":
      for (const [line, value] of body.values.entries()) {
        yield* collectFromJson(value, within, line, tallies);
        yield SMALL;
      }
      return;
    case "csv":
      yield* collectFromRows(body, tallies);
      return;
    case "form":
      if (body.fields === null) {
        for (const text of fieldLines(body.text)) {
          collectFromText(text, within, 0, tallies);
          yield text.length;
        }
        return;
      }
      collectFromFields(body.fields, tallies);
      return;
    case "multipart":
      // Some programs show what stands around the parts; names are shown with their values.
      collectFromLines(body.preamble, "the text before the parts", tallies);
      collectFromLines(body.epilogue, "the text after the parts", tallies);
      for (const [index, part] of body.parts.entries()) {
        const where = part.name ?? `part ${index + 1}`;
        for (const text of partTexts(part)) collectFromText(text, where, 0, tallies);
        yield* collect(part.content.body, where, tallies);
        if (part.decoded !== null) yield* collect(part.decoded.body, where, tallies);
      }
      return;
    case "xml":
    case "text":
      collectFromLines(body.text, within, tallies);
      return;
    case "pdf":
    case "xlsx":
    case "binary":
  }
}

function collectFromFields(fields: Fields, tallies: Tallies): void {
  for (const [name, value] of fields) {
    collectFromText(name, name, 0, tallies);
    collectFromText(value, name, 0, tallies);
  }
}

/** What another reading of the payload shows: only placeholders that the texts as written don't have. */
function collectOthers(texts: readonly string[], where: string, tallies: Tallies): void {
  const found = texts.flatMap((text) => [text, ...asShown(text)]).flatMap((text) => placeholdersIn(text));
  if (found.length === 0) return;
  const known = new Set(Array.from(tallies.values(), ({ placeholder }) => placeholder));
  for (const { written } of found) if (!known.has(written)) add(written, where, 0, tallies);
}

function collectFromText(text: string, where: string | null, record: number, tallies: Tallies): void {
  for (const { written } of placeholdersIn(text)) add(written, where, record, tallies);
  // A placeholder that is found again in the same record counts once.
  for (const shown of asShown(text)) {
    for (const { written } of placeholdersIn(shown)) add(written, where, record, tallies);
  }
}

/** `&#123;` is a brace to readers of HTML, `\\{\\{` two of them to readers of Markdown, and `{<b>{` to both. */
const MAY_SHOW_OTHERWISE = /&[#A-Za-z]|<[a-z/!]|\\[{}[\]]/i;

const SHOWN_OTHERWISE = /[&<\\]/;

/** Control characters that are no white space, as in `{&#5;{name}}`. */
const UNSEEN = /[^\P{Cc}\s]+/gu;

function asShown(text: string): readonly string[] {
  if (!SHOWN_OTHERWISE.test(text) || !MAY_SHOW_OTHERWISE.test(text)) return [];
  return [...shownTexts(text), text].map((one) =>
    one.replaceAll(UNSEEN, "").replaceAll(/\\([{}[\]])\\?\1/g, "$1$1"),
  );
}

function add(placeholder: string, where: string | null, record: number, tallies: Tallies): void {
  const key = `${placeholder}\n${where}`;
  const known = tallies.get(key);
  if (known === undefined) {
    if (tallies.size < MAX_ERRORS) tallies.set(key, { placeholder, where, records: 1, last: record });
  } else if (known.last !== record) {
    known.records++;
    known.last = record;
  }
}

function collectFromLines(text: string, within: string | null, tallies: Tallies): void {
  let line = 1;
  let counted = 0;
  const found = placeholdersIn(text).toSorted((one, other) => one.index - other.index);
  const seen = new Set<string>();
  for (const { written, index } of found) {
    for (; counted < index; counted++) if (text.charCodeAt(counted) === 0x0a) line++;
    // A text is one record: each placeholder is listed with the first line that contains it.
    if (seen.has(written)) continue;
    seen.add(written);
    add(written, within ?? `line ${line}`, 0, tallies);
  }
  for (const shown of asShown(text)) {
    for (const { written } of placeholdersIn(shown)) {
      if (seen.has(written)) continue;
      seen.add(written);
      add(written, within, 0, tallies);
    }
  }
}

function* collectFromRows(body: Body & { readonly format: "csv" }, tallies: Tallies): Steps<void> {
  let read = 0;
  const { header, delimiter, begins } = body.shape;
  let record = header === null ? 0 : -1;
  // A hundred thousand cells need not be asked for what the whole has not.
  const mayShow = SHOWN_OTHERWISE.test(body.text);
  for (const row of csvRows(body.text.slice(begins), delimiter, Number.POSITIVE_INFINITY)) {
    for (let column = 0; column < row.length; column++) {
      const cell = row[column] ?? "";
      read += cell.length + 1;
      if (!mayShow && !mayHoldPlaceholder(cell)) continue;
      const where = header?.[column] ?? `column ${column + 1}`;
      collectFromText(cell, where, record, tallies);
      // PHP, MySQL and Python's `escapechar` drop backslashes.
      if (cell.includes("\\")) {
        collectFromText(cell.replaceAll(/\\([^])/g, "$1"), where, record, tallies);
      }
    }
    record++;
    if (read < PIECE) continue;
    yield read;
    read = 0;
  }
}

interface Place {
  readonly value: Json;
  readonly path: string;
  /** Index in the outermost list; null outside of one. */
  readonly record: number | null;
}

/** Depth-first in document order, without recursion: the sender chooses the depth. */
function* collectFromJson(
  root: Json,
  within: string | null,
  record: number | null,
  tallies: Tallies,
): Steps<void> {
  let read = 0;
  const stack: Place[] = [{ value: root, path: within ?? "$", record }];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { value, path } = place;
    read += typeof value === "string" ? value.length : SMALL;
    if (read >= PIECE) {
      yield read;
      read = 0;
    }
    if (typeof value === "string") {
      collectFromText(value, path, place.record ?? 0, tallies);
    } else if (Array.isArray(value)) {
      const items = value as readonly Json[];
      for (let index = items.length - 1; index >= 0; index--) {
        const item = items[index];
        if (item !== undefined) {
          stack.push({ value: item, path: `${path}[*]`, record: place.record ?? index });
        }
      }
    } else if (isJsonObject(value)) {
      for (const [name, member] of Object.entries(value).toReversed()) {
        collectFromText(name, path, place.record ?? 0, tallies);
        if (typeof member === "string" || (typeof member === "object" && member !== null)) {
          stack.push({ value: member, path: memberPath(path, name), record: place.record });
        }
      }
    }
  }
}

function memberPath(path: string, name: string): string {
  const step = /^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `['${name.slice(0, 80)}']`;
  // The path is for reviewers, so a long one is cut.
  return path.length > 500 ? path : path + step;
}
