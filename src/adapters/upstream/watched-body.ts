import type { Pace } from "./reading-pace.ts";

/** Size of one read from a platform stream: its default of 4 KiB costs more in calls than in bytes. */
const CHUNK_BYTES = 64 * 1024;

export interface Watch {
  /** Longest wait for the next chunk of a pending read. */
  readonly pauseMs: number;
  /** Ends the connection. */
  readonly breakOff: () => void;
  /** The pace at which the body's reader gets it. */
  readonly pace: Pace;
}

/**
 * Relays a body unchanged, and fails when the upstream pauses for too long; a slow reader is no pause. Cancelling ends
 * the connection. Its errors leave out the platform's own text, which may quote the URL.
 */
export function watchedBody(
  source: BodySource,
  { pauseMs, breakOff, pace }: Watch,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const read = await inTime(source.read(), pauseMs);
        if (!read.ok) {
          breakOff();
          throw new Error(read.isLate ? "the upstream paused for too long" : "the upstream broke off");
        }
        if (read.value === null) return controller.close();
        await pace(read.value.length);
        controller.enqueue(read.value);
      },
      cancel() {
        breakOff();
        return source.cancel();
      },
    },
    // Fetch nothing before the first read.
    { highWaterMark: 0 },
  );
}

export interface BodySource {
  /** Null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Never fails. */
  cancel(): Promise<void>;
}

/** Reads in the largest chunks that the stream allows. */
export function bodySource(body: ReadableStream<Uint8Array>): BodySource {
  const reader = byobReader(body);
  if (reader === null) return unbufferedSource(body);
  return {
    async read() {
      const { done, value } = await reader.read(new Uint8Array(CHUNK_BYTES));
      return done ? null : value;
    },
    cancel: () => reader.cancel().catch(() => undefined),
  };
}

/** Null for streams made by script, which choose their own chunk size. */
function byobReader(body: ReadableStream<Uint8Array>): ReadableStreamBYOBReader | null {
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

/** The promise's result within this time. A later result is the caller's to clean up. */
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
