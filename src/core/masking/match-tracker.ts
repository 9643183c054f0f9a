import { emptyAutomaton, moveOf, ROOT_STATE, numberOf, type Move } from "./automaton.ts";
import type { CompiledSecrets } from "./compiled-secrets.ts";

/** A range of bytes, as offsets from the beginning of the stream. */
export interface Span {
  readonly from: number;
  readonly to: number;
  /** Its mask was already released; its further bytes are dropped without another one. */
  readonly isOpen: boolean;
}

/**
 * The slow, exact mode for the short ranges where an encoding ends or may end soon: tracks for each active place where
 * its encoding began, and thus which bytes to mask and which to release.
 */
export interface MatchTracker {
  /** @param at the byte's offset from the beginning of the stream */
  read(byte: number, at: number): void;
  /** Is no encoding possible any more? */
  isOver(): boolean;
  /** Offset before which no possible encoding begins; at most `next`. */
  clearUntil(next: number): number;
  /**
   * Same, but an encoding of which no more than `depth` characters were read gives its bytes away. It goes on: when it
   * ends, the rest of it is masked.
   */
  giveAwayUntil(next: number, depth: number): number;
}

/** @param spans receives the secrets found, in order; overlapping ones are merged, and may grow until released */
export function trackMatches(compiled: CompiledSecrets, spans: Span[]): MatchTracker {
  const { steps, maxHeldBytes } = compiled;
  let { automaton } = compiled;
  let state = ROOT_STATE;
  /** For each place of the state, the offset where its encoding began. */
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
    automaton = compiled.automaton = emptyAutomaton(steps);
    state = numberOf(automaton, places);
    const again = moveOf(automaton, steps, state, byte);
    if (again === null) throw new Error("invariant: an empty automaton has room for one transition");
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
    giveAwayUntil(next, depth) {
      const places = automaton.places[state] ?? [];
      const isShallow = (index: number) => steps.depthOf(places[index] ?? 0) <= depth;
      const deep = earliest(
        began,
        [...began.keys()].filter((index) => !isShallow(index)),
        next,
      );
      began = began.map((first) => Math.max(first, deep));
      return deep;
    },
    clearUntil(next) {
      began = began.map((first) => Math.max(first, next - maxHeldBytes));
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
