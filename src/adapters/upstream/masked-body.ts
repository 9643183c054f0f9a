import { joined } from "../../core/base/bytes.ts";
import type { Masks } from "../../core/masking/masks.ts";

/**
 * A body with its secrets masked. Chunks may be cut elsewhere; without a secret in it, every byte comes out as it
 * came in. The length is not known beforehand: `Content-Length` and digests of the body must not go along.
 */
export function maskedBody(body: ReadableStream<Uint8Array>, masks: Masks): ReadableStream<Uint8Array> {
  return body.pipeThrough(masking(masks));
}

/** Holds at most what one chunk brings: what is read slowly is fetched slowly. */
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

/** The same for bytes that are all there. */
export function maskedBytes(bytes: Uint8Array, masks: Masks): Uint8Array {
  const stream = masks.stream();
  const parts = [...stream.push(bytes), ...stream.end()];
  const [only = new Uint8Array(), ...more] = parts;
  return more.length === 0 ? only : joined(parts);
}
