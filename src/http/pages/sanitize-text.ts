/*
 * A reviewer must see the text that the upstream will get. An attacker can reorder it for the eye with direction
 * overrides (Trojan Source, CVE-2021-42574), or split and hide words with invisible characters. Such characters are
 * shown by their code: `[U+202E]`.
 */

const raw = String.raw;

/** An emoji as people type it: its joiners and selectors belong to one picture, and are not shown by code. */
const PICTURE_PART = raw`(?!\p{Cn})\p{Extended_Pictographic}\p{Emoji_Modifier}?\ufe0f?`;

const UNSEEN = raw`[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]`;
const BLANK_THAT_IS_NO_SPACE = raw`(?! )\p{Zs}`;

/** A fifth combining mark on one letter: no script needs it, and stacked marks cover the lines around (Zalgo text). */
const PILED_MARK = raw`(?<=\p{M}{4})\p{M}`;

const PARTS = new RegExp(
  raw`(${PICTURE_PART}(?:\u200d${PICTURE_PART})*)|${UNSEEN}|${BLANK_THAT_IS_NO_SPACE}|${PILED_MARK}`,
  "gu",
);

/** Blanks at the end of a text, shown by code up to this many. */
const TRAILING_BLANKS = /\s+$/u;
const MAX_BLANKS_SHOWN = 24;

/** One line: a name, a destination, a reason. */
export function sanitizeText(text: string): string {
  return text.replace(PARTS, (part: string, picture: string | undefined) => picture ?? codeOf(part));
}

/** Text of several lines: line ends and tabs stay, except at its end, where they would be invisible. */
export function visibleLines(text: string): string {
  const end = TRAILING_BLANKS.exec(text)?.[0] ?? "";
  return visiblePiece(text.slice(0, text.length - end.length)) + blanks(end);
}

/** The same of a piece behind which the text goes on: blanks at its end are seen. */
export function visiblePiece(text: string): string {
  // A carriage return is harmless before a line feed; elsewhere a terminal overwrites the line, so it gets a code.
  const lines = text.replaceAll("\r\n", "\n").split(/([\n\t])/);
  return lines.map((part) => (part === "\n" || part === "\t" ? part : sanitizeText(part))).join("");
}

function blanks(end: string): string {
  const chars = [...end];
  const codes = chars.slice(0, MAX_BLANKS_SHOWN).map(codeOf).join("");
  const more = chars.length - MAX_BLANKS_SHOWN;
  return more > 0 ? `${codes}[and ${more} more blanks]` : codes;
}

function codeOf(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0");
  return `[U+${code}]`;
}
