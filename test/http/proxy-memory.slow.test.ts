import { once } from "node:events";
import { Agent, request, type IncomingMessage } from "node:http";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { memoryOf, resetPeak, startScene, type Scene } from "../../bench/proxy-scene.ts";
import { buildIfStale } from "../cli/command.ts";

/*
 * What streams through Gate doesn't stay in it: memory of the runtime's process, over answers several times as long as
 * what it may take. Where the system does not say what a process has, there is nothing to see.
 */

const LONG_BYTES = 300_000_000;

/** What is kept of an answer grows with it; what is garbage until it is collected does not. */
const MAX_GROWTH_MB = 150;

/** Somebody stops reading early on, for longer than the upstream needs to send all of it. */
const PAUSE_AFTER_BYTES = 1_000_000;
const PAUSE_MS = 3_000;

const canSee = !Number.isNaN(memoryOf(process.pid).now);
const connections = new Agent({ keepAlive: true });
let scene: Scene;

beforeAll(async () => {
  buildIfStale();
  scene = await startScene();
});

afterAll(async () => {
  connections.destroy();
  await scene.stop();
});

describe.skipIf(!canSee)("a long answer to a read", () => {
  test.for([
    ["passes unmasked", "/own", 0],
    ["passes unmasked to one who reads slowly", "/own", PAUSE_MS],
    ["passes masked", "/keyed", 0],
    ["passes masked to one who reads slowly", "/keyed", PAUSE_MS],
  ] as const)("%s, whole, and stays nowhere", async ([, prefix, pauseMs]) => {
    // What the runtime needs for any answer at all is not this one's.
    await readLong(prefix, 30_000_000, 0);
    const { pid } = scene.gate;
    resetPeak(pid);
    const before = memoryOf(pid).now;
    expect(await readLong(prefix, LONG_BYTES, pauseMs)).toBe(LONG_BYTES);
    expect(memoryOf(pid).peak - before).toBeLessThan(MAX_GROWTH_MB);
  });
});

/** What forty-eight requests say that wait for a person at the same time, and for how long they do. */
const SAID = Buffer.from(`{"note":"${"a".repeat(9_000_000)}"}`);
const WAITING = 48;
const WAIT_SECONDS = 10;

/** All of it together would be 430 MB; a few of them are on their way at once. */
const MAX_WAITING_MB = 300;

test.skipIf(!canSee)(
  "26: requests that wait for a person don't keep their bodies in memory",
  async () => {
    expect(await waiting(8)).toEqual(new Set([202]));
    const { pid } = scene.gate;
    resetPeak(pid);
    const before = memoryOf(pid).now;
    expect(await waiting(WAITING)).toEqual(new Set([202]));
    expect(memoryOf(pid).peak - before).toBeLessThan(MAX_WAITING_MB);
  },
  180_000,
);

/** Sends so many, one after the other, and has all of them wait. */
async function waiting(count: number): Promise<ReadonlySet<number | undefined>> {
  const { url, agents } = scene.gate;
  const headers = {
    "X-Gate-Key": agents[0] ?? "",
    "Content-Type": "application/json",
    "Content-Length": SAID.length,
    Prefer: `wait=${WAIT_SECONDS}`,
  };
  const answers: Promise<number | undefined>[] = [];
  for (let sent = 0; sent < count; sent += 1) {
    const asked = request(new URL("/held/notes", url), { method: "POST", headers, agent: false });
    const answered = once(asked, "response") as Promise<[IncomingMessage]>;
    answers.push(answered.then(([response]) => response.resume().statusCode));
    asked.end(SAID);
    await once(asked, "finish");
  }
  return new Set(await Promise.all(answers));
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
