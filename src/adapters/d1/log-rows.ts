import { isJsonObject, type Json } from "../../core/base/json.ts";
import type { TreeHead } from "../../ports/restoration.ts";
import type { Entry } from "../../core/ledger/entry.ts";
import { MAX_LEAF_BYTES } from "../../core/tlog/leaf.ts";

/*
 * The ledger as the log reads it: by row id, in pages.
 *
 * The log is ordered by row id, because in that order no row can be skipped or inserted unnoticed. D1 is one
 * single-threaded SQLite: a row gets the largest id plus one inside the transaction that commits it, so once a row is
 * visible, every smaller id has been assigned. Rows are never deleted and an ignored redelivery takes no id, so ids
 * have no gaps: the row `id` is the leaf `id - 1`, and a gap proves that a row was deleted. Reads go to the primary; a
 * lagging replica would show a shorter ledger, never a different one.
 */

/** Name of the only log object: `log/<epoch>`. */
export const LOG_NAME = "log/1";

export const EPOCH = 1;

/** Id of the first row of the only epoch; a later epoch would start where the previous one ended. */
export const FIRST_ROW = 1;

/** First id of the next page: the last sealed row is read again, to detect that it was deleted or edited. */
export function pageStart(size: number): number {
  return FIRST_ROW + Math.max(size - 1, 0);
}

/** Limits of one read; of the largest rows it holds a dozen. */
const PAGE_BYTES = 1_000_000;
const MAX_ROWS = 1_000;

/**
 * Rows of a page to seal. It is read, checked and committed in a turn each, and every turn blocks the requests of its
 * isolate: at 20 to 40 µs for a row these last a few milliseconds.
 */
export const PAGE_ROWS = 128;

/** Rows of one chain in one read: nearly all chains are shorter, and so many of the largest rows are under 10 MB. */
const CHAIN_ROWS = 150;

/** The entry and its 64 digits of MAC. A row with more text can have no leaf, so its text is not even read. */
const MAX_ROW_BYTES = MAX_LEAF_BYTES + 64;

/** A chain's name is an intent's id (47 characters) or `registry`. */
const MAX_CHAIN_CHARS = 200;

export interface LedgerRow {
  readonly id: number;
  readonly epoch: number;
  /** The entry, or why the row holds none. */
  readonly entry: Entry | "too_large" | "malformed";
}

export interface LedgerPage {
  readonly rows: readonly LedgerRow[];
  /** Smallest and largest id of the ledger at the time of the read; null: it is empty. */
  readonly lowest: number | null;
  readonly highest: number | null;
  /** The last published checkpoint, as stored in D1; the root in hexadecimal. */
  readonly signed: { readonly size: number; readonly root: string } | null;
}

const TEXTS = ["intent_id", "event", "actor", "body", "prev_hash", "entry_hash", "mac"] as const;

const SIZE = TEXTS.map((column) => `octet_length(${column})`).join(" + ");

const SELECTED = TEXTS.map((column) => `CASE WHEN size > ?4 THEN NULL ELSE ${column} END AS ${column}`).join(
  ", ",
);

/** The query itself bounds rows and bytes, so that an oversized page never leaves D1. */
const PAGE = `
  SELECT id, epoch, seq, at, size, ${SELECTED} FROM (
    SELECT *, SUM(MIN(size, ?4)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS total FROM (
      SELECT *, ${SIZE} AS size FROM ledger WHERE id >= ?1 ORDER BY id LIMIT ?2
    )
  ) WHERE total <= ?3 ORDER BY id`;

// Two sub-selects: SQLite reads each from one end of the index, and MIN and MAX in one select by a full scan.
const ENDS = `
  SELECT (SELECT MIN(id) FROM ledger) AS lowest, (SELECT MAX(id) FROM ledger) AS highest,
    (SELECT size FROM checkpoints WHERE epoch = ?1) AS size,
    (SELECT root FROM checkpoints WHERE epoch = ?1) AS root`;

const HIGHEST = "SELECT MAX(id) AS highest FROM ledger";

const CHAIN = `
  SELECT id, epoch, seq, at, size, ${SELECTED} FROM (
    SELECT *, ${SIZE} AS size FROM ledger WHERE intent_id = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3
  ) ORDER BY seq`;

const PUBLISH = `
  INSERT INTO checkpoints (epoch, size, root, note, signed_at) VALUES (?1, ?2, ?3, ?4, ?5)
  ON CONFLICT (epoch) DO UPDATE
    SET size = excluded.size, root = excluded.root, note = excluded.note, signed_at = excluded.signed_at`;

interface Ends {
  lowest: number | null;
  highest: number | null;
  size: number | null;
  root: string | null;
}

export interface LogRows {
  /** Rows from this id on, with the ledger's ends, read in one transaction. */
  page(from: number): Promise<LedgerPage>;
  /** Rows of the ledger now. */
  count(): Promise<number>;
  /** At most this many rows from this id on, without the ends. */
  rows(from: number, limit: number): Promise<readonly LedgerRow[]>;
  /** Every row of one chain, in its order. */
  chain(name: string): Promise<readonly LedgerRow[]>;
  /** @throws {Error} when a larger tree, or another of this size, was published; nothing is changed then */
  publish(checkpoint: { size: number; root: string; note: string; signedAt: number }): Promise<void>;
}

export function logRows(db: D1Database): LogRows {
  const select = (from: number, limit: number) =>
    db.prepare(PAGE).bind(from, limit, PAGE_BYTES, MAX_ROW_BYTES);
  return {
    async page(from) {
      const [rows, ends] = await db.batch([select(from, PAGE_ROWS), db.prepare(ENDS).bind(EPOCH)]);
      const {
        lowest = null,
        highest = null,
        size = null,
        root = null,
      } = (ends?.results[0] ?? {}) as Partial<Ends>;
      return {
        rows: (rows?.results ?? []).map((row) => rowOf(row as Record<string, unknown>)),
        lowest,
        highest,
        signed: size === null || root === null ? null : { size, root },
      };
    },

    async count() {
      const highest = await db.prepare(HIGHEST).first<number>("highest");
      return countUpTo(highest);
    },

    async rows(from, limit) {
      const { results } = await select(from, Math.min(limit, MAX_ROWS)).all<Record<string, unknown>>();
      return results.map(rowOf);
    },

    async chain(name) {
      const rows: LedgerRow[] = [];
      for (let after = -1; ;) {
        const { results } = await db
          .prepare(CHAIN)
          .bind(name, after, CHAIN_ROWS, MAX_ROW_BYTES)
          .all<Record<string, unknown>>();
        rows.push(...results.map(rowOf));
        const last = results.at(-1)?.["seq"];
        if (results.length < CHAIN_ROWS || typeof last !== "number") return rows;
        after = last;
      }
    },

    async publish({ size, root, note, signedAt }) {
      await db.prepare(PUBLISH).bind(EPOCH, size, root, note, signedAt).run();
    },
  };
}

/** Ids have no gaps, so the largest one counts the rows. */
export function countUpTo(highest: number | null): number {
  return highest === null ? 0 : highest - FIRST_ROW + 1;
}

const LAST_RESTORE = `
  SELECT body FROM ledger WHERE intent_id = 'registry' AND event = 'restored' ORDER BY seq DESC LIMIT 1`;

/** What the ledger says of a restore; `missing`: nothing yet. */
export type RecordedRestore = "missing" | { readonly checkpoint: TreeHead | null };

/** @param at `GATE_RESTORED_AT` */
export async function recordedRestore(db: D1Database, at: number): Promise<RecordedRestore> {
  const text = await db.prepare(LAST_RESTORE).first<string>("body");
  const body = text === null ? null : (JSON.parse(text) as Json);
  if (!isJsonObject(body) || body["restored_at"] !== at) return "missing";
  const { checkpoint_size: size, checkpoint_root: root } = body;
  return { checkpoint: typeof size === "number" && typeof root === "string" ? { size, root } : null };
}

/** An attacker with SQL access can recreate the table without its types, so every column's type is checked. */
function rowOf(row: Record<string, unknown>): LedgerRow {
  const id = Number(row["id"]);
  const epoch = Number(row["epoch"]);
  if (Number(row["size"]) > MAX_ROW_BYTES) return { id, epoch, entry: "too_large" };
  const { intent_id: intent, event, actor, body, prev_hash: prev, entry_hash: hash, mac, seq, at } = row;
  const isEntry =
    isText(intent) &&
    intent.length <= MAX_CHAIN_CHARS &&
    isText(event) &&
    isText(actor) &&
    isText(body) &&
    isText(prev) &&
    isText(hash) &&
    isText(mac) &&
    isCount(seq) &&
    isCount(at);
  const entry = isEntry ? { intent, seq, event, actor, at, body, prev, hash, mac } : "malformed";
  return { id, epoch, entry };
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

/** D1 returns numbers above 2^53 rounded, so that two rows could become equal. */
function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
