import { joined } from "../../core/base/bytes.ts";
import { LARGE_BODY_BYTES } from "../../core/base/body-limits.ts";
import type { ReleaseSlot } from "../../ports/body-slots.ts";

/** Bytes that a body may have before it needs a slot, where it declares to become large. */
const BEGINNING_BYTES = 64 * 1024;

/**
 * Pace of a body beyond its beginning. Without it a client that stalls after a mebibyte would hold memory and a slot for
 * the whole time that a body may take.
 */
const PACE_MS = 5_000;
const PACE_BYTES = 320 * 1024;

export interface Receiving {
  /** The most that is read. */
  readonly limit: number;
  /** The length that frames the body; null: none does. */
  readonly length: number | null;
  readonly arrivalMs: number;
  /** A slot for a large body; null: none is free. */
  readonly takeSlot: () => Promise<ReleaseSlot | null>;
}

export type Received =
  | { readonly kind: "whole"; readonly bytes: Uint8Array; readonly release: ReleaseSlot | null }
  | { readonly kind: "too_large" | "late" | "busy" | "broken_off" };

/** Reads a body in time and at a pace, and takes a slot for it once it is large. Holds nothing of one that fails. */
export async function receiveBody(
  body: ReadableStream<Uint8Array>,
  { limit, length, arrivalMs, takeSlot }: Receiving,
): Promise<Received> {
  const reader = body.getReader();
  const buffer = new BodyBuffer(length);
  let release: ReleaseSlot | null = null;
  let isLate = false;
  let pacedSize = 0;
  // Cancelling ends a pending read too.
  const giveUp = () => {
    isLate = true;
    void reader.cancel().catch(() => undefined);
  };
  let isWaiting = false;
  const deadline = setTimeout(giveUp, arrivalMs);
  const pace = setInterval(() => {
    if (!isWaiting && buffer.size > BEGINNING_BYTES && buffer.size - pacedSize < PACE_BYTES) giveUp();
    pacedSize = buffer.size;
  }, PACE_MS);
  const end = (kind: Exclude<Received["kind"], "whole">): Received => {
    release?.();
    void reader.cancel().catch(() => undefined);
    return { kind };
  };
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (isLate) return end("late");
      if (done) return { kind: "whole", bytes: buffer.bytes(), release };
      buffer.add(value);
      if (buffer.size > limit) return end("too_large");
      const becomesLarge = (length ?? 0) > LARGE_BODY_BYTES && buffer.size > BEGINNING_BYTES;
      if (release === null && (becomesLarge || buffer.size > LARGE_BODY_BYTES)) {
        isWaiting = true;
        release = await takeSlot();
        isWaiting = false;
        // The client was kept waiting, so its pace counts from here.
        pacedSize = buffer.size - PACE_BYTES;
        if (isLate) return end("late");
        if (release === null) return end("busy");
        buffer.allocate();
      }
    }
  } catch {
    return end(isLate ? "late" : "broken_off");
  } finally {
    clearTimeout(deadline);
    clearInterval(pace);
  }
}

/** Chunks, or one buffer of the declared length once the body may take that memory. */
class BodyBuffer {
  readonly #length: number | null;
  #chunks: Uint8Array[] = [];
  #whole: Uint8Array | null = null;
  size = 0;

  constructor(length: number | null) {
    this.#length = length;
  }

  add(chunk: Uint8Array): void {
    if (this.#whole !== null && this.size + chunk.length <= this.#whole.length) {
      this.#whole.set(chunk, this.size);
    } else {
      // A chunk of a few bytes may be a view of a large buffer: one who dribbles would hold that for each of them.
      this.#chunks.push(chunk.byteLength * 2 < chunk.buffer.byteLength ? chunk.slice() : chunk);
    }
    this.size += chunk.length;
  }

  allocate(): void {
    if (this.#length === null) return;
    const whole = new Uint8Array(this.#length);
    whole.set(joined(this.#chunks));
    this.#chunks = [];
    this.#whole = whole;
  }

  bytes(): Uint8Array {
    if (this.#whole !== null && this.#chunks.length === 0) return this.#whole.subarray(0, this.size);
    const [only, second] = this.#chunks;
    return only !== undefined && second === undefined && this.#whole === null
      ? only
      : joined(this.#whole === null ? this.#chunks : [this.#whole, ...this.#chunks]);
  }
}
