import { env } from "cloudflare:workers";

export interface Counted {
  readonly sql: string;
  readonly values: readonly unknown[];
  readonly rowsRead: number;
  readonly rowsWritten: number;
}

export interface CountedD1 {
  readonly db: D1Database;
  /** What ran since it was asked last. */
  taken(): readonly Counted[];
}

/** D1 that notes each statement it runs, with the rows that D1 says it read and wrote. */
export function countedD1(): CountedD1 {
  let counted: Counted[] = [];

  class Statement {
    readonly sql: string;
    readonly values: readonly unknown[];

    constructor(sql: string, values: readonly unknown[] = []) {
      this.sql = sql;
      this.values = values;
    }

    bind(...values: unknown[]): Statement {
      return new Statement(this.sql, values);
    }

    async all(): Promise<D1Result> {
      const [result] = await batch([this]);
      if (result === undefined) throw new Error("no result");
      return result;
    }

    run(): Promise<D1Result> {
      return this.all();
    }

    async first(column?: string): Promise<unknown> {
      const row = (await this.all()).results[0] as Record<string, unknown> | undefined;
      return row === undefined ? null : column === undefined ? row : row[column];
    }
  }

  async function batch(statements: readonly Statement[]): Promise<D1Result[]> {
    const results = await env.DB.batch(
      statements.map(({ sql, values }) => env.DB.prepare(sql).bind(...values)),
    );
    results.forEach(({ meta }, at) => {
      const { sql = "", values = [] } = statements[at] ?? {};
      counted.push({ sql, values, rowsRead: meta.rows_read, rowsWritten: meta.rows_written });
    });
    return results;
  }

  return {
    db: { prepare: (sql: string) => new Statement(sql), batch } as unknown as D1Database,
    taken() {
      const all = counted;
      counted = [];
      return all;
    },
  };
}

/** SQLite's plan of a statement, a step a line. */
export async function planOf({ sql, values }: Pick<Counted, "sql" | "values">): Promise<readonly string[]> {
  const { results } = await env.DB.prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .bind(...values)
    .all<{ detail: string }>();
  return results.map(({ detail }) => detail);
}
