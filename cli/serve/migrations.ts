import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What of D1 is used here; the runtime's own types come with the whole of the Workers' globals. */
export interface Database {
  prepare(sql: string): Statement;
  batch(statements: readonly Statement[]): Promise<unknown>;
}

interface Statement {
  bind(...values: readonly string[]): Statement;
  run(): Promise<unknown>;
  all<Row>(): Promise<{ readonly results: readonly Row[] }>;
}

/** The bookkeeping of `wrangler d1 migrations apply`, so that both tools agree on what has been applied. */
const CREATE_BOOKKEEPING = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT UNIQUE,
  applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/** Applies what has not been applied yet, in the order of the file names. Each one whole or not at all. */
export async function applyMigrations(database: Database, folder: string): Promise<void> {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .toSorted();
  await database.prepare(CREATE_BOOKKEEPING).run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
  const applied = new Set(results.map((row) => row.name));
  for (const name of files.filter((file) => !applied.has(file))) {
    const statements = splitStatements(readFileSync(join(folder, name), "utf8"));
    // A batch is a transaction: the statements and the line that says they ran are never apart.
    await database.batch([
      ...statements.map((statement) => database.prepare(statement)),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
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
