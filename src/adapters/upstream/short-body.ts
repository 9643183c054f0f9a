import type { BodySource } from "./watched-body.ts";

/** Most API responses are shorter; longer ones are streamed. */
const SHORT_BYTES = 64 * 1024;

/** A short body usually arrives with its headers; one that is slower is streamed. */
const MAX_WAIT_MS = 20;

/**
 * Reads a short body into bytes: its length stays known, and a stream fed by script costs more than the rest of the
 * call. Returns a source from the first byte on if the body is long, slow, or not of the declared length.
 *
 * @param length from `Content-Length`, in bytes
 */
export async function shortBody(source: BodySource, length: number): Promise<Uint8Array | BodySource> {
  if (length > SHORT_BYTES) return source;
  const bytes = new Uint8Array(length);
  let size = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), MAX_WAIT_MS);
  });
  while (size < length) {
    const next = source.read();
    const read = await Promise.race([next.catch(() => "failed" as const), late]);
    // The reader of the source gets the failure, or the wrong length, after the bytes that arrived.
    if (typeof read === "string" || read === null || read.length > length - size) {
      clearTimeout(timer);
      return resumed(bytes.subarray(0, size), next, source);
    }
    bytes.set(read, size);
    size += read.length;
  }
  clearTimeout(timer);
  void source.cancel();
  return bytes;
}

function resumed(first: Uint8Array, second: Promise<Uint8Array | null>, source: BodySource): BodySource {
  const before = [...(first.length === 0 ? [] : [Promise.resolve(first)]), second];
  return { read: () => before.shift() ?? source.read(), cancel: () => source.cancel() };
}
