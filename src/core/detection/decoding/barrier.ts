/**
 * Control character between texts that are searched as one; no match crosses it. Texts and decoded escapes lose
 * theirs, or an agent could split a term with it (`re<FS>fund`).
 */
export const BARRIER = "\u001c";

/** Joins texts that are searched as one. The line breaks put a word boundary on both sides. */
export const BETWEEN_TEXTS = `\n${BARRIER}\n`;

export function withoutBarriers(text: string): string {
  return text.includes(BARRIER) ? text.replaceAll(BARRIER, "") : text;
}

/** The character of a decoded escape; empty for a barrier, a blank for an invalid code point. */
export function decodedCharacter(codePoint: number): string {
  if (codePoint === 0x1c) return "";
  return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : " ";
}
