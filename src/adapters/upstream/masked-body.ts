import { joined } from "../../core/base/bytes.ts";
import type { Masks } from "../../core/masking/masks.ts";

/**
 * A body with its secrets masked. Chunk boundaries may move; a body without secrets is unchanged. The length can
 * change: `Content-Length` and digests of the body must be removed.
 */
export function maskedBody(body: ReadableStream<Uint8Array>, masks: Masks): ReadableStream<Uint8Array> {
  return body.pipeThrough(masking(masks));
}

/** Buffers at most one chunk, so that reading sets the pace of fetching. */
export function masking(masks: Masks): TransformStream<Uint8Array, Uint8Array> {
  const stream = masks.stream();
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      for (const part of stream.push(chunk)) controller.enqueue(part);
    },
    flush(controller) {
      for (const part of stream.end()) controller.enqueue(part);
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
