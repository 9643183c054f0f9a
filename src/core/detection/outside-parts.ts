import type { Part } from "../proposal/formats/multipart.ts";

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
/** One character per byte. */
const LATIN = new TextDecoder("windows-1252");

/** RFC 2231 section 3: `filename*0="re"; filename*1="fund"` names refund. */
const CONTINUATION = /([\w-]{1,40})\*(\d{1,3})\*?\s{0,9}=\s{0,9}(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/**
 * What a multipart body holds besides its parts' contents: preamble, delimiters, all headers, epilogue. Mail programs
 * show some of it, and servers store file names.
 *
 * @param parts Their bytes are views of the body's.
 */
export function textsOutsideParts(
  body: Uint8Array,
  parts: readonly Pick<Part, "bytes">[],
): readonly string[] {
  const texts: string[] = [];
  let from = 0;
  for (const { bytes } of parts) {
    const start = bytes.byteOffset - body.byteOffset;
    addText(body.subarray(from, start), texts);
    from = start + bytes.length;
  }
  addText(body.subarray(from), texts);
  return texts;
}

function addText(bytes: Uint8Array, texts: string[]): void {
  const folded = decoded(bytes);
  // RFC 5322 section 2.2.3: a line that begins with a blank continues the header.
  const text = folded.replaceAll(/\r?\n[ \t]+/g, " ");
  texts.push(text);
  if (text.includes("*")) texts.push(...continued(text));
}

function decoded(bytes: Uint8Array): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    return LATIN.decode(bytes);
  }
}

/** Whole values of the parameters that are written in pieces, in the order of their numbers. */
function continued(text: string): readonly string[] {
  const values = new Map<string, { readonly number: number; readonly piece: string }[]>();
  for (const [, name = "", number, quoted, plain] of text.matchAll(CONTINUATION)) {
    const piece = { number: Number(number), piece: quoted ?? plain ?? "" };
    const pieces = values.get(name.toLowerCase());
    if (pieces === undefined) values.set(name.toLowerCase(), [piece]);
    else pieces.push(piece);
  }
  return Array.from(values.values(), (pieces) =>
    pieces
      .toSorted((one, other) => one.number - other.number)
      .map(({ piece }) => piece)
      .join(""),
  );
}
