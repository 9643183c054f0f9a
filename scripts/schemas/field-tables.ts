/** The source of descriptions: tables below a heading of a document, with keys relative to one path of the schema. */
export interface FieldTables {
  /** The document's text. */
  readonly markdown: string;
  /** With its `#`s. */
  readonly heading: string;
  /** `people.*` for the keys of an entry of `people`; empty for those of the file. */
  readonly at: string;
}

/**
 * Path of a key → its description in the document. A table's columns are key and meaning, or type, key and meaning
 * for keys of one type of entry: `channels.*(email).url`. A row may have several types and keys.
 */
export function fieldDescriptions(tables: readonly FieldTables[]): ReadonlyMap<string, string> {
  const descriptions = new Map<string, string>();
  for (const { markdown, heading, at } of tables) {
    for (const { types, keys, meaning } of rowsUnder(markdown, heading)) {
      for (const path of keys.flatMap((key) => types.map((type) => joined(`${at}${type}`, key)))) {
        if (descriptions.has(path)) throw new Error(`${heading}: a second row for ${path}`);
        descriptions.set(path, meaning);
      }
    }
  }
  return descriptions;
}

export function joined(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

interface Row {
  /** `(email)`, or empty for keys of every type. */
  readonly types: readonly string[];
  readonly keys: readonly string[];
  readonly meaning: string;
}

function rowsUnder(markdown: string, heading: string): readonly Row[] {
  const lines = sectionUnder(markdown, heading);
  return lines.flatMap((line, index) => {
    // Skips a table's head, which the line of dashes follows, and that line.
    if (!line.startsWith("|") || isDashes(line) || isDashes(lines[index + 1] ?? "")) return [];
    const cells = cellsOf(line);
    const [meaning = "", key = "", type = ""] = cells.toReversed();
    const types = codeIn(type).map((name) => `(${name})`);
    // `claim: required` is the row of `claim`.
    const keys = codeIn(key).map((code) => code.split(":")[0] ?? "");
    return [{ types: types.length === 0 ? [""] : types, keys, meaning: plain(meaning) }];
  });
}

function sectionUnder(markdown: string, heading: string): readonly string[] {
  const lines = markdown.split("\n");
  const start = lines.indexOf(heading);
  if (start === -1) throw new Error(`no heading ${heading}`);
  const end = lines.findIndex((line, index) => index > start && /^#+ /.test(line));
  return lines.slice(start + 1, end === -1 ? undefined : end);
}

function isDashes(line: string): boolean {
  return /^\|(?:-+\|)+$/.test(line);
}

function cellsOf(line: string): readonly string[] {
  return line
    .slice(1, -1)
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim().replaceAll("\\|", "|"));
}

function codeIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** Without links and emphasis: an editor can't resolve the document's links. */
function plain(markdown: string): string {
  return markdown
    .replaceAll(/ \(\[[^\]]*\]\([^)]*\)\)/g, "")
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll("**", "");
}
