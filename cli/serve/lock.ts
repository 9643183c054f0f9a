import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CommandFailure, errorCode } from "../io.ts";
import { endProcess, identify, isSameProcess, type ProcessIdentity } from "./process-table.ts";

/**
 * One server per data folder. The lock names the server and its runtime: after a `kill -9` of the server, the orphaned
 * runtime still holds the port and the databases, but serves no request. Only the next server on the same folder can
 * recognise it as an orphan.
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

/** A third attempt needs three servers that start at the same instant. */
const MAX_ATTEMPTS = 5;

/** @throws {CommandFailure} when another server holds the folder, or an orphan does not end */
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

/** Creates the lock by a hard link, which is atomic: a concurrent starter never reads a half-written lock. */
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

/** Ends the orphaned runtime of a dead server, and removes its lock. */
async function clear(
  path: string,
  found: { readonly text: string; readonly record: LockRecord | null },
): Promise<void> {
  const runtime = found.record?.runtime ?? null;
  if (runtime !== null && !(await endProcess(runtime))) {
    throw new CommandFailure(
      `the orphaned runtime of a dead server (pid ${runtime.pid}) does not end: kill it`,
    );
  }
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
    // Another starter may have replaced the lock since it was read (TOCTOU): then the moved lock is put back.
    if (readFileSync(aside, "utf8") !== found.text) linkSync(aside, path);
  } catch (error) {
    if (errorCode(error) !== "ENOENT" && errorCode(error) !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
