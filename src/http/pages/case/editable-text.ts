import { textOf } from "../payload/payload-text.ts";
import { visibleLines } from "../sanitize-text.ts";

/** The page of the edit shows all of it: a reviewer must not edit text that a page cut off. */
export const MAX_EDITED_CHARACTERS = 64 * 1024;
/** UTF-8 writes a UTF-16 unit in up to three bytes. */
export const MAX_EDITED_BYTES = 3 * MAX_EDITED_CHARACTERS;

/**
 * The payload as a text field can hold it, with line feeds. Null for a payload that a browser would change on
 * submission, or hide from the reviewer: bytes, mixed line ends, invisible characters.
 */
export function editableText(bytes: Uint8Array): string | null {
  const text = textOf(bytes);
  if (text === null || text.length > MAX_EDITED_CHARACTERS) return null;
  const lines = text.replaceAll("\r\n", "\n");
  if (lines.includes("\r") || (hasCrlf(text) && text.replaceAll("\r\n", "").includes("\n"))) return null;
  // The appended letter keeps trailing blanks out of the comparison: a field preserves them, `visibleLines` shows them.
  return visibleLines(`${lines}x`) === `${lines}x` ? lines : null;
}

/** The submitted text with the original's line ends: browsers submit every line end as CR LF. */
export function editedBytes(before: Uint8Array, sent: string): Uint8Array {
  const lines = sent.replaceAll("\r\n", "\n");
  const text = hasCrlf(textOf(before) ?? "") ? lines.replaceAll("\n", "\r\n") : lines;
  return new TextEncoder().encode(text);
}

function hasCrlf(text: string): boolean {
  return text.includes("\r\n");
}
