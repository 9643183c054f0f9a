import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { startServer, type Server } from "../cli/serve/server.ts";

/*
 * Measures the time from a reviewer's approval to a worker with the order: the approval is sent, the worker's long poll
 * returns, and the worker orders and gets the one-time token. One at a time, and ten at once.
 */

const COUNTS = { 1: 200, 10: 300 } as const;
const WARM_UP = 20;
const GOAL_MS = 250;

/** Lets the long polls reach their objects and the proposals reach D1: people take longer than that. */
const SETTLE_MS = 50;

const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "gate-bench-"));
const connections = new Agent({ keepAlive: true });

try {
  await run();
} finally {
  connections.destroy();
  rmSync(folder, { recursive: true, force: true });
}

async function run(): Promise<void> {
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
    const reviewer = await register(gate, "reviewer");
    await clicksOf(gate, 2, WARM_UP, reviewer);
    for (const atOnce of [1, 10] as const) {
      const clicks = await clicksOf(gate, atOnce, COUNTS[atOnce], reviewer);
      console.log(`approve to order, ${atOnce === 1 ? "one at a time" : `${atOnce} at once`}`);
      console.log(`  the worker is notified  ${times(clicks.map(({ notified }) => notified))}`);
      console.log(
        `  it holds the order  ${times(clicks.map(({ ordered }) => ordered))} (goal p99 < ${GOAL_MS} ms)`,
      );
    }
  } finally {
    await gate.stop();
  }
}

interface Held {
  readonly path: string;
  readonly agent: string;
  readonly digest: string;
}

/** Milliseconds from each approval to the worker's response and order. One round's approvals are simultaneous. */
async function clicksOf(gate: Server, atOnce: number, count: number, reviewer: string) {
  // One agent for each intent, so that none reaches the flood limit.
  const agents = await Promise.all(Array.from({ length: atOnce }, () => register(gate, "agent")));
  const clicks: { readonly notified: number; readonly ordered: number }[] = [];
  for (let round = 0; clicks.length < count; round += 1) {
    const held = await Promise.all(agents.map((agent, place) => hold(gate, agent, round * atOnce + place)));
    const orders = held.map((one) => waitAndOrder(gate, one));
    await new Promise((done) => setTimeout(done, SETTLE_MS));
    const sent = performance.now();
    const approvals = held.map(({ path, digest }) =>
      call(gate, "POST", `${path}/approve`, reviewer, { digest }),
    );
    for (const { notified, ordered } of await Promise.all(orders)) {
      clicks.push({ notified: notified - sent, ordered: ordered - sent });
    }
    await Promise.all(approvals);
  }
  return clicks;
}

async function hold(gate: Server, agent: string, number: number): Promise<Held> {
  const proposed = await call(gate, "POST", "/v1/intents", agent, {
    destination: "salesforce.import",
    policy: "crm-low-risk",
    payload: `name,email\nLead ${number},lead${number}@example.com\n`,
    payload_name: "leads.csv",
    recordCount: 847,
  });
  const { intentId, status, intent_digest: digest } = proposed;
  if (status !== "pending_approval") throw new Error(`expected a held intent, got ${String(status)}`);
  return { path: `/v1/intents/${String(intentId)}`, agent, digest: String(digest) };
}

/** A worker that waits and orders; returns the times of the wait's response and of the order's. */
async function waitAndOrder(gate: Server, { path, agent }: Held) {
  const answer = await call(gate, "GET", `${path}/wait?timeout=30`, agent);
  if (answer["status"] !== "approved") throw new Error(`not approved: ${JSON.stringify(answer)}`);
  const notified = performance.now();
  const order = await call(gate, "POST", `${path}/execute`, agent, {});
  if (typeof order["execution_token"] !== "string") throw new Error("expected an order with its token");
  return { notified, ordered: performance.now() };
}

async function register(gate: Server, role: string): Promise<string> {
  const name = `bench-${role}-${Math.random()}`;
  const { apiKey } = await call(gate, "POST", "/v1/agents/register", gate.adminKey, { name, role });
  return String(apiKey);
}

function call(
  gate: Server,
  method: "GET" | "POST",
  path: string,
  key: string,
  body?: object,
): Promise<Record<string, unknown>> {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  return new Promise((done, failed) => {
    const outgoing = request(new URL(path, gate.url), { agent: connections, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 300) done(JSON.parse(text) as Record<string, unknown>);
        else failed(new Error(`${method} ${path} answered ${statusCode}: ${text.slice(0, 300)}`));
      });
    });
    outgoing.on("error", failed);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function times(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const place = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
    return (sorted[place] ?? Number.NaN).toFixed(1);
  };
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`;
}
