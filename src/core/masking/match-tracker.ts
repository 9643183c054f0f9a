import { emptyAutomaton, moveOf, ROOT_STATE, numberOf, type Move } from "./automaton.ts";
import type { CompiledSecrets } from "./compiled-secrets.ts";

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
export interface MatchTracker {
  /** @param at its number from the beginning of the stream */
  read(byte: number, at: number): void;
  /** Is nothing left that might become a form? */
  isOver(): boolean;
  /** No form that is still possible begins before this byte, which is the next one at the latest. */
  clearUntil(next: number): number;
}

/** @param spans where forms were found, in order; what overlaps is one, and may grow until it is clear */
export function trackMatches(reading: CompiledSecrets, spans: Span[]): MatchTracker {
  const { steps, mostHeld } = reading;
  let { automaton } = reading;
  let state = ROOT_STATE;
  /** Of each of the state's places, the first byte of what has been read. */
  let began: number[] = [];

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

  function moveBy(byte: number): Move {
    const move = moveOf(automaton, steps, state, byte);
    if (move !== null) return move;
    const places = automaton.places[state] ?? [];
    automaton = reading.automaton = emptyAutomaton(steps);
    state = numberOf(automaton, places);
    const again = moveOf(automaton, steps, state, byte);
    if (again === null) throw new Error("An empty automaton is full");
    return again;
  }

  return {
    read(byte, at) {
      const { next, from, ends } = moveBy(byte);
      if (ends.length > 0) found(earliest(began, ends, at), at + 1);
      began = from.map((sources) => earliest(began, sources, at));
      state = next;
    },
    isOver: () => state === ROOT_STATE,
    clearUntil(next) {
      began = began.map((first) => Math.max(first, next - mostHeld));
      return earliest(began, began.keys(), next);
    },
  };
}

/** @returns `otherwise` where no index is given */
function earliest(began: readonly number[], indexes: Iterable<number>, otherwise: number): number {
  let first = otherwise;
  for (const index of indexes) first = Math.min(first, began[index] ?? otherwise);
  return first;
}
