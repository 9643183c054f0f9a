import { existsSync, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A server under load. */
export interface Place {
  readonly url: URL;
  /** The runtime's process. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Linux's file system in memory, and its type in statfs(2). */
const MEMORY = "/dev/shm";
const TMPFS = 0x01021994;

export type Storage = "on disk" | "in memory";

/**
 * Measures with the data folders on the disk, which `TMPDIR` selects, and then in memory, which takes the file system
 * out. Only in memory where `TMPDIR` is.
 */
export async function onEachStorage(
  measure: (storage: Storage, folder: string) => Promise<void>,
): Promise<void> {
  if (!isInMemory(tmpdir())) await withFolder(tmpdir(), (folder) => measure("on disk", folder));
  if (existsSync(MEMORY)) await withFolder(MEMORY, (folder) => measure("in memory", folder));
  else if (isInMemory(tmpdir())) await withFolder(tmpdir(), (folder) => measure("in memory", folder));
}

/** Runs with a folder that is gone afterwards. */
export async function withFolder<T>(parent: string, run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(parent, "gate-bench-"));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function isInMemory(path: string): boolean {
  return statfsSync(path).type === TMPFS;
}
