/** Elements that end a word where they stand; all others (`<b>`, `<span>`) can stand inside one. */
const BREAKING =
  /^\/?(?:address|article|aside|blockquote|br|button|dd|div|dl|dt|fieldset|figure|footer|form|h[1-6]|header|hr|li|main|nav|ol|option|p|pre|section|table|tbody|td|tfoot|th|thead|title|tr|ul)\b/i;

/**
 * The text of a document without its tags and comments: `re<b></b>fund` is refund. Linear, even when no tag or
 * comment closes.
 */
export function withoutTags(text: string): string {
  if (!/<[a-z/!?]/i.test(text)) return text;
  const parts: string[] = [];
  let from = 0;
  let commentsEnd = true;
  while (from < text.length) {
    const open = text.indexOf("<", from);
    if (open < 0) break;
    parts.push(text.slice(from, open));
    const isComment = commentsEnd && text.startsWith("<!--", open);
    const close = isComment ? text.indexOf("-->", open + 4) : tagEnd(text, open);
    if (isComment && close < 0) commentsEnd = false;
    if (close < 0) {
      parts.push("<");
      from = open + 1;
      continue;
    }
    if (!isComment && BREAKING.test(text.slice(open + 1, open + 14))) parts.push("\n");
    from = isComment ? close + 3 : close + 1;
  }
  parts.push(text.slice(from));
  return parts.join("");
}

/** Index where the tag at `open` ends; −1 when it is no tag. Stops at the next `<`, so no character is read twice. */
function tagEnd(text: string, open: number): number {
  if (!/^[a-z/!?]/i.test(text.charAt(open + 1))) return -1;
  for (let index = open + 1; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0x3e) return index;
    if (unit === 0x3c) return -1;
  }
  return -1;
}
