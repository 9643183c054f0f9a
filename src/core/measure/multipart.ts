/** One part of a multipart body. */
export interface Part {
  readonly name: string | null;
  readonly fileName: string | null;
  readonly mediaType: string | null;
  readonly bytes: Uint8Array;
  /** False for a transfer encoding Gate does not decode. */
  readonly decodable: boolean;
}

/** A body with more parts is refused, not read in part. */
const MAX_PARTS = 10_000;
/** RFC 2046 section 5.1.1. */
const BOUNDARY = /^--([\w'()+,\-./:=? ]{1,70})\r?\n/;
const LATIN = new TextDecoder("windows-1252");

/** The boundary a media type names, or the one the body begins with; null when there is none. */
export function multipartBoundary(bytes: Uint8Array, mediaType: string | null): string | null {
  const named = /;\s*boundary\s*=\s*(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(mediaType ?? "");
  if (named !== null) return named[1] ?? named[2] ?? null;
  const start = LATIN.decode(bytes.subarray(0, 1_024));
  const first = BOUNDARY.exec(start);
  if (first === null || !/\r?\ncontent-[a-z-]+:/i.test(start)) return null;
  return first[1]?.trimEnd() ?? null;
}

/**
 * The parts (RFC 2046, RFC 7578); null when the body is not well formed: no delimiter, none that closes, a part
 * without headers' end, or too many.
 */
export function multipartParts(bytes: Uint8Array, boundary: string): readonly Part[] | null {
  // One character per byte, so that offsets are byte offsets.
  const text = LATIN.decode(bytes);
  const delimiter = `--${boundary}`;
  const parts: Part[] = [];
  let at = text.startsWith(delimiter) ? 0 : text.indexOf(`\n${delimiter}`) + 1;
  if (at === 0 && !text.startsWith(delimiter)) return null;
  for (;;) {
    const after = at + delimiter.length;
    if (text.startsWith("--", after)) return parts.length > 0 ? parts : null;
    const lineEnd = text.indexOf("\n", after);
    if (lineEnd < 0 || text.slice(after, lineEnd).trim() !== "" || parts.length >= MAX_PARTS) return null;
    const next = text.indexOf(`\n${delimiter}`, lineEnd);
    if (next < 0) return null;
    const contentEnd = text.charAt(next - 1) === "\r" ? next - 1 : next;
    const part = readPart(text, bytes, lineEnd + 1, contentEnd);
    if (part === null) return null;
    parts.push(part);
    at = next + 1;
  }
}

function readPart(text: string, bytes: Uint8Array, start: number, end: number): Part | null {
  const headersEnd = /^\r?\n/.test(text.slice(start, start + 2))
    ? start
    : headersEndIn(text.slice(start, end), start);
  if (headersEnd < 0) return null;
  const headers = text.slice(start, headersEnd).replaceAll(/\r?\n[ \t]+/g, " ");
  const bodyStart =
    headersEnd + (/^(?:\r?\n){1,2}/.exec(text.slice(headersEnd, headersEnd + 4))?.[0].length ?? 0);
  const disposition = header(headers, "content-disposition") ?? "";
  const encoding = header(headers, "content-transfer-encoding")?.toLowerCase() ?? "8bit";
  return {
    name: parameter(disposition, "name"),
    fileName: parameter(disposition, "filename"),
    mediaType: header(headers, "content-type"),
    bytes: bytes.subarray(Math.min(bodyStart, end), end),
    // The matcher decodes base64 and quoted-printable text where it stands.
    decodable: ["7bit", "8bit", "binary", "base64", "quoted-printable"].includes(encoding),
  };
}

/** Looked for in this part only: to the end of the body it would cost each part all that follows it. */
function headersEndIn(part: string, start: number): number {
  const found = part.search(/\r?\n\r?\n/);
  return found < 0 ? -1 : start + found;
}

function header(headers: string, name: string): string | null {
  for (const line of headers.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon > 0 && line.slice(0, colon).trim().toLowerCase() === name) return line.slice(colon + 1).trim();
  }
  return null;
}

function parameter(value: string, name: string): string | null {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s;"]+))`, "i").exec(value);
  return found === null ? null : (found[1] ?? found[2] ?? "");
}
