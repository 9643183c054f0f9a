import { BARRIER } from "./barrier.ts";
import { lenientLinkEnd, linkEnd, LinkSource } from "./markdown-links.ts";

/** A link, a reference, a footnote, marks inside a word, a tag of BBCode, a link or a macro of a wiki. */
const MARKDOWN_SIGN = /\][(:[]|\[[\^/]|[\w\u00a0-\uffff][*~`]+[\w\u00a0-\uffff]|\[[^[\]|\n]+\||\{color/;

/** Marks beside a digit or a sign of a number or an address; between words they are punctuation to the matcher. */
const MARKED_NUMBER = /[\d@.+-][*~`]|[*~`][\d@.+-]|(?<!\w)_\d|\d_(?!\w)/;

/** CommonMark section 4.7. */
const MAX_LABEL_CHARS = 999;
const BB_CODE =
  /\[\/?(?:b|i|u|s|url|email|img|color|size|font|quote|code|center|left|right|list|spoiler|\*)(?:=[^[\]\n]*)?\]/iy;
const WIKI_MACRO = /\{color(?::[^{}\n]{0,40})?\}/y;
const ASCII_PUNCTUATION = /[!-/:-@[-`{-~]/;
const WORD = /[\p{L}\p{N}]/u;

/** Where runs of backticks of one length begin, and the first that is not passed. */
interface BacktickRuns {
  readonly starts: number[];
  next: number;
}

/** What is left out of a text, and the brackets that are open. */
interface Reading {
  readonly source: LinkSource;
  /** 1 for a character that is not shown, 2 for one that begins no tag. */
  readonly unshown: Uint8Array;
  /** Each with the `|` of a wiki's `[text|address]`; −1 without one. */
  readonly brackets: { readonly at: number; pipe: number }[];
  /** Open brackets that were open when a link ended, which can't begin one themselves (CommonMark section 6.3). */
  linked: number;
  /** Labels of the text's definitions (`[label]: address`), in lower case. */
  readonly defined: ReadonlySet<string>;
  readonly words: boolean;
  /** Takes only what CommonMark takes for a link. */
  readonly strict: boolean;
  /** Whether something was left out that CommonMark shows. */
  isDisputed: boolean;
  /** Where runs of backticks begin, by their length; null before the first is met. */
  backticks: Map<number, BacktickRuns> | null;
}

export interface MarkdownOptions {
  /** An underscore in a word is left out: `s<b>_ue_</b>` has lost the tag that makes it emphasis. Not for numbers. */
  readonly words: boolean;
  /** The text had marks before its tags were taken out. */
  readonly isMarked: boolean;
}

/**
 * The texts that readers of Markdown see, or the text itself where it holds none: one that leaves out what any of them
 * does (CommonMark, GFM, and what wikis and BBCode add), and where that is more, one that leaves out what CommonMark
 * does. They leave out too much rather than too little, because the text as written is searched as well: code is not
 * told from other text, and in a text without definitions every reference counts as defined.
 */
export function markdownTexts(text: string, options: MarkdownOptions): readonly string[] {
  if (!options.isMarked && !hasMarkdown(text, options.words)) return [text];
  const lenient = read(text, options.words, false);
  const texts = [shown(text, lenient.unshown)];
  if (lenient.isDisputed) texts.push(shown(text, read(text, options.words, true).unshown));
  return texts;
}

function read(text: string, words: boolean, strict: boolean): Reading {
  const reading: Reading = {
    source: new LinkSource(text),
    unshown: new Uint8Array(text.length),
    brackets: [],
    linked: 0,
    defined: definitionsIn(text),
    words,
    strict,
    isDisputed: false,
    backticks: null,
  };
  for (let index = nextSpecial(text, 0); index >= 0;) index = nextSpecial(text, readAt(reading, text, index));
  return reading;
}

const MARKS = ["[", "*", "`", "~", "{color"] as const;

/** Most texts have no mark at all, and a search for one character is many times faster than the expressions. */
function hasMarkdown(text: string, words: boolean): boolean {
  const hasMarks = MARKS.some((mark) => text.includes(mark));
  if (hasMarks && MARKDOWN_SIGN.test(text)) return true;
  return !words && (hasMarks || text.includes("_")) && MARKED_NUMBER.test(text);
}

const SPECIAL = new RegExp(String.raw`[\\*~\`_![\]|{\n${BARRIER}]`, "g");

function nextSpecial(text: string, from: number): number {
  SPECIAL.lastIndex = from;
  return SPECIAL.exec(text)?.index ?? -1;
}

/** Shown for a `<` that is no tag's, so that a reader of HTML leaves out nothing behind it. */
const LITERAL_LESS_THAN = "\u2039";

function shown(text: string, unshown: Uint8Array): string {
  const parts: string[] = [];
  for (let start = 0; start < text.length;) {
    const kind = unshown[start];
    let end = start + 1;
    while (end < text.length && unshown[end] === kind) end++;
    if (kind === 0) parts.push(text.slice(start, end));
    else if (kind === 2) parts.push(LITERAL_LESS_THAN);
    start = end;
  }
  return parts.join("");
}

/** Reads one construct; returns where the next begins. */
function readAt(reading: Reading, text: string, index: number): number {
  switch (text.charAt(index)) {
    case "\\":
      return index + (ASCII_PUNCTUATION.test(text.charAt(index + 1)) ? 2 : 1);
    case "`":
      return readBackticks(reading, text, index);
    case "*":
    case "~":
      return leaveOut(reading, index, index + 1);
    case "_": {
      const isInWord =
        !reading.words && WORD.test(text.charAt(index - 1)) && WORD.test(text.charAt(index + 1));
      return isInWord ? index + 1 : leaveOut(reading, index, index + 1);
    }
    case "!":
      return text.charAt(index + 1) === "[" ? leaveOut(reading, index, index + 1) : index + 1;
    case "[":
      return openBracket(reading, text, index);
    case "]":
      return closeBracket(reading, text, index);
    case "|": {
      const bracket = reading.brackets.at(-1);
      if (bracket !== undefined && bracket.pipe < 0 && !reading.strict) bracket.pipe = index;
      return index + 1;
    }
    case "{":
      WIKI_MACRO.lastIndex = index;
      return WIKI_MACRO.test(text) ? leaveOutDisputed(reading, index, WIKI_MACRO.lastIndex) : index + 1;
    case "\n":
      // A link ends with its paragraph.
      if (/[\r\n]/.test(text.charAt(index + 1))) reading.brackets.length = 0;
      return index + 1;
    case BARRIER:
      reading.brackets.length = 0;
      return index + 1;
    default:
      return index + 1;
  }
}

function leaveOut({ unshown }: Reading, start: number, end: number): number {
  unshown.fill(1, start, end);
  return end;
}

/** What only some readers leave out. */
function leaveOutDisputed(reading: Reading, start: number, end: number): number {
  reading.isDisputed = true;
  return reading.strict ? start + 1 : leaveOut(reading, start, end);
}

/** In a code span nothing is Markdown. A run of backticks that has no equal one in its paragraph is left out too. */
function readBackticks(reading: Reading, text: string, index: number): number {
  let end = index;
  while (text.charAt(end) === "`") end++;
  leaveOut(reading, index, end);
  reading.backticks ??= backtickRuns(text);
  const close = nextRun(reading.backticks.get(end - index), end);
  const paragraphEnd = reading.source.find("\n\n", end);
  const barrier = reading.source.find(BARRIER, end);
  if (close < 0 || (paragraphEnd >= 0 && paragraphEnd < close) || (barrier >= 0 && barrier < close)) {
    return end;
  }
  const tag = reading.source.find("<", end);
  if (tag >= 0 && tag < close) keepTags(reading, tag, close);
  return leaveOut(reading, close, close + end - index);
}

/** Code shows the tags in it; to readers of HTML alone they are tags. */
function keepTags(reading: Reading, first: number, end: number): void {
  reading.isDisputed = true;
  if (!reading.strict) return;
  for (let tag = first; tag >= 0 && tag < end; tag = reading.source.find("<", tag + 1)) {
    reading.unshown[tag] = 2;
  }
}

function nextRun(runs: BacktickRuns | undefined, from: number): number {
  if (runs === undefined) return -1;
  for (; runs.next < runs.starts.length; runs.next++) {
    const start = runs.starts[runs.next] ?? -1;
    if (start >= from) return start;
  }
  return -1;
}

function backtickRuns(text: string): Map<number, BacktickRuns> {
  const runs = new Map<number, BacktickRuns>();
  for (const { 0: run, index } of text.matchAll(/`+/g)) {
    const known = runs.get(run.length);
    if (known === undefined) runs.set(run.length, { starts: [index], next: 0 });
    else known.starts.push(index);
  }
  return runs;
}

function openBracket(reading: Reading, text: string, index: number): number {
  BB_CODE.lastIndex = index;
  const isTag = BB_CODE.test(text) && !"([".includes(text.charAt(BB_CODE.lastIndex) || " ");
  if (isTag && !reading.strict) return leaveOutDisputed(reading, index, BB_CODE.lastIndex);
  if (!reading.strict && text.charAt(index + 1) === "^") {
    const end = labelEnd(text, index);
    if (end >= 0) return leaveOutDisputed(reading, index, end);
  }
  reading.brackets.push({ at: index, pipe: -1 });
  return index + 1;
}

function closeBracket(reading: Reading, text: string, index: number): number {
  const bracket = reading.brackets.pop();
  if (bracket === undefined) return index + 1;
  const isImage = text.charAt(bracket.at - 1) === "!";
  const isAroundLink = reading.brackets.length < reading.linked && !isImage;
  if (isAroundLink) reading.isDisputed = true;
  reading.linked = Math.min(reading.linked, reading.brackets.length);
  const end = isAroundLink && reading.strict ? -1 : linkTail(reading, text, bracket.at, index);
  if (end >= 0) {
    if (!isImage) reading.linked = reading.brackets.length;
    leaveOut(reading, bracket.at, bracket.at + 1);
    return leaveOut(reading, index, end);
  }
  if (text.charAt(index + 1) === ":" && isLineStart(text, bracket.at)) {
    const lineEnd = reading.source.find("\n", index);
    return leaveOut(reading, bracket.at, lineEnd < 0 ? text.length : lineEnd);
  }
  const isLink = bracket.pipe >= 0 || isShortcut(reading, text, bracket.at, index);
  if (!isLink || (isAroundLink && reading.strict)) return index + 1;
  if (bracket.pipe >= 0) reading.isDisputed = true;
  leaveOut(reading, bracket.at, bracket.at + 1);
  return leaveOut(reading, bracket.pipe < 0 ? index : bracket.pipe, index + 1);
}

/** Behind the `(address "title")` or `[label]` that follows a closing bracket; −1 where none does. */
function linkTail(reading: Reading, text: string, open: number, index: number): number {
  const next = text.charAt(index + 1);
  if (next === "(") {
    const close = linkEnd(reading.source, index + 1);
    if (close >= 0) return close;
    const end = reading.strict ? -1 : lenientLinkEnd(reading.source, index + 1);
    if (end >= 0) reading.isDisputed = true;
    return end;
  }
  const end = next === "[" ? labelEnd(text, index + 1) : -1;
  if (end < 0 || reading.defined.size === 0) return end;
  const isDefinedHere =
    end === index + 3 ? isDefined(reading, text, open, index) : isDefined(reading, text, index + 1, end - 1);
  return isDefinedHere ? end : -1;
}

/** CommonMark section 6.3: `[label]` alone is a link where it is defined and no other label follows. */
function isShortcut(reading: Reading, text: string, open: number, index: number): boolean {
  if (!isDefined(reading, text, open, index)) return false;
  return text.charAt(index + 1) !== "[" || labelEnd(text, index + 1) < 0;
}

const DEFINITION = /^ {0,3}\[([^[\]\n]{1,999})\]:/gm;

function definitionsIn(text: string): ReadonlySet<string> {
  if (!text.includes("]:")) return new Set();
  return new Set(Array.from(text.matchAll(DEFINITION), ([, label]) => normalLabel(label ?? "")));
}

function isDefined({ defined }: Reading, text: string, open: number, close: number): boolean {
  if (defined.size === 0 || close - open > MAX_LABEL_CHARS) return false;
  return defined.has(normalLabel(text.slice(open + 1, close)));
}

/** CommonMark section 6.3: labels match without case and with blanks collapsed. */
function normalLabel(label: string): string {
  return label.trim().replaceAll(/\s+/g, " ").toLowerCase();
}

function labelEnd(text: string, open: number): number {
  for (let index = open + 1; index < text.length && index - open <= MAX_LABEL_CHARS; index++) {
    const character = text.charAt(index);
    if (character === "]") return index + 1;
    if (character === "[" || character === BARRIER) return -1;
  }
  return -1;
}

/** CommonMark section 4.7: at most three blanks before a definition. */
function isLineStart(text: string, at: number): boolean {
  let index = at - 1;
  while (index >= 0 && at - index <= 3 && text.charAt(index) === " ") index--;
  return index < 0 || text.charAt(index) === "\n";
}
