import type { NumberedNote } from "../src/core/intent/entries.ts";
import type { Fate } from "../src/core/intent/fate.ts";
import type { IntentState } from "../src/core/intent/state.ts";
import { EMPTY_HEAD, type Entry, type Head } from "../src/core/ledger/entry.ts";
import {
  freshSecrets,
  open,
  seal,
  unwrap,
  wrap,
  type IntentSecrets,
  type KeyRing,
  type WrappedKey,
} from "./sealing.ts";

/*
 * What one intent's object keeps. Keys of its storage:
 *
 *   intent            IntentState: everything decisions depend on
 *   head              where its chain ends, and how far D1 has followed
 *   entries:<seq>     the entries of one commit, under the sequence of the first
 *   case              the intent's own key and salt, wrapped; and sealed under it: the ask, the full decision, a
 *                     small payload. Destroying the key erases them and all below
 *   notes:<seq>       sealed: free text that came with entries
 *   payload:<n>       sealed: a larger payload's bytes in pieces
 */

/** A payload up to here lies in the case itself: one record less to write for what most proposals carry. */
const INLINE_BYTES = 16 * 1024;

/** A value in an object's storage is at most 2 MB; 1 MiB leaves room for what sealing adds. */
const PIECE_BYTES = 1024 * 1024;

export interface Progress extends Head {
  /** The last sequence that D1 has. */
  readonly flushed: number;
  /** The deadline a queue message was last sent for. */
  readonly queuedFor: number | null;
  /** What the agent's counters were last told; null: nothing yet. */
  readonly told: Fate | null;
}

/** What was asked and how it was decided; gone once the intent is erased. */
export interface Case {
  /** JSON text of the ask. */
  readonly ask: string;
  /** JSON text of the whole decision, trace and facts included. */
  readonly decision: string;
  readonly payload: {
    readonly bytes: number;
    readonly name: string | null;
    readonly mediaType: string | null;
    readonly kind: "none" | "content" | "reference";
  };
}

interface CaseRecord {
  readonly key: WrappedKey;
  /** Null once erased. */
  readonly sealed: Uint8Array | null;
}

interface StoredCase extends Case {
  /** The whole payload in base64 where it is small; else null, and it is in pieces. */
  readonly inline: string | null;
}

const START: Progress = { ...EMPTY_HEAD, flushed: 0, queuedFor: null, told: null };

/** Numbers sort as text. */
function key(prefix: string, number: number): string {
  return `${prefix}:${String(number).padStart(9, "0")}`;
}

/** Typed access to one intent's records. Every call is synchronous: callers build one commit out of several. */
export class IntentStore {
  readonly #storage: DurableObjectStorage;
  readonly #ring: KeyRing;
  // Only this object writes its records, so what was read or written last is what is stored.
  #state: IntentState | undefined;
  #progress: Progress | undefined;
  #secrets: IntentSecrets | undefined;

  constructor(storage: DurableObjectStorage, ring: KeyRing) {
    this.#storage = storage;
    this.#ring = ring;
  }

  state(): IntentState | undefined {
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
    this.#progress = undefined;
    this.#secrets = undefined;
  }

  progress(): Progress {
    this.#progress ??= this.#storage.kv.get<Progress>("head") ?? START;
    return this.#progress;
  }

  putProgress(progress: Progress): void {
    this.#storage.kv.put("head", progress);
    this.#progress = progress;
  }

  /** The salt of all commitments made from now on. */
  salt(): Uint8Array {
    return this.#open().salt;
  }

  putEntries(entries: readonly Entry[], notes: readonly NumberedNote[]): void {
    const [first] = entries;
    if (first === undefined) return;
    this.#storage.kv.put(key("entries", first.seq), entries);
    if (notes.length > 0) this.#putSealed(key("notes", first.seq), Buffer.from(JSON.stringify(notes)));
  }

  entries(): readonly Entry[] {
    return [...this.#storage.kv.list<readonly Entry[]>({ prefix: "entries:" })].flatMap(([, group]) => group);
  }

  notes(): readonly NumberedNote[] {
    return [...this.#storage.kv.list<Uint8Array>({ prefix: "notes:" })].flatMap(
      ([name, sealed]) => JSON.parse(this.#unseal(name, sealed).toString()) as NumberedNote[],
    );
  }

  case(): Case | undefined {
    return this.#storedCase();
  }

  /** The first record of an intent: makes its key, and keeps what was asked under it. */
  putCase(record: Case, salt: Uint8Array, bytes: Uint8Array): void {
    const secrets = freshSecrets(salt);
    const inline = bytes.length <= INLINE_BYTES ? Buffer.from(bytes).toString("base64") : null;
    const text = Buffer.from(JSON.stringify({ ...record, inline } satisfies StoredCase));
    this.#putRecord({ key: wrap(secrets, this.#ring), sealed: seal(secrets.dataKey, "case", text) }, secrets);
    if (inline !== null) return;
    for (let piece = 0; piece * PIECE_BYTES < bytes.length; piece += 1) {
      const start = piece * PIECE_BYTES;
      this.#putSealed(key("payload", piece), bytes.subarray(start, start + PIECE_BYTES));
    }
  }

  /** The payload as it was proposed, byte for byte; null for an intent that has none any more. */
  payload(): Uint8Array | null {
    const stored = this.#storedCase();
    if (stored === undefined) return null;
    if (stored.inline !== null) return Buffer.from(stored.inline, "base64");
    const whole = new Uint8Array(stored.payload.bytes);
    let at = 0;
    for (const [name, sealed] of this.#storage.kv.list<Uint8Array>({ prefix: "payload:" })) {
      const piece = this.#unseal(name, sealed);
      whole.set(piece, at);
      at += piece.length;
    }
    if (at !== stored.payload.bytes) {
      throw new Error(`${at} of ${stored.payload.bytes} payload bytes are there`);
    }
    return whole;
  }

  /** Destroys the key and the salt, and what they opened. What comes after is sealed and committed to anew. */
  erase(): void {
    for (const prefix of ["notes:", "payload:"]) {
      for (const [name] of this.#storage.kv.list({ prefix })) this.#storage.kv.delete(name);
    }
    const secrets = freshSecrets();
    this.#putRecord({ key: wrap(secrets, this.#ring), sealed: null }, secrets);
  }

  #storedCase(): StoredCase | undefined {
    const { sealed = null } = this.#storage.kv.get<CaseRecord>("case") ?? {};
    return sealed === null ? undefined : (JSON.parse(this.#unseal("case", sealed).toString()) as StoredCase);
  }

  #putRecord(record: CaseRecord, secrets: IntentSecrets): void {
    this.#storage.kv.put("case", record);
    this.#secrets = secrets;
  }

  #open(): IntentSecrets {
    if (this.#secrets !== undefined) return this.#secrets;
    const record = this.#storage.kv.get<CaseRecord>("case");
    if (record === undefined) throw new Error("an intent without its key");
    this.#secrets = unwrap(record.key, this.#ring);
    // After a change of the deployment's secret each intent moves to the new one when it is next looked at.
    if (record.key.kid !== this.#ring.current.kid) {
      this.#putRecord({ ...record, key: wrap(this.#secrets, this.#ring) }, this.#secrets);
    }
    return this.#secrets;
  }

  #putSealed(name: string, bytes: Uint8Array): void {
    this.#storage.kv.put(name, seal(this.#open().dataKey, name, bytes));
  }

  #unseal(name: string, sealed: Uint8Array): Buffer {
    return Buffer.from(open(this.#open().dataKey, name, sealed));
  }
}
