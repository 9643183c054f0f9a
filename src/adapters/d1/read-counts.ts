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
 * A write runs within one request, which the platform cancels about 30 seconds after its response. Waiting counts must
 * not depend on it: after this time the next request takes over.
 */
const STORES_FOR_MS = 10_000;

/** Counts of one isolate that arrive during a write go into the next one together: many reads cause few writes. */
export function d1Reads(db: D1Database): Reads {
  let waiting = new Map<string, number>();
  /** The request that stores the waiting counts; null: none. */
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
      // A clock that was set back must not prolong a turn.
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
