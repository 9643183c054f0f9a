import { env } from "cloudflare:workers";
import { beforeAll, expect, test, vi } from "vitest";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";
import {
  call,
  flushed,
  freeze,
  later,
  ordered,
  proposal,
  propose,
  register,
  stateOf,
} from "../../support/worker/gate.ts";

/* What triggers derive of intents and ledger: the counts of metrics, and the tags of lists. */

const DAY_MS = 24 * 60 * 60_000;

const HELD = "require_approval: always\nexpiry_minutes: 10080";
const ONCE = "auto_approve_under: 100\nblock_duplicates_within: 10m";

let agent: Principal;
let ana: Principal;
/** As `SELECT`s of what the triggers derive it from. */
const COUNTS = `
  SELECT agent_id, 'all' AS name, COUNT(*) AS count, COUNT(*) FILTER (WHERE approved_at > created_at) AS approvals,
    COALESCE(SUM(approved_at - created_at) FILTER (WHERE approved_at > created_at), 0) AS latency_ms
  FROM intents GROUP BY agent_id
  UNION ALL SELECT agent_id, phase, COUNT(*), 0, 0 FROM intents
  WHERE phase NOT IN ('approved', 'scheduled', 'claimed') GROUP BY agent_id, phase
  UNION ALL SELECT actor, event, SUM(body ->> 'count'), 0, 0 FROM ledger WHERE event = 'duplicate_blocked' GROUP BY actor`;

const TAGS = `
  SELECT 'policy' AS kind, value AS tag, intents.id AS intent FROM intents, json_each(policies)
  UNION SELECT 'waiting', value, intents.id FROM intents, json_each(policies) WHERE phase = 'pending_approval'
  UNION SELECT 'person', value, intents.id FROM intents, json_each(people)
  UNION SELECT 'day', date(l.at / 1000, 'unixepoch'), intents.id FROM intents JOIN ledger AS l ON l.intent_id = intents.id
  WHERE date(l.at / 1000, 'unixepoch') <> date(intents.created_at / 1000, 'unixepoch')`;

const allOf = async (sql: string) => (await env.DB.prepare(sql).all()).results;

beforeAll(async () => {
  freeze();
  agent = await register("agent");
  ana = await register("reviewer", { person: "ana" });
});

test("counts and tags are those of the intents and the ledger, after whole lives of intents", async () => {
  await changeRules({ ...RULES, policies: { ...RULES.policies, held: HELD, small: ONCE } });
  const held = async () => propose(agent, proposal("crm.held"), "pending_approval");
  const [approved, rejected, waiting] = [await held(), await held(), await held()];
  const ids = [approved, rejected, waiting, await propose(agent, proposal("crm.small"), "approved")];
  ids.push((await ordered(agent)).intent);
  const repeated = proposal("crm.small");
  ids.push(await propose(agent, repeated, "approved"));
  await call("POST", "/v1/intents", agent.key, repeated);
  later(DAY_MS / 24);
  await call("POST", `/v1/intents/${approved}/approve`, ana.key, {});
  later(DAY_MS);
  await call("POST", `/v1/intents/${rejected}/reject`, ana.key, { reason: "no" });
  for (const id of ids) {
    // A read settles what the day ended.
    await stateOf(id);
    await flushed(id);
  }

  const counts = await allOf(`
    WITH counts AS (${COUNTS}) SELECT * FROM counts
    UNION ALL SELECT '', name, SUM(count), SUM(approvals), SUM(latency_ms) FROM counts GROUP BY name ORDER BY 1, 2`);
  const names = ["all", "duplicate_blocked", "expired", "indeterminate", "pending_approval", "rejected"];
  expect(new Set(counts.map(({ name }) => name))).toEqual(new Set(names));
  expect(await allOf("SELECT * FROM intent_counts WHERE count <> 0 ORDER BY 1, 2")).toEqual(counts);
  expect((await call("GET", "/v1/metrics", agent.key)).body).toMatchObject({
    actions_attempted: ids.length,
    actions_approved: (await allOf("SELECT 1 FROM intents WHERE phase = 'approved'")).length,
    actions_blocked: 1,
    actions_pending: 1,
    duplicate_actions: 1,
    avg_approval_latency_ms: DAY_MS / 24,
  });
  const tags = await allOf(`${TAGS} ORDER BY 1, 2, 3`);
  expect(new Set(tags.map(({ kind }) => kind))).toEqual(new Set(["policy", "waiting", "person", "day"]));
  expect(await allOf("SELECT kind, tag, intent_id AS intent FROM intent_tags ORDER BY 1, 2, 3")).toEqual(
    tags,
  );
});

test("an upsert of a newer row that changes no phase, no policy and no person derives no row", async () => {
  const id = await propose(agent, proposal("crm.held"), "pending_approval");
  await flushed(id);
  const before = [await allOf("SELECT * FROM intent_counts"), await allOf("SELECT * FROM intent_tags")];
  await env.DB.prepare(
    "UPDATE intents SET seq = seq + 1, phase = phase, people = people, policies = policies WHERE id = ?1",
  )
    .bind(id)
    .run();
  expect([await allOf("SELECT * FROM intent_counts"), await allOf("SELECT * FROM intent_tags")]).toEqual(
    before,
  );
});

test("each step of an intent writes no more rows to D1 than its entries, its row, its indexes and what is derived", async () => {
  const batch = env.DB.batch.bind(env.DB);
  let written = 0;
  vi.spyOn(env.DB, "batch").mockImplementation(async <T>(statements: D1PreparedStatement[]) => {
    const results = await batch<T>(statements);
    written += results.reduce((sum, { meta }) => sum + meta.rows_written, 0);
    return results;
  });
  const steps: Record<string, number> = {};
  const step = async (name: string, id: string) => {
    await flushed(id);
    steps[name] = written;
    written = 0;
  };
  // Whose policy texts D1 does not have yet is no step of an intent.
  await propose(agent, proposal("crm.small"), "approved");
  await step("first", await propose(agent, proposal("crm.held"), "pending_approval"));
  await step("approved at once", await propose(agent, proposal("crm.small"), "approved"));
  const id = await propose(agent, proposal("crm.held"), "pending_approval");
  await step("held", id);
  await call("POST", `/v1/intents/${id}/approve`, ana.key, {});
  await step("approved", id);
  const { body: order } = await call("POST", `/v1/intents/${id}/execute`, agent.key);
  await step("ordered", id);
  const report = { execution_token: order.execution_token, status: "succeeded" };
  expect((await call("POST", `/v1/executions/${order.executionId}/report`, agent.key, report)).status).toBe(
    200,
  );
  await step("reported", id);
  delete steps["first"];
  expect(steps).toEqual({ "approved at once": 16, held: 22, approved: 16, ordered: 8, reported: 10 });
});
