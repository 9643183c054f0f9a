import { PHASES, type Phase } from "../../core/intent/phase.ts";
import { NO_DEADLINE } from "../../core/intent/read-model.ts";
import type { IntentFilter, IntentSearch } from "../../ports/intent-index.ts";

/** A statement over `intents`, in the order of its filter. */
export interface IntentQuery {
  /** Without its LIMIT. */
  readonly sql: string;
  /** The same order, for a statement around it. */
  readonly order: string;
  /** The condition of a search, on a row of `sql`; null: there is no search. */
  readonly search: string | null;
  readonly values: readonly (string | number)[];
}

type Place = (value: string | number) => string;

/**
 * The statement of a list. What waits is read by its phase, since it is little, or by its policy. All else goes by the tag
 * that the filter names, the one with the fewest intents first: one person's cases of one day are those of the day.
 *
 * @returns null where nothing can match
 */
export function intentQuery(filter: IntentFilter): IntentQuery | null {
  const { phases, destinations, agent, group, since, until, after, search, order = "newest" } = filter;
  if (phases?.length === 0 || destinations?.length === 0) return null;
  const values: (string | number)[] = [];
  const place: Place = (value) => `?${values.push(value)}`;

  const isPending = phases?.length === 1 && phases[0] === "pending_approval";
  const tags = tagsOf(filter, isPending);
  const idRange = search === null ? null : idsFrom(search.text, place);
  const isByTag = idRange === null && (!isPending || tags[0]?.kind === "waiting");
  const first = isByTag ? tags.shift() : undefined;
  const [createdAt, id] = idRange !== null ? BY_ID : first === undefined ? BY_TIME : BY_TAG;
  // CROSS JOIN keeps SQLite from reading the intents first.
  const isSoonest = order === "soonest";
  const [by, descending] = isSoonest ? [DEADLINE, ""] : [createdAt, " DESC"];
  const from =
    first === undefined
      ? `intents${isPending && idRange === null ? pendingIndex(filter) : ""}`
      : "intent_tags AS tag CROSS JOIN intents ON intents.id = tag.intent_id";

  const wheres = tags.map((tag) => hasTag(tag, place));
  if (first !== undefined) wheres.push(`tag.kind = ${place(first.kind)}`, `tag.tag = ${place(first.tag)}`);
  if (phases !== null) wheres.push(phaseClause(phases));
  if (destinations !== null) wheres.push(anyOf(destinations, place));
  if (agent !== null) wheres.push(`agent_id = ${place(agent)}`);
  if (group !== null) wheres.push(`group_key = ${place(group)}`);
  if (since !== null) wheres.push(`${createdAt} >= ${place(since)}`);
  if (until !== null) wheres.push(`${createdAt} < ${place(until)}`);
  if (after !== null) {
    const border = place(after.at);
    // An index over an expression is entered by a plain comparison only.
    if (isSoonest) wheres.push(`${by} >= ${border}`);
    wheres.push(`(${by}, ${id}) ${isSoonest ? ">" : "<"} (${border}, ${place(after.id)})`);
  }
  if (idRange !== null) wheres.push(idRange);
  const clause = wheres.length === 0 ? "" : ` WHERE ${wheres.join(" AND ")}`;
  return {
    sql: `SELECT intents.* FROM ${from}${clause} ORDER BY ${by}${descending}, ${id}${descending}`,
    order: isSoonest ? `ORDER BY ${DEADLINE}, id` : "ORDER BY created_at DESC, id DESC",
    search: search === null || idRange !== null ? null : searchClause(search, place),
    values,
  };
}

const BY_TIME = ["created_at", "id"] as const;
const BY_TAG = ["tag.created_at", "tag.intent_id"] as const;
/** Behind a +, so that SQLite goes by the range of ids and sorts the few that it finds. */
const BY_ID = ["+created_at", "+id"] as const;

/** As the migration writes it: SQLite uses an index over an expression only for the same expression. */
const DEADLINE = `CASE WHEN json_type(approval, '$.decide_by') = 'null' THEN ${NO_DEADLINE} ELSE decide_by END`;

interface Tag {
  readonly kind: "waiting" | "day" | "person" | "policy";
  readonly tag: string;
}

function tagsOf({ day, person, policy }: IntentFilter, isPending: boolean): Tag[] {
  const named: readonly (readonly [Tag["kind"], string | null])[] = [
    ["waiting", isPending ? policy : null],
    ["day", day],
    ["person", person],
    ["policy", isPending ? null : policy],
  ];
  return named.flatMap(([kind, tag]) => (tag === null ? [] : [{ kind, tag }]));
}

/** Named where SQLite would take the index over all intents of the destination, decided ones too. */
function pendingIndex({ order, destinations, agent, group, search, person, day }: IntentFilter): string {
  const isUnfiltered = [destinations, agent, group, search, person, day].every((each) => each === null);
  // Without statistics SQLite sorts all that waits; what a filter leaves is less.
  if (order === "soonest") return isUnfiltered ? " INDEXED BY intents_pending_by_deadline" : "";
  const isOfOne = destinations?.length === 1 && agent === null && group === null;
  return isOfOne ? " INDEXED BY intents_pending_by_destination" : "";
}

function hasTag({ kind, tag }: Tag, place: Place): string {
  return `EXISTS (
    SELECT 1 FROM intent_tags AS other
    WHERE other.kind = ${place(kind)} AND other.tag = ${place(tag)}
      AND other.created_at = intents.created_at AND other.intent_id = intents.id)`;
}

/** One parameter for all of a runner's destinations, because D1 binds at most 100. One alone is found by its index. */
function anyOf(destinations: readonly string[], place: Place): string {
  const [first = ""] = destinations;
  return destinations.length === 1
    ? `destination = ${place(first)}`
    : `destination IN (SELECT value FROM json_each(${place(JSON.stringify(destinations))}))`;
}

/**
 * Phases are literals and not parameters: SQLite uses the partial index over pending intents only where the statement
 * itself names that phase. They come from the closed list `PHASES`, never from a request, so nothing can be injected.
 *
 * Where nearly every phase is meant, the rows are read by time and not by phase, which would sort all of them.
 */
function phaseClause(phases: readonly Phase[]): string {
  const quoted = (some: readonly Phase[]) => some.map((phase) => `'${phase}'`).join(", ");
  const known = PHASES.filter((phase) => phases.includes(phase));
  const others = PHASES.filter((phase) => !phases.includes(phase));
  if (known.length === 1) return `phase = ${quoted(known)}`;
  return others.length < known.length ? `+phase NOT IN (${quoted(others)})` : `phase IN (${quoted(known)})`;
}

/** Enough of an id that few have it. */
const BEGINNING_OF_ID = /^int_[A-Za-z0-9_-]{6,43}$/;

/** `{` is the character after `z`, the last one in an id. Null: the text is no beginning of an id. */
function idsFrom(text: string, place: Place): string | null {
  return BEGINNING_OF_ID.test(text)
    ? `intents.id >= ${place(text)} AND intents.id < ${place(`${text}{`)}`
    : null;
}

/** Columns of names, compared without case. Lists of names are JSON, whose punctuation no name contains. */
const SEARCHED = ["destination", "action", "policy_id", "policies", "reason_code"] as const;

const JSON_PUNCTUATION = /["[\],\\]/;

function searchClause({ text, folded, people }: IntentSearch, place: Place): string {
  const lower = place(text.toLowerCase());
  const columns = SEARCHED.filter((column) => column !== "policies" || !JSON_PUNCTUATION.test(text));
  const tests = columns.map((column) => `instr(lower(${column}), ${lower}) > 0`);
  const isNamed = folded === null ? "" : ` OR instr(name_key, ${place(folded)}) > 0`;
  const principals = `SELECT id FROM principals WHERE id = ${place(text)}${isNamed}`;
  tests.push(`agent_id IN (${principals})`);
  if (people !== null) {
    tests.push(`EXISTS (
      SELECT 1 FROM json_each(people) AS person
      WHERE instr(lower(person.value), ${lower}) > 0
        OR person.value IN (SELECT value FROM json_each(${place(JSON.stringify(people))}))
        OR person.value IN (${principals}))`);
  }
  return `(${tests.join(" OR ")})`;
}
