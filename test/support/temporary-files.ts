import { existsSync, mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";

/** Linux's file system in memory. */
const MEMORY = "/dev/shm";

/** A whole run keeps some hundred megabytes; a container's own 64 MB would fill up. */
const ENOUGH_BYTES = 2 * 1024 ** 3;

const PREFIX = "zehrava-gate-tests-";

/**
 * Puts the temporary files of this process and of its children into memory where there is enough. Every intent of a
 * test is a database file of its own: on a disk most of the time goes into creating and syncing files. Nothing that
 * the tests show depends on it, since a killed process loses no file in memory either.
 */
export function useMemoryForTemporaryFiles(): void {
  if (!hasRoom() || process.env["TMPDIR"]?.startsWith(join(MEMORY, PREFIX)) === true) return;
  for (const name of readdirSync(MEMORY).filter((each) => each.startsWith(PREFIX))) {
    if (!isRunning(Number(name.slice(PREFIX.length)))) removeFolder(join(MEMORY, name));
  }
  const folder = join(MEMORY, `${PREFIX}${process.pid}`);
  mkdirSync(folder, { recursive: true });
  process.env["TMPDIR"] = folder;
  process.on("exit", () => removeFolder(folder));
}

function hasRoom(): boolean {
  if (!existsSync(MEMORY)) return false;
  const { bavail, bsize } = statfsSync(MEMORY);
  return bavail * bsize >= ENOUGH_BYTES;
}

function removeFolder(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
