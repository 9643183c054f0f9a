/** What is asked of a platform's stream at once; it gives 4 KiB unless told, which costs more than reading them. */
const CHUNK_BYTES = 64 * 1024;

export interface Watch {
  /** How long may nothing come while somebody waits for it? */
  readonly pauseMs: number;
  /** Ends the connection. */
  readonly breakOff: () => void;
}

/**
 * A body, byte for byte, that fails when it pauses for too long. Whoever reads slowly may; whoever stops reading
 * (`cancel`) ends the connection. What it fails with says nothing of the platform's own words.
 */
export function watchedBody(source: BodySource, { pauseMs, breakOff }: Watch): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const read = await inTime(source.read(), pauseMs);
        if (!read.ok) {
          breakOff();
          throw new Error(read.isLate ? "the upstream paused for too long" : "the upstream broke off");
        }
        if (read.value === null) controller.close();
        else controller.enqueue(read.value);
      },
      cancel() {
        breakOff();
        return source.cancel();
      },
    },
    // Nothing is fetched before it is asked for.
    { highWaterMark: 0 },
  );
}

export interface BodySource {
  /** Null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Never fails. */
  cancel(): Promise<void>;
}

/** In chunks as long as may be. */
export function bodySource(body: ReadableStream<Uint8Array>): BodySource {
  const reader = readerIntoMemory(body);
  if (reader === null) return unbufferedSource(body);
  return {
    async read() {
      const { done, value } = await reader.read(new Uint8Array(CHUNK_BYTES));
      return done ? null : value;
    },
    cancel: () => reader.cancel().catch(() => undefined),
  };
}

/** Null for streams that a script made: they give what they have. */
function readerIntoMemory(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return null;
  }
}

function unbufferedSource(body: ReadableStream<Uint8Array>): BodySource {
  const reader = body.getReader();
  return {
    async read() {
      const { done, value } = await reader.read();
      return done ? null : value;
    },
    cancel: () => reader.cancel().catch(() => undefined),
  };
}

export type InTime<T> =
  | { readonly ok: true; readonly value: T }
  /** Late, or failed. */
  | { readonly ok: false; readonly isLate: boolean };

/** What comes of it within so many milliseconds. What comes later is for whoever made the promise to clear away. */
export async function inTime<T>(promise: Promise<T>, milliseconds: number): Promise<InTime<T>> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<InTime<T>>((resolve) => {
    timer = setTimeout(() => resolve({ ok: false, isLate: true }), milliseconds);
  });
  const settled = promise.then(
    (value): InTime<T> => ({ ok: true, value }),
    (): InTime<T> => ({ ok: false, isLate: false }),
  );
  const first = await Promise.race([settled, late]);
  clearTimeout(timer);
  return first;
}
