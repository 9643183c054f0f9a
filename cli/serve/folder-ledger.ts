import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { errorCode } from "../io.ts";

/** What a stopped server's data folder says of its ledger. */
export interface FolderLedger {
  /** Entries in D1. */
  readonly rows: number;
  /** The hash of the entry at this row, from 1; null: there is none. */
  hashAt(row: number): string | null;
  /** The time of the latest entry, in milliseconds since the epoch; null: there is none. */
  newestAt(): number | null;
  /** Intents by phase, as the lists have them. */
  phases(): ReadonlyMap<string, number>;
  /** The public keys under which the folder's log has signed, base64url. */
  signingKeys(): readonly string[];
}

const EMPTY: FolderLedger = {
  rows: 0,
  hashAt: () => null,
  newestAt: () => null,
  phases: () => new Map(),
  signingKeys: () => [],
};

/** Folder of the local D1 within the state folder. */
const D1_FOLDER = join("d1", "miniflare-D1DatabaseObject");

/**
 * Reads the ledger without a runtime: the check of a restored folder must come before the Worker, whose alarms send
 * what is approved.
 *
 * @returns `unreadable` on a Node without SQLite
 */
export async function readFolderLedger<T>(
  stateDir: string,
  read: (ledger: FolderLedger) => T,
): Promise<T | "unreadable"> {
  const sqlite = await import("node:sqlite").catch(() => null);
  if (sqlite === null) return "unreadable";
  const file = databaseFile(join(stateDir, D1_FOLDER));
  if (file === null) return read(EMPTY);
  const db = new sqlite.DatabaseSync(file);
  try {
    return read(ledgerIn(db));
  } finally {
    db.close();
  }
}

function ledgerIn(db: DatabaseSync): FolderLedger {
  const hasTable = (name: string) =>
    db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined;
  if (!hasTable("ledger")) return EMPTY;
  const last = db.prepare("SELECT MAX(id) AS last FROM ledger").get()?.["last"];
  return {
    rows: typeof last === "number" ? last : 0,
    hashAt(row) {
      const hash = db.prepare("SELECT entry_hash FROM ledger WHERE id = ?").get(row)?.["entry_hash"];
      return typeof hash === "string" ? hash : null;
    },
    newestAt() {
      const at = db.prepare("SELECT MAX(at) AS at FROM ledger").get()?.["at"];
      return typeof at === "number" ? at : null;
    },
    phases() {
      if (!hasTable("intents")) return new Map();
      const rows = db.prepare("SELECT phase, COUNT(*) AS count FROM intents GROUP BY phase").all();
      return new Map(rows.map(({ phase, count }) => [String(phase), Number(count)]));
    },
    signingKeys() {
      if (!hasTable("signing_keys")) return [];
      const rows = db.prepare("SELECT jwk ->> 'x' AS x FROM signing_keys").all();
      return rows.flatMap(({ x }) => (typeof x === "string" ? [x] : []));
    },
  };
}

function databaseFile(folder: string): string | null {
  try {
    const name = readdirSync(folder).find((each) => each.endsWith(".sqlite") && each !== "metadata.sqlite");
    return name === undefined ? null : join(folder, name);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}
