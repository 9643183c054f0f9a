import { isCertain, parseParameters } from "./media-type.ts";
import { transferEncoding, type TransferEncoding } from "./transfer-encoding.ts";

/** One part of a multipart body. */
export interface Part extends TransferEncoding {
  readonly name: string | null;
  /** Usually one; `filename*` may give another, which RFC 6266 prefers and many servers don't know. */
  readonly fileNames: readonly string[];
  readonly mediaType: string | null;
  /** What its headers say beside name, file name and media type, for content rules. */
  readonly headers: string;
  readonly bytes: Uint8Array;
}

export interface Multipart {
  readonly parts: readonly Part[];
  /** What stands before the first delimiter and after the last one: servers ignore it, mail programs may show it. */
  readonly preamble: string;
  readonly epilogue: string;
}

/** A body with more parts is refused whole, never parsed partially. */
const MAX_PARTS = 10_000;
/** RFC 2046 section 5.1.1. */
const MAX_BOUNDARY = 70;
const BOUNDARY = /^--([\w'()+,\-./:=? ]{1,70})\r?\n/;
const LATIN = new TextDecoder("windows-1252");

/** The boundary a media type names, or the one the body begins with; null when there is none, or more than one. */
export function multipartBoundary(bytes: Uint8Array, mediaType: string | null): string | null {
  const isNamed = /^\s*multipart\//i.test(mediaType ?? "");
  const named = parseParameters(isNamed ? (mediaType ?? "") : "");
  if (!isCertain(named, "boundary")) return null;
  const boundary = named.values.get("boundary")?.[0];
  if (boundary !== undefined) return boundary.length <= MAX_BOUNDARY ? boundary : null;
  const start = LATIN.decode(bytes.subarray(0, 1_024));
  const first = BOUNDARY.exec(start);
  if (first === null || !/\r?\ncontent-[a-z-]+:/i.test(start)) return null;
  return first[1]?.trimEnd() ?? null;
}

/**
 * Splits a body into parts (RFC 2046, RFC 7578). Null when the body is malformed (no delimiter, no closing one, a
 * part whose headers don't end, or too many parts), and when another parser would find other parts: delimiters after
 * the closing one, blanks behind a delimiter (content to Rack), or mixed line breaks, of which some parsers accept only
 * one kind, also where headers end.
 */
export function multipartParts(bytes: Uint8Array, boundary: string): Multipart | null {
  // One character per byte, so that offsets are byte offsets.
  const text = LATIN.decode(bytes);
  const delimiter = `--${boundary}`;
  const parts: Part[] = [];
  const begins = text.startsWith(delimiter) ? 0 : text.indexOf(`\n${delimiter}`) + 1;
  let at = begins;
  if (text.indexOf(delimiter) !== begins) return null;
  const lineBreak = text.charAt(text.indexOf("\n", begins) - 1) === "\r" ? "\r\n" : "\n";
  for (;;) {
    const after = at + delimiter.length;
    if (at > 0 && !text.endsWith(lineBreak, at)) return null;
    if (text.startsWith("--", after)) {
      if (parts.length === 0 || !isLast(text, delimiter, at)) return null;
      return {
        parts,
        preamble: utf8(bytes, 0, begins),
        epilogue: utf8(bytes, after + 2, bytes.length).trim(),
      };
    }
    const lineEnd = text.indexOf("\n", after);
    if (lineEnd < 0 || !text.startsWith(lineBreak, after) || parts.length >= MAX_PARTS) return null;
    const next = text.indexOf(`\n${delimiter}`, lineEnd);
    if (next < 0 || !text.endsWith(lineBreak, lineEnd + 1)) return null;
    const part = readPart(text, bytes, lineEnd + 1, next + 1 - lineBreak.length, lineBreak);
    if (part === null) return null;
    parts.push(part);
    at = next + 1;
  }
}

/** Parsers ignore the epilogue (RFC 2046), but one that misses the closing delimiter reads the next as a part. */
function isLast(text: string, delimiter: string, at: number): boolean {
  return !text.includes(delimiter, at + delimiter.length);
}

function readPart(
  text: string,
  bytes: Uint8Array,
  start: number,
  end: number,
  lineBreak: string,
): Part | null {
  const strayBreak = lineBreak === "\n" ? /\r/ : /\r(?!\n)|(?<!\r)\n/;
  const headersEnd = text.startsWith(lineBreak, start)
    ? start
    : findHeadersEnd(text.slice(start, end), start, lineBreak);
  if (headersEnd < 0 || hasLaterHeadersEnd(text.slice(headersEnd, end), headersEnd === start, lineBreak)) {
    return null;
  }
  const written = text.slice(start, headersEnd);
  if (strayBreak.test(written)) return null;
  const headers = parseHeaders(written.replaceAll(/\r?\n[ \t]+/g, " "));
  const disposition = parseParameters(headers?.get("content-disposition") ?? "");
  if (headers === null || !isCertain(disposition, "name")) return null;
  const separators = headersEnd === start ? 1 : 2;
  const content = bytes.subarray(Math.min(headersEnd + separators * lineBreak.length, end), end);
  return {
    ...transferEncoding(headers.get("content-transfer-encoding"), content),
    name: disposition.values.get("name")?.[0] ?? null,
    fileNames: disposition.values.get("filename") ?? [],
    mediaType: headers.get("content-type") ?? null,
    headers: utf8(bytes, start, headersEnd).replaceAll(USUAL_HEADER, "").trim(),
    bytes: content,
  };
}

/** Names are searched by themselves; the rest of a usual header must not match a term such as "form data". */
const USUAL_HEADER =
  /^content-(?:disposition:\s*form-data(?:;\s*(?:file)?name="[^"\\\r\n]*")*|type:\s*[\w.+/-]*|transfer-encoding:\s*[\w-]*|length:\s*\d*)/gim;
const UTF8 = new TextDecoder();

function utf8(bytes: Uint8Array, start: number, end: number): string {
  return start >= end ? "" : UTF8.decode(bytes.subarray(start, end));
}

/** Searches one part only: a search to the body's end for every part would take quadratic time. */
function findHeadersEnd(part: string, start: number, lineBreak: string): number {
  const found = part.indexOf(lineBreak + lineBreak);
  return found < 0 ? -1 : start + found;
}

/**
 * Rack ends headers at the first two CRLFs and nowhere else: in a body of LFs, or behind no headers, it takes what stands
 * before them for headers, and another field or value remains.
 */
function hasLaterHeadersEnd(rest: string, hasNoHeaders: boolean, lineBreak: string): boolean {
  const isEnded = lineBreak === "\r\n" && !hasNoHeaders;
  return !isEnded && rest.includes("\r\n\r\n", hasNoHeaders ? lineBreak.length : 0);
}

/** Headers by lower-case name; null for a duplicate, because parsers differ on which one counts. */
function parseHeaders(written: string): ReadonlyMap<string, string> | null {
  const headers = new Map<string, string>();
  for (const line of written.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (headers.has(name)) return null;
    if (colon > 0) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}
