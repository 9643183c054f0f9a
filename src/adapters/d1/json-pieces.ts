/** D1 refuses a parameter over 2 MB, and a character takes at most three bytes of UTF-8. */
const MAX_PIECE_CHARS = 512 * 1024;

/** Rows as JSON lists for `json_each`, in order. Each list is short enough for one parameter, or has a single row. */
export function jsonPieces(rows: readonly unknown[]): readonly string[] {
  const pieces: string[][] = [];
  let size = Infinity;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (size + text.length > MAX_PIECE_CHARS) {
      pieces.push([]);
      size = 0;
    }
    pieces.at(-1)?.push(text);
    size += text.length;
  }
  return pieces.map((texts) => `[${texts.join(",")}]`);
}
