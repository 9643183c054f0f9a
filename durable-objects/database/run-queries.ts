/** A value as D1's client sends it: a blob is an array of its bytes. */
type Parameter = number | string | null | readonly number[];

/** A value as D1 answers it. */
type Cell = number | string | null | readonly number[];

export interface Query {
  readonly sql: string;
  readonly params?: readonly Parameter[];
}

/** A result as D1's client reads it. */
export interface QueryResult {
  readonly data: {
    readonly kind: "raw";
    readonly columns: readonly string[];
    readonly rows: readonly (readonly Cell[])[];
  };
  readonly meta: {
    readonly changes: number;
    readonly rows_read: number;
    readonly rows_written: number;
    /** The clock of a Worker stands still while it computes. */
    readonly duration: 0;
  };
}

/**
 * Runs queries as one transaction, as a batch of D1 does.
 *
 * @throws SQLite's error, in its words; nothing of the batch took effect
 */
export function runQueries(storage: DurableObjectStorage, queries: readonly Query[]): readonly QueryResult[] {
  const runnable = queries.filter(({ sql }) => !isBlank(sql));
  if (runnable.length === 0) throw new Error("No SQL statements detected.");
  if (runnable.every(({ sql }) => isSelect(sql))) return runnable.map((query) => run(storage.sql, query));
  return storage.transactionSync(() => runnable.map((query) => run(storage.sql, query)));
}

function run(sql: SqlStorage, query: Query): QueryResult {
  const isRead = isSelect(query.sql);
  const before = isRead ? 0 : totalChanges(sql);
  const cursor = sql.exec(query.sql, ...(query.params ?? []).map(bound));
  const rows = Array.from(cursor.raw(), (row) => row.map(answered));
  return {
    data: { kind: "raw", columns: cursor.columnNames, rows },
    meta: {
      changes: isRead ? 0 : totalChanges(sql) - before,
      rows_read: cursor.rowsRead,
      rows_written: cursor.rowsWritten,
      duration: 0,
    },
  };
}

/** With what triggers changed, as D1 counts. */
function totalChanges(sql: SqlStorage): number {
  return sql.exec<{ total: number }>("SELECT total_changes() AS total").one().total;
}

/** One statement that can't write: a second one after a semicolon could. */
function isSelect(sql: string): boolean {
  return /^\s*SELECT\b[^;]*;?\s*$/i.test(sql);
}

function isBlank(sql: string): boolean {
  return sql.replaceAll(/^\s+--.*/gm, "").trim() === "";
}

/** D1 is spoken to in JSON, which has no NaN, no infinity and no negative zero. */
function inJson(value: number): number | null {
  return Number.isFinite(value) ? value + 0 : null;
}

function bound(value: Parameter): SqlStorageValue {
  if (typeof value === "number") return inJson(value);
  return typeof value === "string" || value === null ? value : new Uint8Array(value).buffer;
}

function answered(value: SqlStorageValue): Cell {
  if (typeof value === "number") return inJson(value);
  return value instanceof ArrayBuffer ? Array.from(new Uint8Array(value)) : value;
}
