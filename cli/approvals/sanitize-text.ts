/*
 * What agents wrote is shown to the person who decides on it. Nothing of it may move the cursor, hide a character,
 * turn a line around, or look like a line of this command's own.
 */

/**
 * Control, format, unassigned and private characters, lone surrogates, separators other than the space, and what is
 * drawn as nothing. The two brackets as well: then nobody can write what stands for a hidden character.
 */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{DI}\u2800⟨⟩]|(?! )\p{Zs}/gu;

/** More marks on one letter than any script puts there climb over the lines above. */
const PILE_OF_MARKS = /\p{M}{4,}/gu;

/** Columns that a character may take on a terminal, at most. */
const WIDEST = 2;

/** One line, with everything hidden in it written out as `⟨U+001B⟩`. */
export function sanitizeText(text: string): string {
  return text.replace(HIDDEN, nameOf).replace(PILE_OF_MARKS, (marks) => Array.from(marks, nameOf).join(""));
}

/** The same, cut off after so many characters. */
export function clipped(text: string, chars: number): string {
  const all = Array.from(sanitizeText(text.slice(0, chars * WIDEST)));
  return all.length <= chars && text.length <= chars * WIDEST
    ? all.join("")
    : `${all.slice(0, chars - 1).join("")}…`;
}

/**
 * A text of several lines, each behind a bar; what is wider than `columns` goes on behind a plus. A line of what an
 * agent wrote never begins where this command's own lines do.
 *
 * @param columns null: not wrapped, because no terminal will wrap it either
 */
export function quotedLines(text: string, columns: number | null): readonly string[] {
  const lines = text.split("\n");
  // The line feed at the end of a file ends its last line; it does not begin another.
  if (lines.length > 1 && lines.at(-1) === "") lines.pop();
  return lines.flatMap((line) => {
    const shown = line.split("\t").map(sanitizeText).join("    ");
    return wrapped(shown, columns === null ? Infinity : Math.max(columns - 4, 20)).map((piece, at) =>
      at === 0 ? `  | ${piece}` : `  + ${piece}`,
    );
  });
}

/**
 * A line of words that goes on indented where the terminal ends: what an agent wrote does not get to the left edge.
 *
 * @param text made visible already
 */
export function hanging(text: string, indent: number, columns: number | null): string {
  if (columns === null) return text;
  const [first = "", ...rest] = wrapped(text, Math.max(columns - indent, 20));
  // The first piece is as narrow as the others, though it has the whole width.
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

/** JSON for programs, which a terminal that it ends up in does not act on either. */
export function visibleJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2);
  return text.replace(HIDDEN, (char) =>
    char === "\n" || char === "⟨" || char === "⟩" ? char : escaped(char),
  );
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
