/** The bytes as text; null: they are not valid UTF-8, or contain a NUL. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    // The byte order mark stays: it is part of the write, so the reviewer must see it.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

/** The number of lines; a final line end begins none. */
export function linesIn(text: string): number {
  let lines = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines - (text.endsWith("\n") ? 1 : 0);
}
