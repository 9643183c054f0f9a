import { placeOf, type ListCursor } from "../../core/intent/list-cursor.ts";
import type { IntentRow } from "../../core/intent/read-model.ts";
import type { IntentFilter, IntentIndex, IntentPage } from "../../ports/intent-index.ts";
import { coalescedRead } from "./coalesced-read.ts";
import { pendingGroups } from "./intent-groups.ts";
import { metrics } from "./intent-counts.ts";
import { intentQuery, type Statement } from "./intent-query.ts";
import { seenBefore } from "./seen-before.ts";

/** `/` is the character after `.`, so that the range holds every name that begins with `system.`. */
const HAS_DESTINATION = "SELECT 1 FROM intents WHERE destination >= ?1 AND destination < ?2 LIMIT 1";

export function d1IntentIndex(db: D1Database): IntentIndex {
  return {
    list: async (filter) => (await page(db, filter)).rows,

    page: (filter) => page(db, filter),

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
      const counted = (statement: D1PreparedStatement) =>
        coalescedRead<{ name: string | null; value: number }>(db, statement);
      const [total, each] = await Promise.all([
        counted(db.prepare(COUNT_PENDING).bind(most)),
        counted(db.prepare(COUNT_PENDING_OF_GROUPS).bind(JSON.stringify(groups), most)),
      ]);
      return {
        total: total[0]?.value ?? 0,
        byGroup: new Map(each.map(({ name, value }) => [name ?? "", value])),
      };
    },

    groups: (filter) => pendingGroups(db, filter, filter.limit),

    metrics: (agent) => metrics(db, agent),
  };
}

async function page(db: D1Database, filter: IntentFilter): Promise<IntentPage> {
  const { limit, order } = filter;
  // One more than the page shows whether another follows.
  const query = intentQuery(filter, limit + 1);
  if (query === null) return { rows: [], next: null };
  const prepared = ({ sql, values }: Statement) => db.prepare(sql).bind(...values);
  // In one turn, hence of one transaction: between two, rows could come or go, and the next page repeat or skip some.
  const [lists, [last]] = await Promise.all([
    Promise.all(query.rows.map((each) => coalescedRead<IntentRow>(db, prepared(each)))),
    query.last === null ? [] : coalescedRead<ListCursor>(db, prepared(query.last)),
  ]);
  const found = lists.flat();
  const rows = found.slice(0, limit);
  const end = rows.at(-1);
  if (found.length > limit && end !== undefined) return { rows, next: placeOf(end, order) };
  return { rows, next: last ?? null };
}

// Counted up to a limit: a page that says "100 or more" need not read ten thousand rows.
const COUNT_PENDING = `
  SELECT NULL AS name, COUNT(*) AS value FROM (SELECT 1 FROM intents WHERE phase = 'pending_approval' LIMIT ?1)`;

const COUNT_PENDING_OF_GROUPS = `
  SELECT wanted.value AS name,
         (SELECT COUNT(*) FROM
           (SELECT 1 FROM intents WHERE phase = 'pending_approval' AND group_key = wanted.value LIMIT ?2)) AS value
  FROM json_each(?1) AS wanted`;
