import {
  MAX_COUNTED,
  MAX_RECENT,
  type EarlierIntent,
  type EarlierIntents,
  type SeenBefore,
} from "../../core/intent/earlier-intents.ts";
import type { IntentTerms } from "../../core/intent/state.ts";
import type { IntentScope } from "../../ports/intent-index.ts";

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
  const values: (string | number)[] = [value, terms.createdAt, terms.id];
  const wheres = [`${column} = ?1`, "(created_at, id) < (?2, ?3)"];
  // Behind a +, so that SQLite goes by the index over `column`, which has the fewest rows and their order.
  if (column === "subject") wheres.push(`+destination = ?${values.push(terms.destination)}`);
  if (scope.agent !== null) wheres.push(`+agent_id = ?${values.push(scope.agent)}`);
  if (scope.destinations !== null) {
    const place = values.push(JSON.stringify(scope.destinations));
    wheres.push(`+destination IN (SELECT value FROM json_each(?${place}))`);
  }
  const found = (columns: string, limit: number) =>
    `SELECT ${columns} FROM intents WHERE ${wheres.join(" AND ")} ORDER BY created_at DESC, id DESC LIMIT ${limit}`;
  return [
    // One more than is counted shows that there are more.
    `SELECT phase, COUNT(*) AS count FROM (${found("phase", MAX_COUNTED + 1)}) GROUP BY phase`,
    found("id, agent_id, phase, reason_code, decided_by, created_at, updated_at", MAX_RECENT),
  ].map((sql) => db.prepare(sql).bind(...values));
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
