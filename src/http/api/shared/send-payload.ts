import type { ReleaseSlot } from "../../../ports/body-slots.ts";
import type { Intent } from "../../../ports/intents.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { GateContext } from "../../middleware/context.ts";

/**
 * Time in which a client has to take a piece, of a mebibyte at most. One that stalls would hold its place for as long as
 * it likes.
 */
const PIECE_PATIENCE_MS = 20_000;

/** A payload of at most so many bytes is sent as one body. */
const SENT_WHOLE_BYTES = 256 * 1024;

export interface SentPayload {
  readonly intent: Intent;
  /** The payload's length. */
  readonly bytes: number;
  /** The JSON texts around the payload's base64; null: the payload is sent as it is. */
  readonly around: readonly [before: string, after: string] | null;
  readonly headers: Readonly<Record<string, string>>;
  /** Gives back the place that a large payload takes; null: it has none. */
  readonly release: ReleaseSlot | null;
}

/**
 * Responds with a stored payload, of which only a piece is in memory at a time. A payload that is erased meanwhile
 * breaks the response off, which its Content-Length shows.
 */
export async function sendPayload(
  c: GateContext,
  { intent, bytes, around, headers, release }: SentPayload,
): Promise<Response> {
  // Hono runs the GET handler for a HEAD, and nobody would read the stream.
  if (c.req.method === "HEAD") {
    release?.();
    return c.body(null, 200, headers);
  }
  if (bytes <= SENT_WHOLE_BYTES) {
    const whole = await intent.payload();
    release?.();
    if (whole === null) throw new Error("the payload was erased while it was sent");
    const stored = Buffer.from(whole);
    return around === null
      ? c.body(stored, 200, headers)
      : c.body(around.join(stored.toString("base64")), 200, headers);
  }
  const [before, after] = (around ?? ["", ""]).map((text) => new TextEncoder().encode(text));
  const length = around === null ? bytes : Math.ceil(bytes / 3) * 4;
  const ports = c.env;
  const { readable, writable } = ports.streamOfLength((before?.length ?? 0) + length + (after?.length ?? 0));
  const writer = writable.getWriter();
  const send = async () => {
    if (before !== undefined && before.length > 0) await write(writer, before);
    const plain = piecesOf(intent, bytes, ports);
    const pieces = around === null ? plain : base64Of(plain);
    for await (const piece of pieces) await write(writer, piece);
    if (after !== undefined && after.length > 0) await write(writer, after);
    await writer.close();
  };
  const sending = send()
    .catch((error: unknown) => writer.abort(error).catch(() => undefined))
    .finally(() => release?.());
  // The platform ends a request whose client hung up, and with it the hold of the place.
  c.executionCtx.waitUntil(sending);
  return c.body(readable, 200, headers);
}

async function write(writer: WritableStreamDefaultWriter<Uint8Array>, piece: Uint8Array): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the client stopped reading")), PIECE_PATIENCE_MS);
  });
  try {
    await Promise.race([writer.write(piece), late]);
  } finally {
    clearTimeout(timer);
  }
}

async function* piecesOf(
  intent: Intent,
  bytes: number,
  { turns }: Pick<Ports, "turns">,
): AsyncGenerator<Uint8Array> {
  let sent = 0;
  for (let index = 0; sent < bytes; index += 1) {
    // Unsealing a piece takes milliseconds, and many readers at once would leave none to anybody else.
    const end = await turns.take();
    const piece = await intent.payloadPiece(index).finally(end);
    if (piece === null) throw new Error("the payload was erased while it was sent");
    sent += piece.length;
    yield piece;
  }
}

/** Base64 writes three bytes at a time, so up to two of each piece wait for the next one. */
async function* base64Of(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let rest = Buffer.alloc(0);
  for await (const piece of pieces) {
    const bytes = Buffer.concat([rest, piece]);
    const whole = bytes.length - (bytes.length % 3);
    rest = bytes.subarray(whole);
    yield Buffer.from(bytes.toString("base64", 0, whole), "latin1");
  }
  if (rest.length > 0) yield Buffer.from(rest.toString("base64"), "latin1");
}
