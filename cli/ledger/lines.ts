import { createReadStream } from "node:fs";
import { errorText } from "../io.ts";
import { Unreadable } from "./options.ts";

/** Longer than any entry: a longer line is cut here, and then fails to parse as one. */
const MAX_LINE_CHARS = 1024 * 1024;

/** Matches the first line of an export and no bundle, which is one object with a `format`. */
const EXPORT_LINE = /^\s*\{\s*"(?:index|entry|checkpoint)"\s*:/;
const BEGINNING_CHARS = 256;

export interface Evidence {
  readonly kind: "bundle" | "export";
  /** Text as it is read; can be iterated once. */
  readonly chunks: AsyncIterable<string>;
}

/**
 * Streams a file's text, or standard input for `-`, so that a large export need not fit into memory.
 *
 * @throws {Unreadable} at once for a missing file, while reading for a broken stream or invalid UTF-8
 */
export async function openEvidence(file: string): Promise<Evidence> {
  const chunks = textOf(file)[Symbol.asyncIterator]();
  let beginning = "";
  while (beginning.length < BEGINNING_CHARS) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    beginning += value;
  }
  if (beginning.trim() === "") throw new Unreadable(`${file === "-" ? "standard input" : file} is empty`);
  return { kind: EXPORT_LINE.test(beginning) ? "export" : "bundle", chunks: rest(beginning, chunks) };
}

async function* rest(beginning: string, chunks: AsyncIterator<string>): AsyncGenerator<string> {
  yield beginning;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
}

/** @throws {Unreadable} while reading */
export async function* textOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    const stream = file === "-" ? process.stdin : createReadStream(file);
    for await (const chunk of stream) yield decoder.decode(chunk as Uint8Array, { stream: true });
    yield decoder.decode();
  } catch (error) {
    const what = file === "-" ? "standard input" : file;
    throw new Unreadable(
      `${what} can't be read: ${error instanceof TypeError ? "it is not UTF-8" : errorText(error)}`,
    );
  }
}

/** The whole text; reading stops beyond `maxChars`, and the parser then refuses the text as too long. */
export async function wholeText(chunks: AsyncIterable<string>, maxChars: number): Promise<string> {
  let text = "";
  for await (const chunk of chunks) {
    text += chunk;
    if (text.length > maxChars) break;
  }
  return text;
}

/** Lines without their line feeds; the last line feed is optional. */
export async function* linesOf(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let line = "";
  for await (const chunk of chunks) {
    const pieces = chunk.split("\n");
    for (const [at, piece] of pieces.entries()) {
      if (at > 0) {
        yield line;
        line = "";
      }
      if (line.length <= MAX_LINE_CHARS) line += piece;
    }
  }
  if (line !== "") yield line;
}
