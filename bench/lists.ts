import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { Server } from "../cli/serve/server.ts";
import { post, ratioOf, registeredKey, startFilled, type Side } from "./filled-server.ts";

/*
 * Measures one intent, first pages of lists, and metrics with 100,000 intents against the same with 1,000, most of them
 * decided.
 *
 *   node bench/lists.ts
 */

const FEW = 1_000;
const MANY = 100_000;

const AGENTS = 200;
const DESTINATIONS = 100;
const GOAL = 1.3;

/** Pages are at most what the smaller database has, so that both responses have one size. */
const PAGES = {
  "first page": "/v1/intents",
  "first page of a status": "/v1/intents?status=failed&limit=5",
  "of two statuses": "/v1/intents?status=failed,approved&limit=5",
  decided: "/v1/intents?status=decided",
  "of one agent": "/v1/intents?agent=agt_7&limit=2",
  "of a busy agent": "/v1/intents?agent=agt_busy",
  "of its status": "/v1/intents?agent=agt_busy&status=approved&limit=5",
  "of one destination": "/v1/intents?destination=crm.d7&limit=2",
  "of one policy": "/v1/intents?policy=policy-7&limit=5",
  "of one person": "/v1/intents?person=ana",
  "the queue": "/v1/approvals?limit=5",
  metrics: "/v1/metrics",
  "the page of decisions": "/cases/decided?limit=1",
} as const;

const folder = mkdtempSync(join(tmpdir(), "gate-bench-"));

try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Measured {
  readonly server: Server;
  readonly key: string;
  readonly intent: string;
}

async function run(): Promise<void> {
  const few = await started("few", FEW);
  const many = await started("many", MANY);
  const side = ({ server, key }: Measured, path: string): Side => ({ server, key, path });
  try {
    console.log(`${MANY.toLocaleString("en")} intents over ${FEW.toLocaleString("en")}:`);
    const [one, other] = [few, many].map((each) => side(each, `/v1/intents/${each.intent}`));
    if (one !== undefined && other !== undefined) {
      console.log(`  ${"one intent".padEnd(24)} ${await ratioOf(one, other, GOAL)}`);
    }
    for (const [name, path] of Object.entries(PAGES)) {
      console.log(`  ${name.padEnd(24)} ${await ratioOf(side(few, path), side(many, path), GOAL)}`);
    }
  } finally {
    await few.server.stop();
    await many.server.stop();
  }
}

async function started(name: string, intents: number): Promise<Measured> {
  const server = await startFilled(join(folder, name), (database) => fill(database, intents));
  const agent = await registeredKey(server, "agent");
  const { intentId: intent } = await post<{ intentId: string }>(server, "/v1/intents", agent, {
    destination: "salesforce.import",
    policy: "crm-low-risk",
    payload: "{}",
    recordCount: 20,
  });
  return { server, key: await registeredKey(server, "reviewer"), intent };
}

function fill(database: DatabaseSync, intents: number): void {
  const oldest = Date.now() - intents * 1_000;
  database.exec(`
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${intents})
    INSERT INTO intents (id, agent_id, destination, action, policy_id, phase, status, reason_code, risk_score, risk_level,
      records, value_cents, created_at, decide_by, updated_at, subject, shape_key, policies, people, decided_by, seq)
    SELECT printf('int_%08x%s', (n * 2654435761) % 4294967296, printf('%035d', n)),
      CASE n % 2 WHEN 0 THEN 'agt_busy' ELSE 'agt_' || (n % ${AGENTS}) END, 'crm.d' || (n % ${DESTINATIONS}), 'crm.write',
      'kept', phase, phase, 'within_limits', 5, 'low', 12, 4200, ${oldest} + n * 1000, ${oldest} + n * 1000,
      ${oldest} + n * 1000, 'subject-' || n, 'shape-' || (n % 50), json_array('kept', 'policy-' || (n % 20)),
      json_array('ana'), 'ana', 3
    FROM (SELECT n, CASE WHEN n % 100 = 1 THEN 'failed' WHEN n % 100 = 2 THEN 'approved'
      WHEN n % 100 = 3 THEN 'pending_approval' ELSE 'succeeded' END AS phase FROM numbers)`);
}
