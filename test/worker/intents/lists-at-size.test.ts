import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { d1IntentIndex } from "../../../src/adapters/d1/intent-index.ts";
import { intentQuery } from "../../../src/adapters/d1/intent-query.ts";
import { PHASES } from "../../../src/core/intent/phase.ts";
import { iso } from "../../../src/core/base/iso-time.ts";
import type { IntentRow } from "../../../src/core/intent/read-model.ts";
import { ANY_INTENT, type IntentFilter } from "../../../src/ports/intent-index.ts";
import { countedD1, planOf, type Counted } from "../../support/worker/counted-d1.ts";
import { filtersWith, naiveList, type NamedFilter } from "../../support/worker/list-filters.ts";
import { addRows } from "../../support/worker/many-rows.ts";

/*
 * Lists at 1,000 and at 100,000 intents, with little and with much that waits. D1 itself says what each of the adapter's
 * statements reads, and SQLite how.
 */

const FEW = 1_000;
const MANY = 100_000;
const WAITING = 100;
const MUCH_WAITING = 10_000;

const LIMIT = 50;

/** No limit of time: ends a hook that hangs. */
const FILL_MS = 120_000;

/** Rows that D1 may read for a page of 50 that one index answers, and for where it ended; of many ranges the most. */
const ANSWERED = 1_200;

/** The same where each of 10,000 intents is checked: its place in the index, and its row; and the place again, twice. */
const CHECKED = 41_000;

const { db, taken } = countedD1();
const index = d1IntentIndex(db);

let rows: readonly IntentRow[];
/** UTC days of an intent's entries. */
const daysOf = new Map<string, string[]>();
let day: string;
let middle: number;

/** Filters of one list that one index answers: every other is checked intent by intent. */
const ANSWERED_BY_INDEX = [
  /^(?:all|waiting|approved|blocked|decided)(?:, (?:a busy agent|a quiet agent|a busy destination|many destinations))?(?:, times)?$/,
  /^all(?:, (?:day|person|policy))(?:, times)?$/,
  /^waiting, (?:group|policy)(?:, times)?$/,
  /^waiting(?:, group)?, soonest$/,
];

const isAnswered = (name: string) => ANSWERED_BY_INDEX.some((pattern) => pattern.test(name));

async function pages(filter: IntentFilter): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let after = filter.after; ;) {
    const { rows: found, next } = await index.page({ ...filter, after });
    ids.push(...found.map(({ id }) => id));
    if (next === null) return ids;
    after = next;
  }
}

async function readsOf(filter: IntentFilter): Promise<number> {
  taken();
  await index.page(filter);
  return sumOf(taken());
}

function sumOf(statements: readonly Counted[]): number {
  return statements.reduce((sum, { rowsRead }) => sum + rowsRead, 0);
}

/** Filters of one criterion and of two, and a page in the middle of each list. */
function measured(): readonly NamedFilter[] {
  return filtersWith(1, day, middle, LIMIT).flatMap(({ name, filter }) => [
    { name, filter },
    { name, filter: { ...filter, after: { at: middle, id: "int_8" } } },
  ]);
}

async function expectBounded(): Promise<void> {
  const above: string[] = [];
  for (const { name, filter } of measured()) {
    const read = await readsOf(filter);
    if (read > (isAnswered(name) ? ANSWERED : CHECKED)) above.push(`${name}: ${read}`);
  }
  expect(above).toEqual([]);
}

beforeAll(async () => {
  await addRows({ intents: FEW, waiting: WAITING });
  rows = (await env.DB.prepare("SELECT * FROM intents").all<IntentRow>()).results;
  const entries = await env.DB.prepare("SELECT intent_id, at FROM ledger").all<{
    intent_id: string;
    at: number;
  }>();
  for (const { intent_id: intent, at } of entries.results) {
    daysOf.set(intent, [...(daysOf.get(intent) ?? []), iso(at).slice(0, 10)]);
  }
  middle = rows.map((row) => row.created_at).toSorted((one, other) => one - other)[FEW / 2] ?? 0;
  day = iso(middle).slice(0, 10);
});

describe("at 1,000 intents", () => {
  test("every list with up to two criteria has what the same list without an index has, in its order", async () => {
    const different: string[] = [];
    const all = filtersWith(2, day, middle, 190);
    expect(all.length).toBeGreaterThan(300);
    for (const { name, filter } of all) {
      const expected = naiveList(rows, (id) => daysOf.get(id) ?? [], filter);
      const found = await pages(filter);
      if (found.join() !== expected.join()) different.push(`${name}: ${found.length} for ${expected.length}`);
    }
    expect(different).toEqual([]);
  });

  test("a page reads no more than its share of an index", expectBounded);

  test("the lists that are compared are seldom empty", () => {
    const sizes = filtersWith(2, day, middle, LIMIT).map(
      ({ filter }) => naiveList(rows, (id) => daysOf.get(id) ?? [], filter).length,
    );
    expect(sizes.filter((size) => size > 0).length).toBeGreaterThan(sizes.length / 3);
  });
});

/** Steps that read a table or an index whole, where nothing but the page's limit ends them. */
const ENDED_BY_LIMIT = [
  // In the order of the list, and nothing is checked before the limit counts.
  "SCAN intents USING COVERING INDEX intents_by_time",
  "SCAN intents USING INDEX intents_pending_by_deadline",
  // 10,000 names at most.
  "SCAN principals",
] as const;

const SCANS_NO_TABLE = /^SCAN (?:place|ranges|CONSTANT ROW|\(subquery-\d+\)|\w+ VIRTUAL TABLE INDEX \d+:)/;

function isUnbounded(step: string, name: string): boolean {
  const isSorted = name.includes("soonest") || name.includes("an id's beginning");
  if (step.startsWith("USE TEMP B-TREE")) return !isSorted;
  if (!step.startsWith("SCAN ")) return false;
  return !SCANS_NO_TABLE.test(step) && !ENDED_BY_LIMIT.some((known) => step === known);
}

async function unboundedSteps(named: readonly NamedFilter[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { name, filter } of named) {
    const query = intentQuery(filter, LIMIT + 1);
    for (const statement of [...(query?.rows ?? []), ...(query?.last ? [query.last] : [])]) {
      const steps = await planOf(statement);
      found.push(...steps.filter((step) => isUnbounded(step, name)).map((step) => `${name}: ${step}`));
    }
  }
  return found;
}

describe("at 100,000 intents", () => {
  let few: Awaited<ReturnType<typeof index.metrics>>;
  let readAtFew: number;

  beforeAll(async () => {
    taken();
    few = await index.metrics(null);
    readAtFew = sumOf(taken());
    await addRows({ intents: MANY, waiting: WAITING }, FEW);
  }, FILL_MS);

  test("no list with up to two criteria scans a table or sorts more than a page looks at", async () => {
    expect(await unboundedSteps(filtersWith(2, day, middle, LIMIT))).toEqual([]);
  });

  test("a page reads no more than at 1,000", expectBounded);

  test("metrics count all intents, and read a row of each phase and what is ordered", async () => {
    const many = await index.metrics(null);
    // Those that are ordered are counted by their index.
    expect(sumOf(taken()) - (many.byPhase.get("scheduled") ?? 0)).toBeLessThanOrEqual(PHASES.length + 1);
    expect(readAtFew).toBeLessThanOrEqual(PHASES.length + 1);
    const total = (counts: ReadonlyMap<string, number>) =>
      [...counts.values()].reduce((sum, count) => sum + count, 0);
    expect([total(few.byPhase), total(many.byPhase)]).toEqual([FEW, MANY]);
  });

  describe("of which 10,000 wait", () => {
    beforeAll(async () => {
      await env.DB.prepare(
        `UPDATE intents SET phase = 'pending_approval', seq = seq + 1
         WHERE id IN (SELECT id FROM intents ORDER BY created_at DESC LIMIT ${MUCH_WAITING})`,
      ).run();
    }, FILL_MS);

    test("a page reads no more than where little waits", expectBounded);

    test("a list whose pages end at what they look at goes on until its end", async () => {
      const { results } = await env.DB.prepare("SELECT * FROM intents").all<IntentRow>();
      const limit = 1_000;
      for (const filter of [
        { ...ANY_INTENT, limit, agent: "agt_busy", policy: "policy-7" },
        { ...ANY_INTENT, limit, person: "ana", agent: "agt_8" },
        { ...ANY_INTENT, limit, phases: ["pending_approval"], order: "soonest", agent: "agt_busy" },
        { ...ANY_INTENT, limit, phases: ["rejected", "failed"], policy: "policy-7" },
      ] as const satisfies readonly IntentFilter[]) {
        const expected = naiveList(results, () => [], filter);
        expect(expected.length).toBeGreaterThan(0);
        expect(await pages(filter)).toEqual(expected);
      }
    });

    test("counting the queue's groups reads an index, and a row or two of each group", async () => {
      taken();
      const groups = await index.groups({ ...ANY_INTENT, phases: ["pending_approval"], limit: 200 });
      const [statement] = taken();
      expect(groups.reduce((sum, { count }) => sum + count, 0)).toBe(MUCH_WAITING);
      const plan = await planOf(statement ?? { sql: "", values: [] });
      expect(plan).toContain("SEARCH intents USING COVERING INDEX intents_pending_by_group (group_key>?)");
      expect(statement?.rowsRead).toBeLessThan(MUCH_WAITING + 1_000);
    });
  });
});
