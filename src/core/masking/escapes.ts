import { ESCAPE_FORMS, type EscapeForm } from "../base/escape-forms.ts";
import { HTML_NAMES } from "./html-references.ts";

/*
 * The spellings of one character: as itself, as a number in one of the forms that the term matcher decodes
 * (`escape-forms.ts`), as a named HTML reference, or behind backslashes. Each character of a secret may use another
 * spelling, and an escape may be escaped again (`%2541`, `&amp;#65;`, `\\u0041`).
 *
 * A spelling is read byte by byte. Its states are the nodes of a graph that is built once from the table. A spelling can
 * be endless (leading zeros, backslashes), so a caller that holds bytes back needs its own limit.
 */

/** Before the first byte of a character. */
export const START = 0;

/** The last printable character of ASCII: secrets have no other. */
const MAX_CHARACTER = 0x7e;

const CHAR = {
  lineFeed: 0x0a,
  carriageReturn: 0x0d,
  backslash: 0x5c,
  semicolon: 0x3b,
  n: 0x6e,
  r: 0x72,
} as const;

/** Receives the transitions of one byte: to a state inside a spelling, or to a complete character. */
export interface SpellingReader {
  goTo(state: number): void;
  /** A complete character. One byte can complete several, and the next byte more. */
  read(character: number): void;
  /** A soft line break, which stands for nothing. */
  skip(): void;
}

type Step =
  | { readonly to: number }
  /** The character may itself begin a further escape (nested escaping). */
  | { readonly decoded: number }
  /** The character is one of a value and begins no escape. */
  | { readonly character: number }
  | { readonly isSkipped: true };

/** By state: the steps by the next byte. */
type Node = Map<number, Step[]>;

const nodes: Node[] = [new Map()];
/** State after the first byte of an escape. */
const beginnings = new Map<number, number>();

buildForms();
buildNames();
buildBackslash();
buildSoftBreaks();

/** Number of states. */
export const SPELLING_STATES = nodes.length;

/** First characters of escapes. */
export const ESCAPE_BEGINNINGS: readonly number[] = [...beginnings.keys()];

/** Reports the transitions from a state by one byte; none where the byte continues no spelling. */
export function spell(state: number, byte: number, reader: SpellingReader): void {
  if (state === START) return decode(byte, reader);
  for (const step of nodes[state]?.get(byte) ?? []) {
    if ("to" in step) reader.goTo(step.to);
    else if ("decoded" in step) decode(step.decoded, reader);
    else if ("character" in step) reader.read(step.character);
    else reader.skip();
  }
}

function decode(character: number, reader: SpellingReader): void {
  reader.read(character);
  const begun = beginnings.get(character);
  if (begun !== undefined) reader.goTo(begun);
}

function newNode(): number {
  return nodes.push(new Map()) - 1;
}

function addStep(from: number, byte: number, step: Step): void {
  const steps = nodes[from]?.get(byte) ?? [];
  steps.push(step);
  nodes[from]?.set(byte, steps);
}

/** The node after these characters, made where it isn't there yet. */
function nodeAfter(text: string): number {
  const first = text.charCodeAt(0);
  let node = beginnings.get(first) ?? newNode();
  beginnings.set(first, node);
  for (const character of text.slice(1)) node = childOf(node, character.charCodeAt(0));
  return node;
}

function childOf(node: number, byte: number): number {
  for (const step of nodes[node]?.get(byte) ?? []) if ("to" in step) return step.to;
  const child = newNode();
  addStep(node, byte, { to: child });
  return child;
}

function buildForms(): void {
  for (const form of ESCAPE_FORMS) addDigits(form, nodeAfter(form.lead), 0, 0, new Map());
}

/** Adds the digits after `count` digits with this value; leading zeros are not counted where the form has an end. */
function addDigits(
  form: EscapeForm,
  from: number,
  count: number,
  value: number,
  known: Map<string, number>,
): void {
  const { radix, digits, end } = form;
  const [, most] = digits;
  for (let digit = 0; digit < radix; digit += 1) {
    const next = value * radix + digit;
    if (next > MAX_CHARACTER) break;
    const read = end === "" ? count + 1 : 1;
    const isComplete = end === "" && read === most;
    const key = `${read} ${next}`;
    let node = known.get(key);
    if (!isComplete && node === undefined) {
      node = newNode();
      known.set(key, node);
      if (end !== "") addEnd(end, node, next);
      addDigits(form, node, read, next, known);
    }
    for (const byte of bytesOfDigit(digit)) {
      if (node === undefined) addStep(from, byte, { decoded: next });
      else addStep(from, byte, { to: node });
      // A reference counts without its semicolon, as HTML parsers read it; one that follows belongs to it.
      if (end === ";" && next > 0) addStep(from, byte, { decoded: next });
    }
  }
}

function addEnd(end: "}" | ";", node: number, value: number): void {
  if (value > 0) addStep(node, end.charCodeAt(0), { decoded: value });
}

function bytesOfDigit(digit: number): readonly number[] {
  const written = digit.toString(16);
  const upper = written.toUpperCase();
  return written === upper ? [written.charCodeAt(0)] : [written.charCodeAt(0), upper.charCodeAt(0)];
}

function buildNames(): void {
  for (const { name, character, needsSemicolon } of HTML_NAMES) {
    const before = nodeAfter(`&${name.slice(0, -1)}`);
    const last = name.charCodeAt(name.length - 1);
    addStep(childOf(before, last), CHAR.semicolon, { decoded: character });
    if (!needsSemicolon) addStep(before, last, { decoded: character });
  }
}

/** After backslashes, in any number: each round of quoting doubles them. */
function buildBackslash(): void {
  const node = nodeAfter("\\");
  addStep(node, CHAR.n, { character: CHAR.lineFeed });
  addStep(node, CHAR.r, { character: CHAR.carriageReturn });
  for (let byte = 0; byte < 256; byte += 1) {
    if (!/[\dA-Za-z]/.test(String.fromCharCode(byte))) addStep(node, byte, { decoded: byte });
  }
}

/** RFC 2045 section 6.7: a line that ends in `=` goes on. */
function buildSoftBreaks(): void {
  const equals = nodeAfter("=");
  addStep(equals, CHAR.lineFeed, { isSkipped: true });
  addStep(childOf(equals, CHAR.carriageReturn), CHAR.lineFeed, { isSkipped: true });
}
