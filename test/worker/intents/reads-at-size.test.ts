import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test } from "vitest";
import { DispatchStore } from "../../../durable-objects/dispatch/store.ts";
import { d1IdempotentAnswers } from "../../../src/adapters/d1/idempotent-answers.ts";
import { d1IntentIndex } from "../../../src/adapters/d1/intent-index.ts";
import { logRows } from "../../../src/adapters/d1/log-rows.ts";
import { d1Mandates } from "../../../src/adapters/d1/mandates.ts";
import { d1Nonces } from "../../../src/adapters/d1/nonces.ts";
import { d1Principals } from "../../../src/adapters/d1/principals.ts";
import { d1Reads } from "../../../src/adapters/d1/read-counts.ts";
import { registryChain } from "../../../src/adapters/d1/registry-chain.ts";
import { d1Sessions } from "../../../src/adapters/d1/sessions.ts";
import { d1Webhooks } from "../../../src/adapters/d1/webhooks.ts";
import { dispatchObject } from "../../../src/adapters/objects/deliveries.ts";
import { iso } from "../../../src/core/base/iso-time.ts";
import type { IntentTerms } from "../../../src/core/intent/state.ts";
import type { DeliveryRecord } from "../../../src/ports/notifications.ts";
import { countedD1, planOf, type Counted } from "../../support/worker/counted-d1.ts";
import { dispatcher } from "../../support/worker/receiver.ts";
import { addRows } from "../../support/worker/many-rows.ts";

/* What else reads D1 and the dispatcher's table: by an index, and no more where there is more, whatever is sorted. */

const ROWS = 20_000;

/** No limit of time: ends a hook that hangs. */
const FILL_MS = 120_000;

const KEY = new Uint8Array(32).fill(7);

const { db, taken } = countedD1();
const keys = () => [KEY] as const;
const chain = registryChain(db, () => KEY);

const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${ROWS})`;

const FILL = [
  `INSERT INTO principals (id, role, name, name_key, created_at)
   SELECT printf('agt_%022d', n), 'agent', 'agent ' || n, 'agent ' || n, n FROM numbers`,
  "INSERT INTO keys (hash, principal_id, created_at) SELECT 'hash-' || n, printf('agt_%022d', n), n FROM numbers",
  `INSERT INTO sessions (hash, principal_id, assurance, key_hash, expires_at)
   SELECT 'session-' || n, printf('agt_%022d', n), 'key', 'hash-' || n, 9999999999999 FROM numbers`,
  "INSERT INTO nonces (hash, principal_id, expires_at) SELECT 'nonce-' || n, 'p', 9999999999999 FROM numbers",
  `INSERT INTO idempotent_answers (id, fingerprint, intent, attempt, lapses_at, expires_at)
   SELECT 'answer-' || n, 'f', 'i', 'a', 9999999999999, 9999999999999 FROM numbers`,
  `INSERT INTO standing_approvals (id, destination, max_cents, principal, person, assurance, created_at, expires_at)
   SELECT 'sta_' || n, 'crm.d' || (n % 500), 100, 'p', 'person-' || n, 'key', 1, 9999999999999 FROM numbers`,
  `INSERT INTO delegations (id, delegate, principal, person, assurance, created_at, expires_at)
   SELECT 'del_' || n, 'delegate-' || n, 'p', 'person-' || n, 'key', 1, 9999999999999 FROM numbers`,
  `INSERT INTO webhooks (id, form, intent_id, events, principal_id, created_at, sealed)
   SELECT 'whk_' || n, 'contract', 'int_' || n, '[]', 'p', ${Date.now()}, 'x' FROM numbers`,
  `INSERT INTO proxy_reads (day, agent_id, destination, count)
   SELECT '${iso(Date.now()).slice(0, 10)}', 'agt_' || n, 'crm.d', 1 FROM numbers`,
];

beforeAll(async () => {
  await addRows({ intents: ROWS, waiting: 100 });
  await env.DB.batch(FILL.map((sql) => env.DB.prepare(`${numbers} ${sql}`)));
}, FILL_MS);

const SCAN = /^SCAN (?!place|ranges|CONSTANT ROW|\(subquery|\w+ VIRTUAL TABLE)/;

const READS: Readonly<Record<string, () => Promise<unknown>>> = {
  "a principal by key": () => d1Principals(db, chain, null).byKey("k", "fresh"),
  "a principal by id": () => d1Principals(db, chain, null).get("agt_1"),
  "a principal by name": () => d1Principals(db, chain, null).named("agent 7"),
  "an idempotent answer": () =>
    d1IdempotentAnswers(db, keys).begin({ principal: "p", key: "k", intent: "int_7", subject: "a body" }),
  "names of principals": () => d1Principals(db, chain, null).names(["agt_1", "agt_2"]),
  "a page of principals": () =>
    d1Principals(db, chain, null).list({ after: "agt_0000000000000000010000", limit: 50 }),
  "a session": () => d1Sessions(db, null, keys, null).find("token", 1),
  "an opened session": () => d1Sessions(db, null, keys, null).open({ key: "k" }, "key", 1),
  "a nonce": () => d1Nonces(db, null).issue("p", 1),
  "standing approvals for an intent": () =>
    d1Mandates(db, chain, keys).matching(
      { destination: "crm.nothing" } as Parameters<ReturnType<typeof d1Mandates>["matching"]>[0],
      1,
    ),
  "a page of standing approvals": () =>
    d1Mandates(db, chain, keys).listStanding({ after: "sta_10", limit: 50 }),
  "a page of delegations": () => d1Mandates(db, chain, keys).listDelegations({ after: "del_10", limit: 50 }),
  "subscriptions of intents": () => d1Webhooks(db, chain, keys).subscriptions(["int_1", "int_2"]),
  "a webhook of an intent": () => d1Webhooks(db, chain, keys).ofIntent("int_7"),
  "webhooks of the deployment": () => d1Webhooks(db, chain, keys).list(),
  "counts of an agent's reads": () => d1Reads(db).list("agt_7"),
  "a page of the ledger for the log": () => logRows(db).page(ROWS),
  "a chain": () => logRows(db).chain("int_9"),
  "news for notifications": () => dispatchObject(env.DISPATCH, db, () => undefined).news(3 * ROWS - 100),
  "a ledger row of an intent": () => dispatchObject(env.DISPATCH, db, () => undefined).row("int_7", 1),
  "a known destination": () => d1IntentIndex(db).hasDestination("crm.*"),
  "an unknown destination": () => d1IntentIndex(db).hasDestination("nothing.*"),
  "counts of the queue": () => d1IntentIndex(db).countPending(["group-1", "group-2"], 100),
  "earlier intents like this one": () =>
    d1IntentIndex(db).seenBefore(
      {
        id: "int_9",
        agent: "agt_busy",
        destination: "crm.busy",
        createdAt: Date.now(),
        subject: "subject-9",
        shapes: ["shape-1"],
      } as unknown as IntentTerms,
      { agent: null, destinations: null },
    ),
};

/** Reads whose pages have more than a thousand rows of their own. */
const LARGE: Readonly<Record<string, number>> = {
  "a page of the ledger for the log": 5_000,
  "earlier intents like this one": 12_000,
};

describe("with 20,000 rows in each table", () => {
  test.each(Object.keys(READS))("%s is read by an index", async (name) => {
    taken();
    await READS[name]?.();
    const statements = taken();
    expect(statements.length).toBeGreaterThan(0);
    expect(await stepsOf(statements, SCAN)).toEqual([]);
    const read = statements.reduce((sum, { rowsRead }) => sum + rowsRead, 0);
    expect(read).toBeLessThanOrEqual(LARGE[name] ?? 1_000);
  });
});

async function stepsOf(statements: readonly Counted[], pattern: RegExp): Promise<readonly string[]> {
  const found: string[] = [];
  for (const statement of statements) {
    const steps = await planOf(statement);
    found.push(...steps.filter((step) => pattern.test(step)));
  }
  return found;
}

test("with 20,000 deliveries the dispatcher reads those that it needs, by an index", async () => {
  await runInDurableObject(dispatcher(), (_, { storage }) => {
    const store = new DispatchStore(storage);
    const { sql } = storage;
    sql.exec(`${numbers}
      INSERT INTO deliveries (id, target, lane, kind, intent, seq, at, state, attempts, next_at, leased, ended_at)
      SELECT 'del-' || n, 'whk_busy', 'lane-' || (n % 7), 'event', 'int_' || n, 1, n, CASE WHEN n % 2 = 0 THEN 'pending' ELSE 'delivered' END,
        0, CASE WHEN n % 2 = 0 THEN n END, 0, CASE WHEN n % 2 = 1 THEN 9999999999999 END FROM numbers`);
    const exec = sql.exec.bind(sql);
    const cursors: { sql: string; cursor: SqlStorageCursor<Record<string, SqlStorageValue>> }[] = [];
    const counted = Object.create(storage, {
      sql: {
        value: {
          exec: (text: string, ...values: SqlStorageValue[]) => {
            const cursor = exec(text, ...values);
            cursors.push({ sql: text, cursor });
            return cursor;
          },
        },
      },
      transactionSync: { value: storage.transactionSync.bind(storage) },
    }) as DurableObjectStorage;
    const measured = new DispatchStore(counted);
    const readBy = (read: () => unknown) => {
      cursors.length = 0;
      read();
      return cursors.reduce((sum, { cursor }) => sum + cursor.rowsRead, 0);
    };
    const middle = store.find("del-10000") as DeliveryRecord;
    const reads = {
      lease: readBy(() => measured.lease(10, 1_000_000, 1_000)),
      page: readBy(() => measured.log("whk_busy", middle, 50)),
      intents: readBy(() => measured.ofIntents(["int_5", "int_6"])),
      next: readBy(() => measured.nextAt()),
      prune: readBy(() => measured.prune(1)),
      notified: readBy(() => measured.firstNotified("int_7", 0)),
    };
    expect(Object.entries(reads).filter(([, read]) => read > 300)).toEqual([]);
  });
});
