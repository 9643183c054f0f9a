import { build, FOUND, NOT_BUILT, ROOT_STATE, type MaskAutomaton } from "./automaton.ts";
import { trackMatches, type MatchTracker, type Span } from "./match-tracker.ts";
import type { CompiledSecrets } from "./compiled-secrets.ts";

/** Replaces a secret. */
const MASK = "[masked]";

/**
 * Masks a stream. Reads each byte once, and those near a secret twice. Holds back the bytes that may still become a
 * secret: usually a few, and never more than 16 for each character of the longest encoding plus 4 KiB.
 */
export interface MaskedStream {
  /** Bytes released by this chunk. They may be views of the chunk, so the caller must not reuse its memory. */
  push(chunk: Uint8Array): readonly Uint8Array[];
  /**
   * Releases bytes held back during a silence of the upstream, as long as they are no more than the first characters of
   * what may become a secret. If it becomes one, the rest is masked.
   */
  pause(): readonly Uint8Array[];
  /** Are bytes held back? */
  holds(): boolean;
  /** Releases the bytes held back. */
  end(): readonly Uint8Array[];
  /** Secrets masked so far; overlapping ones count as one. */
  found(): number;
}

/** Bytes held back before the match tracker determines exactly where a secret may begin. */
const MAX_UNSURE_BYTES = 4_096;

/**
 * Characters of a possible secret that a silence gives away. An event's end is seldom longer; of a secret, an agent that
 * makes an upstream pause in the middle of it learns no more than its first three characters, which are a prefix such as
 * `sk_` as a rule, and in base64 two bytes.
 */
const GIVEN_AWAY_CHARACTERS = 3;

const MASK_BYTES = new TextEncoder().encode(MASK);

/**
 * One pass in two modes: the automaton *skims* and detects that an encoding ends, but not where it began; the *match
 * tracker* then reads again from the earliest possible beginning until no encoding is possible any more. Skimming
 * restarts there, so no byte is tracked twice.
 */
export class MaskedBytes implements MaskedStream {
  readonly #secrets: CompiledSecrets;
  #automaton: MaskAutomaton;
  #state = ROOT_STATE;
  /** Since this byte, `#state` was never `ROOT_STATE`: a secret may have begun here or later. */
  #unsureSince = 0;
  #tracker: MatchTracker | null = null;
  /** Secrets found and not released yet. */
  readonly #spans: Span[] = [];
  #count = 0;
  readonly #held = new HeldBytes();
  /** Bytes of the stream released so far, which is the offset of the first byte held. */
  #released = 0;

  constructor(secrets: CompiledSecrets) {
    this.#secrets = secrets;
    this.#automaton = secrets.automaton;
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const start = this.#held.length();
    const data = start === 0 ? chunk : this.#held.append(chunk);
    this.#read(data, start);
    const end = this.#released + data.length;
    return this.#release(data, this.#tracker?.clearUntil(end) ?? this.#unsureSince, start > 0);
  }

  pause(): readonly Uint8Array[] {
    if (!this.holds()) return [];
    const data = this.#held.append(new Uint8Array(0));
    const end = this.#released + data.length;
    if (this.#tracker === null) {
      // Where each possible secret begins is known to the tracker only.
      this.#tracker = trackMatches(this.#secrets, this.#spans);
      this.#read(data, this.#unsureSince - this.#released);
    }
    const tracker: MatchTracker | null = this.#tracker;
    if (tracker === null) throw new Error("invariant: bytes are held only where a secret may have begun");
    return this.#release(data, tracker.giveAwayUntil(end, GIVEN_AWAY_CHARACTERS), true);
  }

  holds(): boolean {
    return this.#held.length() > 0;
  }

  end(): readonly Uint8Array[] {
    const data = this.#held.append(new Uint8Array(0));
    this.#tracker = null;
    return this.#release(data, this.#released + data.length, true);
  }

  found(): number {
    return this.#count;
  }

  #read(data: Uint8Array, start: number): void {
    let at = start;
    while (at < data.length) {
      if (this.#tracker !== null) {
        at = this.#track(data, at, this.#tracker);
        continue;
      }
      at = this.#skim(data, at);
      const since = this.#unsureSince - this.#released;
      if (at < data.length || at - since > MAX_UNSURE_BYTES) {
        this.#tracker = trackMatches(this.#secrets, this.#spans);
        at = since;
      }
    }
  }

  /** Skims until an encoding ends; returns the index where it stopped. */
  #skim(data: Uint8Array, start: number): number {
    let { rows } = this.#automaton;
    let state = this.#state;
    let since = this.#unsureSince - this.#released;
    let at = start;
    while (at < data.length) {
      const byte = data[at] ?? 0;
      let next = rows[state * 256 + byte] ?? NOT_BUILT;
      if (next === NOT_BUILT) {
        next = build(this.#automaton, this.#secrets.steps, state, byte);
        rows = this.#automaton.rows;
      }
      // Also for `FULL`: the match tracker resets the automaton.
      if (next >= FOUND) break;
      at += 1;
      if (next === ROOT_STATE) since = at;
      state = next;
    }
    this.#state = state;
    this.#unsureSince = this.#released + since;
    return at;
  }

  #track(data: Uint8Array, start: number, tracker: MatchTracker): number {
    let at = start;
    while (at < data.length) {
      tracker.read(data[at] ?? 0, this.#released + at);
      at += 1;
      if (!tracker.isOver()) continue;
      this.#tracker = null;
      this.#automaton = this.#secrets.automaton;
      this.#state = ROOT_STATE;
      this.#unsureSince = this.#released + at;
      break;
    }
    return at;
  }

  /**
   * Releases the bytes before `clear`, secrets masked, and holds the rest.
   *
   * @param isHeld `data` is the buffer of held bytes, whose memory will be reused
   */
  #release(data: Uint8Array, clear: number, isHeld: boolean): readonly Uint8Array[] {
    const out: Uint8Array[] = [];
    const first = this.#released;
    let at = first;
    const releaseUntil = (until: number) => {
      if (until <= at) return;
      out.push(isHeld ? data.slice(at - first, until - first) : data.subarray(at - first, until - first));
    };
    let done = 0;
    for (const span of this.#spans) {
      if (span.from >= clear) break;
      releaseUntil(span.from);
      if (!span.isOpen) {
        out.push(MASK_BYTES.slice());
        this.#count += 1;
      }
      at = span.to;
      if (span.to > clear) {
        // The span may still grow; the bytes already in it can be dropped.
        this.#spans[done] = { from: clear, to: span.to, isOpen: true };
        break;
      }
      done += 1;
    }
    this.#spans.splice(0, done);
    releaseUntil(clear);
    this.#released = clear;
    if (isHeld) this.#held.drop(clear - first);
    else if (clear - first < data.length) this.#held.append(data.subarray(clear - first));
    return out;
  }
}

/** Grows by doubling, so that a stream of one-byte chunks isn't copied once per chunk. */
class HeldBytes {
  #room = new Uint8Array(0);
  #from = 0;
  #to = 0;

  length(): number {
    return this.#to - this.#from;
  }

  /** @returns all held bytes; valid until the next call */
  append(bytes: Uint8Array): Uint8Array {
    const length = this.length() + bytes.length;
    if (this.#to + bytes.length > this.#room.length) {
      const room = length * 2 <= this.#room.length ? this.#room : new Uint8Array(length * 2);
      room.set(this.#room.subarray(this.#from, this.#to));
      this.#room = room;
      this.#to -= this.#from;
      this.#from = 0;
    }
    this.#room.set(bytes, this.#to);
    this.#to += bytes.length;
    return this.#room.subarray(this.#from, this.#to);
  }

  drop(count: number): void {
    this.#from += count;
    if (this.#from < this.#to) return;
    this.#from = 0;
    this.#to = 0;
    // Frees the memory of one big chunk for the rest of the stream.
    if (this.#room.length > MAX_UNSURE_BYTES) this.#room = new Uint8Array(0);
  }
}
