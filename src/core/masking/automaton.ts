import { ESCAPE_BEGINNINGS, spell, SPELLING_STATES, START } from "./escapes.ts";
import { BREAKS, NOTHING, type SecretEncodings } from "./secret-encodings.ts";

/*
 * Finds forms in bytes. Where reading stands inside a form is a *place*: the position in the form and how far the
 * character there has been spelled. Several places are alive at a time, as one text can be the beginning of several
 * forms; a set of them is a state of an automaton that is built as far as a text needs it.
 */

/** Where one byte leads from a place. */
export interface Step {
  readonly to: readonly number[];
  /** A form ends with this byte. */
  readonly ends: boolean;
}

/** Looks up, or finds out, where bytes lead. */
export interface Steps {
  from(place: number, byte: number): Step;
  /** The same for all places where forms begin, which are alive before every byte. */
  fromStart(byte: number): Step;
  /** 1 for a byte that a form may begin with. */
  readonly beginnings: Uint8Array;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** About 4 MiB. Texts that have little to do with the secrets need some hundred. */
const MAX_STEPS = 1 << 15;

export function stepsOf(forms: SecretEncodings): Steps {
  const starts = forms.starts.map((position) => position * SPELLING_STATES + START);
  const beginnings = beginningsOf(forms);
  const first: (Step | undefined)[] = [];
  const steps = new Map<number, Step>();
  return {
    from(place, byte) {
      const key = place * 256 + byte;
      const known = steps.get(key);
      if (known !== undefined) return known;
      if (steps.size >= MAX_STEPS) steps.clear();
      const step = stepFrom(forms, [place], byte);
      steps.set(key, step);
      return step;
    },
    fromStart: (byte) => (first[byte] ??= stepFrom(forms, starts, byte)),
    beginnings,
  };
}

function beginningsOf(forms: SecretEncodings): Uint8Array {
  const beginnings = new Uint8Array(256);
  for (const character of forms.starts.length > 0 ? ESCAPE_BEGINNINGS : []) beginnings[character] = 1;
  for (const position of forms.starts) {
    const set = (forms.setAt[position] ?? 0) * 256;
    for (let byte = 0; byte < 256; byte += 1) beginnings[byte] ||= forms.sets[set + byte] ?? 0;
  }
  return beginnings;
}

function stepFrom(forms: SecretEncodings, places: readonly number[], byte: number): Step {
  const to = new Set<number>();
  let ends = false;
  let position = 0;
  const reader = {
    goTo: (state: number) => void to.add(position * SPELLING_STATES + state),
    read: (character: number) => {
      if (forms.sets[(forms.setAt[position] ?? 0) * 256 + character] === 1) {
        if (forms.endsAt[position] === 1) ends = true;
        else to.add((position + 1) * SPELLING_STATES + START);
      } else if (isBetween(forms.before[position] ?? NOTHING, character)) {
        to.add(position * SPELLING_STATES + START);
      }
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

/** An answer of `Automaton.rows` that isn't known yet. */
export const NOT_BUILT = 0xffff;
/** Instead of a state: there is no room for more of them. */
export const FULL = 0xfffe;
/** Added to the next state where a form ends: all answers from here on need looking into. */
export const FOUND = 0x8000;

/** The state in which nothing of any form has been read. */
export const ROOT_STATE = 0;

/**
 * A row of 512 bytes each: 1 MiB. Texts that have little to do with the secrets meet a few hundred; with more, texts
 * were made to meet many.
 */
const MAX_STATES = 2_048;

const FIRST_STATES = 32;

/** States met so far. */
export interface MaskAutomaton {
  /** `rows[state * 256 + byte]`: the next state. */
  rows: Uint16Array;
  readonly numbers: Map<string, number>;
  /** Of each state, in the order of their numbers. */
  readonly places: (readonly number[])[];
  /** By the same index as `rows`. */
  readonly moves: Map<number, Move>;
}

/** How places follow from places: what a pursuit has to know besides the next state. */
export interface Move {
  readonly next: number;
  /** Of each place of the next state, the indexes of those it follows from; none: it begins with this byte. */
  readonly from: readonly (readonly number[])[];
  /** Indexes of the places whose forms end with this byte. */
  readonly ends: readonly number[];
}

export function emptyAutomaton(steps: Steps): MaskAutomaton {
  const rows = new Uint16Array(FIRST_STATES * 256).fill(NOT_BUILT);
  // Most bytes of most texts, known without building anything.
  for (let byte = 0; byte < 256; byte += 1) if (steps.beginnings[byte] === 0) rows[byte] = ROOT_STATE;
  return { rows, numbers: new Map([["", ROOT_STATE]]), places: [[]], moves: new Map() };
}

/** Builds the one answer that was missing. */
export function build(automaton: MaskAutomaton, steps: Steps, state: number, byte: number): number {
  const reached = new Set(steps.fromStart(byte).to);
  // No form ends with its first character.
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

/** @returns null: there is no room for more states */
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

/** The number of a state; `FULL` where it would be one too many. */
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
