/**
 * A control character that stands for nothing but "another text begins here": no match runs across it. Texts
 * that bring one of their own lose it, as does whatever decodes to one, or `re<FS>fund` would be two texts.
 */
export const BARRIER = "\u001c";

/** Between texts that are searched as one. Line breaks, so that what stands on either side is at a word's edge. */
export const BETWEEN_TEXTS = `\n${BARRIER}\n`;

export function withoutBarriers(text: string): string {
  return text.includes(BARRIER) ? text.replaceAll(BARRIER, "") : text;
}

/** The character of a decoded escape; nothing for a barrier, a blank for what is no character. */
export function decodedCharacter(codePoint: number): string {
  if (codePoint === 0x1c) return "";
  return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : " ";
}
