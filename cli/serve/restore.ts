import { readFileSync } from "node:fs";
import { CommandFailure, errorCode, errorText } from "../io.ts";
import { type FolderLedger, readFolderLedger } from "./folder-ledger.ts";
import {
  checkpointSize,
  compareWithCopy,
  type LogCopy,
  logCopyFile,
  readLogCopy,
  secretIdOf,
  writeLogCopy,
} from "./log-copy.ts";
import { isOwnCheckpoint, logKeys } from "./own-checkpoint.ts";
import { type FolderRestore, readRestore, writeRestore } from "./restore-file.ts";
import {
  alreadyCurrent,
  clockBehind,
  foreignCopy,
  restoredOrReplaced,
  whatHappens,
} from "./restore-texts.ts";
import type { Secrets } from "./secrets.ts";

export interface RestoreOptions {
  readonly dataDir: string;
  readonly stateDir: string;
  /** True: the folder has no data yet. */
  readonly isNew: boolean;
  readonly secrets: Pick<Secrets, "gateSecret" | "previousSecrets">;
  /** `GATE_ORIGIN`, the log's name in its checkpoints. */
  readonly origin: string;
  /** `--restored`. */
  readonly restored: boolean;
  /** `--force`: also where nothing says that the folder is a backup. */
  readonly force: boolean;
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
  const copy = readLogCopy(logCopyFile(options.dataDir));
  if (options.restored) return beginRestore(options, known, copy);
  await requireCurrentFolder(options, known, copy);
  return known;
}

/**
 * True: the copy was marked by this very restore, which explains why the folder is behind it. Without the mark, a folder
 * whose restore is unfinished may itself be a backup, taken while that restore was under way.
 */
function isMarked(known: FolderRestore | null, copy: LogCopy): boolean {
  return known !== null && copy.restoring === known.restoredAt;
}

async function beginRestore(
  options: RestoreOptions,
  known: FolderRestore | null,
  copy: LogCopy | null,
): Promise<FolderRestore> {
  const { dataDir, stateDir, isNew, force, say } = options;
  if (isNew) throw new CommandFailure(`--restored: ${dataDir} has no data; put the backup there first`);
  const folder = await readFolderLedger(stateDir, (ledger) => summaryOf(ledger, copy));
  const summary = folder === "unreadable" ? null : folder;
  const brought = await broughtCheckpoint(options, summary?.signingKeys ?? []);
  const copied = await copiedCheckpoint(options, copy, summary?.signingKeys ?? []);
  const unfinished = known?.isDone === false && (copy === null || isMarked(known, copy)) ? known : null;
  const waitsForCheckpoint = known?.isDone === true && known.checkpoint === null && brought !== null;
  const isCurrent = copy !== null && (summary?.compared === "same" || isMarked(known, copy));
  if (known?.isDone !== false && isCurrent && !waitsForCheckpoint && !force) {
    throw new CommandFailure(alreadyCurrent(dataDir, known, summary?.phases ?? null));
  }
  const checkpoint = newest([brought, unfinished?.checkpoint ?? null, copied]);
  // The ledger records one checkpoint for a restore: with another one it is a restore of its own.
  const goesOn = unfinished !== null && checkpoint === unfinished.checkpoint;
  const restoredAt = goesOn ? unfinished.restoredAt : timeOfRestore(summary?.newestAt ?? null);
  const restore: FolderRestore = { restoredAt, checkpoint, isDone: false };
  say(whatHappens(dataDir, summary?.phases ?? null));
  if (copy !== null) mark(options, copy, restoredAt);
  writeRestore(dataDir, restore);
  return restore;
}

/** First the mark: cut off after it, the folder is still behind, and refused as before. */
function mark({ dataDir, say }: RestoreOptions, copy: LogCopy, restoredAt: string): void {
  const path = logCopyFile(dataDir);
  try {
    writeLogCopy(path, { ...copy, restoring: restoredAt });
  } catch (error) {
    say(
      `${path} can't be written (${errorText(error)}): if this start is cut off, give --restored once more`,
    );
  }
}

interface FolderSummary {
  readonly compared: "same" | "behind" | "other" | null;
  readonly newestAt: number | null;
  readonly phases: ReadonlyMap<string, number>;
  readonly signingKeys: readonly string[];
}

function summaryOf(ledger: FolderLedger, copy: LogCopy | null): FolderSummary {
  return {
    compared: copy === null ? null : compareWithCopy(ledger, copy),
    newestAt: ledger.newestAt(),
    phases: ledger.phases(),
    signingKeys: ledger.signingKeys(),
  };
}

/** What was proposed before this time is void, so it must lie after everything in the backup. */
function timeOfRestore(newestAt: number | null): string {
  const now = Date.now();
  if (newestAt !== null && newestAt > now) throw new CommandFailure(clockBehind(now, newestAt));
  return new Date(now).toISOString();
}

/** The one over most entries, so that an older file does not hide what the copy beside the folder proves. */
function newest(notes: readonly (string | null)[]): string | null {
  const known = notes.filter((note): note is string => note !== null && note !== "");
  return known.toSorted((a, b) => checkpointSize(b) - checkpointSize(a))[0] ?? null;
}

/** Verified before anything is written: one that the Worker refuses would stop this start and every later one. */
async function broughtCheckpoint(
  { checkpointFile: path, secrets, origin }: RestoreOptions,
  published: readonly string[],
): Promise<string | null> {
  if (path === null) return null;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new CommandFailure(`--checkpoint: can't read ${path} (${errorCode(error) ?? "unknown error"})`);
  }
  if (checkpointSize(text) < 0) {
    throw new CommandFailure(`--checkpoint: ${path} is no checkpoint; GET /log/checkpoint returns one`);
  }
  if (await isOwnCheckpoint(text, logKeys(secrets, published, origin), origin)) return text;
  throw new CommandFailure(
    `--checkpoint: ${path} is not signed by this log (${origin}) under GATE_SECRET or one in GATE_SECRET_PREVIOUS`,
  );
}

async function copiedCheckpoint(
  { dataDir, secrets, origin }: RestoreOptions,
  copy: LogCopy | null,
  published: readonly string[],
): Promise<string | null> {
  if (copy === null || copy.note === "") return null;
  if (await isOwnCheckpoint(copy.note, logKeys(secrets, published, origin), origin)) return copy.note;
  throw new CommandFailure(foreignCopy(logCopyFile(dataDir)));
}

async function requireCurrentFolder(
  { dataDir, stateDir, isNew, secrets, say }: RestoreOptions,
  known: FolderRestore | null,
  copy: LogCopy | null,
): Promise<void> {
  const path = logCopyFile(dataDir);
  if (copy === null) {
    if (!isNew && (await readFolderLedger(stateDir, ({ rows }) => rows > 0)) === true) {
      say(`${path} is missing: if ${dataDir} is a backup, that is not recognised; start it with --restored`);
    }
    return;
  }
  if (isMarked(known, copy)) return;
  if (isNew && copy.secretId !== secretIdOf(secrets.gateSecret)) {
    // Nothing of the earlier folder can be sent again: its keys, orders and approvals are gone with its secret.
    say(`${path} is of an earlier data folder; this new one has a log of its own`);
    return;
  }
  const compared = await readFolderLedger(stateDir, (ledger) => compareWithCopy(ledger, copy));
  switch (compared) {
    case "same":
      if (known?.isDone !== false) return;
      throw new CommandFailure(restoredOrReplaced(dataDir, path, copy.rows, "unfinished"));
    case "unreadable":
      say(
        "this Node can't read the ledger before the start, so that a restored data folder is not recognised",
      );
      return;
    case "behind":
    case "other":
      throw new CommandFailure(restoredOrReplaced(dataDir, path, copy.rows, compared));
  }
}
