import { PHASES } from "../../core/intent/phase.ts";
import type { IntentFilter } from "../../ports/intent-index.ts";
import { conditionsOf, criteriaOf, type Place } from "./intent-conditions.ts";
import {
  DEADLINE,
  isMerged,
  type Lead,
  leadOf,
  MAX_MERGED,
  placesOf,
  restOf,
  where,
} from "./intent-places.ts";
import { idsFrom, isIdBeginning, searchClause } from "./intent-search.ts";

/** Intents that one page looks at: a filter that nothing passes would read all there are. */
const MAX_LOOKED_AT = 10_000;

/** Intents that one page sorts. */
const MAX_SORTED = 1_000;

export interface Statement {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

export interface IntentQuery {
  /** Their rows, one after the other, are the page. */
  readonly rows: readonly Statement[];
  /**
   * For a page that is not full: `at` and `id` of the last intent that it looked at, where there may be more. Null: it looks
   * at none in vain.
   */
  readonly last: Statement | null;
}

/**
 * The statements of a list. An index has the intents of one criterion, the *lead*, in the order of the list; what else the
 * filter asks is checked on each, up to a limit, so that a page costs the same however many intents there are.
 *
 * @param limit rows of the page
 * @returns null where nothing can match
 */
export function intentQuery(filter: IntentFilter, limit: number): IntentQuery | null {
  const { phases, destinations, search } = filter;
  if (phases?.length === 0 || destinations?.length === 0) return null;
  if (search !== null && isIdBeginning(search.text)) {
    return { rows: [ofIds(filter, search.text, limit)], last: null };
  }
  if (filter.order === "soonest") return soonest(filter, limit);
  const lead = leadOf(filter);
  if (isAnsweredBy(lead, filter)) return { rows: [rowsOf(filter, lead, limit, limit)], last: null };
  const checked = leadOfChecked(filter, lead);
  return {
    rows: [rowsOf(filter, checked, limit, lookedAtBy(checked))],
    last: lastOf(filter, checked, lookedAtBy(checked)),
  };
}

/** Where all is checked anyway and nearly every phase is meant, going by time reads less than merging the phases. */
function leadOfChecked({ phases }: IntentFilter, lead: Lead): Lead {
  const isNearlyAll = phases !== null && phases.length > PHASES.length / 2;
  return lead.by === "ranges" && lead.column === null && isNearlyAll ? { by: "time" } : lead;
}

function lookedAtBy(lead: Lead): number {
  return lead.by === "ranges" && isMerged(lead) ? MAX_MERGED : MAX_LOOKED_AT;
}

/**
 * What waits is in the order of its deadlines by one index, without any filter. What a filter leaves is sorted where it is
 * little, and found by going through all that waits where it is much: only one of both statements has rows.
 */
function soonest(filter: IntentFilter, limit: number): IntentQuery {
  const lead: Lead = { by: filter.group === null ? "deadline" : "deadline of group" };
  if (isAnsweredBy(lead, filter)) return { rows: [rowsOf(filter, lead, limit, limit)], last: null };
  const few = leadOf(filter);
  // The queue as a whole, or the group, is what would be sorted.
  const isSame = few.by === "group" || (few.by === "ranges" && few.column === null);
  return {
    rows: isSame
      ? [rowsOf(filter, lead, limit, MAX_LOOKED_AT)]
      : [sortedRows(filter, few, limit), rowsOf(filter, lead, limit, MAX_LOOKED_AT, few)],
    last: lastOf(filter, lead, MAX_LOOKED_AT, isSame ? null : few),
  };
}

/** Is this all that waits? */
export function isUnfiltered(filter: IntentFilter): boolean {
  return isAnsweredBy({ by: "deadline" }, filter);
}

function isAnsweredBy(lead: Lead, filter: IntentFilter): boolean {
  return filter.search === null && Object.values(restOf(filter, lead)).every((each) => each === null);
}

/** @param unless nothing where this lead has few intents */
function rowsOf(
  filter: IntentFilter,
  lead: Lead,
  limit: number,
  lookedAt: number,
  unless: Lead | null = null,
): Statement {
  // Rows come in the order of the places. Sorting them again would check all of them before the first is shown.
  return statement(
    (place) => `
      ${placesOf(filter, lead, unless === null ? lookedAt : unlessFew(filter, unless, place), place)}
      SELECT intents.* FROM place CROSS JOIN intents ON intents.id = place.id
      ${where(restConditions(filter, lead, place))} LIMIT ${limit}`,
  );
}

function lastOf(filter: IntentFilter, lead: Lead, lookedAt: number, unless: Lead | null = null): Statement {
  return statement(
    (place) => `
      ${placesOf(filter, lead, unless === null ? lookedAt : unlessFew(filter, unless, place), place)}
      SELECT at, id FROM place LIMIT 1 OFFSET ${lookedAt - 1}`,
  );
}

function sortedRows(filter: IntentFilter, lead: Lead, limit: number): Statement {
  return statement((place) => {
    const places = placesOf(filter, lead, MAX_SORTED + 1, place);
    const wheres = [`(SELECT COUNT(*) FROM place) <= ${MAX_SORTED}`, ...restConditions(filter, lead, place)];
    if (filter.after !== null) {
      wheres.push(`(${DEADLINE}, intents.id) > (${place(filter.after.at)}, ${place(filter.after.id)})`);
    }
    return `
      ${places}
      SELECT intents.* FROM place CROSS JOIN intents ON intents.id = place.id ${where(wheres)}
      ORDER BY ${DEADLINE}, intents.id LIMIT ${limit}`;
  });
}

/** A LIMIT: 0 where the lead has few intents. */
function unlessFew(filter: IntentFilter, lead: Lead, place: Place): string {
  const places = placesOf(filter, lead, MAX_SORTED + 1, place);
  return `(${places} SELECT CASE WHEN COUNT(*) > ${MAX_SORTED} THEN ${MAX_LOOKED_AT} ELSE 0 END FROM place)`;
}

/** The few that the range of ids has are sorted. */
function ofIds(filter: IntentFilter, text: string, limit: number): Statement {
  const isSoonest = filter.order === "soonest";
  const [by, direction, compared] = isSoonest ? [DEADLINE, "", ">"] : ["created_at", " DESC", "<"];
  return statement((place) => {
    const places = `WITH place (id) AS (SELECT id FROM intents WHERE ${idsFrom(text, place)} LIMIT ${MAX_LOOKED_AT})`;
    const wheres = conditionsOf(criteriaOf(filter), place);
    const { after } = filter;
    if (after !== null) {
      wheres.push(`(${by}, intents.id) ${compared} (${place(after.at)}, ${place(after.id)})`);
    }
    return `
      ${places} SELECT intents.* FROM place CROSS JOIN intents ON intents.id = place.id ${where(wheres)}
      ORDER BY ${by}${direction}, intents.id${direction} LIMIT ${limit}`;
  });
}

export function restConditions(filter: IntentFilter, lead: Lead, place: Place): readonly string[] {
  const wheres = conditionsOf(restOf(filter, lead), place);
  return filter.search === null ? wheres : [...wheres, searchClause(filter.search, place)];
}

/** A statement and the values that its text has placed. */
export function statement(textOf: (place: Place) => string): Statement {
  const values: (string | number)[] = [];
  return { sql: textOf((value) => `?${values.push(value)}`), values };
}
