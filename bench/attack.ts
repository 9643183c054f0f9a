import { fork } from "node:child_process";
import { Agent, request } from "node:http";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { ATTACKS, type AttackName } from "./attack-kinds.ts";
import type { AttackOrder } from "./attack-process.ts";
import { startScene, type Scene } from "./attack-scene.ts";
import { memoryOf, resetPeak } from "./support/process.ts";

/*
 * Measures how long other agents' proposals take while one agent attacks, relative to a quiet time right before, and
 * what the runtime's memory grows by.
 *
 *   node bench/attack.ts [part of an attack's name]
 */

/** Proposals a second, sent on time whether or not the earlier ones are answered. */
const PACE = 25;
const QUIET_SECONDS = 5;
const ATTACK_SECONDS = 10;
/** From the attack's beginning to the first proposal that counts. */
const ONSET_MS = 1_000;
/** What the last attack began is over by then. */
const REST_MS = 1_500;
const MAX_RATIO = 3;
/** For a large payload that is no attack. */
const MAX_LATER_MS = 100;

const PROPOSAL = JSON.stringify({
  destination: "bench.table",
  policy: "checked",
  payload: `name,email,amount\n${Array.from({ length: 20 }, (_, row) => `Lead ${row},lead${row}@example.com,1.50`).join("\n")}\n`,
  payload_name: "leads.csv",
});

const wanted = process.argv[2] ?? "";
const names = (Object.keys(ATTACKS) as AttackName[]).filter((name) => name.includes(wanted));
const connections = new Agent({ keepAlive: true });
const scene = await startScene();
try {
  await latencies(scene, QUIET_SECONDS);
  console.log(
    "attack                               quiet p99      p99   ratio     later   memory  responses",
  );
  for (const name of names) await measure(scene, name);
} finally {
  connections.destroy();
  await scene.stop();
}

async function measure({ pid, target }: Scene, name: AttackName): Promise<void> {
  const quiet = await latencies(scene, QUIET_SECONDS);
  const child = fork(join(import.meta.dirname, "attack-process.ts"));
  resetPeak(pid);
  const before = memoryOf(pid).now;
  child.send({ name, target } satisfies AttackOrder);
  await setTimeout(ONSET_MS);
  const attacked = await latencies(scene, ATTACK_SECONDS);
  const growth = memoryOf(pid).peak - before;
  const responses = new Promise<readonly (readonly [number, number])[]>((resolve) => {
    child.once("message", (statuses) => resolve(statuses as never));
  });
  child.send("stop");
  print(name, p99(quiet), p99(attacked), growth, await responses);
  await setTimeout(REST_MS);
}

function print(
  name: AttackName,
  quiet: number,
  attacked: number,
  growth: number,
  responses: readonly (readonly [number, number])[],
): void {
  const isLegitimate = name.endsWith("10 MiB");
  const isMet = isLegitimate ? attacked <= quiet + MAX_LATER_MS : attacked <= quiet * MAX_RATIO;
  const counts = responses
    .map(([status, count]) => `${count} × ${status === 0 ? "none" : status}`)
    .join(", ");
  console.log(
    `${name.padEnd(36)} ${ms(quiet)} ${ms(attacked)} ${(attacked / quiet).toFixed(1).padStart(7)} ` +
      `${ms(attacked - quiet)} ${`${growth.toFixed(0)} MB`.padStart(8)}  ${counts}${isMet ? "" : "  MISSED"}`,
  );
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`.padStart(9);
}

function p99(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * 0.99))] ?? Number.NaN;
}

/** Milliseconds from when each proposal was due until its response ended. */
async function latencies({ server, victims }: Scene, seconds: number): Promise<readonly number[]> {
  const begun = performance.now();
  const times: Promise<number>[] = [];
  for (let sent = 0; sent < seconds * PACE; sent += 1) {
    const due = begun + (sent * 1_000) / PACE;
    await setTimeout(Math.max(0, due - performance.now()));
    const key = victims[sent % victims.length] ?? "";
    times.push(propose(server.url, key).then(() => performance.now() - due));
  }
  return Promise.all(times);
}

function propose(url: URL, key: string): Promise<void> {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL("/v1/intents", url),
      { agent: connections, method: "POST", headers },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => {
          // What is blocked before it is looked at would be too quick.
          if (text.includes('"status":"approved"')) resolve();
          else reject(new Error(`a victim's proposal got ${response.statusCode}: ${text.slice(0, 300)}`));
        });
      },
    );
    outgoing.on("error", reject);
    outgoing.end(PROPOSAL);
  });
}
