import type { Json } from "../../base/json.ts";
import type { Payload } from "../payload.ts";
import { type CsvShape, csvShape, looksLikeCsv } from "./csv.ts";
import { declaredType, isTextual } from "./declared-type.ts";
import { type Fields, formFields, looksLikeForm } from "./form.ts";
import { type JsonText, readJson, readJsonLines } from "./json-text.ts";
import { magicType } from "./magic-bytes.ts";
import { multipartBoundary, multipartParts, type Part } from "./multipart.ts";
import { decodeText } from "./text.ts";

/** What the bytes are, read as that. */
export type Body =
  | { readonly format: "json"; readonly text: string; readonly value: Json }
  | { readonly format: "ndjson"; readonly text: string; readonly values: readonly Json[] }
  | { readonly format: "csv"; readonly text: string; readonly shape: CsvShape }
  | { readonly format: "form"; readonly text: string; readonly fields: Fields }
  | { readonly format: "multipart"; readonly parts: readonly (Part & { readonly content: ParsedContent })[] }
  | { readonly format: "xml" | "text"; readonly text: string }
  | { readonly format: "pdf" | "xlsx" | "binary" };

export interface ParsedContent {
  readonly body: Body;
  /** What rules about types see. */
  readonly type: string;
  readonly declaredType: string | null;
  readonly contradiction: boolean;
  readonly decodable: boolean;
}

const READ = new WeakMap<Payload, ParsedContent>();

/**
 * Reads content once for everyone who asks: measuring, matching and field checks all need it. A payload never
 * changes, so remembering what it holds changes no answer.
 */
export function parseContent(payload: Payload & { readonly kind: "content" }): ParsedContent {
  const known = READ.get(payload);
  if (known !== undefined) return known;
  const content = contentOf(payload.bytes, payload.name, payload.mediaType, 0);
  READ.set(payload, content);
  return content;
}

function contentOf(
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
      ? readText(bytes, decoded.text, declared.type, mediaType, depth)
      : { body: { format: magic } as Body, agrees: agreesWithMagic(declared.type, magic), readable: false };
  const isBinary = magic === null && !decoded.certain && declared.type === null;
  return {
    body: isBinary ? { format: "binary" } : read.body,
    type: declared.type ?? (isBinary ? "binary" : read.body.format),
    declaredType: declared.type,
    contradiction: declared.contradiction || !read.agrees,
    decodable: magic === null && decoded.certain && read.readable,
  };
}

/** A type Gate does not know (docx, png) can be any binary; what is declared to be text can't. */
function agreesWithMagic(declared: string | null, magic: string): boolean {
  if (declared === null || declared === magic) return true;
  if (declared === "xlsx" || declared === "pdf" || isTextual(declared)) return false;
  return true;
}

interface Reading {
  readonly body: Body;
  /** The content is what it is declared to be, and has one reading. */
  readonly agrees: boolean;
  readonly readable: boolean;
}

function readText(
  bytes: Uint8Array,
  text: string,
  declared: string | null,
  mediaType: string | null,
  depth: number,
): Reading {
  switch (declared) {
    case "json":
      return jsonBody(text) ?? disagreeing(text);
    case "ndjson":
      return jsonLinesBody(text) ?? disagreeing(text);
    case "csv":
      return startsLikeMarkup(text) || jsonBody(text) !== null
        ? disagreeing(text)
        : agreeing({ format: "csv", text, shape: csvShape(text) });
    case "xml":
      return text.trimStart().startsWith("<") ? agreeing({ format: "xml", text }) : disagreeing(text);
    case "form":
      return /[\n<>{}]/.test(text.trim())
        ? disagreeing(text)
        : agreeing({ format: "form", text, fields: formFields(text) });
    case "multipart":
      return multipartBody(bytes, mediaType, depth) ?? disagreeing(text);
    case "pdf":
    case "xlsx":
      return disagreeing(text);
    default:
      return sniffed(bytes, text, mediaType, depth);
  }
}

/** What a text is that is declared as nothing, as plain text, or as something Gate does not know. */
function sniffed(bytes: Uint8Array, text: string, mediaType: string | null, depth: number): Reading {
  const start = text.trimStart();
  if (start.startsWith("{") || start.startsWith("[")) {
    const json = jsonBody(text) ?? jsonLinesBody(text);
    if (json !== null) return json;
  }
  if (start.startsWith("--")) {
    const multipart = multipartBody(bytes, mediaType, depth);
    if (multipart !== null) return multipart;
  }
  if (/^<(?:\?xml|[a-z_])/i.test(start) && start.trimEnd().endsWith(">")) {
    return agreeing({ format: /^<(?:!doctype html|html)/i.test(start) ? "text" : "xml", text });
  }
  if (looksLikeForm(text)) return agreeing({ format: "form", text, fields: formFields(text) });
  if (looksLikeCsv(text)) return agreeing({ format: "csv", text, shape: csvShape(text) });
  return agreeing({ format: "text", text });
}

function agreeing(body: Body): Reading {
  return { body, agrees: true, readable: true };
}

function disagreeing(text: string): Reading {
  return { body: { format: "text", text }, agrees: false, readable: true };
}

function jsonBody(text: string): Reading | null {
  const read: JsonText | null = readJson(text);
  if (read === null) return null;
  return { body: { format: "json", text, value: read.value }, agrees: read.unambiguous, readable: true };
}

function jsonLinesBody(text: string): Reading | null {
  const read = readJsonLines(text);
  if (read === null) return null;
  return { body: { format: "ndjson", text, values: read.values }, agrees: read.unambiguous, readable: true };
}

function startsLikeMarkup(text: string): boolean {
  return /^\s*<(?:\?xml|!doctype|html|svg)/i.test(text);
}

/** Multipart in multipart is not read: what is in there is not seen, and says so. */
function multipartBody(bytes: Uint8Array, mediaType: string | null, depth: number): Reading | null {
  const boundary = multipartBoundary(bytes, mediaType);
  const parts = boundary === null || depth > 0 ? null : multipartParts(bytes, boundary);
  if (parts === null) return null;
  const read = parts.map((part) => ({
    ...part,
    content: contentOf(part.bytes, part.fileName, part.mediaType, depth + 1),
  }));
  return {
    body: { format: "multipart", parts: read },
    agrees: read.every((part) => !part.content.contradiction),
    readable: read.every((part) => part.decodable && part.content.decodable),
  };
}
