import type { Json } from "../../base/json.ts";
import type { DoubtReason } from "../doubt.ts";
import type { Payload } from "../payload.ts";
import { type CsvShape, csvShape, looksLikeCsv } from "./csv.ts";
import { declaredType, isTextual } from "./declared-type.ts";
import { type Fields, formFields, looksLikeForm } from "./form.ts";
import { type JsonText, readJson, readJsonLines } from "./json-text.ts";
import { magicType } from "./magic-bytes.ts";
import { multipartBoundary, multipartParts, type Multipart, type Part } from "./multipart.ts";
import { decodeText } from "./text.ts";

/** Content, parsed in its declared or detected format. */
export type Body =
  | { readonly format: "json"; readonly text: string; readonly value: Json }
  | { readonly format: "ndjson"; readonly text: string; readonly values: readonly Json[] }
  | { readonly format: "csv"; readonly text: string; readonly shape: CsvShape }
  /** Fields are null where there are too many: then nothing in it is known. */
  | { readonly format: "form"; readonly text: string; readonly fields: Fields | null }
  | MultipartBody
  | { readonly format: "xml" | "text"; readonly text: string }
  | { readonly format: "pdf" | "xlsx" | "binary" };

export interface MultipartBody extends Omit<Multipart, "parts"> {
  readonly format: "multipart";
  readonly parts: readonly ParsedPart[];
}

export interface ParsedPart extends Part {
  readonly content: ParsedContent;
  /** The content as a server has it that decodes the part's transfer encoding; null where it has none. */
  readonly decoded: ParsedContent | null;
}

export interface ParsedContent {
  readonly body: Body;
  /** The type that type rules check: declared, or else detected. */
  readonly type: string;
  readonly declaredType: string | null;
  readonly contradiction: boolean;
  readonly decodable: boolean;
  /** The fields of a form to a server that takes an undeclared body for one; null where there are none. */
  readonly guessed: Fields | null;
  /** Why nothing that is measured in it is certain; null: readers agree on its characters and its format. */
  readonly doubt: DoubtReason | null;
}

const PARSED = new WeakMap<Payload, ParsedContent>();

/**
 * Parses content once for measuring, matching and field checks. A payload is immutable, so the cache changes no
 * result.
 */
export function parseContent(payload: Payload & { readonly kind: "content" }): ParsedContent {
  const known = PARSED.get(payload);
  if (known !== undefined) return known;
  const content = parseBytes(payload.bytes, payload.name, payload.mediaType, 0);
  PARSED.set(payload, content);
  return content;
}

function parseBytes(
  bytes: Uint8Array,
  name: string | null,
  mediaType: string | null,
  depth: number,
): ParsedContent {
  const declared = declaredType(name, mediaType);
  const magic = magicType(bytes);
  const decoded = decodeText(bytes, mediaType);
  const read =
    magic === null
      ? parseText(bytes, decoded.text, declared.type, mediaType, depth)
      : { body: { format: magic } as Body, agrees: agreesWithMagic(declared.type, magic), readable: false };
  const isBinary = magic === null && !decoded.certain && declared.type === null;
  const contradiction = declared.contradiction || !read.agrees;
  const isCharsetDoubtful = magic === null && !(decoded.countable && namesOneCharset(read.body));
  return {
    body: isBinary ? { format: "binary" } : read.body,
    type: declared.type ?? (isBinary ? "binary" : read.body.format),
    declaredType: declared.type,
    contradiction,
    decodable: magic === null && decoded.certain && read.readable && !isCharsetDoubtful,
    guessed: depth === 0 && declared.type === null ? guessedFields(read.body) : null,
    doubt: contradiction ? "type_contradiction" : isCharsetDoubtful ? "charset" : null,
  };
}

/** Without one of these a form's only name is the text. */
const FORM_SIGN = /[=&]|%[\da-f]{2}/i;

/** Rack takes a body without a media type for a form, whatever it looks like. */
function guessedFields(body: Body): Fields | null {
  const isText = body.format === "text" || body.format === "csv" || body.format === "xml";
  return isText && FORM_SIGN.test(body.text) ? formFields(body.text) : null;
}

/** An unknown declared type (docx, png) can be any binary; a declared text type can't. */
function agreesWithMagic(declared: string | null, magic: string): boolean {
  if (declared === null || declared === magic) return true;
  if (declared === "xlsx" || declared === "pdf" || isTextual(declared)) return false;
  return true;
}

interface ParsedText {
  readonly body: Body;
  /** The content matches its declared type, and all parsers read the same from it. */
  readonly agrees: boolean;
  readonly readable: boolean;
}

function parseText(
  bytes: Uint8Array,
  text: string,
  declared: string | null,
  mediaType: string | null,
  depth: number,
): ParsedText {
  switch (declared) {
    case "json":
      return jsonBody(text) ?? contradictory(text);
    case "ndjson":
      return jsonLinesBody(text) ?? contradictory(text);
    case "csv":
      return startsLikeMarkup(text) || jsonBody(text) !== null
        ? contradictory(text)
        : consistent({ format: "csv", text, shape: csvShape(text, isTabSeparated(mediaType) ? "\t" : null) });
    case "xml":
      return text.trimStart().startsWith("<") ? markup("xml", text) : contradictory(text);
    case "form":
      return /[\n<>{}]/.test(text.trim()) ? contradictory(text) : formBody(text);
    case "multipart":
      return multipartBody(bytes, mediaType, depth) ?? contradictory(text);
    case "pdf":
    case "xlsx":
      return contradictory(text);
    default:
      return detectText(bytes, text, mediaType, depth);
  }
}

/** Detects the format of a text that is declared as nothing, as plain text, or as a type Gate does not know. */
function detectText(bytes: Uint8Array, text: string, mediaType: string | null, depth: number): ParsedText {
  const start = text.trimStart();
  if (start.startsWith("{") || start.startsWith("[")) {
    const json = jsonBody(text) ?? jsonLinesBody(text);
    if (json !== null) return json;
    // Lenient parsers read it (comments, single quotes, trailing commas), and Gate doesn't know as what.
    if (LIKE_JSON.test(start)) return { ...consistent({ format: "text", text }), readable: false };
  } else if (isBehindScalars(start)) {
    return { ...consistent({ format: "text", text }), readable: false };
  }
  if (start.startsWith("--")) {
    const multipart = multipartBody(bytes, mediaType, depth);
    if (multipart !== null) return multipart;
  }
  if (/^<(?:\?xml|[a-z_])/i.test(start) && start.trimEnd().endsWith(">")) {
    return markup(/^<(?:!doctype html|html)/i.test(start) ? "text" : "xml", text);
  }
  if (looksLikeForm(text)) return formBody(text);
  if (looksLikeCsv(text)) return consistent({ format: "csv", text, shape: csvShape(text) });
  return consistent({ format: "text", text });
}

/** An object or a list of such, and no prose: `{{name}}, …` and `[Note] …` are texts. */
const LIKE_JSON = /^(?:\[\s*)*(?:\[["']|\{\s*(?:["'}]|\/[/*]|\w{1,40}\s{0,9}:))/;

const SCALARS = /^(?:[-+.\deEtrufalsn\s]|"[^"]*")+$/;

/** Whether JSON follows numbers, names or strings, as in `0{"a":1}`: parsers of streams read it (Python's `raw_decode`). */
function isBehindScalars(start: string): boolean {
  const begins = start.search(/[[{]/);
  return begins > 0 && LIKE_JSON.test(start.slice(begins)) && SCALARS.test(start.slice(0, begins));
}

/** XML can define entities (section 4.2): what `&a;` stands for is then anywhere, in pieces, or in another document. */
function markup(format: "xml" | "text", text: string): ParsedText {
  return { ...consistent({ format, text }), readable: !/<!ENTITY/i.test(text) };
}

function consistent(body: Body): ParsedText {
  return { body, agrees: true, readable: true };
}

function formBody(text: string): ParsedText {
  const fields = formFields(text);
  return { body: { format: "form", text, fields }, agrees: true, readable: fields !== null };
}

function contradictory(text: string): ParsedText {
  return { body: { format: "text", text }, agrees: false, readable: true };
}

function jsonBody(text: string): ParsedText | null {
  const read: JsonText | null = readJson(text);
  if (read === null) return null;
  return { body: { format: "json", text, value: read.value }, agrees: read.unambiguous, readable: true };
}

function jsonLinesBody(text: string): ParsedText | null {
  const read = readJsonLines(text);
  if (read === null) return null;
  return { body: { format: "ndjson", text, values: read.values }, agrees: read.unambiguous, readable: true };
}

function isTabSeparated(mediaType: string | null): boolean {
  return /^\s*text\/tab-separated-values\b/i.test(mediaType ?? "");
}

function startsLikeMarkup(text: string): boolean {
  return /^\s*<(?:\?xml|!doctype|html|svg)/i.test(text);
}

/** Nested multipart is not parsed: a part that declares it is a contradiction. */
function multipartBody(bytes: Uint8Array, mediaType: string | null, depth: number): ParsedText | null {
  const boundary = multipartBoundary(bytes, mediaType);
  const multipart = boundary === null || depth > 0 ? null : multipartParts(bytes, boundary);
  if (multipart === null) return null;
  const read = multipart.parts.map((part): ParsedPart => {
    const parse = (content: Uint8Array) =>
      parseBytes(content, part.fileNames[0] ?? null, part.mediaType, depth + 1);
    const decoded = part.decodedBytes === null ? null : parse(part.decodedBytes);
    return { ...part, content: parse(part.bytes), decoded };
  });
  return {
    body: { ...multipart, format: "multipart", parts: read },
    agrees: read.every((part) => !part.content.contradiction && namesOneType(part.fileNames)),
    readable: read.every(
      (part) => part.decodable && part.content.decodable && part.decoded?.decodable !== false,
    ),
  };
}

/** `filename` and `filename*` may spell a name differently, but not give it different types. */
function namesOneType(names: readonly string[]): boolean {
  return new Set(names.map((name) => declaredType(name, null).type)).size <= 1;
}

/** HTML requires its `meta` within the first 1,024 bytes; an XML declaration comes first. */
const HEAD_CHARS = 2_048;
const MARKUP_CHARSET =
  /^\s*<\?xml[^>]{0,200}\sencoding\s*=\s*["']([^"'>]{0,40})|<meta[^>]{0,200}charset\s*=\s*["']?([^"'>\s]{0,40})/gi;
const EXTENDS_ASCII = /^(?:utf-?8|us-ascii|iso-8859-\d{1,2}|latin-?1|windows-125\d|cp125\d)?$/i;

/** XML, HTML and forms (`_charset_`) can declare a charset themselves; a server that follows it reads other letters. */
function namesOneCharset(body: Body): boolean {
  switch (body.format) {
    case "xml":
    case "text":
      if (!/^\s*</.test(body.text)) return true;
      return [...body.text.slice(0, HEAD_CHARS).matchAll(MARKUP_CHARSET)].every(([, xml, html]) =>
        EXTENDS_ASCII.test(xml ?? html ?? ""),
      );
    case "form":
      return body.fields?.every(([name, value]) => name !== "_charset_" || EXTENDS_ASCII.test(value)) ?? true;
    case "multipart":
      return body.parts.every(({ name, content }) => {
        if (content.doubt === "charset") return false;
        return name !== "_charset_" || ("text" in content.body && EXTENDS_ASCII.test(content.body.text));
      });
    default:
      return true;
  }
}
