interface Part {
  readonly [column: string]: SqlStorageValue;
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/** The tables of the migrations, and not the platform's. */
const PARTS = `
  SELECT type, name, sql FROM sqlite_schema
  WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'`;

/** Makes a D1 database what an object's is: tables, rows, sequences, indexes and triggers. */
export async function copyDatabase(from: SqlStorage, to: D1Database): Promise<void> {
  const parts = from.exec<Part>(PARTS).toArray();
  const tables = parts.filter(({ type }) => type === "table");
  const { results: before } = await to.prepare(`${PARTS} AND type = 'table'`).all<Part>();
  const rowsOf = (table: string) =>
    Array.from(from.exec(`SELECT * FROM "${table}"`).raw(), (values) =>
      to.prepare(`INSERT INTO "${table}" VALUES (${values.map(() => "?").join(", ")})`).bind(...values),
    );
  await to.batch([
    to.prepare("PRAGMA defer_foreign_keys = ON"),
    ...before.map(({ name }) => to.prepare(`DROP TABLE "${name}"`)),
    ...tables.map(({ sql }) => to.prepare(sql)),
    ...tables.flatMap(({ name }) => rowsOf(name)),
    // What the inserted rows left there is replaced.
    to.prepare("DELETE FROM sqlite_sequence"),
    ...rowsOf("sqlite_sequence"),
    ...parts.filter(({ type }) => type !== "table").map(({ sql }) => to.prepare(sql)),
  ]);
}
