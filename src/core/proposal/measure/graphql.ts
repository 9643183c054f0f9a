/*
 * What a GraphQL document writes: each root field of a mutation is a write of its own (`a: delete(id: 1) b: …`), and
 * so is each item of a list that is an argument.
 */

/** Strings and comments whole, so that nothing in them counts; marks; names. */
const MARK = /"""(?:[^"]|"(?!""))*(?:"""|$)|"(?:[^"\\\n]|\\.)*"?|#[^\n]*|[{}()[\]:@]|\.\.\.|\w+/g;

/** The records that a document's mutations write as they are written in it; 0 without a mutation. */
export function mutationRecords(document: string): number {
  if (!/\bmutation\b/.test(document)) return 0;
  const open: string[] = [];
  let fields = 0;
  let items = 0;
  let before = "";
  for (const [mark] of document.matchAll(MARK)) {
    if (mark.startsWith("#")) continue;
    const top = open.at(-1);
    const isName = /^\w/.test(mark);
    if (top === "{" && open.length === 1 && (isName || mark === "...")) {
      // A name behind a colon is the field of an alias, and one behind an `@` a directive.
      if (before !== ":" && before !== "@" && before !== "...") fields++;
    }
    if (top === "[" && (mark === "{" || open.at(-2) === "(")) {
      if (mark === "{" || isName || mark.startsWith('"')) items++;
    }
    if ("{([".includes(mark)) open.push(mark);
    else if ("})]".includes(mark)) open.pop();
    before = mark;
  }
  return Math.max(fields, items);
}
