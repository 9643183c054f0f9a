/*
 * Where a tag, a comment or an instruction of HTML or XML ends, as a browser sees it and as simpler readers do.
 */

/**
 * `html` as a browser reads it, `xml`, and `plain` as an expression that deletes from `<` to `>`: it knows no quotes.
 */
export type Syntax = "html" | "xml" | "plain";

export interface Tag {
  /** Where the text goes on. */
  readonly end: number;
  /** Lower case, without a namespace; empty for a comment or an instruction. */
  readonly name: string;
  readonly closes: boolean;
  /** Whether another syntax ends it elsewhere, or shows something of it. */
  readonly isDisputed: boolean;
}

/** A document that is read. What was searched for in vain is not searched for again, to stay linear. */
export class Source {
  readonly text: string;
  readonly #absent = new Set<string>();

  constructor(text: string) {
    this.text = text;
  }

  find(what: string, from: number): number {
    if (this.#absent.has(what)) return -1;
    const at = this.text.indexOf(what, from);
    if (at < 0) this.#absent.add(what);
    return at;
  }
}

export function isTagStart(text: string, open: number): boolean {
  const unit = text.charCodeAt(open + 1);
  const small = unit | 0x20;
  return (small >= 0x61 && small <= 0x7a) || unit === 0x2f || unit === 0x21 || unit === 0x3f;
}

export function readTag(source: Source, open: number, syntax: Syntax): Tag | null {
  const { text } = source;
  if (!isTagStart(text, open)) return null;
  const second = text.charAt(open + 1);
  if (second === "!" || second === "?") return readDeclaration(source, open, syntax);
  const closes = second === "/";
  const nameStart = open + (closes ? 2 : 1);
  const name = nameAt(text, nameStart);
  const plainEnd = plainTagEnd(text, nameStart);
  const end = syntax !== "plain" ? quotedTagEnd(source, nameStart) : plainEnd;
  return end < 0 ? null : { end: end + 1, name, closes, isDisputed: end !== plainEnd };
}

/** Names that matter are shorter; a limit keeps the time linear. */
const MAX_NAME_CHARS = 40;

function nameAt(text: string, start: number): string {
  let from = start;
  let index = start;
  for (; index < text.length && index - start < MAX_NAME_CHARS; index++) {
    const unit = text.charCodeAt(index);
    // `w:p` is a paragraph of one word processor, `text:p` of another.
    if (unit === 0x3a) from = index + 1;
    else if (unit <= 0x20 || unit === 0x2f || unit === 0x3e || unit === 0x3c) break;
  }
  return text.slice(from, index).toLowerCase();
}

/** The next `>`; −1 when a `<` or the end comes first, so that no character is read twice. */
export function plainTagEnd(text: string, start: number): number {
  for (let index = start; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0x3e) return index;
    if (unit === 0x3c) return -1;
  }
  return -1;
}

/** The `>` outside of quoted values; −1 when none comes. */
function quotedTagEnd(source: Source, start: number): number {
  const { text } = source;
  for (let index = start; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0x3e) return index;
    if (unit !== 0x3d) continue;
    let value = index + 1;
    while (value < text.length && text.charCodeAt(value) <= 0x20) value++;
    const quote = text.charAt(value);
    if (quote === '"' || quote === "'") {
      index = source.find(quote, value + 1);
      if (index < 0) return -1;
    } else {
      index = value - 1;
    }
  }
  return -1;
}

const CDATA = "<![CDATA[";

/** Comments, instructions, and CDATA, of which XML shows the content and HTML nothing. */
function readDeclaration(source: Source, open: number, syntax: Syntax): Tag | null {
  const { text } = source;
  const endsAt = (end: number, isDisputed: boolean): Tag => ({ end, name: "", closes: false, isDisputed });
  if (text.startsWith("<!--", open)) {
    if (syntax === "html") {
      const end = commentEnd(source, open + 4);
      return end < 0 ? null : endsAt(end, end < open + 7 || !text.endsWith("-->", end));
    }
    const close = source.find("-->", open + 4);
    return close < 0 ? null : endsAt(close + 3, false);
  }
  if (text.startsWith(CDATA, open) && syntax === "xml") return endsAt(open + CDATA.length, false);
  const close = source.find(">", open);
  if (close < 0) return null;
  const isInstruction = text.charAt(open + 1) === "?" && text.charAt(close - 1) !== "?";
  const instruction = isInstruction && syntax === "xml" ? source.find("?>", open) : -1;
  return endsAt(instruction < 0 ? close + 1 : instruction + 2, isInstruction || text.startsWith(CDATA, open));
}

/** Also ended by `--!>`, and by the `>` of `<!-->` and `<!--->` (HTML, section 13.2.5.43). */
function commentEnd(source: Source, start: number): number {
  const { text } = source;
  if (text.startsWith(">", start)) return start + 1;
  if (text.startsWith("->", start)) return start + 2;
  for (let dashes = source.find("--", start); dashes >= 0; dashes = source.find("--", dashes + 1)) {
    if (text.startsWith(">", dashes + 2)) return dashes + 3;
    if (text.startsWith("!>", dashes + 2)) return dashes + 4;
  }
  return -1;
}
