import { joined } from "../../core/base/bytes.ts";
import type { Masks } from "../../core/masking/masks.ts";

/**
 * A body with its secrets masked. Chunk boundaries may move; a body without secrets is unchanged. The length can
 * change: `Content-Length` and digests of the body must be removed.
 */
export function maskedBody(body: ReadableStream<Uint8Array>, masks: Masks): ReadableStream<Uint8Array> {
  return body.pipeThrough(masking(masks));
}

/** An event stream's reader waits for the end of an event; longer than this, people notice. */
const SILENCE_MS = 100;

/**
 * Buffers at most one chunk, so that reading sets the pace of fetching. In a silence, bytes are released that were held
 * back because a secret might begin with them: the end of an event must not wait for the next one.
 */
export function masking(masks: Masks): TransformStream<Uint8Array, Uint8Array> {
  const stream = masks.stream();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const release = (
    controller: TransformStreamDefaultController<Uint8Array>,
    parts: readonly Uint8Array[],
  ) => {
    for (const part of parts) controller.enqueue(part);
  };
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      clearTimeout(timer);
      release(controller, stream.push(chunk));
      if (!stream.holds()) return;
      timer = setTimeout(() => {
        try {
          release(controller, stream.pause());
        } catch {
          // The reader has cancelled meanwhile: nobody waits for these bytes.
        }
      }, SILENCE_MS);
    },
    flush(controller) {
      clearTimeout(timer);
      release(controller, stream.end());
    },
  });
}

/** Same, for a complete buffer. */
export function maskedBytes(bytes: Uint8Array, masks: Masks): Uint8Array {
  const stream = masks.stream();
  const parts = [...stream.push(bytes), ...stream.end()];
  const [only = new Uint8Array(), ...more] = parts;
  return more.length === 0 ? only : joined(parts);
}
