import { spell, SPELLING_STATES, START } from "./escapes.ts";
import type { Forms } from "./forms.ts";

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
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** About 4 MiB. Texts that have little to do with the secrets need some hundred. */
const MAX_KEPT_STEPS = 1 << 15;

export function stepsOf(forms: Forms): Steps {
  const starts = forms.starts.map((position) => position * SPELLING_STATES + START);
  const first: (Step | undefined)[] = [];
  const kept = new Map<number, Step>();
  return {
    from(place, byte) {
      const key = place * 256 + byte;
      const known = kept.get(key);
      if (known !== undefined) return known;
      if (kept.size >= MAX_KEPT_STEPS) kept.clear();
      const step = stepFrom(forms, [place], byte);
      kept.set(key, step);
      return step;
    },
    fromStart: (byte) => (first[byte] ??= stepFrom(forms, starts, byte)),
  };
}

function stepFrom(forms: Forms, places: readonly number[], byte: number): Step {
  const to = new Set<number>();
  let ends = false;
  let position = 0;
  const reader = {
    goTo: (state: number) => void to.add(position * SPELLING_STATES + state),
    read: (character: number) => {
      if (forms.sets[(forms.setAt[position] ?? 0) * 256 + character] === 1) {
        if (forms.endsAt[position] === 1) ends = true;
        else to.add((position + 1) * SPELLING_STATES + START);
      } else if (
        forms.breaksBefore[position] === 1 &&
        (character === LINE_FEED || character === CARRIAGE_RETURN)
      ) {
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

/** Answers of `Automaton.rows` that are no states. */
export const NOT_BUILT = 0xffff;
/** A form ends here. */
export const FOUND = 0xfffe;
/** There is no room for more states. */
export const FULL = 0xfffd;

/** The state in which nothing of any form has been read. */
export const NOWHERE = 0;

/**
 * A row of 512 bytes each: 1 MiB. Texts that have little to do with the secrets meet a few hundred; with more, texts
 * were made to meet many.
 */
const MAX_STATES = 2_048;

const FIRST_STATES = 32;

/** States met so far. */
export interface Automaton {
  /** `rows[state * 256 + byte]`: the next state. */
  rows: Uint16Array;
  readonly numbers: Map<string, number>;
  readonly places: (readonly number[])[];
}

export function emptyAutomaton(): Automaton {
  return {
    rows: new Uint16Array(FIRST_STATES * 256).fill(NOT_BUILT),
    numbers: new Map([["", NOWHERE]]),
    places: [[]],
  };
}

/** Builds the one answer that was missing. */
export function build(automaton: Automaton, steps: Steps, state: number, byte: number): number {
  const start = steps.fromStart(byte);
  const reached = new Set(start.to);
  let { ends } = start;
  for (const place of automaton.places[state] ?? []) {
    const step = steps.from(place, byte);
    for (const next of step.to) reached.add(next);
    ends ||= step.ends;
  }
  const next = ends ? FOUND : numberOf(automaton, [...reached]);
  if (next !== FULL) automaton.rows[state * 256 + byte] = next;
  return next;
}

function numberOf(automaton: Automaton, places: readonly number[]): number {
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
