import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandFailure, errorCode } from "../io.ts";
import { endProcess, identify, isSameProcess, type ProcessIdentity } from "./process-table.ts";

/**
 * One server per data folder. The lock names the server and its runtime: the runtime survives a `kill -9` of
 * the server, goes on holding the port and the databases, and answers nobody. Only the next server on the same
 * folder can know that it is an orphan.
 */
export interface DataLock {
  /** Adds the runtime's process to the lock. */
  nameRuntime(runtime: ProcessIdentity): void;
  /** True while the lock is this server's. */
  isHeld(): boolean;
  release(): void;
}

interface LockRecord {
  readonly server: ProcessIdentity;
  readonly runtime: ProcessIdentity | null;
}

/** More than two starters would have to meet in the same instant to need a third round. */
const MAX_ATTEMPTS = 5;

/** @throws {CommandFailure} when another server has the folder, or an orphan does not go. */
export async function lockDataFolder(dataDir: string): Promise<DataLock> {
  const path = join(dataDir, "server.lock");
  const server = identify(process.pid) ?? { pid: process.pid, startedAt: "" };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (create(path, { server, runtime: null })) return held(path, server);
    const found = read(path);
    if (found === null) continue;
    if (found.record !== null && isSameProcess(found.record.server)) {
      throw inUse(dataDir, found.record.server.pid);
    }
    await clear(path, found);
  }
  throw new CommandFailure(`can't lock ${dataDir}: another server is starting on it`);
}

function inUse(dataDir: string, pid: number): CommandFailure {
  return new CommandFailure(
    `${dataDir} is in use by another server (pid ${pid}); stop it or give --data-dir`,
  );
}

function held(path: string, server: ProcessIdentity): DataLock {
  function isHeld(): boolean {
    const record = read(path)?.record;
    return record?.server.pid === server.pid && record.server.startedAt === server.startedAt;
  }
  return {
    isHeld,
    nameRuntime(runtime) {
      const temporary = `${path}.${process.pid}.tmp`;
      writeFileSync(temporary, JSON.stringify({ server, runtime }));
      renameSync(temporary, path);
    },
    release() {
      if (isHeld()) rmSync(path, { force: true });
    },
  };
}

/** A link is made whole or not at all, so nobody ever reads a lock that is half written. */
function create(path: string, record: LockRecord): boolean {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, JSON.stringify(record));
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function read(path: string): { readonly text: string; readonly record: LockRecord | null } | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
  return { text, record: parse(text) };
}

function parse(text: string): LockRecord | null {
  try {
    const value = JSON.parse(text) as { readonly server?: unknown; readonly runtime?: unknown };
    const server = parseIdentity(value.server);
    return server === null ? null : { server, runtime: parseIdentity(value.runtime) };
  } catch {
    return null;
  }
}

function parseIdentity(value: unknown): ProcessIdentity | null {
  const { pid, startedAt } = (value ?? {}) as { readonly pid?: unknown; readonly startedAt?: unknown };
  return Number.isSafeInteger(pid) && Number(pid) > 1 && typeof startedAt === "string"
    ? { pid: Number(pid), startedAt }
    : null;
}

/** Ends the orphan of a server that is gone, and takes its lock away. */
async function clear(
  path: string,
  found: { readonly text: string; readonly record: LockRecord | null },
): Promise<void> {
  const runtime = found.record?.runtime ?? null;
  if (runtime !== null && !(await endProcess(runtime))) {
    throw new CommandFailure(`the runtime of a server that is gone (pid ${runtime.pid}) can't be ended`);
  }
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    // Another starter may have taken over since the lock was read: then that one's lock was moved, and goes back.
    if (readFileSync(aside, "utf8") !== found.text) linkSync(aside, path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT" && errorCode(error) !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
