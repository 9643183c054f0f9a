import { PHASES } from "../../core/intent/phase.ts";
import { NO_DEADLINE } from "../../core/intent/read-model.ts";
import type { IntentFilter } from "../../ports/intent-index.ts";
import { criteriaOf, isPending, spanOf, type Criteria, type Place } from "./intent-conditions.ts";

/** The criterion whose index a list is read from, in the list's order. */
export type Lead =
  /** By deadline: what waits, all or of one group. */
  | { readonly by: "deadline" | "deadline of group" | "time" | "group" | "day" }
  | { readonly by: "tag"; readonly kind: "waiting" | "person" | "policy"; readonly tag: string }
  | Ranges;

/** One range of an index for each phase of each name; without a column, for each phase. */
interface Ranges {
  readonly by: "ranges";
  readonly column: "agent_id" | "destination" | null;
  readonly names: readonly string[];
  readonly phases: readonly string[];
}

export function isMerged({ names, phases }: Ranges): boolean {
  return phases.length > 1 || names.length > 1;
}

/** Ranges that one list merges: each costs two look-ups before the first row. */
const MAX_RANGES = 1_000;

/** Intents that one page checks where ranges are merged: each of them costs several look-ups. */
export const MAX_MERGED = 2_500;

/** As the migration writes it: SQLite uses an index over an expression only for the same expression. */
export const DEADLINE = `CASE WHEN json_type(approval, '$.decide_by') = 'null' THEN ${NO_DEADLINE} ELSE decide_by END`;

/**
 * What waits is little, and read by its policy, group, agent, destinations or phase. All else goes by the criterion with the
 * fewest intents first: those of one day, of one person, of one agent.
 */
export function leadOf(filter: IntentFilter): Lead {
  const { agent, destinations, policy, person, day, group } = filter;
  const isWaiting = isPending(filter);
  if (isWaiting && policy !== null) return { by: "tag", kind: "waiting", tag: policy };
  if (isWaiting && group !== null) return { by: "group" };
  if (!isWaiting && day !== null) return { by: "day" };
  if (!isWaiting && person !== null) return { by: "tag", kind: "person", tag: person };
  const phases = filter.phases ?? PHASES;
  if (agent !== null) return { by: "ranges", column: "agent_id", names: [agent], phases };
  if (policy !== null) return { by: "tag", kind: "policy", tag: policy };
  if (destinations !== null && destinations.length * phases.length <= MAX_RANGES) {
    return { by: "ranges", column: "destination", names: destinations, phases };
  }
  return phases.length === PHASES.length ? { by: "time" } : { by: "ranges", column: null, names: [], phases };
}

/** What a filter asks beyond its lead. All but the one by deadline read the times of their index as well. */
export function restOf(filter: IntentFilter, lead: Lead): Criteria {
  return {
    ...criteriaOf(filter),
    ...(!isByDeadline(lead) && { since: null, until: null }),
    ...answeredBy(lead),
  };
}

function isByDeadline({ by }: Lead): boolean {
  return by === "deadline" || by === "deadline of group";
}

function answeredBy(lead: Lead): Partial<Criteria> {
  switch (lead.by) {
    case "deadline":
      return { phases: null };
    case "time":
      return {};
    case "group":
    case "deadline of group":
      return { phases: null, group: null };
    case "day":
      return { day: null };
    case "tag":
      // The tags of what waits are deleted when it no longer does.
      return lead.kind === "waiting" ? { phases: null, waiting: null } : { [lead.kind]: null };
    case "ranges":
      return {
        phases: null,
        ...(lead.column === "agent_id" && { agent: null }),
        ...(lead.column === "destination" && { destinations: null }),
      };
  }
}

const NEWEST = "ORDER BY created_at DESC, id DESC";

/**
 * A common table expression `place`: `at` and `id` of the lead's first `limit` intents after the cursor, in the order of the
 * list. Reads indexes only.
 */
export function placesOf(filter: IntentFilter, lead: Lead, limit: number | string, place: Place): string {
  const from = (table: string, wheres: readonly string[]) =>
    `WITH place (at, id) AS (
      SELECT created_at, id FROM ${table} ${where([...wheres, ...within(filter, "created_at", "id", place)])}
      ${NEWEST} LIMIT ${limit})`;
  switch (lead.by) {
    case "deadline":
    case "deadline of group":
      return byDeadline(filter, lead.by === "deadline" ? null : filter.group, limit, place);
    case "time":
      return from("intents INDEXED BY intents_by_time", []);
    case "group":
      return from("intents INDEXED BY intents_pending_by_group", [
        "phase = 'pending_approval'",
        `group_key = ${place(filter.group ?? "")}`,
      ]);
    case "day":
      return byDay(filter, limit, place);
    case "tag":
      return `WITH place (at, id) AS (
        SELECT created_at, intent_id FROM intent_tags
        ${where([`kind = '${lead.kind}'`, `tag = ${place(lead.tag)}`, ...within(filter, "created_at", "intent_id", place)])}
        ORDER BY created_at DESC, intent_id DESC LIMIT ${limit})`;
    case "ranges":
      return byRanges(filter, lead, limit, place);
  }
}

/** An index over an expression is entered by a plain comparison only, so that the cursor is compared twice. */
function byDeadline(
  { after }: IntentFilter,
  group: string | null,
  limit: number | string,
  place: Place,
): string {
  const wheres = ["phase = 'pending_approval'"];
  if (group !== null) wheres.push(`group_key = ${place(group)}`);
  if (after !== null) {
    const at = place(after.at);
    wheres.push(`${DEADLINE} >= ${at}`, `(${DEADLINE}, id) > (${at}, ${place(after.id)})`);
  }
  const index = group === null ? "intents_pending_by_deadline" : "intents_pending_by_group_deadline";
  return `WITH place (at, id) AS (
    SELECT ${DEADLINE}, id FROM intents INDEXED BY ${index} ${where(wheres)}
    ORDER BY ${DEADLINE}, id LIMIT ${limit})`;
}

/** The day's proposals, which have no tag of it, and what else happened on it. */
function byDay(filter: IntentFilter, limit: number | string, place: Place): string {
  const day = filter.day ?? "";
  const [from, to] = spanOf(day);
  return `WITH place (at, id) AS (
    SELECT created_at AS at, id FROM intents INDEXED BY intents_by_time
    ${where([`created_at >= ${place(from)}`, `created_at < ${place(to)}`, ...within(filter, "created_at", "id", place)])}
    UNION ALL
    SELECT created_at, intent_id FROM intent_tags
    ${where(["kind = 'day'", `tag = ${place(day)}`, ...within(filter, "created_at", "intent_id", place)])}
    ORDER BY 1 DESC, 2 DESC LIMIT ${limit})`;
}

/**
 * Merges ranges of an index: the queue of a recursive expression, sorted, has the next intent of each range. One statement
 * for any number of them, where D1 takes five parts of a UNION.
 */
function byRanges(filter: IntentFilter, lead: Ranges, limit: number | string, place: Place): string {
  const { column, names, phases } = lead;
  const index = `intents INDEXED BY ${column === null ? "intents_by_phase" : `intents_by_${column.replace("_id", "")}`}`;
  const [name = ""] = names;
  if (!isMerged(lead)) {
    const one = [
      ...(column === null ? [] : [`${column} = ${place(name)}`]),
      `phase = ${place(phases[0] ?? "")}`,
    ];
    return `WITH place (at, id) AS (
      SELECT created_at, id FROM ${index} ${where([...one, ...within(filter, "created_at", "id", place)])}
      ${NEWEST} LIMIT ${limit})`;
  }
  const since = filter.since === null ? null : place(filter.since);
  const next = (range: string, wheres: readonly string[]) => `(
    SELECT id FROM ${index}
    ${where([...(column === null ? [] : [`${column} = ${range}.name`]), `phase = ${range}.phase`, ...wheres])}
    ${NEWEST} LIMIT 1)`;
  return `WITH RECURSIVE ranges (name, phase) AS (
      SELECT name.value, phase.value
      FROM json_each(${place(JSON.stringify(column === null ? [""] : names))}) AS name
      CROSS JOIN json_each(${place(JSON.stringify(phases))}) AS phase
    ),
    place (at, id, name, phase) AS (
      SELECT head.created_at, head.id, ranges.name, ranges.phase
      FROM ranges CROSS JOIN intents AS head ON head.id = ${next("ranges", within(filter, "created_at", "id", place))}
      UNION ALL
      SELECT head.created_at, head.id, place.name, place.phase
      FROM place CROSS JOIN intents AS head
        ON head.id = ${next("place", ["(created_at, id) < (place.at, place.id)", ...(since === null ? [] : [`created_at >= ${since}`])])}
      ORDER BY 1 DESC, 2 DESC LIMIT ${limit}
    )`;
}

/** Times of a filter and its cursor, newest first. */
function within(
  { order, since, until, after }: IntentFilter,
  at: string,
  id: string,
  place: Place,
): string[] {
  const wheres: string[] = [];
  if (since !== null) wheres.push(`${at} >= ${place(since)}`);
  if (until !== null) wheres.push(`${at} < ${place(until)}`);
  // The cursor of another order is no place in this one.
  const cursor = order === "soonest" ? null : after;
  if (cursor !== null) wheres.push(`(${at}, ${id}) < (${place(cursor.at)}, ${place(cursor.id)})`);
  return wheres;
}

export function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
}
