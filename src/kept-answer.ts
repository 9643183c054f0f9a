/** The beginning of a body, and whatever comes after it. */
export interface Beginning {
  readonly kept: Uint8Array;
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
export async function readBeginning(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
  maxMs: number,
): Promise<Beginning> {
  if (body === null) return { kept: NO_BYTES, isWhole: true, rest: null };
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), maxMs);
  });
  try {
    for (;;) {
      const read = await Promise.race([reader.read(), over]);
      if (read === null) {
        void reader.cancel().catch(() => undefined);
        return { kept: joined(chunks, size), isWhole: false, rest: null };
      }
      if (read.done) return { kept: joined(chunks, size), isWhole: true, rest: null };
      chunks.push(read.value);
      size += read.value.length;
      if (size > maxBytes) {
        const all = joined(chunks, size);
        const rest = resumed(all.subarray(maxBytes), reader);
        return { kept: all.slice(0, maxBytes), isWhole: false, rest };
      }
    }
  } catch {
    return { kept: joined(chunks, size), isWhole: false, rest: null };
  } finally {
    clearTimeout(timer);
  }
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Read as slowly as whoever gets it reads. */
function resumed(
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
