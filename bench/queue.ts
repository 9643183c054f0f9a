import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { ratioOf, registeredKey, startFilled } from "./filled-server.ts";

/*
 * Measures the first page of the queue with 10,000 pending intents against the same with 100. Both have as many decided
 * ones. Rows are written into D1's file while no server runs; rounds alternate between the two servers, so that other
 * load on the machine affects both.
 *
 *   node bench/queue.ts
 */

const FEW = 100;
const MANY = 10_000;
const DECIDED = 50_000;

const AGENTS = 20;
const GROUPS = 50;

const GOAL = 1.5;

/** A person waits for it. */
const PAGE_GOAL = 1.3;

/** The page size, at most the smaller queue, so that both responses have one size. */
const PAGES = {
  "first page": "/v1/approvals",
  "first page, 100 lines": "/v1/approvals?limit=100",
  "of one agent": "/v1/approvals?agent=agt_7&limit=5",
  "of one destination": "/v1/approvals?destination=crm.d7&limit=5",
  "of one group": "/v1/approvals?group=group-7&limit=2",
  "of one policy": "/v1/approvals?policy=policy-7&limit=2",
  "what is mine": "/v1/approvals?mine=true",
  search: "/v1/approvals?q=crm.d7&limit=5",
  "decided, of one policy": "/v1/intents?status=decided&policy=policy-7",
  "decided, found nowhere": "/v1/intents?status=decided&q=nowhere",
  "the inbox's page": "/cases",
  "what I may decide": "/cases?mine=true",
} as const;

const WHOLE = {
  groups: "/v1/approvals/groups",
  "search, found nowhere": "/v1/approvals?q=nowhere",
} as const;

const folder = mkdtempSync(join(tmpdir(), "gate-bench-"));

try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const few = await startFilled(join(folder, "few"), (database) => fill(database, FEW));
  const many = await startFilled(join(folder, "many"), (database) => fill(database, MANY));
  try {
    const keys = [await registeredKey(few, "reviewer"), await registeredKey(many, "reviewer")] as const;
    const ratio = (path: string, goal: number | null) =>
      ratioOf({ server: few, key: keys[0], path }, { server: many, key: keys[1], path }, goal);
    console.log(`${MANY.toLocaleString("en")} pending over ${FEW}, ${DECIDED.toLocaleString("en")} decided:`);
    for (const [name, path] of Object.entries(PAGES)) {
      const goal = path.startsWith("/cases") ? PAGE_GOAL : GOAL;
      console.log(`  ${name.padEnd(22)} ${await ratio(path, goal)}`);
    }
    console.log("Without a goal, since they look at all that waits, a search at 10,000 at most:");
    for (const [name, path] of Object.entries(WHOLE)) {
      console.log(`  ${name.padEnd(22)} ${await ratio(path, null)}`);
    }
  } finally {
    await few.stop();
    await many.stop();
  }
}

/** Interleaves decided and pending intents, as in an old database. */
function fill(database: DatabaseSync, pending: number): void {
  const insert = database.prepare(
    `INSERT INTO intents (id, agent_id, destination, action, policy_id, phase, status, reason_code, risk_score,
       risk_level, records, value_cents, created_at, decide_by, updated_at, group_key, policies, approval, seq)
     VALUES (?, ?, ?, ?, 'held', ?, ?, 'manual_review_required', 30, 'medium', 12, 4200, ?, ?, ?, ?, ?, ?, 3)`,
  );
  const requirements = JSON.stringify({
    require: 2,
    votes: 1,
    groups: [],
    people: [],
    min_assurance: "slack",
  });
  const total = DECIDED + pending;
  const oldest = Date.now() - total * 1000;
  database.exec("BEGIN");
  for (let made = 0; made < total; made += 1) {
    // Spreads the pending intents evenly over the decided ones.
    const waits = Math.floor(((made + 1) * pending) / total) > Math.floor((made * pending) / total);
    const phase = waits ? "pending_approval" : "succeeded";
    const name = `crm.d${made % AGENTS}`;
    const at = oldest + made * 1000;
    insert.run(
      `int_${String(made).padStart(43, "0")}`,
      `agt_${made % AGENTS}`,
      name,
      name,
      phase,
      phase,
      at,
      at + 10_000_000_000,
      at,
      `group-${made % GROUPS}`,
      JSON.stringify(["held", `policy-${made % GROUPS}`]),
      requirements,
    );
  }
  database.exec("COMMIT");
}
