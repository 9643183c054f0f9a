import { BARRIER } from "./barrier.ts";

/** CommonMark section 6.3 asks for three levels of parentheses in an address; its reference parser ends at this one. */
const MAX_PARENS = 32;

/** A text whose links are read from first to last. What was found ahead is not searched for again. */
export class LinkSource {
  readonly text: string;
  readonly #found = new Map<string, { readonly from: number; readonly at: number }>();

  constructor(text: string) {
    this.text = text;
  }

  /** As `indexOf`. */
  find(what: string, from: number): number {
    const known = this.#found.get(what);
    if (known !== undefined && from >= known.from && (known.at < 0 || known.at >= from)) return known.at;
    const at = this.text.indexOf(what, from);
    this.#found.set(what, { from, at });
    return at;
  }
}

/** Where the `(address "title")` that opens at `paren` ends; −1 when it does not. */
export function linkEnd(source: LinkSource, paren: number): number {
  const { text } = source;
  const address = addressEnd(text, skipBlank(text, paren + 1));
  if (address >= 0) {
    const gap = skipBlank(text, address);
    const title = gap > address ? titleEnd(source, gap) : gap;
    const end = title < 0 ? -1 : skipBlank(text, title);
    if (end >= 0 && text.charAt(end) === ")") return end + 1;
  }
  return -1;
}

/** The same for converters that only look for the next parenthesis, and also take `(my address)`. */
export function lenientLinkEnd(source: LinkSource, paren: number): number {
  const close = source.find(")", paren);
  const line = source.find("\n", paren);
  return close < 0 || (line >= 0 && line < close) ? -1 : close + 1;
}

function skipBlank(text: string, from: number): number {
  let index = from;
  while (index < text.length && " \t\r\n".includes(text.charAt(index))) index++;
  return index;
}

function addressEnd(text: string, start: number): number {
  if (text.charAt(start) === "<") {
    for (let index = start + 1; index < text.length; index++) {
      const character = text.charAt(index);
      if (character === ">") return index + 1;
      if (character === "<" || character === "\n") return -1;
      if (character === "\\") index++;
    }
    return -1;
  }
  let parens = 0;
  for (let index = start; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit <= 0x20 || unit === 0x7f) return parens === 0 ? index : -1;
    if (unit === 0x5c) index++;
    else if (unit === 0x28 && ++parens > MAX_PARENS) return -1;
    else if (unit === 0x29 && --parens < 0) return index;
  }
  return -1;
}

/** Behind a quoted title; `start` itself where none begins. */
function titleEnd(source: LinkSource, start: number): number {
  const { text } = source;
  const quote = text.charAt(start);
  if (quote === "(") return titleInParens(text, start);
  if (quote !== '"' && quote !== "'") return start;
  let close = source.find(quote, start + 1);
  while (close >= 0 && text.charAt(close - 1) === "\\") close = source.find(quote, close + 1);
  const barrier = source.find(BARRIER, start);
  return close < 0 || (barrier >= 0 && barrier < close) ? -1 : close + 1;
}

function titleInParens(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    const character = text.charAt(index);
    if (character === ")") return index + 1;
    if (character === "(" || character === BARRIER) return -1;
    if (character === "\\") index++;
  }
  return -1;
}
