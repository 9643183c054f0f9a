import { placeOf } from "../../core/intent/list-cursor.ts";
import type { IntentRow } from "../../core/intent/read-model.ts";
import type { IntentFilter, IntentIndex, IntentPage } from "../../ports/intent-index.ts";
import { intentQuery } from "./intent-query.ts";
import { seenBefore } from "./seen-before.ts";

/** Rows that one page of a search looks at. */
const MAX_SEARCHED = 10_000;

/** `/` is the character after `.`, so that the range holds every name that begins with `system.`. */
const HAS_DESTINATION = "SELECT 1 FROM intents WHERE destination >= ?1 AND destination < ?2 LIMIT 1";

export function d1IntentIndex(db: D1Database): IntentIndex {
  return {
    list: (filter) => list(db, filter, filter.limit),

    page: (filter) => (filter.search === null ? plainPage(db, filter) : searchPage(db, filter)),

    async hasDestination(target) {
      // A range and not LIKE: `_` is a wildcard there, and destinations contain it.
      const [from, until] = target.endsWith(".*")
        ? [target.slice(0, -1), `${target.slice(0, -2)}/`]
        : [target, `${target}\u0000`];
      const row = await db.prepare(HAS_DESTINATION).bind(from, until).first();
      return row !== null;
    },

    seenBefore: (terms, scope) => seenBefore(db, terms, scope),

    async countPending(groups, most) {
      const [total, each] = await db.batch<{ name: string | null; value: number }>([
        db.prepare(COUNT_PENDING).bind(most),
        db.prepare(COUNT_PENDING_OF_GROUPS).bind(JSON.stringify(groups), most),
      ]);
      return {
        total: total?.results[0]?.value ?? 0,
        byGroup: new Map(each?.results.map(({ name, value }) => [name ?? "", value])),
      };
    },

    async groups(limit) {
      const { results } = await db.prepare(PENDING_GROUPS).bind(limit).all<GroupRow>();
      return results.map((row) => ({
        group: row.group_key,
        count: row.count,
        agent: row.agent_id,
        destination: row.destination,
        policy: row.policy_id,
        policies: JSON.parse(row.policies) as readonly string[],
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

async function list(db: D1Database, filter: IntentFilter, limit: number): Promise<readonly IntentRow[]> {
  const query = intentQuery(filter);
  if (query === null) return [];
  const { sql, search, order, values } = query;
  const matching = search === null ? sql : `SELECT * FROM (${sql}) WHERE ${search} ${order}`;
  const { results } = await db
    .prepare(`${matching} LIMIT ${limit}`)
    .bind(...values)
    .all<IntentRow>();
  return results;
}

async function plainPage(db: D1Database, filter: IntentFilter): Promise<IntentPage> {
  return pageOf(await list(db, filter, filter.limit + 1), filter, null);
}

/** Reads a bounded number of rows: a text that nothing contains would read all there are. */
async function searchPage(db: D1Database, filter: IntentFilter): Promise<IntentPage> {
  const query = intentQuery(filter);
  if (query === null) return { rows: [], next: null };
  const { sql, search, values } = query;
  if (search === null) return plainPage(db, filter);
  // Rows come in the order of the inner statement; sorting them again would search all of them before the first is shown.
  const [found, last] = await db.batch<IntentRow>([
    db
      .prepare(`SELECT * FROM (${sql} LIMIT ${MAX_SEARCHED}) WHERE ${search} LIMIT ${filter.limit + 1}`)
      .bind(...values),
    // The search's parameters are bound and not used, so that both statements have the same.
    db
      .prepare(
        `SELECT created_at, decide_by, approval, id, ${search} AS used FROM (${sql} LIMIT 1 OFFSET ${MAX_SEARCHED - 1})`,
      )
      .bind(...values),
  ]);
  return pageOf(found?.results ?? [], filter, last?.results[0] ?? null);
}

/** @param last the last row that was looked at, where more may match after it; null: all were */
function pageOf(
  found: readonly IntentRow[],
  { limit, order }: IntentFilter,
  last: IntentRow | null,
): IntentPage {
  const rows = found.slice(0, limit);
  const end = found.length > limit ? rows.at(-1) : last;
  return { rows, next: end ? placeOf(end, order) : null };
}

interface GroupRow {
  readonly group_key: string;
  readonly count: number;
  readonly agent_id: string;
  readonly destination: string;
  readonly policy_id: string;
  readonly policies: string;
  readonly records: number | null;
  readonly cents: number | null;
  readonly oldest: number;
  readonly next_deadline: number | null;
}

// Agent, destination and policies are equal in all rows of a group, so MIN picks any. An intent that is held without a
// deadline has a null in its approval, while the column still has the deadline that passed.
const PENDING_GROUPS = `
  SELECT group_key, COUNT(*) AS count, MIN(agent_id) AS agent_id, MIN(destination) AS destination,
         MIN(policy_id) AS policy_id, MIN(policies) AS policies, SUM(records) AS records, SUM(value_cents) AS cents, MIN(created_at) AS oldest,
         MIN(CASE WHEN json_type(approval, '$.decide_by') = 'null' THEN NULL ELSE decide_by END) AS next_deadline
  FROM intents WHERE phase = 'pending_approval' AND group_key IS NOT NULL
  GROUP BY group_key ORDER BY count DESC, oldest LIMIT ?1`;

// Counted up to a limit: a page that says "100 or more" need not read ten thousand rows.
const COUNT_PENDING = `
  SELECT NULL AS name, COUNT(*) AS value FROM (SELECT 1 FROM intents WHERE phase = 'pending_approval' LIMIT ?1)`;

const COUNT_PENDING_OF_GROUPS = `
  SELECT wanted.value AS name,
         (SELECT COUNT(*) FROM
           (SELECT 1 FROM intents WHERE phase = 'pending_approval' AND group_key = wanted.value LIMIT ?2)) AS value
  FROM json_each(?1) AS wanted`;

const COUNT_PHASES = `
  SELECT phase AS name, COUNT(*) AS value FROM intents WHERE ?1 IS NULL OR agent_id = ?1 GROUP BY phase`;

const COUNT_DUPLICATES = `
  SELECT NULL AS name, SUM(body ->> 'count') AS value FROM ledger
  WHERE event = 'duplicate_blocked' AND (?1 IS NULL OR actor = ?1)`;

// Only approvals by people: an intent that policy approved was approved in the millisecond it was created.
const MEAN_LATENCY = `
  SELECT NULL AS name, AVG(approved_at - created_at) AS value FROM intents
  WHERE approved_at > created_at AND (?1 IS NULL OR agent_id = ?1)`;
