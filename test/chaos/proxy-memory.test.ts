import { Agent, request, type ClientRequest, type IncomingMessage } from "node:http";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startScene, type Scene } from "../../bench/proxy-server.ts";
import { memoryOf, resetPeak } from "../../bench/support/process.ts";
import { volume } from "../support/volume.ts";

/*
 * Gate does not buffer what it streams: the memory of the runtime's process, over responses several times as long as
 * the growth allowed. Skipped where the system does not report a process's memory.
 */

const LONG_MB = volume("MEMORY_RESPONSE_MB", { quick: 160, chaos: 300 });

/** A buffered response grows with its length; garbage before its collection does not. */
const MAX_GROWTH_MB = LONG_MB / 2;

/** A slow reader pauses early, for longer than the upstream needs to send everything. */
const PAUSE_AFTER_BYTES = 1_000_000;
const PAUSE_MS = 3_000;

const canSee = !Number.isNaN(memoryOf(process.pid).now);
const connections = new Agent({ keepAlive: true });
let scene: Scene;

beforeAll(async () => {
  scene = await startScene();
});

afterAll(async () => {
  connections.destroy();
  await scene.stop();
});

describe.skipIf(!canSee)("a long response to a read", () => {
  test.for([
    ["passes unmasked", "/own", 0],
    ["passes unmasked to one who reads slowly", "/own", PAUSE_MS],
    ["passes masked", "/keyed", 0],
    ["passes masked to one who reads slowly", "/keyed", PAUSE_MS],
  ] as const)("%s, whole and without being buffered", async ([, prefix, pauseMs]) => {
    // Warm up: memory that any response needs is not counted.
    await readLong(prefix, 30_000_000, 0);
    const { pid } = scene.gate;
    resetPeak(pid);
    const before = memoryOf(pid).now;
    expect(await readLong(prefix, LONG_MB * 1e6, pauseMs)).toBe(LONG_MB * 1e6);
    expect(memoryOf(pid).peak - before).toBeLessThan(MAX_GROWTH_MB);
  });
});

/** The body of each request that waits for a person. */
const BODY_MB = 9;
const BODY = Buffer.from(`{"note":"${"a".repeat(BODY_MB * 1e6)}"}`);
/** Fewer would stay below what the heap holds before it collects garbage, and show nothing. */
const WAITING = volume("MEMORY_WAITING_REQUESTS", { quick: 80, chaos: 96 });

/** Longer than it takes to send all of them; they hang up when the memory was looked at. */
const WAIT_SECONDS = 170;

/** Less than all of them together; garbage of the last ones goes when it is collected. */
const MAX_WAITING_MB = WAITING * BODY_MB * 0.7;

test.skipIf(!canSee)(
  "INV-26: requests that wait for a person don't keep their bodies in memory",
  async () => {
    const { pid } = scene.gate;
    const before = memoryOf(pid).now;
    using waiting = await waitingOf(WAITING);
    expect(waiting.answered()).toBe(0);
    expect(memoryOf(pid).now - before).toBeLessThan(MAX_WAITING_MB);
  },
  180_000,
);

/** How many of the agent's wait for a person. */
async function heldNow(): Promise<number> {
  const { url, agents } = scene.gate;
  const address = new URL("/v1/intents?status=pending_approval&limit=200", url);
  const answer = await fetch(address, { headers: { Authorization: `Bearer ${agents[0] ?? ""}` } });
  return ((await answer.json()) as { count: number }).count;
}

/** Sends so many, one after the other, and has all of them wait until this is left. */
async function waitingOf(count: number) {
  const { url, agents } = scene.gate;
  const headers = {
    "X-Gate-Key": agents[0] ?? "",
    "Content-Type": "application/json",
    "Content-Length": BODY.length,
    Prefer: `wait=${WAIT_SECONDS}`,
  };
  const requests: ClientRequest[] = [];
  let answered = 0;
  for (let sent = 1; sent <= count; sent += 1) {
    const one = request(new URL("/held/notes", url), { method: "POST", headers, agent: false });
    one.on("response", () => (answered += 1)).on("error", () => undefined);
    requests.push(one);
    one.end(BODY);
    // One is worked on at a time: what grows is what those hold that wait.
    await expect.poll(heldNow, { timeout: 30_000, interval: 50 }).toBe(sent);
  }
  return {
    answered: () => answered,
    [Symbol.dispose]: () => requests.forEach((one) => one.destroy()),
  };
}

/** How many bytes came. */
async function readLong(prefix: string, length: number, pauseMs: number): Promise<number> {
  const response = await get(`${prefix}/long?bytes=${length}`);
  expect(response.statusCode).toBe(200);
  let bytes = 0;
  let isPaused = pauseMs === 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    if (isPaused || bytes < PAUSE_AFTER_BYTES) continue;
    isPaused = true;
    await setTimeout(pauseMs);
  }
  return bytes;
}

function get(path: string): Promise<IncomingMessage> {
  const { url, agents } = scene.gate;
  const headers = { "X-Gate-Key": agents[0] ?? "" };
  return new Promise((resolve, reject) => {
    request(new URL(path, url), { agent: connections, headers }, resolve).on("error", reject).end();
  });
}
