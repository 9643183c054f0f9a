import {
  MAX_COUNTED,
  MAX_RECENT,
  type EarlierIntent,
  type EarlierIntents,
  type SeenBefore,
} from "../../core/intent/earlier-intents.ts";
import type { IntentTerms } from "../../core/intent/state.ts";
import { ANY_INTENT, type IntentFilter, type IntentScope } from "../../ports/intent-index.ts";
import { anyOf } from "./intent-conditions.ts";
import { leadOf, MAX_MERGED, placesOf, where } from "./intent-places.ts";
import { statement, type Statement } from "./intent-query.ts";

interface Criterion {
  readonly column: "subject" | "shape_key" | "agent_id";
  /** A digest has one value for each secret in force: an earlier intent has the one of the secret that was current then. */
  readonly values: readonly string[];
}

/** All counts in one batch. */
export async function seenBefore(
  db: D1Database,
  terms: IntentTerms,
  scope: IntentScope,
): Promise<SeenBefore> {
  const { subject, earlierSubjects = [], shapes = [], agent } = terms;
  const criteria: readonly Criterion[] = [
    { column: "subject", values: subject === "" ? [] : [subject, ...earlierSubjects] },
    { column: "shape_key", values: shapes },
    { column: "agent_id", values: [agent] },
  ];
  const statements = criteria.flatMap(({ column, values }) =>
    values.flatMap((value) => statementsOf(db, column, value, terms, scope)),
  );
  const results = (await db.batch<FoundRow>(statements)).map(({ results: rows }) => rows);
  const [payload, shape, ofAgent] = criteria.map(({ values }) =>
    earlierOf(values.map(() => ({ counts: results.shift() ?? [], recent: results.shift() ?? [] }))),
  );
  return {
    payload: subject === "" ? null : (payload ?? NONE),
    shape: shapes.length === 0 ? null : (shape ?? NONE),
    agent: ofAgent ?? NONE,
  };
}

const NONE: EarlierIntents = { count: 0, isMore: false, byPhase: new Map(), recent: [] };

/** Counts by phase, and the newest. */
function statementsOf(
  db: D1Database,
  column: Criterion["column"],
  value: string,
  terms: IntentTerms,
  scope: IntentScope,
): readonly D1PreparedStatement[] {
  const found = column === "agent_id" ? agentsOwn(terms, scope) : valuesOwn(column, value, terms, scope);
  // One more than is counted shows that there are more.
  const counted = found("intents.phase", MAX_COUNTED + 1);
  const recent = found(
    "intents.id, agent_id, intents.phase, reason_code, decided_by, created_at, updated_at",
    MAX_RECENT,
  );
  return [
    { ...counted, sql: `SELECT phase, COUNT(*) AS count FROM (${counted.sql}) GROUP BY phase` },
    recent,
  ].map(({ sql, values }) => db.prepare(sql).bind(...values));
}

type Source = (columns: string, limit: number) => Statement;

function valuesOwn(
  column: "subject" | "shape_key",
  value: string,
  terms: IntentTerms,
  scope: IntentScope,
): Source {
  return (columns, limit) =>
    statement((place) => {
      const before = `(created_at, id) < (${place(terms.createdAt)}, ${place(terms.id)})`;
      const wheres = [`${column} = ${place(value)}`, before];
      // Behind a +, so that SQLite goes by the index over `column`, which has the fewest rows and their order.
      if (column === "subject") wheres.push(`+destination = ${place(terms.destination)}`);
      if (scope.agent !== null) wheres.push(`+agent_id = ${place(scope.agent)}`);
      if (scope.destinations !== null) wheres.push(`+${anyOf(scope.destinations, place)}`);
      return `
        SELECT ${columns} FROM intents ${where(wheres)} ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
    });
}

/** As the agent's list, from the intent on. A scope of destinations is checked on each. */
function agentsOwn({ agent, createdAt, id }: IntentTerms, { destinations }: IntentScope): Source {
  const filter: IntentFilter = { ...ANY_INTENT, agent, after: { at: createdAt, id }, limit: MAX_COUNTED };
  return (columns, limit) =>
    statement((place) => {
      const places = placesOf(filter, leadOf(filter), destinations === null ? limit : MAX_MERGED, place);
      const wheres = destinations === null ? [] : [anyOf(destinations, place)];
      return `
        ${places} SELECT ${columns} FROM place CROSS JOIN intents ON intents.id = place.id ${where(wheres)}
        LIMIT ${limit}`;
    });
}

/** A row of either statement. */
interface FoundRow {
  readonly id: string;
  readonly agent_id: string;
  readonly phase: string;
  readonly reason_code: string;
  readonly decided_by: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly count: number;
}

interface Found {
  readonly counts: readonly FoundRow[];
  readonly recent: readonly FoundRow[];
}

/** @param found one for each value of a criterion */
function earlierOf(found: readonly Found[]): EarlierIntents {
  const byPhase = new Map<string, number>();
  for (const { phase, count } of found.flatMap(({ counts }) => counts)) {
    byPhase.set(phase, (byPhase.get(phase) ?? 0) + count);
  }
  const total = [...byPhase.values()].reduce((sum, count) => sum + count, 0);
  const recent = found.flatMap(({ recent: rows }) => rows);
  return {
    count: Math.min(total, MAX_COUNTED),
    isMore: total > MAX_COUNTED,
    byPhase,
    recent: recent
      .toSorted((a, b) => b.created_at - a.created_at || (a.id < b.id ? 1 : -1))
      .slice(0, MAX_RECENT)
      .map(earlierIntent),
  };
}

function earlierIntent(row: FoundRow): EarlierIntent {
  return {
    id: row.id,
    agent: row.agent_id,
    phase: row.phase,
    reasonCode: row.reason_code,
    decidedBy: row.decided_by,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
