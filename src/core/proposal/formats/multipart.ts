/** One part of a multipart body. */
export interface Part {
  readonly name: string | null;
  readonly fileName: string | null;
  readonly mediaType: string | null;
  readonly bytes: Uint8Array;
  /** False for a transfer encoding Gate does not decode. */
  readonly decodable: boolean;
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
  const named = isNamed ? parseParameters(mediaType ?? "") : NO_PARAMETERS;
  if (named === null) return null;
  const boundary = named.get("boundary");
  if (boundary !== undefined) return boundary.length <= MAX_BOUNDARY ? boundary : null;
  const start = LATIN.decode(bytes.subarray(0, 1_024));
  const first = BOUNDARY.exec(start);
  if (first === null || !/\r?\ncontent-[a-z-]+:/i.test(start)) return null;
  return first[1]?.trimEnd() ?? null;
}

/**
 * Splits a body into parts (RFC 2046, RFC 7578). Null when the body is malformed (no delimiter, no closing one, a
 * part whose headers don't end, or too many parts), and when another parser would find other parts: delimiters after
 * the closing one, or mixed line breaks, of which some parsers accept only one kind.
 */
export function multipartParts(bytes: Uint8Array, boundary: string): readonly Part[] | null {
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
    if (text.startsWith("--", after)) return parts.length > 0 && isLast(text, delimiter, at) ? parts : null;
    const lineEnd = text.indexOf("\n", after);
    if (lineEnd < 0 || text.slice(after, lineEnd).trim() !== "" || parts.length >= MAX_PARTS) return null;
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
  if (headersEnd < 0) return null;
  const written = text.slice(start, headersEnd);
  if (strayBreak.test(written)) return null;
  const headers = parseHeaders(written.replaceAll(/\r?\n[ \t]+/g, " "));
  const disposition = headers === null ? null : parseParameters(headers.get("content-disposition") ?? "");
  if (headers === null || disposition === null) return null;
  const separators = headersEnd === start ? 1 : 2;
  const encoding = headers.get("content-transfer-encoding")?.toLowerCase() ?? "8bit";
  return {
    name: disposition.get("name") ?? null,
    fileName: disposition.get("filename") ?? null,
    mediaType: headers.get("content-type") ?? null,
    bytes: bytes.subarray(Math.min(headersEnd + separators * lineBreak.length, end), end),
    // The term matcher decodes base64 and quoted-printable text in place.
    decodable: ["7bit", "8bit", "binary", "base64", "quoted-printable"].includes(encoding),
  };
}

/** Searches one part only: a search to the body's end for every part would take quadratic time. */
function findHeadersEnd(part: string, start: number, lineBreak: string): number {
  const found = part.indexOf(lineBreak + lineBreak);
  return found < 0 ? -1 : start + found;
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

const NO_PARAMETERS: ReadonlyMap<string, string> = new Map();
const PARAMETER = /\s*;\s*(?:([^\s;="]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*)))?/y;

/** A quoted value in which a parser that ignores quotes finds another parameter. */
const HIDDEN_PARAMETER = /;\s*(?:(?:file)?name|boundary)\s*\*?\s*=/i;

/**
 * The parameters of a header (RFC 9110 section 5.6.6). Null where parsers differ: a duplicate, text between
 * parameters, and in a `name` or `boundary` an escape or a continuation (RFC 2231), which only some parsers undo.
 */
function parseParameters(header: string): ReadonlyMap<string, string> | null {
  const parameters = new Map<string, string>();
  const line = header.trimEnd();
  PARAMETER.lastIndex = /^[^;]*/.exec(line)?.[0].trimEnd().length ?? 0;
  while (PARAMETER.lastIndex < line.length) {
    const [, written, quoted, plain] = PARAMETER.exec(line) ?? [];
    if (PARAMETER.lastIndex === 0) return null;
    if (written === undefined) continue;
    const name = written.toLowerCase();
    const value = quoted ?? plain ?? "";
    const isContinued = /^(?:name|boundary)\*/.test(name);
    const isEscaped = (name === "name" || name === "boundary") && value.includes("\\");
    if (parameters.has(name) || isContinued || isEscaped || HIDDEN_PARAMETER.test(value)) return null;
    parameters.set(name, value);
  }
  return parameters;
}
