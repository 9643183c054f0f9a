import { joined } from "../../core/base/bytes.ts";

/** The beginning of a body, and a stream of the rest. */
export interface BoundedBody {
  readonly head: Uint8Array;
  /** False: the body broke off, took too long, or is longer. */
  readonly isWhole: boolean;
  /** The bytes after the head; null: the body has ended or broken off. */
  readonly rest: ReadableStream<Uint8Array> | null;
}

const NO_BYTES = new Uint8Array();

/**
 * Reads at most `maxBytes`, for at most `maxMs`: the ledger has the head's digest before the agent sees a byte of the
 * response, however long it is.
 */
export async function readUpTo(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  maxMs: number,
): Promise<BoundedBody> {
  if (body === null) return { head: NO_BYTES, isWhole: true, rest: null };
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let isLate = false;
  // Cancelling ends a pending read too. A race of each read with one timer would retain every chunk until it fires.
  const timer = setTimeout(() => {
    isLate = true;
    void reader.cancel().catch(() => undefined);
  }, maxMs);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { head: joined(chunks), isWhole: !isLate, rest: null };
      // A chunk of a few bytes may be a view of a 64 KiB buffer: a slow upstream would exhaust the memory.
      chunks.push(value.slice());
      size += value.length;
      if (size > maxBytes) {
        const all = joined(chunks);
        const rest = continued(all.subarray(maxBytes), reader);
        return { head: all.slice(0, maxBytes), isWhole: false, rest };
      }
    }
  } catch {
    return { head: joined(chunks), isWhole: false, rest: null };
  } finally {
    clearTimeout(timer);
  }
}

/** A stream of these bytes followed by the reader's, read only as fast as its consumer reads (backpressure). */
export function continued(
  first: Uint8Array,
  reader: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(first),
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
