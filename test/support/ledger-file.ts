import { createHash, createHmac, hkdfSync } from "node:crypto";
import { cpSync, globSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { temporaryFolder } from "./command.ts";

/*
 * The ledger as it lies on the disk of a server that is not running, read from the description of its format and
 * with none of Gate's own code: both would have to be wrong in the same way.
 */

export interface LedgerRow {
  readonly intent_id: string;
  readonly seq: number;
  readonly event: string;
  readonly actor: string;
  readonly at: number;
  readonly body: string;
  readonly prev_hash: string;
  readonly entry_hash: string;
  readonly mac: string;
}

export interface LedgerFile {
  /** Rows by chain, in the order of their sequence. */
  readonly chains: ReadonlyMap<string, readonly LedgerRow[]>;
  /** The exact state of every intent that lists know, by id. */
  readonly states: ReadonlyMap<string, string>;
}

function databaseFile(home: string): string {
  const [file] = globSync(join(home, "data", "state", "d1", "*", "*.sqlite")).filter(
    (path) => basename(path) !== "metadata.sqlite",
  );
  if (file === undefined) throw new Error("no database");
  return file;
}

/** Until it is disposed of, a running server can read its database, and every write to it fails. */
export function lockDatabase(home: string): Disposable {
  const database = new DatabaseSync(databaseFile(home));
  database.exec("BEGIN IMMEDIATE");
  return { [Symbol.dispose]: () => database.close() };
}

/** @param home the folder that holds `data/`; nothing may be running on it */
export function readLedgerFile(home: string): LedgerFile {
  using copy = temporaryFolder();
  const file = databaseFile(home);
  // A copy, with what was not yet merged beside it: opening would write to both.
  for (const path of globSync(`${file}*`)) cpSync(path, join(copy.path, basename(path)));
  const database = new DatabaseSync(join(copy.path, basename(file)));
  try {
    const chains = new Map<string, LedgerRow[]>();
    for (const row of database.prepare("SELECT * FROM ledger ORDER BY intent_id, seq").all()) {
      const entry = { ...row } as unknown as LedgerRow;
      const chain = chains.get(entry.intent_id) ?? [];
      chains.set(entry.intent_id, chain);
      chain.push(entry);
    }
    const rows = database.prepare("SELECT id, phase FROM intents").all();
    return { chains, states: new Map(rows.map(({ id, phase }) => [String(id), String(phase)])) };
  } finally {
    database.close();
  }
}

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

/** The faults of a chain as sentences; empty for a consistent one. */
export function faultsOf(chain: readonly LedgerRow[], macKey: Buffer): readonly string[] {
  const faults: string[] = [];
  let prev = "0".repeat(64);
  for (const [
    index,
    { intent_id: intent, seq, event, actor, at, body, prev_hash, entry_hash, mac },
  ] of chain.entries()) {
    if (seq !== index + 1) faults.push(`${intent}: ${seq} stands at place ${index + 1}`);
    if (prev_hash !== prev) faults.push(`${intent}: ${seq} follows another entry`);
    // RFC 8785 orders members by code unit; every value here is text or a whole number.
    const canonical = JSON.stringify({ actor, at, body, event, intent, prev: prev_hash, seq });
    if (sha256(`gate-entry-v1\n${canonical}`) !== entry_hash) {
      faults.push(`${intent}: ${seq} is not what its hash says`);
    }
    if (createHmac("sha256", macKey).update(entry_hash).digest("hex") !== mac) {
      faults.push(`${intent}: ${seq} has a wrong MAC`);
    }
    prev = entry_hash;
  }
  return faults;
}

export function macKeyOf(home: string): Buffer {
  const { GATE_SECRET: secret } = JSON.parse(readFileSync(join(home, "data", "secrets.json"), "utf8")) as {
    readonly GATE_SECRET: string;
  };
  return Buffer.from(hkdfSync("sha256", Buffer.from(secret, "base64"), "", "gate/v1/entry-mac", 32));
}
