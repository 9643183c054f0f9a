/*
 * An agent's texts reach the terminal of the person who decides. They must not move the cursor (terminal escape
 * injection), hide a character, reverse a line (Trojan Source), or imitate a line of this command.
 */

/**
 * Control, format, unassigned and private characters, lone surrogates, separators other than the space, and invisible
 * characters. Also the two brackets, so that an agent cannot forge the notation for a hidden character.
 */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{DI}\u2800⟨⟩]|(?! )\p{Zs}/gu;

/**
 * Blocks of scripts that run from right to left. A terminal that reorders lines shows the digits and separators between
 * such letters in another order than the bytes have, so that two amounts of a row change places (UAX 9).
 */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/gu;

/** Words alone stay in the order in which their readers read them. */
const WORDS_ALONE = /^[\p{L}\p{M} ]*$/u;

/** More combining marks on one letter than any script needs cover the lines above (Zalgo text). */
const PILE_OF_MARKS = /\p{M}{4,}/gu;

/** The most columns that a terminal uses for one character. */
const WIDEST = 2;

/**
 * One line, with hidden characters written as `⟨U+001B⟩`, and so are letters that would reorder what stands beside
 * them.
 */
export function sanitizeText(text: string): string {
  return visible(text, isReordered(text));
}

/** Does the text have letters of a script that runs from right to left? */
export function hasRightToLeft(text: string): boolean {
  return text.search(RIGHT_TO_LEFT) >= 0;
}

function isReordered(line: string): boolean {
  return hasRightToLeft(line) && !WORDS_ALONE.test(line);
}

function visible(text: string, isLineReordered: boolean): string {
  const shown = text.replace(HIDDEN, nameOf);
  const ordered = isLineReordered ? shown.replace(RIGHT_TO_LEFT, nameOf) : shown;
  return ordered.replace(PILE_OF_MARKS, (marks) => Array.from(marks, nameOf).join(""));
}

/** Sanitized text of at most `chars` characters, with `…` where it is cut. */
export function clipped(text: string, chars: number): string {
  const all = Array.from(sanitizeText(text.slice(0, chars * WIDEST)));
  return all.length <= chars && text.length <= chars * WIDEST
    ? all.join("")
    : `${all.slice(0, chars - 1).join("")}…`;
}

/**
 * A text of several lines, each after a bar; a line wider than `columns` continues after a plus. So an agent's text
 * never starts in the column where this command's own lines start.
 *
 * @param columns null: not wrapped, because the output is no terminal
 */
export function quotedLines(text: string, columns: number | null): readonly string[] {
  const lines = text.split("\n");
  // A final line feed ends the last line and begins no other.
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines.flatMap((line) => {
    const isLineReordered = isReordered(line);
    const shown = line
      .split("\t")
      .map((cell) => visible(cell, isLineReordered))
      .join("    ");
    return wrapped(shown, columns === null ? Infinity : Math.max(columns - 4, 20)).map((piece, at) =>
      at === 0 ? `  | ${piece}` : `  + ${piece}`,
    );
  });
}

/**
 * Wraps a line with indented continuations, so that an agent's text never reaches the left edge.
 *
 * @param text already sanitized
 */
export function wrapIndented(text: string, indent: number, columns: number | null): string {
  if (columns === null) return text;
  const [first = "", ...rest] = wrapped(text, Math.max(columns - indent, 20));
  // The first piece gets the continuations' width too: some callers put a label before it.
  return [first, ...rest.map((piece) => `${" ".repeat(indent)}${piece}`)].join("\n");
}

function wrapped(line: string, columns: number): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  let width = 0;
  for (const char of line) {
    const takes = char <= "\u007e" ? 1 : WIDEST;
    if (width + takes > columns) {
      pieces.push(piece);
      piece = "";
      width = 0;
    }
    piece += char;
    width += takes;
  }
  return [...pieces, piece];
}

/** JSON for programs, without characters that a terminal would act on, or reorder. */
export function visibleJson(value: unknown): string {
  return escapedJson(JSON.stringify(value, null, 2));
}

/** The same on one line. */
export function compactJson(value: unknown): string {
  return escapedJson(JSON.stringify(value));
}

function escapedJson(text: string): string {
  return text
    .replace(HIDDEN, (char) => (char === "\n" || char === "⟨" || char === "⟩" ? char : escaped(char)))
    .replace(RIGHT_TO_LEFT, escaped);
}

function nameOf(char: string): string {
  return `⟨U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

function escaped(char: string): string {
  return Array.from(
    { length: char.length },
    (_, at) => `\\u${char.charCodeAt(at).toString(16).padStart(4, "0")}`,
  ).join("");
}
