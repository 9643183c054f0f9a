import { tmpdir } from "node:os";
import { join } from "node:path";
import { Gate } from "../sdk/typescript/gate.ts";
import { median, quantile } from "./load.ts";
import { PROPOSAL, startGate } from "./support/gate.ts";
import { printGoal } from "./support/goals.ts";
import { withFolder } from "./support/place.ts";

/*
 * Measures what the client adds to a call: over a `fetch` that answers at once, and what a guarded call costs over a bare
 * proposal, both of the same client against the same server, in turns.
 *
 *   node bench/sdk.ts
 */

const WARM_UP = 2_000;
const IN_MEMORY_CALLS = 20_000;
const IN_MEMORY_GOAL_MS = 0.1;

const SERVER_WARM_UP = 30;
const ROUNDS = 200;
/** Propose, order, claim and report: four calls, of which the order and the claim wait for D1. */
const GUARD_GOAL = 5;
const KEYED_GOAL = 2;

/** A response to a proposal, with every member that the server sends. */
const REPLY = JSON.stringify({
  intentId: `int_${"a".repeat(43)}`,
  proposalId: `int_${"a".repeat(43)}`,
  status: "approved",
  state: "approved",
  reason_code: "auto_approved",
  reasonCode: "auto_approved",
  reason: "below the threshold",
  remedy: null,
  blockReason: null,
  holdReason: null,
  intent_digest: "d".repeat(64),
  payload_hash: "e".repeat(64),
  policies: ["crm-low-risk"],
  expiresAt: "2026-12-01T00:00:00.000Z",
  requiredApprovals: 1,
  riskScore: 0.1,
  risk_score: 0.1,
  riskLevel: "low",
  risk_level: "low",
  riskFactors: ["external"],
  risk_factors: ["external"],
});

async function timesOf(count: number, call: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let made = 0; made < count; made += 1) {
    const begun = performance.now();
    await call();
    times.push(performance.now() - begun);
  }
  return times;
}

async function inMemory(): Promise<void> {
  const fetchAtOnce: typeof fetch = async () => new Response(REPLY);
  const gate = new Gate({
    endpoint: "http://gate.test",
    apiKey: "gate_sk_a",
    fetch: fetchAtOnce,
    readFiles: false,
  });
  const raw = async () => {
    const headers = { authorization: "Bearer gate_sk_a", "content-type": "application/json" };
    const response = await fetchAtOnce("http://gate.test/v1/intents", {
      method: "POST",
      headers,
      body: JSON.stringify(PROPOSAL),
    });
    return JSON.parse(await response.text()) as unknown;
  };
  const sdk = () => gate.propose(PROPOSAL);
  await timesOf(WARM_UP, raw);
  await timesOf(WARM_UP, sdk);
  const [bare, ours] = [await timesOf(IN_MEMORY_CALLS, raw), await timesOf(IN_MEMORY_CALLS, sdk)];
  console.log(
    `a call in memory: raw p50 ${median(bare).toFixed(4)} ms, client p50 ${median(ours).toFixed(4)} ms`,
  );
  const added = median(ours) - median(bare);
  printGoal("client over a raw fetch, p50", added, { atMost: IN_MEMORY_GOAL_MS }, " ms");
  console.log(
    `  in microseconds: p50 ${(added * 1_000).toFixed(1)}, p99 ${((quantile(ours, 0.99) - quantile(bare, 0.99)) * 1_000).toFixed(1)}`,
  );
}

await inMemory();
await withFolder(tmpdir(), async (folder) => {
  const server = await startGate(join(folder, "gate"), { GATE_PROPOSALS_PER_MINUTE: "1000000" });
  try {
    const apiKey = await server.register("agent");
    const gate = new Gate({ endpoint: server.url, apiKey });
    const raw = () => server.call("POST", "/v1/intents", apiKey, PROPOSAL);
    const propose = () => gate.propose({ ...PROPOSAL });
    let calls = 0;
    const call = gate.guard((count: number) => ({ imported: count }), {
      destination: PROPOSAL.destination,
      policy: PROPOSAL.policy,
      recordCount: PROPOSAL.recordCount,
      payload: PROPOSAL.payload,
      payloadName: PROPOSAL.payload_name,
      key: () => `bench-${(calls += 1)}`,
    });
    const guarded = () => call(20);
    for (const each of [raw, propose, guarded]) await timesOf(SERVER_WARM_UP, each);
    const times = { raw: [] as number[], propose: [] as number[], guarded: [] as number[] };
    for (let round = 0; round < ROUNDS; round += 1) {
      times.raw.push(...(await timesOf(1, raw)));
      times.propose.push(...(await timesOf(1, propose)));
      times.guarded.push(...(await timesOf(1, guarded)));
    }
    const shown = Object.entries(times).map(([name, each]) => `${name} p50 ${median(each).toFixed(2)} ms`);
    console.log(`one at a time: ${shown.join(", ")}`);
    printGoal(
      "a proposal under an Idempotency-Key over a bare one, p50",
      median(times.propose) / median(times.raw),
      { atMost: KEYED_GOAL },
    );
    printGoal("a guarded call over a bare proposal, p50", median(times.guarded) / median(times.raw), {
      atMost: GUARD_GOAL,
    });
  } finally {
    await server.stop();
  }
});
