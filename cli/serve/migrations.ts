import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readJsonFile, writePrivateFile } from "./private-file.ts";

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

/**
 * Whether the state folder's marker names exactly these migrations. Querying the database instead would start a second
 * runtime at every start, which only a new folder or a new version of Gate needs.
 */
export function isMigrated(stateDir: string, migrations: readonly Migration[]): boolean {
  return readJsonFile(markerFile(stateDir))?.["digest"] === digestOf(migrations);
}

export function markMigrated(stateDir: string, migrations: readonly Migration[]): void {
  writePrivateFile(markerFile(stateDir), `${JSON.stringify({ digest: digestOf(migrations) })}\n`);
}

function markerFile(stateDir: string): string {
  return join(stateDir, "migrated.json");
}

function digestOf(migrations: readonly Migration[]): string {
  return createHash("sha256").update(JSON.stringify(migrations)).digest("hex");
}

/**
 * The Worker that applies migrations, with the bindings `DB` and `MIGRATIONS`. Its bookkeeping is that of
 * `wrangler d1 migrations apply`, so that both tools agree on the applied migrations. A batch is a transaction, so that
 * a migration and its record are committed together.
 */
export const MIGRATOR = `
const BOOKKEEPING = "CREATE TABLE IF NOT EXISTS d1_migrations(" +
  "id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, " +
  "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)";
async function apply({ DB, MIGRATIONS }) {
  const [, { results }] = await DB.batch([DB.prepare(BOOKKEEPING), DB.prepare("SELECT name FROM d1_migrations")]);
  const applied = new Set(results.map((row) => row.name));
  for (const { name, statements } of MIGRATIONS) {
    if (applied.has(name)) continue;
    const record = DB.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    try {
      await DB.batch([...statements.map((statement) => DB.prepare(statement)), record]);
    } catch (error) {
      return Response.json({ failed: name, message: String(error) }, { status: 500 });
    }
  }
  return Response.json({ failed: null });
}
export default { fetch: (request, env) => apply(env) };
`;
