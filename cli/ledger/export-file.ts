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
import { leafOf } from "../../verifier/entry.ts";
import { errorText } from "../io.ts";
import { EMPTY_FRONTIER, appendLeaf, rootOf, type Frontier } from "./frontier.ts";
import { readLine } from "./entry-line.ts";
import { linesOf } from "./lines.ts";
import { Unreadable } from "./options.ts";

/** Where an export goes, and what of it is there already. */
export interface Target {
  /** Index of the first entry that is not there yet; null: nothing is there. */
  readonly next: number | null;
  /** The tree of what is there; null where the first entries are in another file. */
  readonly edge: Frontier | null;
  /** The last entry, as its line stands. */
  readonly lastLine: string | null;
  /** Size of the checkpoint the file ends with; null: it ends with an entry. */
  readonly closedAt: number | null;
  write(text: string): void;
  /** @throws {Unreadable} when somebody else wrote into the file meanwhile */
  close(): void;
}

/** A line of an export is shorter. */
const MAX_TORN_BYTES = 2 * 1024 * 1024;

/**
 * Opens a file to be written or gone on with. A last line that was cut off in writing goes; anything else that does
 * not fit is left alone and refused.
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
      start === 0 ? { next: null, edge: EMPTY_FRONTIER, lastLine: null, closedAt: null } : await scan(path);
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
        throw new Unreadable(`somebody else wrote to ${path} at the same time: it is of no use`);
      }
    },
  };
}

/** Where the last whole line ends. */
function dropTornLine(file: number, size: number, path: string): number {
  const beginning = Buffer.alloc(Math.min(size, 64));
  readSync(file, beginning, 0, beginning.length, 0);
  if (!/^\{"(?:index|checkpoint)":/.test(beginning.toString("latin1"))) {
    throw new Unreadable(`${path} is there already, and it is no export`);
  }
  const from = Math.max(0, size - MAX_TORN_BYTES);
  const tail = Buffer.alloc(size - from);
  readSync(file, tail, 0, tail.length, from);
  const end = tail.lastIndexOf(0x0a) + 1;
  if (end === 0 && from > 0) throw new Unreadable(`${path} ends with a line that no export has`);
  if (from + end < size) ftruncateSync(file, from + end);
  return from + end;
}

async function scan(path: string): Promise<Omit<Target, "write" | "close">> {
  let edge: Frontier | null = EMPTY_FRONTIER;
  let next: number | null = null;
  let lastLine: string | null = null;
  let closedAt: number | null = null;
  let number = 0;
  for await (const text of linesOf(utf8Of(path))) {
    number += 1;
    const line = readLine(text);
    const damaged = new Unreadable(
      `${path} does not fit together at line ${number}: look at it with \`ledger verify\`, and export into another file`,
    );
    if (line.kind === "neither") throw damaged;
    if (line.kind === "checkpoint") {
      if (
        edge !== null &&
        (line.size !== edge.size || line.root === null || !isEqual(line.root, rootOf(edge)))
      ) {
        throw damaged;
      }
      closedAt = line.size;
      continue;
    }
    if (next === null && line.index > 0) edge = null;
    if (line.index !== (next ?? line.index)) throw damaged;
    if (edge !== null) edge = appendLeaf(edge, leafOf(line.entry));
    next = line.index + 1;
    lastLine = text;
    closedAt = null;
  }
  return { next, edge, lastLine, closedAt };
}

async function* utf8Of(path: string): AsyncGenerator<string> {
  for await (const chunk of createReadStream(path, "utf8")) yield chunk as string;
}
