import { tmpdir } from "node:os";
import { join } from "node:path";
import { quantile } from "./load.ts";
import { hold, startGate, type Gate, type HeldIntent } from "./support/gate.ts";
import { printGoal } from "./support/goals.ts";
import { withFolder } from "./support/place.ts";

/*
 * Measures the time from a reviewer's approval to a worker with the order: the approval is sent, the worker's long poll
 * returns, and the worker orders and gets the one-time token. One at a time, and ten at once.
 */

const COUNTS = { 1: 200, 10: 300 } as const;
const WARM_UP = 20;
const GOAL_MS = 100;

/** Lets the long polls reach their objects and the proposals reach D1: people take longer than that. */
const SETTLE_MS = 50;

await withFolder(tmpdir(), async (folder) => {
  const gate = await startGate(join(folder, "gate"));
  try {
    const reviewer = await gate.register("reviewer");
    await clicksOf(gate, 2, WARM_UP, reviewer);
    for (const atOnce of [1, 10] as const) {
      const clicks = await clicksOf(gate, atOnce, COUNTS[atOnce], reviewer);
      const ordered = clicks.map((click) => click.ordered);
      const title = `approve to order, ${atOnce === 1 ? "one at a time" : `${atOnce} at once`}`;
      console.log(title);
      console.log(`  the worker is notified  ${times(clicks.map(({ notified }) => notified))}`);
      console.log(`  it holds the order  ${times(ordered)}`);
      printGoal(`${title}: p99`, quantile(ordered, 0.99), { atMost: GOAL_MS }, " ms");
    }
  } finally {
    await gate.stop();
  }
});

interface Held extends HeldIntent {
  readonly agent: string;
}

/** Milliseconds from each approval to the worker's response and order. One round's approvals are simultaneous. */
async function clicksOf(gate: Gate, atOnce: number, count: number, reviewer: string) {
  // One agent for each intent, so that none reaches the flood limit.
  const agents = await Promise.all(Array.from({ length: atOnce }, () => gate.register("agent")));
  const clicks: { readonly notified: number; readonly ordered: number }[] = [];
  for (let round = 0; clicks.length < count; round += 1) {
    const held = await Promise.all(
      agents.map(async (agent, place) => ({ agent, ...(await hold(gate, agent, round * atOnce + place)) })),
    );
    const orders = held.map((one) => waitAndOrder(gate, one));
    await new Promise((done) => setTimeout(done, SETTLE_MS));
    const sent = performance.now();
    const approvals = held.map(({ path, digest }) =>
      gate.call("POST", `${path}/approve`, reviewer, { digest }),
    );
    for (const { notified, ordered } of await Promise.all(orders)) {
      clicks.push({ notified: notified - sent, ordered: ordered - sent });
    }
    await Promise.all(approvals);
  }
  return clicks;
}

/** A worker that waits and orders; returns the times of the wait's response and of the order's. */
async function waitAndOrder(gate: Gate, { path, agent }: Held) {
  const answer = await gate.call("GET", `${path}/wait?timeout=30`, agent);
  if (answer["status"] !== "approved") throw new Error(`not approved: ${JSON.stringify(answer)}`);
  const notified = performance.now();
  const order = await gate.call("POST", `${path}/execute`, agent, {});
  if (typeof order["execution_token"] !== "string") throw new Error("expected an order with its token");
  return { notified, ordered: performance.now() };
}

function times(values: readonly number[]): string {
  const at = (share: number) => quantile(values, share).toFixed(1);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`;
}
