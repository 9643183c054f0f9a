import { env } from "cloudflare:workers";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { parseCheckpoint } from "../../../src/core/tlog/checkpoint.ts";
import { openNote, parseVkey } from "../../../src/core/tlog/signed-note.ts";
import { admin, call, type LedgerRow } from "./gate.ts";

/*
 * The log as an outsider reads it: rows from D1's file, RFC 6962 written out as its text has it, and checkpoints
 * believed only with the published key.
 */

export interface StoredRow extends LedgerRow {
  readonly id: number;
  readonly epoch: number;
}

/** Every row of the ledger, by id. */
export async function allRows(): Promise<readonly StoredRow[]> {
  return (await env.DB.prepare("SELECT * FROM ledger ORDER BY id").all<StoredRow>()).results;
}

/** RFC 8785 by hand: members by code unit; every value is text or a whole number. */
export function leafOf(row: LedgerRow): Uint8Array {
  const text = JSON.stringify({
    actor: row.actor,
    at: row.at,
    body: row.body,
    event: row.event,
    hash: row.entry_hash,
    intent: row.intent_id,
    prev: row.prev_hash,
    seq: row.seq,
  });
  return sha256(concatBytes(Uint8Array.of(0), new TextEncoder().encode(text)));
}

/** RFC 6962 section 2.1, by its definition: slow and obvious. */
export function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return sha256(new Uint8Array());
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(
    concatBytes(Uint8Array.of(1), naiveRoot(leaves.slice(0, split)), naiveRoot(leaves.slice(split))),
  );
}

/** Root over D1's rows as they are now, in hexadecimal. */
export async function rootOfLedger(size?: number): Promise<string> {
  const rows = await allRows();
  return bytesToHex(naiveRoot(rows.slice(0, size).map(leafOf)));
}

export interface Head {
  readonly size: number;
  /** Hexadecimal. */
  readonly root: string;
}

/** The keys that the discovery document publishes. */
export async function publishedVkeys(): Promise<readonly string[]> {
  return (await call("GET", "/.well-known/gate")).body.log.vkeys;
}

/** The text of a note, after verifying its signature by a published key. */
export async function opened(note: string, vkeys?: readonly string[]): Promise<Head> {
  const keys = (vkeys ?? (await publishedVkeys())).map((vkey) => {
    const key = parseVkey(vkey);
    if (key === null) throw new Error(`no key: ${vkey}`);
    return key;
  });
  const read = await openNote(note, keys, async (publicKey, message, signature) => {
    const key = await crypto.subtle.importKey("raw", publicKey, "Ed25519", false, ["verify"]);
    return crypto.subtle.verify("Ed25519", key, signature, message);
  });
  if (!read.ok) throw new Error(`not opened: ${read.error}`);
  const parsed = parseCheckpoint(read.value.text);
  if (!parsed.ok || parsed.value.origin !== "gate.example") throw new Error("no checkpoint of this log");
  return { size: parsed.value.size, root: bytesToHex(parsed.value.root) };
}

/** Every tree head that was seen: of one size there may be only one. */
export const seenHeads = new Map<number, string>();

export function remember(head: Head): Head {
  const before = seenHeads.get(head.size);
  if (before !== undefined && before !== head.root) throw new Error(`two trees of size ${head.size}`);
  seenHeads.set(head.size, head.root);
  return head;
}

/** Seals now, as the admin asks for it, and believes only what is signed. */
export async function sealed(): Promise<Head> {
  const answer = await call("POST", "/log/seal", admin);
  if (answer.status !== 200) throw new Error(`not sealed: ${answer.text}`);
  return remember(await opened(answer.text));
}

const GUARDS = ["ledger_no_update", "ledger_no_delete", "ledger_no_fork", "ledger_no_gap"] as const;

/** Writes as an attacker with the database would: drops the triggers, writes, and creates them again. */
export async function asAttacker(...statements: readonly (string | D1PreparedStatement)[]): Promise<void> {
  const touchesLedger = statements.some((each) => typeof each === "string" && each.includes("ledger"));
  if (touchesLedger) untouched ??= await allRows();
  await withoutGuards(statements);
}

/** The ledger before the first attack of a test; null: none yet. */
let untouched: readonly StoredRow[] | null = null;

/** Undoes what a test that failed has left behind. */
export async function repair(): Promise<void> {
  if (untouched !== null) await restore(untouched);
}

async function withoutGuards(statements: readonly (string | D1PreparedStatement)[]): Promise<void> {
  const { results: guards } = await env.DB.prepare(
    `SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND (name IN (${GUARDS.map((name) => `'${name}'`).join(", ")}) OR name LIKE 'checkpoints%')`,
  ).all<{ name: string; sql: string }>();
  await env.DB.batch([
    ...guards.map(({ name }) => env.DB.prepare(`DROP TRIGGER ${name}`)),
    ...statements.map((each) => (typeof each === "string" ? env.DB.prepare(each) : each)),
    ...guards.map(({ sql }) => env.DB.prepare(sql)),
  ]);
}

const RESTORE = `
  INSERT INTO ledger (id, epoch, intent_id, seq, event, actor, at, body, prev_hash, entry_hash, mac)
  SELECT e.value ->> 'id', e.value ->> 'epoch', e.value ->> 'intent_id', e.value ->> 'seq', e.value ->> 'event',
    e.value ->> 'actor', e.value ->> 'at', e.value ->> 'body', e.value ->> 'prev_hash', e.value ->> 'entry_hash',
    e.value ->> 'mac'
  FROM json_each(?1) AS e`;

/** Puts the ledger back as it was. */
export async function restore(rows: readonly StoredRow[]): Promise<void> {
  untouched = null;
  await withoutGuards(["DELETE FROM ledger", env.DB.prepare(RESTORE).bind(JSON.stringify(rows))]);
}
