import type { Steps } from "./automaton.ts";

/** Bytes of a stream, by their number from its beginning. */
export interface Span {
  readonly from: number;
  readonly to: number;
  /** Its mask has gone out; bytes after `from` are part of it and don't. */
  readonly isOpen: boolean;
}

/**
 * The slow and exact reading, for the short stretches where a form ends or may be about to: knows of each place that
 * is alive where its form began, and so which bytes to take out and which to let go.
 */
export interface Pursuit {
  /** @param at its number from the beginning of the stream */
  read(byte: number, at: number): void;
  /** Is nothing left that might become a form? */
  isOver(): boolean;
  /** No form that is still possible begins before this byte, which is the next one at the latest. */
  clearUntil(next: number): number;
}

/**
 * @param spans where forms were found, in order; what overlaps is one, and may grow until it is clear
 * @param mostHeld how many bytes before the next one may be kept back
 */
export function pursue(steps: Steps, spans: Span[], mostHeld: number): Pursuit {
  /** Of each place, the first byte of what has been read. */
  let alive = new Map<number, number>();

  function found(from: number, to: number): void {
    let start = from;
    let isOpen = false;
    for (let last = spans.at(-1); last !== undefined && last.to > start; last = spans.at(-1)) {
      start = Math.min(start, last.from);
      isOpen ||= last.isOpen;
      spans.pop();
    }
    spans.push({ from: start, to, isOpen });
  }

  return {
    read(byte, at) {
      const next = new Map<number, number>();
      const start = steps.fromStart(byte);
      let earliest = start.ends ? at : Number.POSITIVE_INFINITY;
      for (const [place, began] of alive) {
        const step = steps.from(place, byte);
        if (step.ends) earliest = Math.min(earliest, began);
        for (const reached of step.to) {
          const known = next.get(reached);
          if (known === undefined || began < known) next.set(reached, began);
        }
      }
      // What begins here is later than all that goes on.
      for (const reached of start.to) if (!next.has(reached)) next.set(reached, at);
      if (earliest <= at) found(earliest, at + 1);
      alive = next;
    },
    isOver: () => alive.size === 0,
    clearUntil(next) {
      let clear = next;
      for (const [place, began] of alive) {
        const kept = Math.max(began, next - mostHeld);
        if (kept !== began) alive.set(place, kept);
        clear = Math.min(clear, kept);
      }
      return clear;
    },
  };
}
