/**
 * Long work in pieces: yields the size of each piece, in characters of the text it went through, so that whoever runs it
 * can let other work in between. The result is the same however it is run.
 */
export type Steps<T> = Generator<number, T, undefined>;

/** Runs all pieces at once. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const next = steps.next();
    if (next.done === true) return next.value;
  }
}

/** Characters of a piece: at most some milliseconds of the slowest work. */
export const PIECE = 32 * 1024;
