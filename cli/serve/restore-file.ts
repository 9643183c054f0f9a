import { join } from "node:path";
import { CommandFailure } from "../io.ts";
import { readJsonFile, writePrivateFile } from "./private-file.ts";

/** The last restore of a data folder, as the folder records it. */
export interface FolderRestore {
  /** ISO 8601 in UTC. */
  readonly restoredAt: string;
  /** The newest checkpoint that the operator brought, or the copy beside the folder; null: none. */
  readonly checkpoint: string | null;
  /** False: the start that began it did not finish; the next one goes on. */
  readonly isDone: boolean;
}

function restoreFile(dataDir: string): string {
  return join(dataDir, "restored.json");
}

export function readRestore(dataDir: string): FolderRestore | null {
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

export function writeRestore(dataDir: string, restore: FolderRestore): void {
  writePrivateFile(restoreFile(dataDir), `${JSON.stringify(restore, null, 2)}\n`);
}

export function finishRestore(dataDir: string, restore: FolderRestore): void {
  writeRestore(dataDir, { ...restore, isDone: true });
}
