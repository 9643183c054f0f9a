import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CommandFailure, errorCode } from "../io.ts";
import { readFolderLedger } from "./folder-ledger.ts";
import { checkpointSize, compareWithCopy, logCopyFile, readLogCopy, secretIdOf } from "./log-copy.ts";
import { readJsonFile, writePrivateFile } from "./private-file.ts";
import type { Secrets } from "./secrets.ts";

/** The last restore of a data folder, as the folder records it. */
export interface FolderRestore {
  /** ISO 8601 in UTC. */
  readonly restoredAt: string;
  /** The newest checkpoint that the operator brought, or the copy beside the folder; null: none. */
  readonly checkpoint: string | null;
  /** False: the start that began it did not finish; the next one goes on. */
  readonly isDone: boolean;
}

export interface RestoreOptions {
  readonly dataDir: string;
  readonly stateDir: string;
  /** True: the folder has no data yet. */
  readonly isNew: boolean;
  readonly secrets: Secrets;
  /** `--restored`. */
  readonly restored: boolean;
  /** `--checkpoint FILE`; null: not given. */
  readonly checkpointFile: string | null;
  readonly say: (line: string) => void;
}

/**
 * The folder's restore, if there was one; to be called before the runtime starts.
 *
 * @throws {CommandFailure} when the folder is of an earlier time than this server knows, and `--restored` was not given
 */
export async function restoreOfFolder(options: RestoreOptions): Promise<FolderRestore | null> {
  const known = readRestore(options.dataDir);
  if (options.restored) return beginRestore(options, known);
  // A restore under way explains why the folder is behind.
  if (known?.isDone === false) return known;
  await requireCurrentFolder(options);
  return known;
}

export function finishRestore(dataDir: string, restore: FolderRestore): void {
  writeRestore(dataDir, { ...restore, isDone: true });
}

function beginRestore(options: RestoreOptions, known: FolderRestore | null): FolderRestore {
  const { dataDir, isNew, checkpointFile } = options;
  if (isNew) throw new CommandFailure(`--restored: ${dataDir} has no data; put the backup there first`);
  const brought = checkpointFile === null ? null : readCheckpoint(checkpointFile);
  const copy = readLogCopy(logCopyFile(dataDir))?.note;
  const isUnfinished = known?.isDone === false;
  const restore: FolderRestore = {
    restoredAt: isUnfinished ? known.restoredAt : new Date().toISOString(),
    checkpoint: newest([brought, isUnfinished ? known.checkpoint : null, copy ?? null]),
    isDone: false,
  };
  writeRestore(dataDir, restore);
  return restore;
}

/** The one over most entries, so that an older file does not hide what the copy beside the folder proves. */
function newest(notes: readonly (string | null)[]): string | null {
  const known = notes.filter((note): note is string => note !== null && note !== "");
  return known.toSorted((a, b) => checkpointSize(b) - checkpointSize(a))[0] ?? null;
}

function readCheckpoint(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandFailure(`--checkpoint: can't read ${path} (${errorCode(error) ?? "unknown error"})`);
  }
  if (checkpointSize(text) >= 0) return text;
  throw new CommandFailure(`--checkpoint: ${path} is no checkpoint; GET /log/checkpoint returns one`);
}

async function requireCurrentFolder({
  dataDir,
  stateDir,
  isNew,
  secrets,
  say,
}: RestoreOptions): Promise<void> {
  const path = logCopyFile(dataDir);
  const copy = readLogCopy(path);
  if (copy === null) return;
  if (isNew && copy.secretId !== secretIdOf(secrets.gateSecret)) {
    // Nothing of the earlier folder can be sent again: its keys, orders and approvals are gone with its secret.
    say(`${path} is of an earlier data folder; this new one has a log of its own`);
    return;
  }
  const compared = await readFolderLedger(stateDir, (ledger) => compareWithCopy(ledger, copy));
  switch (compared) {
    case "same":
      return;
    case "unreadable":
      say(
        "this Node can't read the ledger before the start, so that a restored data folder is not recognised",
      );
      return;
    case "behind":
    case "other":
      throw new CommandFailure(refusal(dataDir, path, copy.rows, compared));
  }
}

function refusal(dataDir: string, path: string, rows: number, why: "behind" | "other"): string {
  const what =
    why === "behind"
      ? `fewer entries than the ${rows} that this server wrote`
      : "other entries than this server wrote";
  return [
    `the ledger in ${dataDir} has ${what}: the folder was restored from a backup, or replaced`,
    "Nothing was started: what was sent since the backup would be sent again.",
    "  restored from a backup  start with --restored (docs/restoring.md)",
    `  another folder          move ${path} away, if you know that nothing was sent since`,
  ].join("\n");
}

function restoreFile(dataDir: string): string {
  return join(dataDir, "restored.json");
}

function readRestore(dataDir: string): FolderRestore | null {
  const stored = readJsonFile(restoreFile(dataDir));
  if (stored === null) return null;
  const { restoredAt, checkpoint, isDone } = stored;
  if (typeof restoredAt !== "string") throw new CommandFailure(`${restoreFile(dataDir)} is damaged`);
  return {
    restoredAt,
    checkpoint: typeof checkpoint === "string" ? checkpoint : null,
    isDone: isDone === true,
  };
}

function writeRestore(dataDir: string, restore: FolderRestore): void {
  writePrivateFile(restoreFile(dataDir), `${JSON.stringify(restore, null, 2)}\n`);
}
