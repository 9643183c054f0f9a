import { joined } from "../../core/base/bytes.ts";

/** The beginning of a body, and whatever comes after it. */
export interface BoundedBody {
  readonly head: Uint8Array;
  /** False: it broke off, or took too long; what came is what there is. */
  readonly isWhole: boolean;
  /** What comes after the beginning; null: it has ended, one way or the other. */
  readonly rest: ReadableStream<Uint8Array> | null;
}

const NO_BYTES = new Uint8Array();

/**
 * Reads at most this many bytes, for at most this long. What is read goes into the ledger's word on the write before
 * anybody sees it; what is longer is passed on behind it.
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
  // Ends a read that waits, too. A race between each read and one timer would hold every piece until that one is over.
  const timer = setTimeout(() => {
    isLate = true;
    void reader.cancel().catch(() => undefined);
  }, maxMs);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { head: joined(chunks), isWhole: !isLate, rest: null };
      // A piece of a few bytes may be a view of 64 KiB: an upstream that dribbles would fill the memory.
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

/** These bytes, and behind them what is read only as whoever gets it reads. */
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
