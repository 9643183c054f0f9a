import { randomBytes } from "node:crypto";
import { Agent, request, type IncomingMessage } from "node:http";
import { setTimeout } from "node:timers/promises";
import { median } from "./load.ts";
import { startScene, type Place, type Scene } from "./proxy-server.ts";
import { memoryOf, resetPeak } from "./support/process.ts";

/*
 * Measures the reverse proxy's memory for bodies that must not stay in it: responses of 100 MB, read quickly and
 * slowly, and writes of 10 MiB. Memory is the runtime process's peak above its size before; throughput is relative to
 * the plain Worker's, in alternating rounds.
 *
 *   node bench/proxy-memory.ts
 */

const LONG_BYTES = 100_000_000;
const ROUNDS = 3;

/** A slow reader pauses in the middle, long enough for any unbounded buffer to fill. */
const SLOW_AFTER_BYTES = 1_000_000;
const SLOW_MS = 3_000;

const WRITE_BYTES = 10 * 1024 * 1024;
const WRITES = 8;
const GOAL_MB = 64;

const RECORD = { name: "Jenny Rosen", email: "jenny.rosen@example.com", note: "Renewal of the yearly plan." };

interface Written {
  readonly type: string;
  readonly body: Buffer;
}

const WRITTEN: Readonly<Record<string, Written>> = {
  JSON: { type: "application/json", body: jsonOf(WRITE_BYTES) },
  CSV: { type: "text/csv", body: textOf("Jenny Rosen,jenny.rosen@example.com,Renewal\n", WRITE_BYTES) },
  bytes: { type: "application/octet-stream", body: randomBytes(WRITE_BYTES) },
};

const connections = new Agent({ keepAlive: true });
try {
  await onScene(longAnswers);
  console.log(`a write of ${WRITE_BYTES / 1024 / 1024} MiB (goal: at most ${GOAL_MB} MB more)`);
  // Each in a runtime of its own: the next one would reuse memory that the previous one freed.
  for (const [name, written] of Object.entries(WRITTEN)) {
    await onScene((scene) => longWrites(scene, name, written));
  }
} finally {
  connections.destroy();
}

async function onScene(measure: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = await startScene();
  try {
    await measure(scene);
  } finally {
    await scene.stop();
  }
}

interface Way {
  readonly name: string;
  readonly place: Place;
  readonly prefix: string;
}

async function longAnswers({ floor, gate }: Scene): Promise<void> {
  const ways: readonly Way[] = [
    { name: "plain Worker", place: floor, prefix: "" },
    { name: "Gate, own credential", place: gate, prefix: "/own" },
    { name: "Gate, masked", place: gate, prefix: "/keyed" },
  ];
  const key = gate.agents[0] ?? "";
  for (const way of ways) await readLong(way, key, 0);
  const speeds = new Map<Way, number[]>(ways.map((way) => [way, []]));
  const growths = new Map<Way, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const way of ways) {
      const { speed, growth } = await readLong(way, key, 0);
      speeds.get(way)?.push(speed);
      growths.set(way, Math.max(growths.get(way) ?? 0, growth));
    }
  }
  const [first] = ways;
  const floors = (first && speeds.get(first)) ?? [];
  console.log(`an answer of ${LONG_BYTES / 1e6} MB`);
  for (const way of ways) {
    const own = speeds.get(way) ?? [];
    const ratio = median(own.map((speed, round) => speed / (floors[round] ?? Number.NaN)));
    const { growth: slow } = await readLong(way, key, SLOW_MS);
    console.log(
      `  ${way.name.padEnd(22)} ${median(own).toFixed(0).padStart(5)} MB/s, ${ratio.toFixed(2)} of the plain Worker's; ` +
        `memory at most ${(growths.get(way) ?? Number.NaN).toFixed(1)} MB more, read slowly ${slow.toFixed(1)} MB`,
    );
  }
}

/** Reads one long response to its end, with a pause near its beginning. */
async function readLong({ place, prefix }: Way, key: string, pauseMs: number) {
  resetPeak(place.pid);
  const before = memoryOf(place.pid).now;
  const started = performance.now();
  const response = await open(place.url, "GET", `${prefix}/long?bytes=${LONG_BYTES}`, key, null);
  let bytes = 0;
  let isPaused = pauseMs === 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    if (isPaused || bytes < SLOW_AFTER_BYTES) continue;
    isPaused = true;
    await setTimeout(pauseMs);
  }
  if (response.statusCode !== 200 || bytes !== LONG_BYTES) {
    throw new Error(`${response.statusCode} with ${bytes} bytes`);
  }
  const seconds = (performance.now() - started) / 1000;
  return { speed: LONG_BYTES / 1e6 / seconds, growth: memoryOf(place.pid).peak - before };
}

function jsonOf(bytes: number): Buffer {
  const line = JSON.stringify(RECORD);
  const count = Math.floor((bytes - 20) / (line.length + 1));
  return Buffer.from(`{"all":[${Array.from({ length: count }, () => line).join(",")}]}`);
}

function textOf(line: string, bytes: number): Buffer {
  return Buffer.from(line.repeat(Math.floor(bytes / line.length)));
}

async function longWrites({ gate, floor, upstream }: Scene, name: string, { type, body }: Written) {
  const small = Buffer.from('{"name":"Jenny Rosen"}');
  // Warm-up, so that memory for the runtime's first writes is not counted.
  for (let round = 0; round < WRITES; round += 1) {
    await write(gate, "/own", gate.agents[round] ?? "", "application/json", small);
    await write(floor, "", "", "application/json", small);
  }
  const before = await upstream.writes();
  const growths: number[] = [];
  const times: number[] = [];
  for (let round = 0; round < WRITES; round += 1) {
    const { growth, ms } = await write(gate, "/own", gate.agents[round] ?? "", type, body);
    growths.push(growth);
    times.push(ms);
  }
  const { growth: floorGrowth } = await write(floor, "", "", type, body);
  const [first = Number.NaN] = growths;
  console.log(
    `  ${name.padEnd(6)} ${median(times).toFixed(0)} ms; memory the first time ${first.toFixed(1)} MB more, ` +
      `in each of ${WRITES - 1} after it at most ${Math.max(...growths.slice(1)).toFixed(1)}; plain Worker ${floorGrowth.toFixed(1)}`,
  );
  const written = (await upstream.writes()) - before;
  if (written !== WRITES + 1) throw new Error(`${written} writes of ${WRITES + 1}`);
}

async function write(place: Place, prefix: string, key: string, type: string, body: Buffer) {
  resetPeak(place.pid);
  const before = memoryOf(place.pid).now;
  const started = performance.now();
  const response = await open(place.url, "POST", `${prefix}/import`, key, body, type);
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += String(chunk);
  if (response.statusCode !== 201 || (JSON.parse(text) as { readonly bytes: number }).bytes !== body.length) {
    throw new Error(`${response.statusCode}: ${text.slice(0, 300)}`);
  }
  return { growth: memoryOf(place.pid).peak - before, ms: performance.now() - started };
}

function open(
  base: URL,
  method: "GET" | "POST",
  path: string,
  key: string,
  body: Buffer | null,
  type = "application/json",
): Promise<IncomingMessage> {
  const headers = {
    ...(key === "" ? {} : { "X-Gate-Key": key }),
    ...(body === null ? {} : { "Content-Type": type }),
  };
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(path, base), { agent: connections, method, headers }, resolve);
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
