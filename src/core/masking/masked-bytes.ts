import { build, FOUND, NOT_BUILT, ROOT_STATE, type MaskAutomaton } from "./automaton.ts";
import { trackMatches, type MatchTracker, type Span } from "./match-tracker.ts";
import type { CompiledSecrets } from "./compiled-secrets.ts";

/** What stands where a secret stood. */
export const MASK = "[masked]";

/**
 * Reads each byte once, and those near a form twice. What it holds back is what may still become a form: some bytes
 * at most times, and never more than 16 for each character of the longest form and 4 KiB.
 */
export interface MaskedStream {
  /** What can go on after this chunk. Parts of it may be parts of the chunk, which must not change any more. */
  push(chunk: Uint8Array): readonly Uint8Array[];
  /** What was held back to the end. */
  end(): readonly Uint8Array[];
  /** How many forms were taken out so far; overlapping ones count as one. */
  found(): number;
}

/** Held back without knowing exactly where a form may begin; with more, it is worth finding out. */
const MAX_UNSURE_BYTES = 4_096;

const MASK_BYTES = new TextEncoder().encode(MASK);

/**
 * One pass with two ways of reading: the automaton *skims*, and says that some form ends but not where it began; a
 * *pursuit* then reads again from where it may have begun, and on until no form is possible any more. As skimming
 * begins anew there, no byte is pursued twice.
 */
export class MaskedBytes implements MaskedStream {
  readonly #reading: CompiledSecrets;
  #automaton: MaskAutomaton;
  #state = ROOT_STATE;
  /** Since this byte, `#state` was never `NOWHERE`: a form may have begun here or later. */
  #unsureSince = 0;
  #pursuit: MatchTracker | null = null;
  /** Found, and not let go yet. */
  readonly #spans: Span[] = [];
  #count = 0;
  readonly #held = new HeldBytes();
  /** How many bytes of the stream have been let go: the number of the first one that is held. */
  #released = 0;

  constructor(reading: CompiledSecrets) {
    this.#reading = reading;
    this.#automaton = reading.automaton;
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const start = this.#held.length();
    const data = start === 0 ? chunk : this.#held.append(chunk);
    this.#read(data, start);
    const end = this.#released + data.length;
    return this.#release(data, this.#pursuit?.clearUntil(end) ?? this.#unsureSince, start > 0);
  }

  end(): readonly Uint8Array[] {
    const data = this.#held.append(new Uint8Array(0));
    this.#pursuit = null;
    return this.#release(data, this.#released + data.length, true);
  }

  found(): number {
    return this.#count;
  }

  #read(data: Uint8Array, start: number): void {
    let at = start;
    while (at < data.length) {
      if (this.#pursuit !== null) {
        at = this.#follow(data, at, this.#pursuit);
        continue;
      }
      at = this.#skim(data, at);
      const since = this.#unsureSince - this.#released;
      if (at < data.length || at - since > MAX_UNSURE_BYTES) {
        this.#pursuit = trackMatches(this.#reading, this.#spans);
        at = since;
      }
    }
  }

  /** Reads on by the automaton until a form ends; gives the byte where it stopped. */
  #skim(data: Uint8Array, start: number): number {
    let { rows } = this.#automaton;
    let state = this.#state;
    let since = this.#unsureSince - this.#released;
    let at = start;
    while (at < data.length) {
      const byte = data[at] ?? 0;
      let next = rows[state * 256 + byte] ?? NOT_BUILT;
      if (next === NOT_BUILT) {
        next = build(this.#automaton, this.#reading.steps, state, byte);
        rows = this.#automaton.rows;
      }
      // Also where there is no room for another state: the pursuit makes room.
      if (next >= FOUND) break;
      at += 1;
      if (next === ROOT_STATE) since = at;
      state = next;
    }
    this.#state = state;
    this.#unsureSince = this.#released + since;
    return at;
  }

  #follow(data: Uint8Array, start: number, pursuit: MatchTracker): number {
    let at = start;
    while (at < data.length) {
      pursuit.read(data[at] ?? 0, this.#released + at);
      at += 1;
      if (!pursuit.isOver()) continue;
      this.#pursuit = null;
      this.#automaton = this.#reading.automaton;
      this.#state = ROOT_STATE;
      this.#unsureSince = this.#released + at;
      break;
    }
    return at;
  }

  /**
   * Lets go of what is before `clear`, less what is masked, and holds the rest.
   *
   * @param isHeld `data` is what is held, and its memory will be used again
   */
  #release(data: Uint8Array, clear: number, isHeld: boolean): readonly Uint8Array[] {
    const out: Uint8Array[] = [];
    const first = this.#released;
    let at = first;
    const letGo = (until: number) => {
      if (until <= at) return;
      out.push(isHeld ? data.slice(at - first, until - first) : data.subarray(at - first, until - first));
    };
    let done = 0;
    for (const span of this.#spans) {
      if (span.from >= clear) break;
      letGo(span.from);
      if (!span.isOpen) {
        out.push(MASK_BYTES.slice());
        this.#count += 1;
      }
      at = span.to;
      if (span.to > clear) {
        // It may still grow; what is in it already needn't be kept for that.
        this.#spans[done] = { from: clear, to: span.to, isOpen: true };
        break;
      }
      done += 1;
    }
    this.#spans.splice(0, done);
    letGo(clear);
    this.#released = clear;
    if (isHeld) this.#held.drop(clear - first);
    else if (clear - first < data.length) this.#held.append(data.subarray(clear - first));
    return out;
  }
}

/** Grows by doubling, so that a stream in chunks of a byte is not copied anew with each of them. */
class HeldBytes {
  #room = new Uint8Array(0);
  #from = 0;
  #to = 0;

  length(): number {
    return this.#to - this.#from;
  }

  /** @returns all that is held, until the next call */
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
    // What a big chunk needed once is not kept for the rest of the stream.
    if (this.#room.length > MAX_UNSURE_BYTES) this.#room = new Uint8Array(0);
  }
}
