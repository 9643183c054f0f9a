export interface Migration {
  readonly name: string;
  readonly statements: readonly string[];
}

/** That of `wrangler d1 migrations apply`, so that every tool agrees on the applied migrations. */
const BOOKKEEPING = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`;

/**
 * Applies the migrations that the database lacks, by name. A migration and its record are committed together.
 *
 * @throws an error that names the migration that failed, and leaves those before it applied
 */
export function applyMigrations(storage: DurableObjectStorage, migrations: readonly Migration[]): void {
  const { sql } = storage;
  sql.exec(BOOKKEEPING);
  const applied = new Set(
    sql
      .exec("SELECT name FROM d1_migrations")
      .toArray()
      .map(({ name }) => name),
  );
  for (const { name, statements } of migrations) {
    if (applied.has(name)) continue;
    try {
      storage.transactionSync(() => {
        for (const statement of statements) sql.exec(statement);
        sql.exec("INSERT INTO d1_migrations (name) VALUES (?)", name);
      });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`the migration ${name} failed: ${why}`, { cause: error });
    }
  }
}
