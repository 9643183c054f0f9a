import type { BodySource } from "./watched-body.ts";

/** Longer ones are worth a stream; most answers of APIs are shorter. */
const SHORT_BYTES = 64 * 1024;

/** What is short came with its headers, as a rule. What didn't is passed on as it comes. */
const PATIENCE_MS = 20;

/**
 * A short body as bytes: its length stays known, and a stream that a script feeds costs more than all the rest of a
 * call. Else what goes on reading it, from its first byte on.
 *
 * @param length as the headers say it
 */
export async function shortBody(source: BodySource, length: number): Promise<Uint8Array | BodySource> {
  if (length > SHORT_BYTES) return source;
  const bytes = new Uint8Array(length);
  let size = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<"over">((resolve) => {
    timer = setTimeout(() => resolve("over"), PATIENCE_MS);
  });
  while (size < length) {
    const next = source.read();
    const read = await Promise.race([next.catch(() => "failed" as const), over]);
    // Whoever reads on meets the failure, or the wrong length, behind what has come.
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
