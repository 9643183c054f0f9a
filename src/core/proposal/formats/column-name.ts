const AROUND = /[\s\p{Cc}]/u;

/**
 * A cell as the name of its column: without the blanks around it, and without control characters, which Python's `strip`
 * and Java's `trim` drop as well. Else a check on `amount` passes by `amount<NEL>`.
 */
export function columnName(cell: string): string {
  let start = 0;
  let end = cell.length;
  while (start < end && AROUND.test(cell.charAt(start))) start++;
  while (end > start && AROUND.test(cell.charAt(end - 1))) end--;
  return cell.slice(start, end);
}
