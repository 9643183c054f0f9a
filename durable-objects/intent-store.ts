import type { NumberedNote } from "../src/core/intent/entries.ts";
import type { Fate } from "../src/core/intent/fate.ts";
import type { IntentState } from "../src/core/intent/state.ts";
import { EMPTY_HEAD, type Entry, type Head } from "../src/core/ledger/entry.ts";

/*
 * What one intent's object keeps. Keys of its storage:
 *
 *   intent            IntentState: everything decisions depend on
 *   head              where its chain ends, and how far D1 has followed
 *   entries:<seq>     the entries of one commit, under the sequence of the first
 *   notes:<seq>       free text that came with them
 *   case              the ask and the full decision as JSON text, the salt of all commitments, a small payload
 *   payload:<n>       a larger payload's bytes in pieces
 */

/** A payload up to here lies in the case itself: one record less to write for what most proposals carry. */
const INLINE_BYTES = 16 * 1024;

/** A value in an object's storage is at most 2 MB; 1 MiB leaves room for whatever wraps it later. */
const PIECE_BYTES = 1024 * 1024;

export interface Progress extends Head {
  /** The last sequence that D1 has. */
  readonly flushed: number;
  /** The deadline a queue message was last sent for. */
  readonly queuedFor: number | null;
  /** What the agent's counters were last told; null: nothing yet. */
  readonly told: Fate | null;
}

export interface Case {
  /** 32 random bytes; every commitment of this intent is made with them. */
  readonly salt: Uint8Array;
  /** JSON text of the ask. */
  readonly ask: string;
  /** JSON text of the whole decision, trace and facts included. */
  readonly decision: string;
  readonly payload: {
    readonly bytes: number;
    /** The whole payload where it is small; else null, and it is in pieces. */
    readonly inline: Uint8Array | null;
    readonly name: string | null;
    readonly mediaType: string | null;
    readonly kind: "none" | "content" | "reference";
  };
}

const START: Progress = { ...EMPTY_HEAD, flushed: 0, queuedFor: null, told: null };

/** Numbers sort as text. */
function key(prefix: string, number: number): string {
  return `${prefix}:${String(number).padStart(9, "0")}`;
}

/** Typed access to one intent's records. Every call is synchronous: callers build one commit out of several. */
export class IntentStore {
  readonly #storage: DurableObjectStorage;
  #state: IntentState | undefined;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  state(): IntentState | undefined {
    // Only this object writes the record, so what was read or written last is what is stored.
    this.#state ??= this.#storage.kv.get<IntentState>("intent");
    return this.#state;
  }

  putState(state: IntentState): void {
    this.#storage.kv.put("intent", state);
    this.#state = state;
  }

  /** After a failed commit nothing in memory may be believed. */
  forget(): void {
    this.#state = undefined;
  }

  progress(): Progress {
    return this.#storage.kv.get<Progress>("head") ?? START;
  }

  putProgress(progress: Progress): void {
    this.#storage.kv.put("head", progress);
  }

  putEntries(entries: readonly Entry[], notes: readonly NumberedNote[]): void {
    const [first] = entries;
    if (first === undefined) return;
    this.#storage.kv.put(key("entries", first.seq), entries);
    if (notes.length > 0) this.#storage.kv.put(key("notes", first.seq), notes);
  }

  entries(): readonly Entry[] {
    return [...this.#storage.kv.list<readonly Entry[]>({ prefix: "entries:" })].flatMap(([, group]) => group);
  }

  notes(): readonly NumberedNote[] {
    return [...this.#storage.kv.list<readonly NumberedNote[]>({ prefix: "notes:" })].flatMap(([, notes]) => notes);
  }

  case(): Case | undefined {
    return this.#storage.kv.get<Case>("case");
  }

  putCase(record: Omit<Case, "payload"> & { payload: Omit<Case["payload"], "inline"> }, bytes: Uint8Array): void {
    const inline = bytes.length <= INLINE_BYTES ? bytes : null;
    this.#storage.kv.put("case", { ...record, payload: { ...record.payload, inline } });
    if (inline !== null) return;
    for (let piece = 0; piece * PIECE_BYTES < bytes.length; piece += 1) {
      const start = piece * PIECE_BYTES;
      this.#storage.kv.put(key("payload", piece), bytes.slice(start, start + PIECE_BYTES));
    }
  }

  /** The payload as it was proposed, byte for byte; null for an intent without its case. */
  payload(): Uint8Array | null {
    const stored = this.case()?.payload;
    if (stored === undefined) return null;
    if (stored.inline !== null) return stored.inline;
    const whole = new Uint8Array(stored.bytes);
    let at = 0;
    for (const [, piece] of this.#storage.kv.list<Uint8Array>({ prefix: "payload:" })) {
      whole.set(piece, at);
      at += piece.length;
    }
    if (at !== stored.bytes) throw new Error(`${at} of ${stored.bytes} payload bytes are there`);
    return whole;
  }
}
