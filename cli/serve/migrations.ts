import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/** The migrations of a folder, in the order of their names, in which they are applied. */
export function readMigrations(folder: string): readonly Migration[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .toSorted()
    .map((name) => ({ name, statements: splitStatements(readFileSync(join(folder, name), "utf8")) }));
}

/**
 * The statements of a migration. A semicolon ends one, except inside a string, a quoted name, a comment, and
 * between BEGIN and END of a trigger (where CASE … END counts as well).
 */
export function splitStatements(sql: string): readonly string[] {
  const statements: string[] = [];
  let current = "";
  let depth = 0;
  const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\/|\w+|[\s\S]/g;
  for (const [part] of sql.matchAll(token)) {
    if (part.startsWith("--") || part.startsWith("/*")) {
      current += " ";
      continue;
    }
    const word = part.toUpperCase();
    if (word === "CASE" || (word === "BEGIN" && /\bTRIGGER\b/i.test(current))) depth += 1;
    else if (word === "END" && depth > 0) depth -= 1;
    if (part === ";" && depth === 0) {
      if (current.trim() !== "") statements.push(current.trim());
      current = "";
    } else {
      current += part;
    }
  }
  if (current.trim() !== "") statements.push(current.trim());
  return statements;
}
