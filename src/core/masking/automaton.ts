import { ESCAPE_BEGINNINGS, spell, SPELLING_STATES, START } from "./escapes.ts";
import { BREAKS, NOTHING, type SecretEncodings } from "./secret-encodings.ts";

/*
 * Finds encoded secrets in bytes. A *place* is a state of a non-deterministic automaton: the position in an encoding,
 * and the spelling state of the character there. Several places are active at a time, because one text can begin
 * several encodings; a set of places is a state of a deterministic automaton, built lazily (subset construction).
 */

/** Transition from a place by one byte. */
export interface Step {
  readonly to: readonly number[];
  /** An encoding ends with this byte. */
  readonly ends: boolean;
}

/** Transitions of the non-deterministic automaton, computed on first use. */
export interface Steps {
  from(place: number, byte: number): Step;
  /** The same for all places where encodings begin, which are active before every byte. */
  fromStart(byte: number): Step;
  /** 1 for a byte that an encoding may begin with. */
  readonly beginnings: Uint8Array;
  /** Characters of its encoding that were read before a place. */
  depthOf(place: number): number;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** About 4 MiB of cache. Ordinary texts need a few hundred transitions. */
const MAX_STEPS = 1 << 15;

export function stepsOf(encodings: SecretEncodings): Steps {
  const starts = encodings.starts.map((position) => position * SPELLING_STATES + START);
  const beginnings = beginningsOf(encodings);
  const first: (Step | undefined)[] = [];
  const steps = new Map<number, Step>();
  return {
    from(place, byte) {
      const key = place * 256 + byte;
      const known = steps.get(key);
      if (known !== undefined) return known;
      if (steps.size >= MAX_STEPS) steps.clear();
      const step = stepFrom(encodings, [place], byte);
      steps.set(key, step);
      return step;
    },
    fromStart: (byte) => (first[byte] ??= stepFrom(encodings, starts, byte)),
    beginnings,
    depthOf: (place) => encodings.depthAt[Math.floor(place / SPELLING_STATES)] ?? 0,
  };
}

function beginningsOf(encodings: SecretEncodings): Uint8Array {
  const beginnings = new Uint8Array(256);
  for (const character of encodings.starts.length > 0 ? ESCAPE_BEGINNINGS : []) beginnings[character] = 1;
  for (const position of encodings.starts) {
    const set = (encodings.setAt[position] ?? 0) * 256;
    for (let byte = 0; byte < 256; byte += 1) beginnings[byte] ||= encodings.sets[set + byte] ?? 0;
  }
  return beginnings;
}

function stepFrom(encodings: SecretEncodings, places: readonly number[], byte: number): Step {
  const to = new Set<number>();
  let ends = false;
  let position = 0;
  const reader = {
    goTo: (state: number) => void to.add(position * SPELLING_STATES + state),
    read: (character: number) => {
      if (encodings.sets[(encodings.setAt[position] ?? 0) * 256 + character] === 1) {
        if (encodings.endsAt[position] === 1) ends = true;
        else to.add((position + 1) * SPELLING_STATES + START);
      } else if (isBetween(encodings.before[position] ?? NOTHING, character)) {
        to.add(position * SPELLING_STATES + START);
      }
    },
    skip: () => {
      if ((encodings.before[position] ?? NOTHING) !== NOTHING) to.add(position * SPELLING_STATES + START);
    },
  };
  for (const place of places) {
    position = Math.floor(place / SPELLING_STATES);
    spell(place % SPELLING_STATES, byte, reader);
  }
  return { to: [...to], ends };
}

function isBetween(allowed: number, character: number): boolean {
  if (character === 0) return allowed !== NOTHING;
  return allowed === BREAKS && (character === LINE_FEED || character === CARRIAGE_RETURN);
}

/** Entry of `MaskAutomaton.rows` that isn't built yet. */
export const NOT_BUILT = 0xffff;
/** Instead of a state: the automaton has reached `MAX_STATES`. */
export const FULL = 0xfffe;
/** Flag on the next state where an encoding ends; every entry from here on needs the match tracker. */
export const FOUND = 0x8000;

/** The state in which no encoding has begun. */
export const ROOT_STATE = 0;

/**
 * At 512 bytes a row, 1 MiB. Ordinary texts reach a few hundred states; only an upstream that crafts its response
 * against the secrets reaches more.
 */
const MAX_STATES = 2_048;

const FIRST_STATES = 32;

/** The deterministic automaton, as far as it is built. */
export interface MaskAutomaton {
  /** `rows[state * 256 + byte]`: the next state. */
  rows: Uint16Array;
  readonly numbers: Map<string, number>;
  /** The places of each state, by the state's number. */
  readonly places: (readonly number[])[];
  /** By the same index as `rows`. */
  readonly moves: Map<number, Move>;
}

/** Which places follow from which: the match tracker needs this besides the next state. */
export interface Move {
  readonly next: number;
  /** For each place of the next state, the indexes of its predecessors; none: it begins with this byte. */
  readonly from: readonly (readonly number[])[];
  /** Indexes of the places whose encodings end with this byte. */
  readonly ends: readonly number[];
}

export function emptyAutomaton(steps: Steps): MaskAutomaton {
  const rows = new Uint16Array(FIRST_STATES * 256).fill(NOT_BUILT);
  // Bytes that begin no encoding stay in the root state: most bytes of most texts.
  for (let byte = 0; byte < 256; byte += 1) if (steps.beginnings[byte] === 0) rows[byte] = ROOT_STATE;
  return { rows, numbers: new Map([["", ROOT_STATE]]), places: [[]], moves: new Map() };
}

/** Builds one missing entry of `rows`. */
export function build(automaton: MaskAutomaton, steps: Steps, state: number, byte: number): number {
  const reached = new Set(steps.fromStart(byte).to);
  // No encoding ends with its first character.
  let ends = false;
  for (const place of automaton.places[state] ?? []) {
    const step = steps.from(place, byte);
    for (const next of step.to) reached.add(next);
    ends ||= step.ends;
  }
  const number = numberOf(automaton, [...reached]);
  if (number === FULL) return FULL;
  const next = ends ? FOUND + number : number;
  automaton.rows[state * 256 + byte] = next;
  return next;
}

/** @returns null when the automaton has no room for another state */
export function moveOf(automaton: MaskAutomaton, steps: Steps, state: number, byte: number): Move | null {
  const key = state * 256 + byte;
  const known = automaton.moves.get(key);
  if (known !== undefined) return known;
  const built = automaton.rows[key] ?? NOT_BUILT;
  const answer = built === NOT_BUILT ? build(automaton, steps, state, byte) : built;
  if (answer === FULL) return null;
  const next = answer >= FOUND ? answer - FOUND : answer;
  const places = automaton.places[next] ?? [];
  const from: number[][] = places.map(() => []);
  const ends: number[] = [];
  for (const [index, place] of (automaton.places[state] ?? []).entries()) {
    const step = steps.from(place, byte);
    if (step.ends) ends.push(index);
    for (const reached of step.to) from[places.indexOf(reached)]?.push(index);
  }
  const move = { next, from, ends };
  if (automaton.moves.size >= MAX_STEPS) automaton.moves.clear();
  automaton.moves.set(key, move);
  return move;
}

/** The number of the state with these places; `FULL` where it would exceed `MAX_STATES`. */
export function numberOf(automaton: MaskAutomaton, places: readonly number[]): number {
  const sorted = places.toSorted((a, b) => a - b);
  const key = sorted.join(" ");
  const known = automaton.numbers.get(key);
  if (known !== undefined) return known;
  const number = automaton.places.length;
  if (number >= MAX_STATES) return FULL;
  if (number * 256 >= automaton.rows.length) {
    const rows = new Uint16Array(automaton.rows.length * 2).fill(NOT_BUILT);
    rows.set(automaton.rows);
    automaton.rows = rows;
  }
  automaton.places.push(sorted);
  automaton.numbers.set(key, number);
  return number;
}
