import { coalescedRead } from "./coalesced-read.ts";
import type { Metrics } from "../../ports/intent-index.ts";

/** As the migration's triggers name them. */
const EVERY_AGENT = "";
const ALL = "all";
const DUPLICATES = "duplicate_blocked";

/** The triggers don't count these: each intent passes both, and few are in them at a time, since orders and claims lapse. */
const PASSING = ["scheduled", "claimed"] as const;

interface CountRow {
  readonly name: string;
  readonly count: number;
  readonly approvals: number;
  readonly latency_ms: number;
}

const COUNTED = "SELECT name, count, approvals, latency_ms FROM intent_counts WHERE agent_id = ?1";

/** @param column the condition on the agent, with its AND */
const passing = (column: string) =>
  PASSING.map(
    (phase) =>
      `SELECT '${phase}' AS name, COUNT(*) AS count, 0 AS approvals, 0 AS latency_ms
       FROM intents WHERE ${column} phase = '${phase}'`,
  ).join(" UNION ALL ");

const PASSING_OF_AGENT = passing("agent_id = ?1 AND");
const PASSING_OF_ALL = passing("");

/** The counts of one agent's intents, or of all. */
export async function metrics(db: D1Database, agent: string | null): Promise<Metrics> {
  // In one turn, hence of one transaction.
  const lists = await Promise.all([
    coalescedRead<CountRow>(db, db.prepare(COUNTED).bind(agent ?? EVERY_AGENT)),
    coalescedRead<CountRow>(
      db,
      agent === null ? db.prepare(PASSING_OF_ALL) : db.prepare(PASSING_OF_AGENT).bind(agent),
    ),
  ]);
  const rows = lists.flat();
  const byPhase = new Map(rows.map(({ name, count }) => [name, count]));
  const duplicates = byPhase.get(DUPLICATES) ?? 0;
  byPhase.delete(DUPLICATES);
  byPhase.delete(ALL);
  const all = rows.find(({ name }) => name === ALL);
  const others = [...byPhase.values()].reduce((sum, count) => sum + count, 0);
  byPhase.set("approved", (all?.count ?? 0) - others);
  const approvals = all?.approvals ?? 0;
  const mean = approvals === 0 ? null : Math.round((all?.latency_ms ?? 0) / approvals);
  return { byPhase, duplicates, approvalLatencyMs: mean };
}
