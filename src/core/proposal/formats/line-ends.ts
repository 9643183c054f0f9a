/**
 * Whether a character ends a line to some readers and is text to others: VT and FF, FS to US, NEL, LS and PS. Python's
 * `splitlines` ends lines at all but US, `\R` of PHP and Ruby at VT, FF, NEL, LS and PS, Java's `Scanner` at the last three,
 * `^` of JavaScript at the last two, most others at none.
 */
export function isDisputedLineEnd(unit: number): boolean {
  if (unit > 0x1f && unit < 0x85) return false;
  return (
    unit === 0x0b ||
    unit === 0x0c ||
    (unit >= 0x1c && unit <= 0x1f) ||
    unit === 0x85 ||
    unit === 0x2028 ||
    unit === 0x2029
  );
}

/** The same characters within the brackets of an expression. */
export const DISPUTED_LINE_ENDS = "\v\f\u001c-\u001f\u0085\u2028\u2029";

const DISPUTED = new RegExp(`[${DISPUTED_LINE_ENDS}]`, "g");

/** The text to readers to whom disputed characters end lines; the same where it has none. */
export function withDisputedAsLines(text: string): string {
  return text.replaceAll(DISPUTED, "\n");
}

/** Every control character but a tab, so that no reader finds more lines. */
export const ANY_LINE_END = /\r\n|[^\P{Cc}\t]|[\u2028\u2029]/u;
