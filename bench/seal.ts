import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { startServer, type Server } from "../cli/serve/server.ts";
import { canonicalJson } from "../src/core/base/json.ts";
import { chain, EMPTY_HEAD, type Entry, type Head } from "../src/core/ledger/entry.ts";
import { keysInForce } from "../src/core/base/key-derivation.ts";

/*
 * Measures sealing. Rows of ordinary intents are written into D1's file while no server runs; then the log seals them
 * page by page. At the end rows arrive at the rate that the log must keep up with.
 */

const ROWS = 100_000;
const ROWS_PER_INTENT = 5;
const EVENTS = ["proposed", "policy_checked", "approved", "execution_requested", "execution_succeeded"];

/** The rate that the log must keep up with. */
const RATE_PER_SECOND = 500;
const RATE_SECONDS = 6;

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "gate-bench-"));
const secret = Buffer.alloc(32, 7).toString("base64");
const macKey = keysInForce([secret], "entry-mac")[0];

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
    const memoryBefore = runtimeMemory();
    const started = performance.now();
    const size = await seal(server);
    const seconds = (performance.now() - started) / 1000;
    console.log(
      `sealed ${size.toLocaleString("en")} in ${seconds.toFixed(1)} s: ${Math.round(size / seconds)} rows/s (goal >= ${RATE_PER_SECOND})`,
    );
    console.log(`memory of the runtime: ${memoryBefore} MB before, ${runtimeMemory()} MB at most`);
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
    dataDir: join(folder, "gate"),
    policyDir: join(root, "policies"),
    registry: join(root, "gate.yaml"),
    environment: { GATE_SECRET: secret, GATE_ADMIN_KEY: "gate_ak_bench" },
    say: () => undefined,
  });
}

/** Appends rows to the ledger, and returns its new number of rows. */
function fill(count: number): number {
  const database = openLedger();
  const insert = database.prepare(
    `INSERT INTO ledger (intent_id, seq, event, actor, at, body, prev_hash, entry_hash, mac)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  database.exec("BEGIN");
  // Several intents at a time, interleaved as they would be.
  for (let done = 0; done < count; done += ROWS_PER_INTENT) {
    for (const { intent, seq, event, actor, at, body, prev, hash, mac } of story(done)) {
      insert.run(intent, seq, event, actor, at, body, prev, hash, mac);
    }
  }
  database.exec("COMMIT");
  const { rows } = database.prepare("SELECT COUNT(*) AS rows FROM ledger").get() as { rows: number };
  database.close();
  return rows;
}

function story(number: number): readonly Entry[] {
  const intent = `int_${String(number).padStart(43, "0")}`;
  const digest = number.toString(16).padStart(64, "0");
  const drafts = EVENTS.map((event) => ({
    event,
    actor: "agt_bench",
    at: 1_790_000_000_000 + number,
    body: canonicalJson({ intent_digest: digest, policy_hashes: [digest], decision: digest, reason: digest }),
  }));
  const head: Head = EMPTY_HEAD;
  return chain(intent, head, drafts, macKey);
}

function openLedger(): DatabaseSync {
  for (const path of readdirSync(join(folder, "gate", "state"), { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".sqlite")) continue;
    const database = new DatabaseSync(join(folder, "gate", "state", path));
    const found = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").get();
    if (found !== undefined) return database;
    database.close();
  }
  throw new Error("no ledger in the data folder");
}

function meanBytes(): number {
  const database = openLedger();
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
  const database = openLedger();
  const insert = database.prepare(
    `INSERT INTO ledger (intent_id, seq, event, actor, at, body, prev_hash, entry_hash, mac)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  while (performance.now() - started < RATE_SECONDS * 1000) {
    const due = ROWS + ((performance.now() - started) / 1000) * RATE_PER_SECOND;
    database.exec("BEGIN IMMEDIATE");
    for (; written < due; written += ROWS_PER_INTENT) {
      for (const { intent, seq, event, actor, at, body, prev, hash, mac } of story(written)) {
        insert.run(intent, seq, event, actor, at, body, prev, hash, mac);
      }
    }
    database.exec("COMMIT");
    const sentAt = performance.now();
    sealedSize = await seal(server);
    worst = Math.max(worst, performance.now() - sentAt);
  }
  database.close();
  console.log(
    `${RATE_PER_SECOND} rows/s for ${RATE_SECONDS} s: ${sealedSize - size} of ${written - ROWS} sealed as they came, a seal took ${worst.toFixed(0)} ms at most`,
  );
}

/** Peak resident memory of the runtime's process in MB; 0 without /proc. */
function runtimeMemory(): number {
  try {
    for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const status = readFileSync(`/proc/${id}/status`, "utf8");
      const parent = Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]);
      const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
      const isRuntime = parent === process.pid && status.startsWith("Name:\tworkerd");
      if (isRuntime) return Math.round(Number(peak) / 1024);
    }
  } catch {
    return 0;
  }
  return 0;
}
