import { createReadStream } from "node:fs";
import { errorText } from "../io.ts";
import { Unreadable } from "./options.ts";

/** Longer than any entry: what goes on beyond is cut there, and is then no entry. */
const MAX_LINE_CHARS = 1024 * 1024;

/** What the first line of an export looks like, and no bundle: a bundle is one object that says its format. */
const EXPORT_LINE = /^\s*\{\s*"(?:index|entry|checkpoint)"\s*:/;
const BEGINNING_CHARS = 256;

export interface Evidence {
  readonly kind: "bundle" | "export";
  /** Text as it comes; can be gone through once. */
  readonly chunks: AsyncIterable<string>;
}

/**
 * A file's text, or what is piped in for `-`, without having all of it in memory.
 *
 * @throws {Unreadable} at once when there is no such file, later when it breaks off or is not UTF-8
 */
export async function openEvidence(file: string): Promise<Evidence> {
  const chunks = textOf(file)[Symbol.asyncIterator]();
  let beginning = "";
  while (beginning.length < BEGINNING_CHARS) {
    const { done, value } = await chunks.next();
    if (done === true) break;
    beginning += value;
  }
  if (beginning.trim() === "") throw new Unreadable(`${file === "-" ? "what was piped in" : file} is empty`);
  return { kind: EXPORT_LINE.test(beginning) ? "export" : "bundle", chunks: rest(beginning, chunks) };
}

async function* rest(beginning: string, chunks: AsyncIterator<string>): AsyncGenerator<string> {
  yield beginning;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
}

/** @throws {Unreadable} while it is read */
export async function* textOf(file: string): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  try {
    const stream = file === "-" ? process.stdin : createReadStream(file);
    for await (const chunk of stream) yield decoder.decode(chunk as Uint8Array, { stream: true });
    yield decoder.decode();
  } catch (error) {
    const what = file === "-" ? "what was piped in" : file;
    throw new Unreadable(
      `${what} can't be read: ${error instanceof TypeError ? "it is not UTF-8" : errorText(error)}`,
    );
  }
}

/** The whole text; cut off after `maxChars`, which is then too long to be taken for anything. */
export async function wholeText(chunks: AsyncIterable<string>, maxChars: number): Promise<string> {
  let text = "";
  for await (const chunk of chunks) {
    text += chunk;
    if (text.length > maxChars) break;
  }
  return text;
}

/** Lines without their line feeds; the last one need not have any. */
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
