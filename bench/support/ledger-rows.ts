import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { canonicalJson } from "../../src/core/base/json.ts";
import { keysInForce } from "../../src/core/base/key-derivation.ts";
import { chain, EMPTY_HEAD, type Entry } from "../../src/core/ledger/entry.ts";

/*
 * Rows of ordinary intents, which are written into the ledger's table while no server runs, or beside one.
 */

const ROWS_PER_INTENT = 5;
const EVENTS = ["proposed", "policy_checked", "approved", "execution_requested", "execution_succeeded"];

/** The deployment's, whose key the rows carry a MAC under. */
export const SECRET = Buffer.alloc(32, 7).toString("base64");
const macKey = keysInForce([SECRET], "entry-mac")[0];

/** Appends the rows of intents from this number of rows on, and returns the number behind the last. */
export function appendRows(database: DatabaseSync, from: number, to: number): number {
  const insert = database.prepare(
    `INSERT INTO ledger (intent_id, seq, event, actor, at, body, prev_hash, entry_hash, mac)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  let done = from;
  database.exec("BEGIN IMMEDIATE");
  // Several intents at a time, interleaved as they would be.
  for (; done < to; done += ROWS_PER_INTENT) {
    for (const { intent, seq, event, actor, at, body, prev, hash, mac } of story(done)) {
      insert.run(intent, seq, event, actor, at, body, prev, hash, mac);
    }
  }
  database.exec("COMMIT");
  return done;
}

function story(number: number): readonly Entry[] {
  const intent = `int_${String(number).padStart(43, "0")}`;
  const digest = number.toString(16).padStart(64, "0");
  const drafts = EVENTS.map((event) => ({
    event,
    actor: "agt_bench",
    at: 1_790_000_000_000 + number,
    body: canonicalJson({ intent_digest: digest, policy_hashes: [digest], decision: digest, reason: digest }),
  }));
  return chain(intent, EMPTY_HEAD, drafts, macKey);
}

/** A server that runs beside it writes as well. */
const LOCKED_MS = 5_000;

/** The database with the ledger in this data folder. */
export function openLedger(dataDir: string): DatabaseSync {
  for (const path of readdirSync(join(dataDir, "state"), { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".sqlite")) continue;
    const database = new DatabaseSync(join(dataDir, "state", path), { timeout: LOCKED_MS });
    const found = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").get();
    if (found !== undefined) return database;
    database.close();
  }
  throw new Error("no ledger in the data folder");
}
