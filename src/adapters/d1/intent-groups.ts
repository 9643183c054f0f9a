import { NO_DEADLINE } from "../../core/intent/read-model.ts";
import type { IntentFilter, PendingGroup } from "../../ports/intent-index.ts";
import type { Place } from "./intent-conditions.ts";
import { isUnfiltered, type Statement, restConditions, statement } from "./intent-query.ts";
import { DEADLINE, leadOf, placesOf, where } from "./intent-places.ts";

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
  readonly due: number;
}

const SUMS = `
  group_key, COUNT(*) AS count, MIN(intents.id) AS first, SUM(records) AS records, SUM(value_cents) AS cents,
  MIN(created_at) AS oldest`;

/** Reads no row: the deadline, which no index can give beside the sums, is read of each group alone. */
const ALL = `
  SELECT ${SUMS} FROM intents INDEXED BY intents_pending_by_group
  WHERE phase = 'pending_approval' AND group_key IS NOT NULL`;

const DUE_OF_ALL = `(
  SELECT ${DEADLINE} FROM intents INDEXED BY intents_pending_by_group_deadline
  WHERE phase = 'pending_approval' AND group_key = groups.group_key ORDER BY ${DEADLINE} LIMIT 1)`;

/** A LIMIT of SQLite that is none: a group is counted whole. */
const ALL_PLACES = -1;

/** The groups of what waits and passes the filter, the largest first. Adds up all of it; without a filter, from an index. */
export async function pendingGroups(
  db: D1Database,
  filter: IntentFilter,
  limit: number,
): Promise<readonly PendingGroup[]> {
  const { sql, values } = groupsOf(filter, limit);
  const { results } = await db
    .prepare(sql)
    .bind(...values)
    .all<GroupRow>();
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
    nextDeadline: row.due === NO_DEADLINE ? null : row.due,
  }));
}

/** Agent, destination and policies are equal in all rows of a group, so that they are read from one. */
function groupsOf(filter: IntentFilter, limit: number): Statement {
  return statement((place) => {
    const isAll = isUnfiltered(filter);
    const grouped = isAll ? ALL : groupedRows(filter, place);
    return `
      SELECT groups.*, agent_id, destination, policy_id, policies${isAll ? `, ${DUE_OF_ALL} AS due` : ""}
      FROM (${grouped} GROUP BY group_key ORDER BY count DESC, oldest LIMIT ${limit}) AS groups
      CROSS JOIN intents ON intents.id = first ORDER BY count DESC, oldest`;
  });
}

function groupedRows(filter: IntentFilter, place: Place): string {
  const lead = leadOf(filter);
  return `
    ${placesOf(filter, lead, ALL_PLACES, place)}
    SELECT ${SUMS}, MIN(${DEADLINE}) AS due FROM place CROSS JOIN intents ON intents.id = place.id
    ${where([...restConditions(filter, lead, place), "group_key IS NOT NULL"])}`;
}
