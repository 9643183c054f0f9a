import { PHASES, type Phase } from "../../core/intent/phase.ts";
import type { IntentRow } from "../../core/intent/read-model.ts";
import type { IntentIndex } from "../../ports/intent-index.ts";

/** `/` is the character after `.`, so that the range holds every name that begins with `system.`. */
const HAS_DESTINATION = "SELECT 1 FROM intents WHERE destination >= ?1 AND destination < ?2 LIMIT 1";

export function d1IntentIndex(db: D1Database): IntentIndex {
  return {
    async list(filter) {
      const wheres: string[] = [];
      const values: (string | number)[] = [];
      const place = (value: string | number) => `?${values.push(value)}`;
      const { phases, destinations, agent, policy, group, since, until, after } = filter;
      if (phases?.length === 0 || destinations?.length === 0) return [];
      if (phases !== null) wheres.push(phaseClause(phases));
      if (destinations !== null) wheres.push(anyOf(destinations, place));
      if (agent !== null) wheres.push(`agent_id = ${place(agent)}`);
      if (policy !== null) wheres.push(`policy_id = ${place(policy)}`);
      if (group !== null) wheres.push(`group_key = ${place(group)}`);
      if (since !== null) wheres.push(`created_at >= ${place(since)}`);
      if (until !== null) wheres.push(`created_at < ${place(until)}`);
      if (after !== null) wheres.push(`(created_at, id) < (${place(after.createdAt)}, ${place(after.id)})`);
      const clause = wheres.length === 0 ? "" : `WHERE ${wheres.join(" AND ")}`;
      const { results } = await db
        .prepare(
          `SELECT * FROM intents ${clause} ORDER BY created_at DESC, id DESC LIMIT ${place(filter.limit)}`,
        )
        .bind(...values)
        .all<IntentRow>();
      return results;
    },

    async hasDestination(target) {
      // A range and not LIKE: `_` is a wildcard there, and destinations contain it.
      const [from, until] = target.endsWith(".*")
        ? [target.slice(0, -1), `${target.slice(0, -2)}/`]
        : [target, `${target}\u0000`];
      const row = await db.prepare(HAS_DESTINATION).bind(from, until).first();
      return row !== null;
    },

    async groups(limit) {
      const { results } = await db.prepare(PENDING_GROUPS).bind(limit).all<GroupRow>();
      return results.map((row) => ({
        group: row.group_key,
        count: row.count,
        agent: row.agent_id,
        destination: row.destination,
        policy: row.policy_id,
        records: row.records,
        valueCents: row.cents,
        oldest: row.oldest,
        nextDeadline: row.next_deadline,
      }));
    },

    async metrics(agent) {
      const [phases, duplicates, latency] = await db.batch<{ name: string | null; value: number | null }>([
        db.prepare(COUNT_PHASES).bind(agent),
        db.prepare(COUNT_DUPLICATES).bind(agent),
        db.prepare(MEAN_LATENCY).bind(agent),
      ]);
      const mean = latency?.results[0]?.value ?? null;
      return {
        byPhase: new Map(phases?.results.map(({ name, value }) => [name ?? "", value ?? 0])),
        duplicates: duplicates?.results[0]?.value ?? 0,
        approvalLatencyMs: mean === null ? null : Math.round(mean),
      };
    },
  };
}

/** One parameter for all of a runner's destinations, because D1 binds at most 100. One alone is found by its index. */
function anyOf(destinations: readonly string[], place: (value: string) => string): string {
  const [first = ""] = destinations;
  return destinations.length === 1
    ? `destination = ${place(first)}`
    : `destination IN (SELECT value FROM json_each(${place(JSON.stringify(destinations))}))`;
}

/**
 * Phases are literals and not parameters: SQLite uses the partial index over pending intents only where the statement
 * itself names that phase. They come from the closed list `PHASES`, never from a request, so nothing can be injected.
 */
function phaseClause(phases: readonly Phase[]): string {
  const known = PHASES.filter((phase) => phases.includes(phase)).map((phase) => `'${phase}'`);
  return known.length === 1 ? `phase = ${known.join()}` : `phase IN (${known.join(", ")})`;
}

interface GroupRow {
  readonly group_key: string;
  readonly count: number;
  readonly agent_id: string;
  readonly destination: string;
  readonly policy_id: string;
  readonly records: number | null;
  readonly cents: number | null;
  readonly oldest: number;
  readonly next_deadline: number | null;
}

// Agent, destination and policy are equal in all rows of a group, so MIN picks any. An intent that is held without a
// deadline has a null in its approval, while the column still has the deadline that passed.
const PENDING_GROUPS = `
  SELECT group_key, COUNT(*) AS count, MIN(agent_id) AS agent_id, MIN(destination) AS destination,
         MIN(policy_id) AS policy_id, SUM(records) AS records, SUM(value_cents) AS cents, MIN(created_at) AS oldest,
         MIN(CASE WHEN json_type(approval, '$.decide_by') = 'null' THEN NULL ELSE decide_by END) AS next_deadline
  FROM intents WHERE phase = 'pending_approval' AND group_key IS NOT NULL
  GROUP BY group_key ORDER BY count DESC, oldest LIMIT ?1`;

const COUNT_PHASES = `
  SELECT phase AS name, COUNT(*) AS value FROM intents WHERE ?1 IS NULL OR agent_id = ?1 GROUP BY phase`;

const COUNT_DUPLICATES = `
  SELECT NULL AS name, SUM(body ->> 'count') AS value FROM ledger
  WHERE event = 'duplicate_blocked' AND (?1 IS NULL OR actor = ?1)`;

// Only approvals by people: an intent that policy approved was approved in the millisecond it was created.
const MEAN_LATENCY = `
  SELECT NULL AS name, AVG(approved_at - created_at) AS value FROM intents
  WHERE approved_at > created_at AND (?1 IS NULL OR agent_id = ?1)`;
