import { afterAll, beforeAll, expect, test } from "vitest";
import type { Principal } from "../support/client.ts";
import { run } from "../support/command.ts";
import { crmImport, list, startGate, text } from "../support/gate.ts";
import { faultsOf, lockDatabase, macKeyOf, readLedgerFile } from "../support/ledger-file.ts";
import { volume } from "../support/volume.ts";

/*
 * Proposals and orders of many objects share the batches in which their entries go to D1. A crash falls anywhere between
 * a commit, its batch, the batch's answer and the note of it.
 */

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const CRASHES = volume("GROUP_CRASHES", { quick: 2, chaos: 8 });
const OUTAGE_MS = 1_000 * volume("GROUP_OUTAGE_SECONDS", { quick: 8, chaos: 60 });
const PROPOSALS = 200;
const CONNECTIONS = 20;
const HOWS = ["both", "runtime"] as const;

/** The alarms of objects that nobody calls run within seconds; the rest is for a busy machine. */
const SOON = { timeout: 45_000, interval: 500 };

interface Answered {
  readonly intent: string;
  /** True: the agent has an order. */
  isOrdered: boolean;
}

let agents: readonly Principal[];

beforeAll(async () => {
  agents = await Promise.all(Array.from({ length: CONNECTIONS }, () => gate.register("agent")));
});

/** Proposes, and orders every second one, until the server is gone. */
async function propose(agent: Principal, answered: Answered[], count: () => void): Promise<void> {
  for (let at = 0; at < PROPOSALS / CONNECTIONS; at += 1) {
    const proposed = await gate.call("POST", "/v1/intents", agent.key, crmImport(1));
    if (proposed.status !== 200) return;
    const known: Answered = { intent: text(proposed.body, "intentId"), isOrdered: false };
    answered.push(known);
    count();
    if (at % 2 === 0) continue;
    const order = await gate.call("POST", `/v1/intents/${known.intent}/execute`, agent.key);
    known.isOrdered = order.status === 201;
  }
}

/** Locks the database amid the load, so that commits have no batch, and kills the server amid those. */
async function crashUnderLoad(answers: number, how: (typeof HOWS)[number]): Promise<readonly Answered[]> {
  const answered: Answered[] = [];
  let lock: Disposable | undefined;
  let crashed: Promise<void> | undefined;
  const count = () => {
    if (answered.length >= answers) lock ??= lockDatabase(gate.home);
    if (answered.length >= answers + CONNECTIONS) crashed ??= gate.crash(how);
  };
  // A connection that breaks, and a runtime that is going, end its work.
  await Promise.all(agents.map((agent) => propose(agent, answered, count).catch(() => undefined)));
  expect(crashed, "the crash fell into the load").toBeDefined();
  await crashed;
  lock?.[Symbol.dispose]();
  return answered;
}

/** Which of these D1 does not have; its list is read, and no object is called: each has nothing but its alarm. */
async function missingIn(answered: readonly Answered[]): Promise<readonly string[]> {
  const listed = new Set<string>();
  for (let after: string | null = ""; after !== null;) {
    const path = `/v1/intents?limit=200${after}`;
    const { body }: Awaited<ReturnType<typeof gate.call>> = await gate.call("GET", path, gate.adminKey);
    for (const row of list(body, "intents")) listed.add(text(row, "id"));
    after = body["next"] === null ? null : `&after=${encodeURIComponent(text(body, "next"))}`;
  }
  return answered.flatMap(({ intent }) => (listed.has(intent) ? [] : [intent]));
}

/** With the server stopped: every chain is whole, and has each entry once. */
function expectWhole(answered: readonly Answered[]): void {
  const { chains } = readLedgerFile(gate.home);
  const macKey = macKeyOf(gate.home);
  for (const chain of chains.values()) expect(faultsOf(chain, macKey)).toEqual([]);
  for (const { intent, isOrdered } of answered) {
    const events = chains.get(intent)?.map(({ event }) => event) ?? [];
    expect(events.slice(0, 3)).toEqual(["proposed", "policy_checked", "approved"]);
    if (isOrdered) expect(events).toContain("execution_requested");
    expect(new Set(events).size, "each once").toBe(events.length);
  }
}

test("INV-17 INV-20: after crashes amid batches each answered proposal reaches the ledger untouched, and once", async () => {
  const everything: Answered[] = [];
  for (let crashes = 0; crashes < CRASHES; crashes += 1) {
    const answers = 20 + ((crashes * 61) % 140);
    const answered = await crashUnderLoad(answers, HOWS[crashes % HOWS.length] ?? "both");
    everything.push(...answered);
    const { chains } = readLedgerFile(gate.home);
    // An order left Gate: the ledger had its entry before.
    for (const { intent } of answered.filter(({ isOrdered }) => isOrdered)) {
      expect(chains.get(intent)?.map(({ event }) => event)).toContain("execution_requested");
    }
    expect(answered.filter(({ intent }) => !chains.has(intent)).length).toBeGreaterThan(0);
    await gate.start();
    await expect.poll(() => missingIn(answered), SOON).toEqual([]);
  }
  const { body } = await gate.call("GET", "/.well-known/gate", "");
  const { vkey } = body["log"] as { readonly vkey: string };
  const verify = ["ledger", "verify", "--server", `http://127.0.0.1:${gate.port}`, "--key", vkey];
  await expect
    .poll(async () => (await run(verify, { env: { GATE_API_KEY: gate.adminKey } })).out, SOON)
    .toContain("PROVEN");
  await gate.stop();
  expectWhole(everything);
  await gate.start();
}, 240_000);

test("INV-17: after an outage of D1 under load each answered proposal reaches the ledger untouched, and once", async () => {
  const answered: Answered[] = [];
  const lock = lockDatabase(gate.home);
  const ends = Date.now() + OUTAGE_MS;
  await Promise.all(agents.map((agent) => propose(agent, answered, () => undefined)));
  expect(answered).toHaveLength(PROPOSALS);
  expect(answered.filter(({ isOrdered }) => isOrdered)).toEqual([]);
  expect(await missingIn(answered)).toHaveLength(PROPOSALS);
  await new Promise((resolve) => setTimeout(resolve, Math.max(ends - Date.now(), 0)));
  lock[Symbol.dispose]();
  await expect.poll(() => missingIn(answered), SOON).toEqual([]);
  expect(gate.printed()).not.toMatch(/hung|unhandled promise|different (?:request|Durable Object)/i);
  await gate.stop();
  expectWhole(answered);
}, 240_000);
