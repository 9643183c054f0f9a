import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { freePort } from "../test/support/command.ts";
import { median } from "./load.ts";
import { agentsOf, proposing, startGate, type Gate } from "./support/gate.ts";
import { printGoal } from "./support/goals.ts";
import { appendRows, openLedger, SECRET } from "./support/ledger-rows.ts";
import { withFolder } from "./support/place.ts";
import { run } from "./support/run.ts";

/*
 * Measures the built command from its start to its first answer, on a data folder of 5,000 intents whose ledger and log
 * have 100,000 rows. The intents are proposed; the other rows are written into the ledger while no server runs, and
 * sealed.
 *
 *   node bench/start.ts
 */

const OBJECTS = 5_000;
const ROWS = 100_000;
const STARTS = 5;
const GOAL_MS = 2_000;
const POLL_MS = 5;

const ADMIN_KEY = "gate_ak_bench";
const ENVIRONMENT = { GATE_SECRET: SECRET, GATE_ADMIN_KEY: ADMIN_KEY };

const COMMAND = resolve(import.meta.dirname, "..", "dist", "cli.js");

await withFolder(tmpdir(), async (folder) => {
  const dataDir = join(folder, "gate");
  await withGate(dataDir, async (gate) => {
    await run(gate, 10, OBJECTS, proposing(await agentsOf(gate)));
  });
  const ledger = openLedger(dataDir);
  const { rows } = ledger.prepare("SELECT COUNT(*) AS rows FROM ledger").get() as { rows: number };
  appendRows(ledger, rows, ROWS);
  ledger.close();
  await withGate(dataDir, sealAll);
  const times: StartTimes[] = [];
  for (let start = 0; start < STARTS; start += 1) times.push(await timeStart(dataDir));
  const of = (field: keyof StartTimes) => median(times.map((each) => each[field]));
  console.log(`start with ${OBJECTS} intents and ${ROWS} rows: a list after ${of("listed").toFixed(0)} ms`);
  printGoal("start to the first 200", of("healthy"), { atMost: GOAL_MS }, " ms");
});

async function withGate(dataDir: string, use: (gate: Gate) => Promise<void>): Promise<void> {
  const gate = await startGate(dataDir, ENVIRONMENT);
  try {
    await use(gate);
  } finally {
    await gate.stop();
  }
}

async function sealAll({ url }: Gate): Promise<void> {
  const headers = { Authorization: `Bearer ${ADMIN_KEY}` };
  const response = await fetch(new URL("/log/seal", url), { method: "POST", headers });
  const size = Number((await response.text()).split("\n")[1]);
  if (!response.ok || size < ROWS) throw new Error(`sealed ${size} of ${ROWS} rows`);
}

interface StartTimes {
  /** Milliseconds to the first 200 of `/health`. */
  readonly healthy: number;
  /** To the first page of intents. */
  readonly listed: number;
}

async function timeStart(dataDir: string): Promise<StartTimes> {
  const port = await freePort();
  const started = performance.now();
  const command = spawn(process.execPath, [COMMAND, "--port", String(port), "--data-dir", dataDir], {
    stdio: "ignore",
    env: { ...process.env, ...ENVIRONMENT },
    cwd: resolve(COMMAND, "..", ".."),
  });
  try {
    await firstOk(command, port, "/health");
    const healthy = performance.now() - started;
    await firstOk(command, port, "/v1/intents");
    return { healthy, listed: performance.now() - started };
  } finally {
    const ended = once(command, "exit");
    command.kill("SIGTERM");
    await ended;
  }
}

async function firstOk(command: ChildProcess, port: number, path: string): Promise<void> {
  const headers = { Authorization: `Bearer ${ADMIN_KEY}` };
  while (command.exitCode === null) {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers }).catch(() => null);
    await response?.arrayBuffer();
    if (response?.status === 200) return;
    await setTimeout(POLL_MS);
  }
  throw new Error(`the command ended with ${command.exitCode}`);
}
