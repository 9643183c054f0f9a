interface Waiting {
  readonly statement: D1PreparedStatement;
  readonly resolve: (rows: readonly unknown[]) => void;
  readonly reject: (error: unknown) => void;
}

const waitingOf = new WeakMap<D1Database, Waiting[]>();

/**
 * Rows of a read-only statement. Statements issued in the same microtask turn go to D1 in one batch: one round trip for
 * the request and one call for D1. A turn belongs to one request, so no request waits for another's reads.
 */
export function coalescedRead<T>(db: D1Database, statement: D1PreparedStatement): Promise<readonly T[]> {
  return new Promise<readonly unknown[]>((resolve, reject) => {
    const waiting = waitingOf.get(db) ?? [];
    waiting.push({ statement, resolve, reject });
    if (waiting.length > 1) return;
    waitingOf.set(db, waiting);
    queueMicrotask(() => {
      waitingOf.delete(db);
      void send(db, waiting);
    });
  }) as Promise<readonly T[]>;
}

async function send(db: D1Database, waiting: readonly Waiting[]): Promise<void> {
  // A batch is a transaction: while D1 refuses those, single reads may still succeed.
  const together = waiting.length > 1 ? await db.batch(waiting.map(statementOf)).catch(() => null) : null;
  for (const [at, { statement, resolve, reject }] of waiting.entries()) {
    const answer = together === null ? statement.all() : Promise.resolve(together[at]);
    answer.then((answered) => resolve(answered?.results ?? []), reject);
  }
}

function statementOf({ statement }: Waiting): D1PreparedStatement {
  return statement;
}
