interface Waiting {
  readonly statement: D1PreparedStatement;
  readonly resolve: (rows: readonly unknown[]) => void;
  readonly reject: (error: unknown) => void;
}

const waitingOf = new WeakMap<D1Database, Waiting[]>();

/** Turns of the microtask queue that a batch waits for more statements: as many as lie between two of one request. */
const TURNS = 32;

/**
 * Rows of a read-only statement. Statements issued within a few turns of the microtask queue go to D1 in one batch: one
 * round trip for the request and one call for D1. Microtasks run to their end before another request goes on, so no
 * request waits for another's reads.
 */
export function coalescedRead<T>(db: D1Database, statement: D1PreparedStatement): Promise<readonly T[]> {
  return new Promise<readonly unknown[]>((resolve, reject) => {
    const waiting = waitingOf.get(db) ?? [];
    waiting.push({ statement, resolve, reject });
    if (waiting.length > 1) return;
    waitingOf.set(db, waiting);
    void afterTurns(TURNS).then(() => {
      waitingOf.delete(db);
      return send(db, waiting);
    });
  }) as Promise<readonly T[]>;
}

async function afterTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
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
