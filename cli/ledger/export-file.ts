import {
  closeSync,
  createReadStream,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from "node:fs";
import { isEqual } from "../../verifier/bytes.ts";
import { hashEntry, leafOf } from "../../verifier/entry.ts";
import { errorText } from "../io.ts";
import { EMPTY_FRONTIER, appendLeaf, rootOf, type Frontier } from "./frontier.ts";
import { readLine } from "./entry-line.ts";
import { linesOf } from "./lines.ts";
import { Unreadable } from "./options.ts";

/** The target of an export, with the state of its existing entries. */
export interface Target {
  /** Index of the first missing entry; null: the target is empty. */
  readonly next: number | null;
  /** The tree of the existing entries; null: the first entries are in another file. */
  readonly frontier: Frontier | null;
  /** The last entry's line, unparsed. */
  readonly lastLine: string | null;
  /** Size of the checkpoint that ends the file; null: an entry ends it. */
  readonly closedAt: number | null;
  write(text: string): void;
  /** @throws {Unreadable} when another process wrote to the file meanwhile */
  close(): void;
}

/** Longer than any line of an export. */
const MAX_TORN_BYTES = 2 * 1024 * 1024;

/**
 * Opens a file for a new export, or to continue one. A torn last line, from an interrupted write, is dropped; any other
 * damage is refused and left as it is.
 *
 * @throws {Unreadable}
 */
export async function openTarget(path: string): Promise<Target> {
  const isThere = existsSync(path);
  let file: number;
  try {
    file = openSync(path, isThere ? "r+" : "wx+", 0o600);
  } catch (error) {
    throw new Unreadable(`${path} can't be written: ${errorText(error)}`);
  }
  try {
    const { size } = fstatSync(file);
    const start = size === 0 ? 0 : dropTornLine(file, size, path);
    const held =
      start === 0
        ? { next: null, frontier: EMPTY_FRONTIER, lastLine: null, closedAt: null }
        : await scan(path);
    return { ...held, ...writer(file, start, path) };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function writer(file: number, start: number, path: string): Pick<Target, "write" | "close"> {
  let end = start;
  return {
    write(text) {
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length;) {
        done += writeSync(file, bytes, done, bytes.length - done, end + done);
      }
      end += bytes.length;
    },
    close() {
      fsyncSync(file);
      const { size } = fstatSync(file);
      closeSync(file);
      if (size !== end) {
        throw new Unreadable(`another process wrote to ${path} at the same time: export into another file`);
      }
    },
  };
}

/** Truncates a torn last line, and returns the offset after the last whole one. */
function dropTornLine(file: number, size: number, path: string): number {
  const beginning = Buffer.alloc(Math.min(size, 64));
  readSync(file, beginning, 0, beginning.length, 0);
  if (!/^\{"(?:index|checkpoint)":/.test(beginning.toString("latin1"))) {
    throw new Unreadable(`${path} exists and is not an export`);
  }
  const from = Math.max(0, size - MAX_TORN_BYTES);
  const tail = Buffer.alloc(size - from);
  readSync(file, tail, 0, tail.length, from);
  const end = tail.lastIndexOf(0x0a) + 1;
  if (end === 0 && from > 0) throw new Unreadable(`${path} is not an export: its last line is too long`);
  if (from + end < size) ftruncateSync(file, from + end);
  return from + end;
}

async function scan(path: string): Promise<Omit<Target, "write" | "close">> {
  let frontier: Frontier | null = EMPTY_FRONTIER;
  let next: number | null = null;
  let lastLine: string | null = null;
  let closedAt: number | null = null;
  let number = 0;
  for await (const text of linesOf(utf8Of(path))) {
    number += 1;
    const line = readLine(text);
    const damaged = new Unreadable(
      `${path} is inconsistent at line ${number}: check it with \`ledger verify\`, and export into another file`,
    );
    if (line.kind === "neither") throw damaged;
    if (line.kind === "checkpoint") {
      if (
        frontier !== null &&
        (line.size !== frontier.size || line.root === null || !isEqual(line.root, rootOf(frontier)))
      ) {
        throw damaged;
      }
      closedAt = line.size;
      continue;
    }
    if (next === null && line.index > 0) frontier = null;
    // A changed line no longer has its own hash: the file is damaged, whatever the server says.
    if (line.index !== (next ?? line.index) || hashEntry(line.entry) !== line.entry.hash) throw damaged;
    if (frontier !== null) frontier = appendLeaf(frontier, leafOf(line.entry));
    next = line.index + 1;
    lastLine = text;
    closedAt = null;
  }
  return { next, frontier, lastLine, closedAt };
}

async function* utf8Of(path: string): AsyncGenerator<string> {
  for await (const chunk of createReadStream(path, "utf8")) yield chunk as string;
}
