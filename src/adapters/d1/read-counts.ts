import type { ReadCount, Reads } from "../../ports/upstream.ts";

const MAX_DAYS = 31;

const DAY_MS = 24 * 60 * 60_000;

const COUNT = `
  INSERT INTO proxy_reads (day, agent_id, destination, count)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true
  ON CONFLICT (day, agent_id, destination) DO UPDATE SET count = count + excluded.count`;

const LIST = `
  SELECT day, agent_id AS agent, destination, count FROM proxy_reads
  WHERE (?1 IS NULL OR agent_id = ?1) AND day > ?2 ORDER BY day DESC, agent_id, destination`;

/**
 * Whoever stores does it in the call of their own request, which the platform ends some 30 seconds after its answer,
 * wherever it is: nobody waits for them, and after this long the next one takes over.
 */
const STORES_FOR_MS = 10_000;

/** Counts of one isolate wait for the write before them, and go in one: a storm of reads is not one of writes. */
export function d1Reads(db: D1Database): Reads {
  let waiting = new Map<string, number>();
  /** Whose turn it is to store what waits. */
  let turn: { readonly since: number } | null = null;

  async function store(mine: typeof turn): Promise<void> {
    const isMine = () => turn === mine;
    try {
      while (isMine() && waiting.size > 0) {
        const counts = waiting;
        waiting = new Map();
        const rows = [...counts].map(([key, count]) => [...(JSON.parse(key) as string[]), count]);
        await db.prepare(COUNT).bind(JSON.stringify(rows)).run();
      }
    } finally {
      if (isMine()) turn = null;
    }
  }

  return {
    async count(agent, destination, now) {
      const key = JSON.stringify([dayOf(now), agent, destination]);
      waiting.set(key, (waiting.get(key) ?? 0) + 1);
      const lasted = turn === null ? Infinity : now - turn.since;
      // A clock that was set back must not make a turn endless.
      if (lasted >= 0 && lasted < STORES_FOR_MS) return;
      turn = { since: now };
      await store(turn);
    },
    async list(agent) {
      const since = dayOf(Date.now() - MAX_DAYS * DAY_MS);
      const { results } = await db.prepare(LIST).bind(agent, since).all<ReadCount>();
      return results;
    },
  };
}

function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
