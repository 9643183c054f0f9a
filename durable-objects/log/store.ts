import { bytesToHex } from "@noble/hashes/utils.js";
import type { Head } from "../../src/core/ledger/entry.ts";
import { append, frontierOf, HASH_BYTES, nodeHash, rootOf, type HashAt } from "../../src/core/tlog/tree.ts";
import type { LogFault, SignedCheckpoint } from "../../src/ports/tlog.ts";

/*
 * The storage of the log's object. Its keys:
 *
 *   size              number of sealed leaves, which all other keys describe
 *   tile:<L>:<N>      hashes of complete subtrees, as C2SP tlog-tiles cuts them: up to 256 of tree level 8 × L, from
 *                     index 256 × N on. Levels between are computed from the tile below them.
 *   head:<chain>      the chain's head as of its last sealed entry
 *   checkpoint        the last signed checkpoint
 *   fault             the fault that stops sealing now
 *   faults            the last `MAX_PAST_FAULTS` faults that ended
 *   awake             until when the alarm repeats
 */

/** C2SP tlog-tiles v0.1.0: tiles are eight levels high. */
const TILE_HEIGHT = 8;
const TILE_HASHES = 2 ** TILE_HEIGHT;

/** Ended faults, for an operator's investigation. */
const MAX_PAST_FAULTS = 20;

/** Computed hashes cached in memory, of some 200 bytes each: neighbouring proofs share most of their path. */
const MAX_CACHED_HASHES = 16_384;

export interface PastFault extends LogFault {
  readonly until: number;
}

/** Typed access to the log's records. Every call is synchronous: callers build one commit out of several. */
export class LogStore {
  readonly #storage: DurableObjectStorage;
  /** Hashes between two tiles, only of committed complete subtrees, which never change again. */
  readonly #computed = new Map<string, Uint8Array>();

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  size(): number {
    return this.#storage.kv.get<number>("size") ?? 0;
  }

  head(chain: string): Head | undefined {
    return this.#storage.kv.get<Head>(`head:${chain}`);
  }

  checkpoint(): SignedCheckpoint | null {
    return this.#storage.kv.get<SignedCheckpoint>("checkpoint") ?? null;
  }

  /** @throws when the last checkpoint is larger, or of equal size with another root: storing it would fork the log */
  putCheckpoint(checkpoint: SignedCheckpoint): void {
    const last = this.checkpoint();
    if (
      last !== null &&
      (checkpoint.size < last.size || (checkpoint.size === last.size && checkpoint.root !== last.root))
    ) {
      throw new Error("invariant: a checkpoint extends the last one");
    }
    this.#storage.kv.put("checkpoint", checkpoint);
  }

  fault(): LogFault | null {
    return this.#storage.kv.get<LogFault>("fault") ?? null;
  }

  pastFaults(): readonly PastFault[] {
    return this.#storage.kv.get<readonly PastFault[]>("faults") ?? [];
  }

  /** Sets the current fault; null: none. The previous fault moves to the past ones. */
  putFault(fault: LogFault | null, now: number): void {
    const before = this.fault();
    if (before !== null) {
      this.#storage.kv.put(
        "faults",
        [{ ...before, until: now }, ...this.pastFaults()].slice(0, MAX_PAST_FAULTS),
      );
    }
    if (fault === null) this.#storage.kv.delete("fault");
    else this.#storage.kv.put("fault", fault);
  }

  awakeUntil(): number {
    return this.#storage.kv.get<number>("awake") ?? 0;
  }

  putAwakeUntil(time: number): void {
    this.#storage.kv.put("awake", time);
  }

  /** Seals these leaves and their chains' heads in one transaction. */
  append(leaves: readonly Uint8Array[], heads: ReadonlyMap<string, Head>): void {
    this.#storage.transactionSync(() => {
      const tiles = new Map<string, Uint8Array[]>();
      let frontier = frontierOf(this.size(), this.reader());
      for (const leaf of leaves) {
        const grown = append(frontier, leaf);
        frontier = grown.frontier;
        for (const { level, index, hash } of grown.completed) {
          if (level % TILE_HEIGHT !== 0) continue;
          const key = tileKey(level / TILE_HEIGHT, Math.floor(index / TILE_HASHES));
          const added = tiles.get(key);
          if (added === undefined) tiles.set(key, [hash]);
          else added.push(hash);
        }
      }
      for (const [key, added] of tiles) this.#growTile(key, added);
      for (const [chain, head] of heads) this.#storage.kv.put(`head:${chain}`, head);
      this.#storage.kv.put("size", frontier.size);
    });
  }

  #growTile(key: string, added: readonly Uint8Array[]): void {
    const before = this.#storage.kv.get<Uint8Array>(key) ?? new Uint8Array();
    const tile = new Uint8Array(before.length + added.length * HASH_BYTES);
    tile.set(before);
    for (const [at, hash] of added.entries()) tile.set(hash, before.length + at * HASH_BYTES);
    if (tile.length > TILE_HASHES * HASH_BYTES) throw new Error("invariant: a tile has at most 256 hashes");
    this.#storage.kv.put(key, tile);
  }

  /** Reads hashes of complete subtrees. It caches the tiles it read, so create one per task. */
  reader(): HashAt {
    const tiles = new Map<string, Uint8Array>();
    const stored = (level: number, index: number): Uint8Array => {
      const key = tileKey(level, Math.floor(index / TILE_HASHES));
      const tile = tiles.get(key) ?? this.#storage.kv.get<Uint8Array>(key) ?? new Uint8Array();
      tiles.set(key, tile);
      const start = (index % TILE_HASHES) * HASH_BYTES;
      // A copy: structured clone would send a view with its whole tile.
      const hash = tile.slice(start, start + HASH_BYTES);
      if (hash.length !== HASH_BYTES) throw new RangeError("invariant: the subtree is complete");
      return hash;
    };
    const hashAt = (level: number, index: number): Uint8Array => {
      if (level % TILE_HEIGHT === 0) return stored(level / TILE_HEIGHT, index);
      const key = `${level}:${index}`;
      const known = this.#computed.get(key);
      if (known !== undefined) return known;
      const hash = nodeHash(hashAt(level - 1, 2 * index), hashAt(level - 1, 2 * index + 1));
      if (this.#computed.size >= MAX_CACHED_HASHES) this.#computed.clear();
      this.#computed.set(key, hash);
      return hash;
    };
    return hashAt;
  }

  /** Root of the first `size` leaves, in hexadecimal; `size` is at most `size()`. */
  rootAt(size: number): string {
    return bytesToHex(rootOf(frontierOf(size, this.reader())));
  }
}

/** Zero-padded, so that keys sort by number. */
function tileKey(level: number, tile: number): string {
  return `tile:${level}:${String(tile).padStart(12, "0")}`;
}
