import type { Entry } from "../../core/ledger/entry.ts";
import { MAX_LEAF_BYTES } from "../../core/tlog/leaf.ts";

/*
 * The ledger as the log reads it: by row id, in pages.
 *
 * Row ids are the log's order, because nothing else could be skipped or squeezed in. D1 is one single-threaded
 * SQLite: a row gets the largest id plus one inside the transaction that commits it, so once a row is seen, every
 * smaller id has been given out. Rows are never deleted and an ignored redelivery takes no id, so ids have no gaps
 * either: the row `id` is the leaf `id - 1`, and a gap means that somebody took a row away. Reads go to the
 * primary; a replica that lags shows a shorter ledger, never another one.
 */

/** The one log there is, as its object is called: `log/<epoch>`. */
export const LOG_NAME = "log/1";

export const EPOCH = 1;

/** The id of the first row of the only epoch there is; a later epoch would start where the one before ended. */
export const FIRST_ROW = 1;

/** The id from which a page is read: the last sealed row again, to see that it is still there and still itself. */
export function pageStart(size: number): number {
  return FIRST_ROW + Math.max(size - 1, 0);
}

/** What one page holds at most; with the largest rows there are a dozen in a page. */
const PAGE_BYTES = 1_000_000;
const PAGE_ROWS = 1_000;

/** Rows of one chain read at once: nearly all chains are shorter, and the largest rows stay under 10 MB. */
const CHAIN_ROWS = 150;

/** A row with more text than this has no leaf, so its text is not even read: the entry and its 64 digits of MAC. */
const MAX_ROW_BYTES = MAX_LEAF_BYTES + 64;

/** A chain is an intent's id (47 characters) or a word of Gate's own. */
const MAX_CHAIN_CHARS = 200;

export interface LedgerRow {
  readonly id: number;
  readonly epoch: number;
  /** What is wrong with it where it holds no entry at all. */
  readonly entry: Entry | "too_large" | "malformed";
}

export interface LedgerPage {
  readonly rows: readonly LedgerRow[];
  /** Smallest and largest id of the ledger in the instant of the read; null: it is empty. */
  readonly lowest: number | null;
  readonly highest: number | null;
  /** The last checkpoint that was signed, as D1 remembers it; the root in hexadecimal. */
  readonly signed: { readonly size: number; readonly root: string } | null;
}

const TEXTS = ["intent_id", "event", "actor", "body", "prev_hash", "entry_hash", "mac"] as const;

const SIZE = TEXTS.map((column) => `octet_length(${column})`).join(" + ");

const SELECTED = TEXTS.map((column) => `CASE WHEN size > ?4 THEN NULL ELSE ${column} END AS ${column}`).join(
  ", ",
);

/** Bounded in rows and bytes by D1 itself: what is too much never comes over. */
const PAGE = `
  SELECT id, epoch, seq, at, size, ${SELECTED} FROM (
    SELECT *, SUM(MIN(size, ?4)) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) AS total FROM (
      SELECT *, ${SIZE} AS size FROM ledger WHERE id >= ?1 ORDER BY id LIMIT ?2
    )
  ) WHERE total <= ?3 ORDER BY id`;

// Two sub-selects: SQLite answers each from an end of the tree, and both in one select by reading everything.
const ENDS = `
  SELECT (SELECT MIN(id) FROM ledger) AS lowest, (SELECT MAX(id) FROM ledger) AS highest,
    (SELECT size FROM checkpoints WHERE epoch = ?1) AS size,
    (SELECT root FROM checkpoints WHERE epoch = ?1) AS root`;

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
  /** Rows from this id on, with the ledger's ends, all of one instant. */
  page(from: number): Promise<LedgerPage>;
  /** The same rows and nothing else. */
  rows(from: number, limit: number): Promise<readonly LedgerRow[]>;
  /** Every row of one chain, in its order. */
  chain(name: string): Promise<readonly LedgerRow[]>;
  /** @throws when another tree of this size, or a larger one, was published: nothing is changed then */
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

    async rows(from, limit) {
      const { results } = await select(from, Math.min(limit, PAGE_ROWS)).all<Record<string, unknown>>();
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

/** Whoever can write SQL can also make the table anew without its types, so nothing is taken for granted. */
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

/** Numbers beyond 2^53 come out of D1 rounded: two rows could not be told apart. */
function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
