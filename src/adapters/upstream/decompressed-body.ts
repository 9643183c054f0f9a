import { bodySource } from "./watched-body.ts";

/**
 * The platform's decompression takes whatever it is given and keeps what comes of it until it is read: 64 KiB become
 * 64 MiB at once. It is given this much when it has nothing left, and that becomes at most 1,032 times as much.
 */
const PIECE_BYTES = 4 * 1024;

/**
 * A body without its coding. What is read slowly is decompressed slowly, so that a few bytes that stand for gigabytes
 * take no memory. Fails where it is broken or ends too early.
 */
export function decompressedBody(
  coded: ReadableStream<Uint8Array>,
  format: "gzip" | "deflate",
): ReadableStream<Uint8Array> {
  const stream = new DecompressionStream(format);
  const source = piecesOf(bodySource(coded));
  const input = stream.writable.getWriter();
  // A broken body is said where it is read.
  input.closed.catch(() => undefined);
  const output = bodySource(stream.readable);

  /** Gives the next piece, or the end. */
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
        while (!(await hasSettled(read))) await feed();
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

/** What is there already comes before a timer does: else there is nothing, and more has to be given. */
async function hasSettled(promise: Promise<unknown>): Promise<boolean> {
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
