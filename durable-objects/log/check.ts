import type { LedgerPage, LedgerRow } from "../../src/adapters/d1/log-rows.ts";
import { EPOCH, FIRST_ROW } from "../../src/adapters/d1/log-rows.ts";
import { hmacHex } from "../../src/core/base/digest.ts";
import { EMPTY_HEAD, entryHash, type Entry, type Head } from "../../src/core/ledger/entry.ts";
import { leafBytes } from "../../src/core/tlog/leaf.ts";
import { leafHash } from "../../src/core/tlog/tree.ts";
import type { LogFaultReason } from "../../src/ports/tlog.ts";

/** A row that fails a check: the log seals neither it nor any row after it. */
export interface Misfit {
  readonly reason: LogFaultReason;
  /** Its id in D1; null when the fault concerns no row. */
  readonly row: number | null;
  readonly chain: string | null;
  readonly seq: number | null;
}

export interface PageCheck {
  /** Hashes of the leaves to seal, in the log's order. */
  readonly leaves: readonly Uint8Array[];
  /** The new head of each chain that these leaves belong to. */
  readonly heads: ReadonlyMap<string, Head>;
  /** The first row that fails a check; null: none does. */
  readonly misfit: Misfit | null;
}

/** The state of the log that a check depends on. */
export interface SealedState {
  readonly size: number;
  /** Hash of the leaf at `size - 1`; null for an empty log. */
  readonly lastLeaf: Uint8Array | null;
  /** A chain's head as of its last sealed entry. */
  readonly headOf: (chain: string) => Head | undefined;
  readonly macKeys: readonly Uint8Array[];
}

/** The rows of a page that may be appended to the log. */
export function checkPage(page: LedgerPage, known: SealedState): PageCheck {
  const anchor = checkAnchor(page, known);
  if (anchor !== null) return { leaves: [], heads: new Map(), misfit: anchor };

  const leaves: Uint8Array[] = [];
  const heads = new Map<string, Head>();
  let expected = FIRST_ROW + known.size;
  for (const row of page.rows.slice(known.size === 0 ? 0 : 1)) {
    const { entry } = row;
    const head =
      typeof entry === "string" ? EMPTY_HEAD : (heads.get(entry.intent) ?? known.headOf(entry.intent));
    const fault = checkRow(row, expected, head ?? EMPTY_HEAD, known.macKeys);
    if (fault.ok) {
      leaves.push(fault.leaf);
      heads.set(fault.entry.intent, { seq: fault.entry.seq, hash: fault.entry.hash });
      expected += 1;
    } else {
      const place =
        typeof entry === "string" ? { chain: null, seq: null } : { chain: entry.intent, seq: entry.seq };
      return { leaves, heads, misfit: { reason: fault.reason, row: row.id, ...place } };
    }
  }
  return { leaves, heads, misfit: null };
}

/**
 * Does the page continue the sealed ledger? After a truncation, or a restore of D1 to an earlier hour, new rows would
 * reuse the ids of sealed ones.
 */
function checkAnchor({ rows, lowest }: LedgerPage, { size, lastLeaf }: SealedState): Misfit | null {
  const noEntry = { chain: null, seq: null };
  // Ids below the first are never read, so an attacker's row there would escape the log unnoticed.
  if (lowest !== null && lowest !== FIRST_ROW) return { reason: "row_out_of_place", row: lowest, ...noEntry };
  if (lastLeaf === null) return null;
  const [first] = rows;
  const id = FIRST_ROW + size - 1;
  if (first?.id !== id) return { reason: "sealed_row_missing", row: id, ...noEntry };
  const { entry } = first;
  const bytes = typeof entry === "string" ? null : leafBytes(entry);
  if (bytes?.ok === true && isEqual(leafHash(bytes.value), lastLeaf)) return null;
  return { reason: "sealed_row_changed", row: id, ...noEntry };
}

type RowCheck =
  | { readonly ok: true; readonly leaf: Uint8Array; readonly entry: Entry }
  | { readonly ok: false; readonly reason: LogFaultReason };

function checkRow(row: LedgerRow, expected: number, head: Head, macKeys: readonly Uint8Array[]): RowCheck {
  const refuse = (reason: LogFaultReason) => ({ ok: false, reason }) as const;
  const { entry } = row;
  if (row.id !== expected) return refuse("row_missing");
  if (row.epoch !== EPOCH) return refuse("other_epoch");
  if (typeof entry === "string") return refuse(entry);
  if (entryHash(entry) !== entry.hash) return refuse("entry_edited");
  if (!macKeys.some((key) => isSameText(hmacHex(key, entry.hash), entry.mac))) return refuse("mac_wrong");
  if (entry.seq !== head.seq + 1) return refuse(entry.seq > head.seq ? "entry_missing" : "entry_repeated");
  if (entry.prev !== head.hash) return refuse("chain_broken");
  const bytes = leafBytes(entry);
  return bytes.ok ? { ok: true, leaf: leafHash(bytes.value), entry } : refuse("too_large");
}

/** Constant time: a timing difference would let an attacker guess a MAC digit by digit. */
function isSameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let at = 0; at < a.length; at += 1) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}
