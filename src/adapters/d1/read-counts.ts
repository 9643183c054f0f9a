import { isYounger } from "../../core/base/age.ts";
import type { ReadCount, Reads } from "../../ports/upstream.ts";

const MAX_DAYS = 31;

const DAY_MS = 24 * 60 * 60_000;

/** Counts are written together: after this time, or as soon as there are this many. A crash loses no more. */
export const COLLECT_MS = 2_000;
const MAX_COLLECTED = 100;

/** The platform ends a request's work about 30 seconds after its response: then the next request takes over. */
const COLLECTOR_MS = 10_000;

const COUNT = `
  INSERT INTO proxy_reads (day, agent_id, destination, count)
  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1) WHERE true
  ON CONFLICT (day, agent_id, destination) DO UPDATE SET count = count + excluded.count`;

const ORDER = "ORDER BY day DESC, agent_id, destination";

const LIST = `
  SELECT day, agent_id AS agent, destination, count FROM proxy_reads WHERE day > ?1 ${ORDER}`;

/** Day by day, so that it reads the counts of no other agent. */
const LIST_OF_AGENT = `
  SELECT day, agent_id AS agent, destination, count FROM proxy_reads
  WHERE day IN (SELECT value FROM json_each(?1)) AND agent_id = ?2 ${ORDER}`;

/** Counts one isolate's reads in memory, and writes them a little later: a read must not wait for its count. */
export function d1Reads(db: D1Database): Reads {
  let counts = new Map<string, number>();
  let collected = 0;
  /** The request that writes what was collected; null: none. */
  let collector: { readonly since: number } | null = null;

  function add(key: string, count: number): void {
    counts.set(key, (counts.get(key) ?? 0) + count);
    collected += count;
  }

  async function store(): Promise<void> {
    const written = counts;
    counts = new Map();
    collected = 0;
    const rows = [...written].map(([key, count]) => [...(JSON.parse(key) as string[]), count]);
    try {
      if (rows.length > 0) await db.prepare(COUNT).bind(JSON.stringify(rows)).run();
    } catch (error) {
      for (const [key, count] of written) add(key, count);
      throw error;
    }
  }

  return {
    async count(agent, destination, now) {
      add(JSON.stringify([dayOf(now), agent, destination]), 1);
      if (collected % MAX_COLLECTED === 0) return store();
      if (collector !== null && isYounger(collector.since, now, COLLECTOR_MS)) return;
      const mine = { since: now };
      collector = mine;
      await scheduler.wait(COLLECT_MS);
      if (collector === mine) collector = null;
      await store();
    },
    async list(agent) {
      const now = Date.now();
      const days = Array.from({ length: MAX_DAYS }, (_, back) => dayOf(now - back * DAY_MS));
      const statement =
        agent === null
          ? db.prepare(LIST).bind(dayOf(now - MAX_DAYS * DAY_MS))
          : db.prepare(LIST_OF_AGENT).bind(JSON.stringify(days), agent);
      return (await statement.all<ReadCount>()).results;
    },
  };
}

function dayOf(now: number): string {
  return new Date(now).toISOString().slice(0, 10);
}
