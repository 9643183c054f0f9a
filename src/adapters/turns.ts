import { PIECE, type Steps } from "../core/base/steps.ts";
import type { Turns } from "../ports/turns.ts";

/** A request whose client hung up may be ended by the platform in its turn, and never give it back. */
const TURN_LAPSES_MS = 1_000;

/** Takes a millisecond or some. */
const TURN_CHARACTERS = 4 * PIECE;

/** Between two turns, for everything else: a proposal waits at many points, and should find most of them free. */
const PAUSE_MS = 3;

/**
 * One turn at a time in this isolate, in the order asked for. Turns are sized by characters, because the clock stands
 * still while a Worker computes.
 */
export function turns(): Turns {
  let last: Promise<void> = Promise.resolve();

  async function take(): Promise<() => void> {
    const before = last;
    const turn = Promise.withResolvers<void>();
    last = turn.promise;
    await endOf(before);
    return turn.resolve;
  }

  return {
    take,
    async run(work) {
      for (;;) {
        const end = await take();
        try {
          const piece = nextPiece(work);
          if (piece.done === true) return piece.value;
          await othersGoOn();
        } finally {
          end();
        }
      }
    },
  };
}

async function endOf(turn: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lapsed = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, TURN_LAPSES_MS);
  });
  await Promise.race([turn, lapsed]);
  clearTimeout(timer);
}

function othersGoOn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, PAUSE_MS);
  });
}

/** Small steps are one piece together. */
function nextPiece<T>(work: Steps<T>): IteratorResult<number, T> {
  let characters = 0;
  for (;;) {
    const step = work.next();
    if (step.done === true) return step;
    characters += step.value;
    if (characters >= TURN_CHARACTERS) return step;
  }
}
