import { bodySource } from "./watched-body.ts";

/**
 * The platform's `DecompressionStream` has no backpressure: it buffers all output, so 64 KiB of input can become 64 MiB
 * (decompression bomb). It gets this much input whenever its output is used up; deflate expands at most 1,032 times.
 */
const PIECE_BYTES = 4 * 1024;

/**
 * Decodes a body no faster than it is read, so that a decompression bomb takes no memory. Fails where the coding is
 * broken or ends too early.
 */
export function decompressedBody(
  coded: ReadableStream<Uint8Array>,
  format: "gzip" | "deflate",
): ReadableStream<Uint8Array> {
  const stream = new DecompressionStream(format);
  const source = piecesOf(bodySource(coded));
  const input = stream.writable.getWriter();
  // A broken body is reported by the reads below.
  input.closed.catch(() => undefined);
  const output = bodySource(stream.readable);

  /** Writes the next piece, or closes the input. */
  async function feed(): Promise<void> {
    const piece = await source.read();
    const given = piece === null ? input.close() : input.write(piece);
    given.catch(() => undefined);
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const read = output.read();
        read.catch(() => undefined);
        while (!(await isSettled(read))) await feed();
        const bytes = await read;
        if (bytes === null) controller.close();
        else controller.enqueue(bytes);
      },
      async cancel() {
        await Promise.all([source.cancel(), input.abort().catch(() => undefined), output.cancel()]);
      },
    },
    { highWaterMark: 0 },
  );
}

/** Buffered output settles a read before a timer fires; a read that is pending after it needs more input. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const settled = promise.then(
    () => true,
    () => true,
  );
  const turn = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 0));
  return Promise.race([settled, turn]);
}

function piecesOf(reading: ReturnType<typeof bodySource>): ReturnType<typeof bodySource> {
  let rest: Uint8Array = new Uint8Array();
  return {
    async read() {
      while (rest.length === 0) {
        const chunk = await reading.read();
        if (chunk === null) return null;
        rest = chunk;
      }
      const piece = rest.subarray(0, PIECE_BYTES);
      rest = rest.subarray(PIECE_BYTES);
      return piece;
    },
    cancel: () => reading.cancel(),
  };
}
