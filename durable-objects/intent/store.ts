import type { NumberedNote } from "../../src/core/intent/entries.ts";
import type { CounterEffect } from "../../src/core/intent/counter-effect.ts";
import type { Instant, IntentState } from "../../src/core/intent/state.ts";
import { EMPTY_HEAD, type Entry, type Head } from "../../src/core/ledger/entry.ts";
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
import type { StoredResponse } from "../../src/ports/intents.ts";

/*
 * The storage of one intent's object. Its keys:
 *
 *   intent            IntentState and Progress: the head of its chain, and how far D1 has followed
 *   opening           the entries it began with; the intent's own key and salt, wrapped; and sealed under that key the
 *                     case: the request, the full decision, a small payload. Destroying the key erases all it sealed
 *   entries:<seq>     the entries of one later commit, under the sequence of the first
 *   decision:0        sealed: the decision in force, once changed rules replaced the first
 *   notes:<seq>       sealed: free text of these entries
 *   payload:<n>       sealed: a larger payload's bytes in pieces
 *   response:<n>      sealed: the upstream's response to a write that Gate sent; 0 is status and headers, then the body
 */

/** Payloads up to this size are part of the case record: most proposals then write one record less. */
const INLINE_BYTES = 16 * 1024;

/**
 * A value in an object's storage is at most 2 MB. Sealing and unsealing a piece of this size takes a few milliseconds, for
 * which all other requests wait; pieces of earlier versions have a mebibyte.
 */
const PIECE_BYTES = 256 * 1024;

export interface Progress extends Head {
  /** The last sequence that D1 has. */
  readonly flushed: number;
  /** The deadline a queue message was last sent for. */
  readonly queuedFor: number | null;
  /** The effect last sent to the agent's counters; null: none yet. */
  // oxlint-disable-next-line gate/banned-names -- a stored field of version 0.1
  readonly told: CounterEffect | null;
  /** Queue messages sent for this write, and when the next is due; null: Gate does not send it. */
  readonly sending: { readonly attempts: number; readonly at: Instant } | null;
  /** Id of the send attempt that holds the claim, or held it last; null: none yet. */
  readonly attempt: string | null;
  /** The alarm that this instance of the object set; null: none. */
  readonly alarm: Instant | null;
}

/** The proposal's request and its decision; erasure destroys both. */
export interface CaseRecord {
  /** JSON text of the `ProposalRequest`. */
  readonly request: string;
  /** JSON text of the whole decision, trace and facts included. */
  readonly decision: string;
  readonly payload: {
    readonly bytes: number;
    readonly name: string | null;
    readonly mediaType: string | null;
    readonly kind: "none" | "content" | "reference";
  };
}

interface Current {
  readonly state: IntentState;
  readonly progress: Progress;
}

/** Written once, and again when its key changes. Merging these parts saves a proposal one write for each. */
interface Opening {
  readonly entries: readonly Entry[];
  readonly key: WrappedKey;
  /** The case; null once erased. */
  readonly sealed: Uint8Array | null;
}

interface StoredCase extends CaseRecord {
  /** The whole payload in base64 if small; null: it is stored in pieces. */
  readonly inline: string | null;
}

/** The sealed form: data of version 0.1 stores the request under `ask`, so that name stays. */
// oxlint-disable-next-line gate/banned-names -- a stored field of version 0.1
type SealedCase = Omit<StoredCase, "request"> & { readonly ask: string };

interface ResponseHead extends Omit<StoredResponse, "body"> {
  readonly bytes: number;
}

const START: Progress = {
  ...EMPTY_HEAD,
  flushed: 0,
  queuedFor: null,
  told: null,
  sending: null,
  attempt: null,
  alarm: null,
};

/**
 * Fills in fields that records of earlier versions lack. The stored alarm is not counted on: it may have fired since, and
 * seem to be ahead once the clock is set back, or have been lost with a copied storage.
 */
function asRead({ state, progress }: Current): Current {
  const { terms } = state;
  return {
    state: { ...state, terms: { ...terms, sending: terms.sending ?? null } },
    progress: { ...START, ...progress, alarm: null },
  };
}

/** Zero-padded, so that keys sort by number. */
function key(prefix: string, number: number): string {
  return `${prefix}:${String(number).padStart(9, "0")}`;
}

/** Typed access to one intent's records. Every call is synchronous: callers build one commit out of several. */
export class IntentStore {
  readonly #storage: DurableObjectStorage;
  readonly #ring: KeyRing;
  // Only this object writes its records, so the cache equals the storage until a commit fails.
  #current: Current | undefined;
  #secrets: IntentSecrets | undefined;

  constructor(storage: DurableObjectStorage, ring: KeyRing) {
    this.#storage = storage;
    this.#ring = ring;
  }

  /** How often the state was asked for: by every command, and most reads. */
  reads = 0;

  state(): IntentState | undefined {
    return this.#read()?.state;
  }

  progress(): Progress {
    return this.#read()?.progress ?? START;
  }

  put(state: IntentState, progress: Progress): void {
    const current = { state, progress };
    this.#storage.kv.put("intent", current);
    this.#current = current;
  }

  /** Stored with the next write; until then an eviction forgets it. */
  note(change: Partial<Progress>): void {
    const current = this.#read();
    if (current === undefined) return;
    this.#current = { ...current, progress: { ...current.progress, ...change } };
  }

  /** Drops the cache after a failed commit. */
  forget(): void {
    this.#current = undefined;
    this.#secrets = undefined;
  }

  /** The salt for new commitments. */
  salt(): Uint8Array {
    return this.#open().salt;
  }

  putEntries(entries: readonly Entry[], notes: readonly NumberedNote[]): void {
    const [first] = entries;
    if (first === undefined) return;
    this.#storage.kv.put(key("entries", first.seq), entries);
    if (notes.length > 0) this.#putSealed(key("notes", first.seq), Buffer.from(JSON.stringify(notes)));
  }

  /** @param after the last sequence to leave out, which ends a commit; 0: none */
  entries(after = 0): readonly Entry[] {
    const opening = this.#opening().entries.filter(({ seq }) => seq > after);
    const start = key("entries", after + 1);
    const later = [...this.#storage.kv.list<readonly Entry[]>({ prefix: "entries:", start })];
    return [...opening, ...later.flatMap(([, group]) => group)];
  }

  notes(): readonly NumberedNote[] {
    return [...this.#storage.kv.list<Uint8Array>({ prefix: "notes:" })].flatMap(
      ([name, sealed]) => JSON.parse(this.#unseal(name, sealed).toString()) as NumberedNote[],
    );
  }

  /** With the decision in force, and the first one, which the commitment in its entry opens with. */
  case(): { readonly record: CaseRecord; readonly firstDecision: string } | undefined {
    const stored = this.#storedCase();
    if (stored === undefined) return undefined;
    const name = key("decision", 0);
    const sealed = this.#storage.kv.get<Uint8Array>(name);
    const decision = sealed === undefined ? stored.decision : this.#unseal(name, sealed).toString();
    const { request, payload } = stored;
    return { record: { request, payload, decision }, firstDecision: stored.decision };
  }

  putDecision(decision: string): void {
    this.#putSealed(key("decision", 0), Buffer.from(decision));
  }

  /** Writes an intent's first records: creates its key, and seals the case under it. */
  begin(record: CaseRecord, salt: Uint8Array, bytes: Uint8Array, entries: readonly Entry[]): void {
    const secrets = freshSecrets(salt);
    const inline = bytes.length <= INLINE_BYTES ? Buffer.from(bytes).toString("base64") : null;
    const { request, ...rest } = record;
    const text = Buffer.from(JSON.stringify({ ask: request, ...rest, inline } satisfies SealedCase));
    const sealed = seal(secrets.dataKey, "case", text);
    this.#putOpening({ entries, key: wrap(secrets, this.#ring), sealed }, secrets);
    if (inline === null) this.#putPieces("payload", 0, bytes);
  }

  /** The payload as proposed, byte for byte; null once erased. */
  payload(): Uint8Array | null {
    const stored = this.#storedCase();
    if (stored === undefined) return null;
    if (stored.inline !== null) return Buffer.from(stored.inline, "base64");
    return this.#pieces("payload", 0, stored.payload.bytes);
  }

  /** A payload that is part of the case record is one piece. */
  payloadPiece(index: number): Uint8Array | null {
    const stored = this.#storedCase();
    if (stored === undefined) return null;
    if (stored.inline !== null) return index === 0 ? Buffer.from(stored.inline, "base64") : null;
    const name = key("payload", index);
    const sealed = this.#storage.kv.get<Uint8Array>(name);
    return sealed === undefined ? null : this.#unseal(name, sealed);
  }

  putResponse({ body, ...head }: StoredResponse): void {
    const text = JSON.stringify({ ...head, bytes: body.length } satisfies ResponseHead);
    this.#putSealed(key("response", 0), Buffer.from(text));
    this.#putPieces("response", 1, body);
  }

  dropResponse(): void {
    this.#delete("response:");
  }

  response(): StoredResponse | null {
    const name = key("response", 0);
    const sealed = this.#storage.kv.get<Uint8Array>(name);
    if (sealed === undefined) return null;
    const { bytes, ...head } = JSON.parse(this.#unseal(name, sealed).toString()) as ResponseHead;
    return { ...head, body: this.#pieces("response", 1, bytes) };
  }

  /** Destroys the key and the salt with all they opened. Later records use new ones. */
  erase(): void {
    for (const prefix of ["decision:", "notes:", "payload:", "response:"] as const) this.#delete(prefix);
    const secrets = freshSecrets();
    this.#putOpening(
      { entries: this.#opening().entries, key: wrap(secrets, this.#ring), sealed: null },
      secrets,
    );
  }

  #read(): Current | undefined {
    this.reads += 1;
    if (this.#current !== undefined) return this.#current;
    const stored = this.#storage.kv.get<Current>("intent");
    this.#current = stored === undefined ? undefined : asRead(stored);
    return this.#current;
  }

  /** @throws {Error} for an intent that was never proposed: callers check its state first */
  #opening(): Opening {
    const opening = this.#storage.kv.get<Opening>("opening");
    if (opening === undefined) throw new Error("invariant: a proposed intent has an opening record");
    return opening;
  }

  #putOpening(opening: Opening, secrets: IntentSecrets): void {
    this.#storage.kv.put("opening", opening);
    this.#secrets = secrets;
  }

  #storedCase(): StoredCase | undefined {
    const { sealed } = this.#opening();
    if (sealed === null) return undefined;
    const { ask: request, ...rest } = JSON.parse(this.#unseal("case", sealed).toString()) as SealedCase;
    return { request, ...rest };
  }

  #open(): IntentSecrets {
    if (this.#secrets !== undefined) return this.#secrets;
    const opening = this.#opening();
    const secrets = unwrap(opening.key, this.#ring);
    this.#secrets = secrets;
    // After a rotation of the deployment's secret, the next access rewraps each intent's key under the new one.
    if (opening.key.kid !== this.#ring.current.kid) {
      this.#putOpening({ ...opening, key: wrap(secrets, this.#ring) }, secrets);
    }
    return secrets;
  }

  #delete(prefix: `${string}:`): void {
    for (const [name] of this.#storage.kv.list({ prefix })) this.#storage.kv.delete(name);
  }

  #putPieces(prefix: string, first: number, bytes: Uint8Array): void {
    for (let piece = 0; piece * PIECE_BYTES < bytes.length; piece += 1) {
      const start = piece * PIECE_BYTES;
      this.#putSealed(key(prefix, first + piece), bytes.subarray(start, start + PIECE_BYTES));
    }
  }

  #pieces(prefix: string, first: number, bytes: number): Uint8Array {
    const whole = new Uint8Array(bytes);
    let at = 0;
    const start = key(prefix, first);
    for (const [name, sealed] of this.#storage.kv.list<Uint8Array>({ prefix: `${prefix}:`, start })) {
      const piece = this.#unseal(name, sealed);
      whole.set(piece, at);
      at += piece.length;
    }
    if (at !== bytes) throw new Error(`invariant: the ${prefix} has ${bytes} bytes, but ${at} are stored`);
    return whole;
  }

  #putSealed(name: string, bytes: Uint8Array): void {
    this.#storage.kv.put(name, seal(this.#open().dataKey, name, bytes));
  }

  #unseal(name: string, sealed: Uint8Array): Buffer {
    return Buffer.from(open(this.#open().dataKey, name, sealed));
  }
}
