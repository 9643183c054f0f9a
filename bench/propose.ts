import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { startServer } from "../cli/serve/server.ts";
import { load, median, type Load, type Shot } from "./load.ts";

/*
 * Measures a proposal against the cheapest durable write on the same runtime. Rounds alternate between the two, so that
 * other load on the machine affects both; only the ratios are meaningful.
 */

const ROUNDS = 5;
const AGENTS = 30;
const COUNTS = { 1: 120, 10: 300 } as const;

const PROPOSAL = JSON.stringify({
  destination: "salesforce.import",
  policy: "crm-low-risk",
  payload: `name,email\n${Array.from({ length: 20 }, (_, row) => `Lead ${row},lead${row}@example.com`).join("\n")}\n`,
  payload_name: "leads.csv",
  recordCount: 20,
});

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "gate-bench-"));

try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  const floor = await startFloor();
  const gate = await startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir: join(folder, "gate"),
    policyDir: join(root, "policies"),
    registry: join(root, "gate.yaml"),
    environment: {},
    say: () => undefined,
  });
  try {
    const keys = await registerAgents(gate.url, gate.adminKey);
    const floorShot = (): Shot => ({ method: "POST", path: "/", headers: {}, body: PROPOSAL });
    let proposed = 0;
    const gateShot = (): Shot => {
      // Spread over agents, so that none reaches the flood limit.
      const key = keys[(proposed += 1) % keys.length];
      const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
      return { method: "POST", path: "/v1/intents", headers, body: PROPOSAL };
    };
    await load(floor.url, 4, 60, floorShot);
    await load(gate.url, 4, 60, gateShot);
    for (const connections of [1, 10] as const) {
      const floors: Load[] = [];
      const gates: Load[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        floors.push(await load(floor.url, connections, COUNTS[connections], floorShot));
        gates.push(await load(gate.url, connections, COUNTS[connections], gateShot));
      }
      print(connections, floors, gates);
    }
  } finally {
    await gate.stop();
    await floor.stop();
  }
}

function print(connections: number, floors: readonly Load[], gates: readonly Load[]): void {
  const of = (loads: readonly Load[], field: keyof Load) => median(loads.map((each) => each[field]));
  const ratio = (field: keyof Load) =>
    median(gates.map((gate, round) => gate[field] / (floors[round]?.[field] ?? Number.NaN)));
  const show = (name: string, loads: readonly Load[]) =>
    `${name} ${of(loads, "perSecond").toFixed(0)}/s, p50 ${of(loads, "p50").toFixed(1)} ms, p99 ${of(loads, "p99").toFixed(1)} ms`;
  console.log(`propose, ${connections} connection${connections === 1 ? "" : "s"}`);
  console.log(`  ${show("floor", floors)}`);
  console.log(`  ${show("gate ", gates)}`);
  console.log(
    `  ratio throughput ${ratio("perSecond").toFixed(2)} (goal >= 0.70), p50 ${ratio("p50").toFixed(2)} (goal <= 1.50), p99 ${ratio("p99").toFixed(2)}`,
  );
}

async function startFloor() {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      resourcePersistencePath: join(folder, "floor"),
      cf: false,
      telemetry: { enabled: false },
      workers: [
        {
          name: "floor",
          modules: true,
          modulesRoot: import.meta.dirname,
          scriptPath: join(import.meta.dirname, "floor-worker.js"),
          compatibilityDate: "2026-10-23",
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
          d1Databases: { DB: "floor" },
          durableObjects: { FLOOR: { className: "FloorObject", useSQLite: true } },
        },
      ],
    }),
  );
  await miniflare.ready;
  const url = await miniflare.unsafeGetDirectURL();
  await fetch(new URL("/setup", url));
  return { url, stop: () => miniflare.dispose() };
}

async function registerAgents(url: URL, adminKey: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for (let agent = 0; agent < AGENTS; agent += 1) {
    const response = await fetch(new URL("/v1/agents/register", url), {
      method: "POST",
      headers: { Authorization: `Bearer ${adminKey}`, "Content-Type": "application/json" },
      body: JSON.stringify({ name: `bench-${agent}` }),
    });
    const { apiKey } = (await response.json()) as { apiKey: string };
    keys.push(apiKey);
  }
  return keys;
}
