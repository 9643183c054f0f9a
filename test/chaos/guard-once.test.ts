import { afterAll, expect, test } from "vitest";
import { type Gate, GateError } from "../../sdk/typescript/gate.ts";
import { type Fault, startFaultyProxy } from "../support/faulty-proxy.ts";
import { startGuardScene } from "../support/guard-scene.ts";
import { mulberry32 } from "../support/mulberry32.ts";
import { testSeed, volume } from "../support/volume.ts";

/*
 * Guarded calls over a network that loses, repeats and breaks requests and answers, with the function's own runs as
 * witness: at most one for each key, and exactly one wherever that can be known.
 */

const CALLS = volume("GUARDED_CALLS", { quick: 100, chaos: 2_000 });
const SEED = testSeed(20_261_201);
/** Keys at a time, each with callers that know nothing of each other. */
const AT_ONCE = 12;
const CALLERS = 3;
/** How often a caller tries: what remains is left to the last call, over a network that works. */
const TRIES = 3;
const CLAIM_SECONDS = 5;
/** A share of the functions fails, a share of the destinations requires a claim. */
const FAILING_ONE_IN = 10;
const CLAIMED_ONE_IN = 3;

const scene = await startGuardScene({
  GATE_CLAIM_TTL_SECONDS: String(CLAIM_SECONDS),
  GATE_PROPOSALS_PER_MINUTE: "1000000",
  GATE_REQUESTS_PER_MINUTE: "1000000",
});
const random = mulberry32(SEED);
const proxy = await startFaultyProxy(scene.gate.port, () => faultBy(random()));
afterAll(async () => {
  await proxy[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

const SHARES: readonly (readonly [Fault, number])[] = [
  ["lost", 0.06],
  ["unanswered", 0.06],
  ["cut", 0.04],
  ["refused", 0.03],
  ["replaced", 0.04],
  ["doubled", 0.05],
  ["slow", 0.05],
  ["silent", 0.002],
];

function faultBy(drawn: number): Fault {
  let left = drawn;
  for (const [fault, share] of SHARES) {
    if (left < share) return fault;
    left -= share;
  }
  return "none";
}

interface Call {
  readonly key: string;
  readonly destination: string;
  readonly fails: boolean;
  /** What each run returned or threw: the witness. */
  readonly runs: string[];
  readonly values: unknown[];
  readonly errors: string[];
}

function guarded(client: Gate, call: Call): () => Promise<unknown> {
  const { key, destination, fails, runs } = call;
  return client.guard(
    async () => {
      const run = `${key} run ${runs.length + 1}`;
      runs.push(run);
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (fails) throw new Error(run);
      return { run };
    },
    { destination, policy: "passes", key, payload: { key } },
  );
}

async function attempt(client: Gate, call: Call): Promise<boolean> {
  try {
    call.values.push(await guarded(client, call)());
    return true;
  } catch (error) {
    call.errors.push(error instanceof GateError ? `${error.name} ${error.code}` : String(error));
    return false;
  }
}

async function caller(call: Call): Promise<void> {
  const client = scene.client({ endpoint: proxy.url, timeoutMs: 2_000, retries: 2 });
  for (let tried = 0; tried < TRIES; tried += 1) if (await attempt(client, call)) return;
}

test(
  `INV-11: ${CALLS} guarded calls over a faulty network run at most once each, and once where it can be known`,
  { timeout: 60_000 + CALLS * 1_000 },
  async () => {
    const calls = Array.from({ length: CALLS }, (_, at): Call => ({
      key: `storm-${at}`,
      destination: at % CLAIMED_ONE_IN === 0 ? "crm.claimed" : "crm.write",
      fails: at % FAILING_ONE_IN === 0,
      runs: [],
      values: [],
      errors: [],
    }));
    const waiting = [...calls];
    const worker = async () => {
      for (let call = waiting.pop(); call !== undefined; call = waiting.pop()) {
        const one = call;
        await Promise.all(Array.from({ length: CALLERS }, () => caller(one)));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    // Claims that nobody reported lapse.
    await new Promise((resolve) => setTimeout(resolve, (CLAIM_SECONDS + 1) * 1_000));

    const clean = scene.client();
    const outcomes = new Map<string, number>();
    for (const call of calls) {
      await attempt(clean, call);
      const state = await stateOf(clean, call);
      outcomes.set(state, (outcomes.get(state) ?? 0) + 1);
      check(call, state);
    }
    const shown = `seed ${SEED}: ${JSON.stringify([...outcomes, ...proxy.counts])}`;
    // Otherwise the storm would have shown nothing.
    for (const [fault] of SHARES.slice(0, -1)) expect(proxy.counts.get(fault), shown).toBeGreaterThan(0);
    expect(outcomes.get("succeeded") ?? 0, shown).toBeGreaterThan(CALLS / 2);
    console.log(shown);
  },
);

function check({ key, fails, runs, values, errors }: Call, state: string): void {
  const shown = `${key} ${state}: ${JSON.stringify({ runs, values, errors })}, seed ${SEED}`;
  expect(runs.length, shown).toBeLessThanOrEqual(1);
  for (const value of values) expect(value, shown).toEqual({ run: runs[0] });
  switch (state) {
    case "succeeded":
      return expect([fails, runs.length], shown).toEqual([false, 1]);
    case "failed":
      return expect([fails, runs.length], shown).toEqual([true, 1]);
    default:
      // Only a claim whose answer, or whose report, was lost for good.
      expect(state, shown).toBe("indeterminate");
      expect(errors.at(-1), shown).toBe("GateIndeterminateError indeterminate");
  }
}

async function stateOf(client: Gate, { key, destination }: Call): Promise<string> {
  const request = { destination, policy: "passes", payload: { key }, idempotencyKey: key };
  const { intentId } = await client.propose(request);
  return (await client.getIntent(intentId)).state;
}
