import { readdirSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { afterAll, expect, test } from "vitest";

import { lockOf } from "../support/command.ts";
import { crmImport, eventsOf, startGate, text } from "../support/gate.ts";

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer } = await gate.cast();

/** The runtime itself keeps an object for ten seconds after its last call; the alarm comes after two. */
const SOON = { timeout: 9_000, interval: 100 };

const COUNT = 20;

/** How many of these intents have their database open in the runtime. */
function inMemory(ids: readonly string[]): number {
  const folder = `/proc/${lockOf(gate.home).runtime.pid}/fd`;
  const open = new Set(readdirSync(folder).map((name) => basename(targetOf(`${folder}/${name}`))));
  return ids.filter((id) => open.has(`${Buffer.from(id.slice(4), "base64url").toString("hex")}.sqlite`))
    .length;
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

async function holdMany(): Promise<readonly string[]> {
  const held = Array.from({ length: COUNT }, () =>
    gate.call("POST", "/v1/intents", agent.key, crmImport(847)),
  );
  return (await Promise.all(held)).map(({ body }) => text(body, "intentId"));
}

test("intents that have nothing to do leave memory, and go on where they were", async () => {
  const ids = await holdMany();
  expect(inMemory(ids)).toBe(COUNT);
  await expect.poll(() => inMemory(ids), SOON).toBe(0);

  for (const id of ids) {
    const { status } = await gate.call("POST", `/v1/intents/${id}/approve`, reviewer.key, {});
    expect(status).toBe(200);
    const { body } = await gate.call("GET", `/v1/intents/${id}`, agent.key);
    expect(eventsOf(body)).toEqual([
      "proposed",
      "policy_checked",
      "approval_requested",
      "approval_vote_recorded",
      "approved",
    ]);
  }
});

test("no call fails because an intent leaves memory while it comes", async () => {
  const ids = await holdMany();
  const statuses = new Set<number>();
  const end = Date.now() + 4_000;
  const poll = async (id: string, index: number) => {
    while (Date.now() < end) {
      statuses.add((await gate.call("GET", `/v1/intents/${id}`, agent.key)).status);
      // Each at another distance: what comes too often keeps its intent in memory.
      await new Promise((resolve) => setTimeout(resolve, 20 + index * 25));
    }
  };
  await Promise.all(ids.map(poll));
  expect([...statuses]).toEqual([200]);
});

test("an agent that waits keeps its intent in memory", async () => {
  const ids = await holdMany();
  const [id = ""] = ids;
  const waiting = gate.call("GET", `/v1/intents/${id}/wait?timeout=20`, agent.key);
  await expect.poll(() => inMemory(ids), SOON).toBe(1);
  await gate.call("POST", `/v1/intents/${id}/approve`, reviewer.key, {});
  expect((await waiting).body).toMatchObject({ decided: true, status: "approved" });
});
