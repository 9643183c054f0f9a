import { textOf } from "./case-payload.ts";
import { visibleLines } from "../sanitize-text.ts";

/** More than this nobody reads, so nobody changes it in a field of a page either. */
export const MAX_EDITED_CHARACTERS = 64 * 1024;

/**
 * The payload as a text field can hold it, its lines ending in line feeds. Null for what would not come back as it
 * was, or would not be seen: bytes, line ends of several kinds, characters that a field hides.
 */
export function editableText(bytes: Uint8Array): string | null {
  const text = textOf(bytes);
  if (text === null || text.length > MAX_EDITED_CHARACTERS) return null;
  const lines = text.replaceAll("\r\n", "\n");
  if (lines.includes("\r") || (hasCrlf(text) && text.replaceAll("\r\n", "").includes("\n"))) return null;
  // With a letter behind it, because blanks at the end are shown though a field keeps them.
  return visibleLines(`${lines}x`) === `${lines}x` ? lines : null;
}

/** What a field sent, with the line ends of what was in it: browsers send every line end as two characters. */
export function editedBytes(before: Uint8Array, sent: string): Uint8Array {
  const lines = sent.replaceAll("\r\n", "\n");
  const text = hasCrlf(textOf(before) ?? "") ? lines.replaceAll("\n", "\r\n") : lines;
  return new TextEncoder().encode(text);
}

function hasCrlf(text: string): boolean {
  return text.includes("\r\n");
}
