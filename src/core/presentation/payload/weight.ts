/** A hidden character is shown by its code: `[U+10FFFF]`. */
const CODE_BYTES = 10;

const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{M}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u;

/** At most this many bytes does a character take on a page, where markup is escaped and hidden characters are named. */
function weightOf(char: string): number {
  switch (char) {
    case "\n":
    case "\t":
      return 1;
    case "&":
    case "'":
      return 5;
    case "<":
    case ">":
      return 4;
    case '"':
      return 6;
    default:
      if (char >= " " && char <= "~") return 1;
      return HIDDEN.test(char) ? CODE_BYTES : char.length === 2 ? 4 : 3;
  }
}

/** The start of a text that takes at most so many bytes on a page, never cut inside a character. */
export function startWithin(text: string, maxBytes: number): string {
  let bytes = 0;
  let end = 0;
  for (const char of text) {
    bytes += weightOf(char);
    if (bytes > maxBytes) return text.slice(0, end);
    end += char.length;
  }
  return text;
}
