import { BARRIER, BETWEEN_TEXTS } from "./barrier.ts";
import { finish, type Steps } from "../../base/steps.ts";
import { decodedBase64 } from "./base64-runs.ts";
import { decodedReferences } from "./character-references.ts";
import { fullyUnescaped, MAX_ROUNDS, unescaped, withoutOctets } from "./escapes.ts";
import { type MarkdownOptions, markdownTexts } from "./markdown.ts";
import { markupTexts } from "./markup.ts";

const RIGHT_TO_LEFT_OVERRIDE = "\u202e";
/** A tag or comment may open, the reading order changes, or the text has a barrier of its own. */
const SEARCHED_ALONE = new RegExp(`[<${RIGHT_TO_LEFT_OVERRIDE}${BARRIER}]`);
/**
 * Up to this nesting every decoding of a text is searched for base64; deeper, only the last one. Each layer of base64
 * is a quarter smaller than the one around it, so one decoding a layer costs no more than a few times the text,
 * however deep, while four decodings of each would cost three times more a layer.
 */
const ALL_DECODINGS_NESTING = 2;

/** A backslash, or an escape of one. */
const WRITES_BACKSLASH = /\\|%5c|&(?:bsol|#0{0,6}92|#x0{0,6}5c)/i;

/** As in quoted-printable, or an ordinary `?id=41`. */
const WRITES_OCTET = /=[0-9A-F]{2}/;

/** What texts are searched for. */
export interface Purpose {
  /** Words may run over the borders of blocks and cells, as some readers see them; numbers may not. */
  readonly words: boolean;
}

/**
 * Characters that all decodings of a text may have together, for each of its own. Ordinary texts have one to eight. A
 * run that decodes both as a whole and in pieces doubles what is to be searched with each layer of base64: an agent's
 * 80 KB would take hours.
 */
const MAX_DECODED_PER_CHARACTER = 24;
/** What short texts may have in any case. */
const MIN_DECODED = 4_096;

export interface Decodings {
  readonly texts: readonly string[];
  /** False: there would be more. Whatever is searched for counts as found. */
  readonly complete: boolean;
}

/** Characters of texts that are decoded as one: more would be in memory in all their decodings at once. */
const BATCH_CHARACTERS = 64 * 1024;

/**
 * Each text, and every text it becomes when its escapes, tags, Markdown and base64 runs are decoded. The original
 * stays first, because decoding can also hide a term (`C:\refund` decodes to a line break and `efund`).
 */
export function decodings(texts: readonly string[], purpose: Purpose): Decodings {
  const all: string[] = [];
  const complete = finish(
    eachBatch(texts, purpose, function* (decoded) {
      for (const text of decoded) all.push(text);
      yield decoded.length;
    }),
  );
  return { texts: all, complete };
}

/**
 * The same, some texts at a time; who searches a large payload need not hold all that it decodes to.
 *
 * @returns false: there would be more (`Decodings.complete`)
 */
export function* eachBatch(
  texts: readonly string[],
  purpose: Purpose,
  search: (decoded: readonly string[]) => Steps<void>,
): Steps<boolean> {
  const characters = texts.reduce((sum, { length }) => sum + length + BETWEEN_TEXTS.length, 0);
  const left = MIN_DECODED + characters * MAX_DECODED_PER_CHARACTER;
  const decoding: Search = { all: [], purpose, bytes: new Uint8Array(0), left };
  let first = 0;
  let size = 0;
  for (const [index, { length }] of texts.entries()) {
    size += length;
    if (size < BATCH_CHARACTERS && index + 1 < texts.length) continue;
    yield* addBatch(
      first === 0 && index + 1 === texts.length ? texts : texts.slice(first, index + 1),
      decoding,
    );
    yield* search(decoding.all);
    if (decoding.left < 0) return false;
    decoding.all = [];
    first = index + 1;
    size = 0;
  }
  return true;
}

/**
 * A table has a hundred thousand cells: short texts are searched as one. A text with a `<` is searched alone, because a
 * tag or comment that opens in it would hide the next text.
 */
function* addBatch(texts: readonly string[], search: Search): Steps<void> {
  if (!SEARCHED_ALONE.test(texts.join("\n"))) {
    yield* addDecodings(texts.join(BETWEEN_TEXTS), search, 0);
    return;
  }
  const together: string[] = [];
  for (const raw of texts) {
    const text = raw.replaceAll(BARRIER, OTHER_SEPARATOR);
    if (SEARCHED_ALONE.test(text)) yield* addDecodings(text, search, 0);
    else together.push(text);
  }
  if (together.length > 0) yield* addDecodings(together.join(BETWEEN_TEXTS), search, 0);
}

interface Search {
  /** Of the batch. */
  all: string[];
  readonly purpose: Purpose;
  /** Scratch space for base64. */
  bytes: Uint8Array;
  /** Characters that may still be decoded. */
  left: number;
}

function* addDecodings(text: string, search: Search, nesting: number): Steps<void> {
  const { all } = search;
  const first = all.length;
  const withOctets = unescaped(text, "no quoted-printable");
  let current = text;
  let searched = "";
  for (let round = 0; ; round++) {
    search.left -= current.length;
    if (search.left < 0) return;
    all.push(current);
    if (nesting < ALL_DECODINGS_NESTING) {
      const decoded = base64In(current, search);
      // Most escapes are in no run.
      if (decoded !== searched && decoded !== "") yield* addDecodings(decoded, search, nesting + 1);
      searched = decoded;
    }
    yield current.length;
    const next = round === 0 ? withoutOctets(withOctets) : nextRound(current, round);
    if (next === current) break;
    current = next;
  }
  if (nesting >= ALL_DECODINGS_NESTING) {
    const decoded = base64In(current, search);
    if (decoded !== "") yield* addDecodings(decoded, search, nesting + 1);
  }
  yield current.length;
  // To most readers `\refund` is a word behind a backslash, and what follows may be escaped in another way.
  if (WRITES_BACKSLASH.test(text)) {
    const behind = fullyUnescaped(text, "no backslashes");
    if (behind !== text && behind !== current) all.push(behind);
  }
  if (WRITES_OCTET.test(text)) {
    const behind = fullyUnescaped(withOctets, "no quoted-printable", MAX_ROUNDS - 1);
    if (behind !== text && behind !== current) all.push(behind);
  }
  addShownTexts(text, current, search);
  yield current.length;
  if (search.purpose.words) addWithBlanks(all, first);
  // Text marked to be shown from right to left reads backwards.
  if (text.includes(RIGHT_TO_LEFT_OVERRIDE)) all.push(Array.from(text).toReversed().join(""));
}

function nextRound(text: string, round: number): string {
  return round === MAX_ROUNDS ? text : unescaped(text);
}

/** A separator of ASCII that is no barrier. */
const OTHER_SEPARATOR = "\u001f";
/** Control characters that the matcher ignores; not the NULs of UTF-16, of which each letter has one. */
const IGNORED_CONTROLS = new RegExp(
  String.raw`[\0-\u0008\u000e-\u001b\u001d-\u001f\u007f-\u0084\u0086-\u009f](?<!\0[^]\0(?=[^]\0))`,
  "g",
);

/**
 * Control characters split a word to some readers and are nothing to others: Python and .NET take the separators of ASCII
 * for blanks, browsers show a sign for a NUL, an expression's `\b` is on both sides of any.
 */
function addWithBlanks(all: string[], first: number): void {
  const { length } = all;
  for (let index = first; index < length; index++) {
    const text = all[index] ?? "";
    const blank = text.replaceAll(IGNORED_CONTROLS, " ");
    if (blank !== text) all.push(blank);
  }
}

/**
 * What readers of HTML and Markdown see. Both are read as written, because an escape in an attribute does not end it
 * (`title="&quot;>"`), and decoded, because a text may have been escaped as a whole.
 */
function addShownTexts(text: string, decoded: string, { all, purpose }: Search): void {
  const shown = new Set<string>();
  addShown(decoded, purpose, shown);
  if (decoded !== text) {
    const written = new Set<string>();
    addShown(text, purpose, written);
    written.delete(text);
    // As written too, because decoding can hide: `=41` of `card=41<b>11…` is an A in quoted-printable.
    for (const one of written) {
      const undone = fullyUnescaped(one);
      shown.add(undone);
      if (one.replaceAll(PUNCTUATION_REFERENCE, decodedReferences) !== undone) shown.add(one);
      if (one.includes("\\")) shown.add(fullyUnescaped(one, "no backslashes"));
    }
  }
  shown.delete(text);
  shown.delete(decoded);
  for (const one of shown) all.push(one);
}

/**
 * References that write a blank or punctuation. Undoing them hides no word: it leaves one that ends before them or
 * begins behind them as it is.
 */
const PUNCTUATION_REFERENCE = /&(?:amp|quot|apos|lt|gt|nbsp|#34|#38|#39|#x27|#160);/g;

/** Marks of Markdown beside a tag, which need not be recognisable without it. */
const MARKED_TAG = /[<>][_*~`]|[_*~`][<>]/;
const TAG_MARKS = ["_", "*", "~", "`"] as const;

/** Most texts have no mark at all, and a search for one character is many times faster than the expression. */
function hasMarkedTag(text: string): boolean {
  return TAG_MARKS.some((mark) => text.includes(mark)) && MARKED_TAG.test(text);
}

/**
 * What a reader of HTML or Markdown sees of one text; empty where that is the text itself.
 */
export function shownTexts(text: string): readonly string[] {
  const shown = new Set<string>();
  addShown(text, { words: false }, shown);
  const readings = new Set(Array.from(shown, (one) => decodedReferences(one)));
  addShown(decodedReferences(text), { words: false }, readings);
  readings.delete(text);
  return [...readings];
}

function addShown(text: string, { words }: Purpose, shown: Set<string>): void {
  const texts = markupTexts(text, words);
  const isMarked = texts.length > 0 && hasMarkedTag(text);
  for (const one of texts.length > 0 ? texts : [text]) {
    shown.add(one);
    for (const read of changedByMarkdown(one, { words, isMarked })) shown.add(read);
  }
  // Markdown shows the tags in code and in a picture's text, and those behind a backslash.
  if (texts.length > 0) {
    for (const read of changedByMarkdown(text, { words, isMarked: false })) {
      shown.add(read);
      if (read !== text) for (const one of markupTexts(read, words)) shown.add(one);
    }
  }
}

/** Of texts that are searched as one, those that hold Markdown: a table has a hundred thousand other cells. */
function changedByMarkdown(text: string, options: MarkdownOptions): readonly string[] {
  const shown = markdownTexts(text, options);
  if (!text.includes(BARRIER)) return shown;
  const before = text.split(BARRIER);
  return shown.map((read) =>
    read === text
      ? read
      : read
          .split(BARRIER)
          .filter((one, index) => one !== before[index])
          .join(BARRIER),
  );
}

function base64In(text: string, search: Search): string {
  if (search.bytes.length < text.length) search.bytes = new Uint8Array(text.length * 2);
  return decodedBase64(text, search.bytes);
}
