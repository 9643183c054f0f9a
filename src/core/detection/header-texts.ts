import type { Part } from "../proposal/formats/multipart.ts";

/** RFC 2231 section 3: `filename*0="re"; filename*1="fund"` names refund. */
const CONTINUATION = /([\w-]{1,40})\*(\d{1,3})\*?\s{0,9}=\s{0,9}(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/** What a part of a multipart body says beside its content; every search of texts reads all of it. */
export function partTexts({
  name,
  fileNames,
  headers,
}: Pick<Part, "name" | "fileNames" | "headers">): readonly string[] {
  return [...(name === null ? [] : [name]), ...fileNames, ...headerTexts(headers)];
}

/** The texts of header lines: with continued lines in one, and the parameters that are written in pieces as a whole. */
export function headerTexts(lines: string): readonly string[] {
  if (lines === "") return [];
  // RFC 5322 section 2.2.3: a line that begins with a blank continues the header.
  const text = lines.replaceAll(/\r?\n[ \t]+/g, " ");
  return text.includes("*") ? [text, ...continuedValues(text)] : [text];
}

function continuedValues(text: string): readonly string[] {
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
