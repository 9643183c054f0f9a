import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { readJsonFile, writePrivateFile } from "./private-file.ts";
import type { FolderLedger } from "./folder-ledger.ts";

/**
 * How far a data folder's log has come, kept beside the folder: a backup that replaces the folder does not replace it,
 * so that the next start recognises a folder of an earlier time before it sends anything again.
 */
export interface LogCopy {
  /** Entries of the ledger. */
  readonly rows: number;
  /** Size of the newest checkpoint, the hash of its last entry, and the signed note itself. */
  readonly size: number;
  readonly lastHash: string;
  readonly note: string;
  /** Tells the folder's secret from another's, without revealing it. */
  readonly secretId: string;
  /** The restore that began over this copy, until the copy follows the restored log; null: none. */
  readonly restoring: string | null;
}

export function logCopyFile(dataDir: string): string {
  return join(dirname(dataDir), `${basename(dataDir)}.checkpoint.json`);
}

/** @throws {CommandFailure} for a damaged file: taken for none it would let a restored folder start */
export function readLogCopy(path: string): LogCopy | null {
  const stored = readJsonFile(path);
  if (stored === null) return null;
  const number = (name: string) => (typeof stored[name] === "number" ? stored[name] : 0);
  const text = (name: string) => (typeof stored[name] === "string" ? stored[name] : "");
  return {
    rows: number("rows"),
    size: number("size"),
    lastHash: text("lastHash"),
    note: text("note"),
    secretId: text("secretId"),
    restoring: text("restoring") || null,
  };
}

export function writeLogCopy(path: string, copy: LogCopy): void {
  writePrivateFile(path, `${JSON.stringify(copy, null, 2)}\n`);
}

/** Entries that a checkpoint covers; -1 for a text that is none. */
export function checkpointSize(note: string): number {
  const line = note.split("\n")[1] ?? "";
  return /^\d{1,15}$/.test(line) ? Number(line) : -1;
}

export function secretIdOf(gateSecret: string): string {
  return createHash("sha256").update(`gate-folder-v1\n${gateSecret.trim()}`).digest("hex").slice(0, 16);
}

/** `behind`: the folder has fewer entries than the copy. `other`: it has other ones. */
export function compareWithCopy(
  ledger: FolderLedger,
  { rows, size, lastHash }: LogCopy,
): "same" | "behind" | "other" {
  if (ledger.rows < rows) return "behind";
  return size > 0 && ledger.hashAt(size) !== lastHash ? "other" : "same";
}
