import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startServer, type Server } from "../cli/serve/server.ts";
import { appendRows, openLedger, SECRET } from "./support/ledger-rows.ts";
import { memoryOf, newestRuntime } from "./support/process.ts";

/*
 * Measures sealing. Rows of ordinary intents are written into D1's file while no server runs; then the log seals them
 * page by page. At the end rows arrive at the rate that the log must keep up with.
 */

const ROWS = 100_000;

/** The rate that the log must keep up with. */
const RATE_PER_SECOND = 500;
const RATE_SECONDS = 6;

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "gate-bench-"));
const dataDir = join(folder, "gate");

try {
  await run();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
  // The first start creates the database.
  await (await start()).stop();
  const before = fill(ROWS);
  console.log(`ledger: ${before.toLocaleString("en")} rows of ${meanBytes()} bytes on average`);

  const server = await start();
  try {
    const memoryBefore = memoryOf(newestRuntime()).now;
    const started = performance.now();
    const size = await seal(server);
    const seconds = (performance.now() - started) / 1000;
    console.log(
      `sealed ${size.toLocaleString("en")} in ${seconds.toFixed(1)} s: ${Math.round(size / seconds)} rows/s (goal >= ${RATE_PER_SECOND})`,
    );
    console.log(
      `memory of the runtime: ${memoryBefore.toFixed(0)} MB before, ${memoryOf(newestRuntime()).peak.toFixed(0)} MB at most`,
    );
    await timeCalls(server, size);
    await keepUp(server, size);
  } finally {
    await server.stop();
  }
}

function start(): Promise<Server> {
  return startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir,
    policyDir: join(root, "policies"),
    registry: join(root, "gate.yaml"),
    environment: {
      GATE_SECRET: SECRET,
      GATE_ADMIN_KEY: "gate_ak_bench",
      // A log that seals as fast as it is asked to would meet the limit of one key.
      GATE_EVIDENCE_PER_MINUTE: "1000000",
    },
    say: () => undefined,
  });
}

/** Appends rows to the ledger, and returns its new number of rows. */
function fill(count: number): number {
  const database = openLedger(dataDir);
  appendRows(database, 0, count);
  const { rows } = database.prepare("SELECT COUNT(*) AS rows FROM ledger").get() as { rows: number };
  database.close();
  return rows;
}

function meanBytes(): number {
  const database = openLedger(dataDir);
  const { bytes } = database
    .prepare(
      "SELECT AVG(octet_length(intent_id) + octet_length(event) + octet_length(actor) + octet_length(body) + 192) AS bytes FROM ledger",
    )
    .get() as { bytes: number };
  database.close();
  return Math.round(bytes);
}

async function request(server: Server, method: string, path: string, body?: unknown): Promise<string> {
  const response = await fetch(new URL(path, server.url), {
    method,
    headers: { Authorization: "Bearer gate_ak_bench", "Content-Type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.text();
}

/** Seals every row, and returns the size of the signed tree. */
async function seal(server: Server): Promise<number> {
  const note = await request(server, "POST", "/log/seal");
  return Number(note.split("\n")[1]);
}

async function timeCalls(server: Server, size: number): Promise<void> {
  const calls: readonly [string, (at: number) => string][] = [
    ["checkpoint", () => "/log/checkpoint"],
    ["inclusion, anywhere", (at) => `/log/proof/inclusion?index=${(at * 7919) % size}`],
    ["consistency, anywhere", (at) => `/log/proof/consistency?old=${1 + ((at * 7919) % size)}&new=${size}`],
    ["entries, 1,000", (at) => `/log/entries?from=${(at * 997) % (size - 1000)}&limit=1000`],
  ];
  for (const [name, path] of calls) {
    const times: number[] = [];
    for (let at = 0; at < 40; at += 1) {
      const started = performance.now();
      await request(server, "GET", path(at));
      times.push(performance.now() - started);
    }
    times.sort((a, b) => a - b);
    console.log(`${name}: p50 ${times[20]?.toFixed(1)} ms, max ${times.at(-1)?.toFixed(1)} ms`);
  }
}

/** Registrations can't reach this rate, so rows are written into the database's file at D1's speed. */
async function keepUp(server: Server, size: number): Promise<void> {
  let sealedSize = size;
  let written = ROWS;
  let worst = 0;
  const started = performance.now();
  const database = openLedger(dataDir);
  while (performance.now() - started < RATE_SECONDS * 1000) {
    const due = ROWS + ((performance.now() - started) / 1000) * RATE_PER_SECOND;
    written = appendRows(database, written, due);
    const sentAt = performance.now();
    sealedSize = await seal(server);
    worst = Math.max(worst, performance.now() - sentAt);
  }
  database.close();
  console.log(
    `${RATE_PER_SECOND} rows/s for ${RATE_SECONDS} s: ${sealedSize - size} of ${written - ROWS} sealed as they came, a seal took ${worst.toFixed(0)} ms at most`,
  );
}
