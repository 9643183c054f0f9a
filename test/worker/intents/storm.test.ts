import { beforeAll, expect, test, vi } from "vitest";
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import {
  call,
  eventsOf,
  flushed,
  freeze,
  fresh,
  later,
  ledgerOf,
  MINUTE_MS,
  objectOf,
  proposal,
  register,
} from "../../support/worker/gate.ts";
import { faultsOf } from "../../support/worker/chain.ts";
import { volume } from "../../support/volume.ts";
import type { Answer, Principal } from "../../support/client.ts";

/*
 * Everything at once, in no order: people, workers, retries, evictions, a clock that jumps and a D1 that fails. Every
 * acknowledged effect must be on the ledger, and the ledger must be consistent.
 */

const ROUNDS = volume("INTENT_STORMS", { quick: 2, chaos: 10 });
const BURSTS = 6;
const CALLS_A_BURST = 8;

let agent: Principal;
let reviewers: readonly Principal[];

beforeAll(async () => {
  agent = await register("agent");
  reviewers = [await register("reviewer"), await register("reviewer"), await register("reviewer")];
});

/** The same numbers every time for the same seed (Lehmer). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 0x7fff_ffff;
    return state % below;
  };
}

const OVER = new Set([
  "blocked",
  "rejected",
  "cancelled",
  "withdrawn",
  "revoked",
  "expired",
  "execution_succeeded",
  "outcome_resolved",
]);

/** Contradictions in the events of an intent, in words. */
function absurdities(events: readonly string[]): readonly string[] {
  const faults: string[] = [];
  let approved = false;
  let requested = 0;
  let reported = 0;
  let over: string | null = null;
  for (const event of events.filter((name) => name !== "duplicate_blocked")) {
    // A worker that wrote before it learned of a revocation reports afterwards.
    const late = event === "execution_reported_late";
    if (over !== null && !(late && over === "revoked")) faults.push(`${event} after ${over}`);
    if (OVER.has(event)) over = event;
    if (event === "approved") approved = true;
    if (event.startsWith("execution_") && !approved) faults.push(`${event} without an approval`);
    if (event === "execution_requested") requested += 1;
    if (late || event === "execution_succeeded" || event === "execution_failed") reported += 1;
    if (reported > requested) faults.push(`${event}: more reports than orders`);
  }
  return faults;
}

test.each(Array.from({ length: ROUNDS }, (_, at) => at + 1))(
  "INV-11 INV-17 INV-20: random parallel commands and crashes leave one consistent story per intent: round %i",
  async (number) => {
    freeze();
    vi.spyOn(console, "error").mockImplementation(() => {});
    const random = randomFrom(number * 7919);
    const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;

    const real = env.DB.batch.bind(env.DB);
    let failing = false;
    vi.spyOn(env.DB, "batch").mockImplementation(async (statements) => {
      if (failing && random(2) === 0) throw new Error("D1 is away");
      const results = await real(statements);
      if (failing && random(3) === 0) throw new Error("D1 answered into the void");
      return results;
    });

    const destination = pick(["crm.held", "crm.pair", "crm.small", "own.claimed", "own.repeatable"]);
    const request = proposal(destination, { idempotency_key: fresh("storm") });
    const first = await call("POST", "/v1/intents", agent.key, request);
    expect(first.status).toBe(200);
    const id: string = first.body.intentId;
    const orders = new Map<string, string>();
    const reports = new Map<string, number>();

    const inD1 = async (event: string, order: string) =>
      (await ledgerOf(id)).some((row) => row.event === event && JSON.parse(row.body).order === order);

    const execute = async () => {
      const answer = await call("POST", `/v1/intents/${id}/execute`, agent.key);
      if (answer.status >= 300) return answer;
      const { executionId, execution_token: token } = answer.body;
      // An acknowledged order is on the ledger. Its token is shown only while the order is live.
      expect(await inD1("execution_requested", executionId)).toBe(true);
      if (token !== null) orders.set(executionId, token);
      return answer;
    };
    const step = async (name: string, body: Record<string, unknown> = {}): Promise<Answer | null> => {
      const order = pick([...orders.keys()]);
      if (order === undefined) return null;
      const answer = await call("POST", `/v1/executions/${order}/${name}`, orders.get(order), body);
      if (name === "claim" && answer.status === 200) {
        expect(await inD1("execution_claimed", order)).toBe(true);
      }
      if (name === "report" && answer.status === 200) reports.set(order, (reports.get(order) ?? 0) + 1);
      return answer;
    };
    const decide = (verb: string) => call("POST", `/v1/intents/${id}/${verb}`, pick(reviewers).key, {});

    const actions: readonly (() => Promise<Answer | null>)[] = [
      execute,
      execute,
      execute,
      () => step("claim"),
      () => step("claim"),
      () => step("heartbeat"),
      () =>
        step("report", {
          status: pick(["succeeded", "failed", "indeterminate"]),
          retryable: random(2) === 0,
        }),
      () => decide("approve"),
      () => decide("approve"),
      () => decide("approve"),
      () => (random(6) === 0 ? decide(pick(["reject", "cancel-approval", "revoke"])) : execute()),
      () => (random(8) === 0 ? call("POST", `/v1/intents/${id}/withdraw`, agent.key) : decide("approve")),
      () => call("POST", "/v1/intents", agent.key, request),
      () =>
        call("POST", `/v1/intents/${id}/resolve`, pick(reviewers).key, {
          outcome: "not_executed",
          note: "looked",
        }),
    ];

    for (let burst = 0; burst < BURSTS; burst += 1) {
      failing = random(3) === 0;
      const answers = await Promise.all(Array.from({ length: CALLS_A_BURST }, () => pick(actions)()));
      for (const answer of answers) {
        if (answer !== null && answer.status >= 500) expect(answer.body.code).toBe("ledger_unavailable");
      }
      if (random(3) === 0) await evictDurableObject(objectOf(id));
      if (random(3) === 0) later(random(9) * MINUTE_MS);
      if (random(4) === 0) await runDurableObjectAlarm(objectOf(id));
    }

    failing = false;
    await runDurableObjectAlarm(objectOf(id));
    await execute();
    const rows = await flushed(id);
    const events = await eventsOf(id);
    expect(rows.map(({ event }) => event)).toEqual(events);
    expect(await faultsOf(rows)).toEqual([]);
    expect(absurdities(events)).toEqual([]);
    for (const [order, count] of reports) expect(count, order).toBe(1);
  },
);
