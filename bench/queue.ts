import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { startServer, type Server } from "../cli/serve/server.ts";
import { load, median, type Load, type Shot } from "./load.ts";

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

const ROUNDS = 7;
const REQUESTS = 60;
const GOAL = 1.5;

/** A person waits for it. */
const PAGE_GOAL = 1.3;

const ADMIN_KEY = "gate_ak_bench";

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

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "gate-bench-"));

try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const few = await startWith(FEW);
  const many = await startWith(MANY);
  try {
    const keys = new Map([
      [few, await reviewerKey(few)],
      [many, await reviewerKey(many)],
    ]);
    console.log(`${MANY.toLocaleString("en")} pending over ${FEW}, ${DECIDED.toLocaleString("en")} decided:`);
    for (const [name, path] of Object.entries(PAGES)) {
      const ratio = await compare(few, many, keys, path);
      console.log(`  ${name.padEnd(22)} ${ratio}`);
    }
    const groups = await compare(few, many, keys, "/v1/approvals/groups");
    console.log(`  ${"groups".padEnd(22)} ${groups} (counts all that waits: no goal)`);
  } finally {
    await few.stop();
    await many.stop();
  }
}

async function compare(
  few: Server,
  many: Server,
  keys: ReadonlyMap<Server, string>,
  path: string,
): Promise<string> {
  const measure = (server: Server): Promise<Load> => {
    const headers = { Authorization: `Bearer ${keys.get(server)}` };
    const shot = (): Shot => ({ method: "GET", path, headers, body: "" });
    return load(server.url, 1, REQUESTS, shot);
  };
  await measure(few);
  await measure(many);
  const ratios: number[] = [];
  const [fews, manys]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [one, other] = [await measure(few), await measure(many)];
    fews.push(one.p50);
    manys.push(other.p50);
    ratios.push(other.p50 / one.p50);
  }
  const ratio = median(ratios);
  const goal = path.startsWith("/cases") ? PAGE_GOAL : GOAL;
  const verdict = ratio < goal || path.endsWith("groups") ? "" : `  ABOVE THE GOAL OF ${goal}`;
  return `${ratio.toFixed(2)} (p50 ${median(manys).toFixed(1)} ms over ${median(fews).toFixed(1)} ms)${verdict}`;
}

async function startWith(pending: number): Promise<Server> {
  const dataDir = join(folder, String(pending));
  // The first start creates the database.
  await (await start(dataDir)).stop();
  fill(dataDir, pending);
  return start(dataDir);
}

function start(dataDir: string): Promise<Server> {
  return startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir,
    policyDir: join(root, "policies"),
    registry: join(root, "gate.yaml"),
    environment: {
      GATE_SECRET: Buffer.alloc(32, 7).toString("base64"),
      GATE_ADMIN_KEY: ADMIN_KEY,
      GATE_REQUESTS_PER_MINUTE: "1000000",
    },
    say: () => undefined,
  });
}

/** Interleaves decided and pending intents, as in an old database. */
function fill(dataDir: string, pending: number): void {
  const database = openDatabase(dataDir);
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
  database.close();
}

function openDatabase(dataDir: string): DatabaseSync {
  for (const path of readdirSync(join(dataDir, "state"), { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".sqlite")) continue;
    const database = new DatabaseSync(join(dataDir, "state", path));
    const found = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").get();
    if (found !== undefined) return database;
    database.close();
  }
  throw new Error("no database in the data folder");
}

async function reviewerKey(server: Server): Promise<string> {
  const response = await fetch(new URL("/v1/agents/register", server.url), {
    method: "POST",
    headers: { Authorization: `Bearer ${ADMIN_KEY}`, "Content-Type": "application/json" },
    body: JSON.stringify({ name: "bench", role: "reviewer" }),
  });
  const { apiKey } = (await response.json()) as { apiKey: string };
  return apiKey;
}
