import { BARRIER, BETWEEN_TEXTS, decodedCharacter, withoutBarriers } from "./barrier.ts";
import { decodedBase64 } from "./base64-runs.ts";
import {
  BACKSLASH_FORMS,
  formPattern,
  PERCENT_BYTE,
  PERCENT_UNICODE,
  type EscapeForm,
} from "../../base/escape-forms.ts";
import { decodedEntities } from "./entities.ts";
import { withoutTags } from "./tags.ts";

/** Escapes in escapes: `%255Cu0072` is `%5Cu0072` is `\u0072` is `r`. */
const MAX_ROUNDS = 3;
const RIGHT_TO_LEFT_OVERRIDE = "\u202e";
/** A tag or comment may open, the reading order changes, or the text has a barrier of its own. */
const SEARCHED_ALONE = new RegExp(`[<${RIGHT_TO_LEFT_OVERRIDE}${BARRIER}]`);
/**
 * Up to this nesting every decoding of a text is searched for base64; deeper, only the last one. Each layer of base64
 * is a quarter smaller than the one around it, so one decoding a layer costs no more than a few times the text,
 * however deep, while four decodings of each would cost three times more a layer.
 */
const ALL_DECODINGS_NESTING = 2;

/**
 * Each text, and every text it becomes when its escapes, tags and base64 runs are decoded. The original stays first,
 * because decoding can also hide a term (`C:\refund` decodes to a line break and `efund`).
 */
export function decodings(texts: readonly string[]): readonly string[] {
  const all: string[] = [];
  const scratch = { bytes: new Uint8Array(0) };
  // A table has a hundred thousand cells: short texts are searched as one. A text with a `<` is searched
  // alone, because a tag or comment that opens in it would hide the next text.
  if (!SEARCHED_ALONE.test(texts.join("\n"))) {
    addDecodings(texts.join(BETWEEN_TEXTS), all, 0, scratch);
    return all;
  }
  const together: string[] = [];
  for (const raw of texts) {
    const text = withoutBarriers(raw);
    if (SEARCHED_ALONE.test(text)) addDecodings(text, all, 0, scratch);
    else together.push(text);
  }
  if (together.length > 0) addDecodings(together.join(BETWEEN_TEXTS), all, 0, scratch);
  return all;
}

function addDecodings(text: string, all: string[], nesting: number, scratch: { bytes: Uint8Array }): void {
  let current = text;
  for (let round = 0; ; round++) {
    all.push(current);
    if (nesting < ALL_DECODINGS_NESTING) addBase64(current, all, nesting, scratch);
    const next = round === MAX_ROUNDS ? current : unescaped(current);
    if (next === current) break;
    current = next;
  }
  if (nesting >= ALL_DECODINGS_NESTING) addBase64(current, all, nesting, scratch);
  const bare = withoutTags(current);
  if (bare !== current) all.push(bare);
  // Text marked to be shown from right to left reads backwards.
  if (text.includes(RIGHT_TO_LEFT_OVERRIDE)) all.push(Array.from(text).toReversed().join(""));
}

function addBase64(text: string, all: string[], nesting: number, scratch: { bytes: Uint8Array }): void {
  if (scratch.bytes.length < text.length) scratch.bytes = new Uint8Array(text.length * 2);
  const decoded = decodedBase64(text, scratch.bytes);
  if (decoded !== "") addDecodings(decoded, all, nesting + 1, scratch);
}

function unescaped(text: string): string {
  let next = text;
  if (next.includes("%")) next = decodedPercent(next);
  if (next.includes("&")) next = decodedEntities(next);
  if (next.includes("\\")) next = decodedBackslashes(next);
  if (next.includes("=")) next = decodedQuotedPrintable(next);
  return next;
}

const UTF8 = new TextDecoder();

const PERCENT = new RegExp(`(?:${withoutGroups(PERCENT_BYTE)})+|${withoutGroups(PERCENT_UNICODE)}`, "g");

function decodedPercent(text: string): string {
  return text.replaceAll(PERCENT, (run) => {
    if (run.length === 3) {
      const code = Number.parseInt(run.slice(1), 16);
      if (code < 0x80) return decodedCharacter(code);
    }
    return run.startsWith("%u") ? character(run.slice(2)) : withoutBarriers(UTF8.decode(hexBytes(run)));
  });
}

function withoutGroups(form: EscapeForm): string {
  return formPattern(form).replaceAll(/[()]/g, "");
}

/** RFC 2045 section 6.7: a soft line break joins, `=72` is an r. */
function decodedQuotedPrintable(text: string): string {
  return text
    .replaceAll(/=\r?\n/g, "")
    .replaceAll(/(?:=[0-9A-F]{2})+/g, (run) => withoutBarriers(UTF8.decode(hexBytes(run))));
}

function hexBytes(run: string): Uint8Array {
  const bytes = new Uint8Array(run.length / 3);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(run.slice(index * 3 + 1, index * 3 + 3), 16);
  }
  return bytes;
}

/** The numbered forms, each with one group; then control characters, and characters as themselves. */
const BACKSLASHES = new RegExp(
  String.raw`${BACKSLASH_FORMS.map(formPattern).join("|")}|\\([nrtfvb])|\\([/"'\\])`,
  "g",
);

function decodedBackslashes(text: string): string {
  return text.replaceAll(BACKSLASHES, (whole, ...groups: (string | undefined)[]) => {
    for (const [index, { radix }] of BACKSLASH_FORMS.entries()) {
      const digits = groups[index];
      if (digits !== undefined) return decodedCharacter(Number.parseInt(digits, radix));
    }
    const control = groups[BACKSLASH_FORMS.length];
    return control === undefined ? whole.slice(1) : control === "n" || control === "r" ? "\n" : " ";
  });
}

function character(hex: string): string {
  return decodedCharacter(Number.parseInt(hex, 16));
}
