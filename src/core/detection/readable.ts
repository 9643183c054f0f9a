import { finish, PIECE, type Steps } from "../base/steps.ts";
import type { Facts } from "../proposal/facts.ts";
import { type Body, parseContent, type ParsedContent } from "../proposal/formats/content.ts";
import { fieldLines } from "../proposal/formats/form.ts";
import { DELIMITERS } from "../proposal/formats/csv-dialect.ts";
import { csvRows } from "../proposal/formats/csv-rows.ts";
import { addJsonTokens } from "../proposal/formats/json-text.ts";
import type { Payload } from "../proposal/payload.ts";
import { partTexts } from "./header-texts.ts";

/**
 * The texts of a payload that content rules search: strings, names and numbers of JSON, cells of CSV, names and
 * values of forms and parts, and what stands around parts; any other text whole; of a reference only its name. A
 * payload that is not `decodable` gives only its readable texts, and the rules hold it for the rest.
 */
export function readableTexts(payload: Payload, facts: Facts): readonly string[] {
  return finish(readableTextsInSteps(payload, facts));
}

/** The same in pieces. */
export function* readableTextsInSteps(payload: Payload, _facts: Facts): Steps<readonly string[]> {
  if (payload.kind === "none") return [];
  if (payload.kind === "reference") return [payload.name];
  const texts = payload.name === null ? [] : [payload.name];
  yield* addTexts(parseContent(payload), texts);
  return texts;
}

function* addTexts({ body, declaredType, guessed }: ParsedContent, texts: string[]): Steps<void> {
  yield* addBody(body, texts);
  for (const [name, value] of guessed ?? []) texts.push(name, value);
  // A text that is only detected as a table or a form is also searched whole: three lines of `refund, guaranteed`
  // must not be split into cells that match nothing.
  if ((body.format === "csv" || body.format === "form") && declaredType !== body.format) {
    texts.push(body.text);
  }
}

function* addBody(body: Body, texts: string[]): Steps<void> {
  switch (body.format) {
    case "json":
    case "ndjson":
      for (let at = 0; at < body.text.length;) {
        at = addJsonTokens(body.text, at, at + PIECE, texts);
        yield PIECE;
      }
      return;
    case "csv":
      yield* addCells(body.text, body.shape.delimiter, body.shape.wellFormed, texts);
      return;
    case "form":
      if (body.fields === null) for (const text of fieldLines(body.text)) texts.push(text);
      else for (const [name, value] of body.fields) texts.push(name, value);
      return;
    case "multipart":
      // Some programs show what stands around the parts, and a part's headers hold its names in any encoding.
      for (const text of [body.preamble, body.epilogue]) if (text !== "") texts.push(text);
      for (const part of body.parts) {
        texts.push(...partTexts(part));
        yield* addTexts(part.content, texts);
        if (part.decoded !== null) yield* addTexts(part.decoded, texts);
      }
      return;
    case "xml":
    case "text":
      texts.push(body.text);
      // RFC 5545 section 3.1 and RFC 6350: a line that begins with a blank goes on without it.
      if (/^\s*BEGIN:V/i.test(body.text)) texts.push(body.text.replaceAll(/\r?\n[ \t]/g, ""));
      return;
    case "pdf":
    case "xlsx":
    case "binary":
  }
}

/**
 * A CSV with broken quotes is also searched as one text, because another parser may find other cells; so is one in which a
 * reader of another delimiter finds a quoted cell, `1|x,"|a⏎b|"`.
 */
function* addCells(text: string, delimiter: string, wellFormed: boolean, texts: string[]): Steps<void> {
  let read = 0;
  const hasOtherCells = DELIMITERS.some((other) => other !== delimiter && text.includes(`${other}"`));
  if (!wellFormed || hasOtherCells) texts.push(text);
  // PHP, MySQL and Python's `escapechar` drop backslashes.
  if (text.includes("\\")) texts.push(text.replaceAll(/\\([^])/g, "$1"));
  for (const row of csvRows(text, delimiter, Number.POSITIVE_INFINITY)) {
    for (const cell of row) {
      read += cell.length + 1;
      if (cell !== "") texts.push(cell);
      // Readers with an escape character drop it, whatever follows: `1111\\ 1111`.
      if (cell.includes("\\")) texts.push(cell.replaceAll(/\\([^])/g, "$1"));
    }
    if (read < PIECE) continue;
    yield read;
    read = 0;
  }
}
