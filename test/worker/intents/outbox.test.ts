import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import {
  call,
  flushed,
  freeze,
  later,
  ledgerOf,
  objectOf,
  proposal,
  propose,
  register,
  until,
} from "../../support/worker/gate.ts";
import { faultsOf } from "../../support/worker/chain.ts";
import type { Principal } from "../../support/client.ts";

/* What the outbox of an object owes when the clock jumps, when it forgets what it noted, and when nothing arrives once. */

const HOUR_MS = 3_600_000;
const HELD = ["proposed", "policy_checked", "approval_requested"] as const;

let agent: Principal;
let reviewer: Principal;

beforeEach(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
  freeze();
  // The key is cached and the policy's text stored, as in a Worker that has been running.
  await flushed(await propose(agent, proposal("crm.held"), "pending_approval"));
});

function breakD1() {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const batch = vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("D1_ERROR: overloaded"));
  return () => batch.mockRestore();
}

const alarmOf = (id: string) => runInDurableObject(objectOf(id), (_, { storage }) => storage.getAlarm());

async function expectWhole(id: string, events: readonly string[]): Promise<void> {
  const rows = await flushed(id);
  expect(rows.map(({ event }) => event)).toEqual(events);
  expect(await faultsOf(rows)).toEqual([]);
}

test.each([-HOUR_MS, HOUR_MS])(
  "INV-20: a clock that moves by %i ms between a commit and its alarm loses and doubles no entry",
  async (by) => {
    const repair = breakD1();
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    later(by);
    // Once more while D1 is down, at the new time; the runtime's own clock has not moved, and may run it first.
    await runDurableObjectAlarm(objectOf(id));
    expect(await alarmOf(id)).not.toBeNull();
    later(-by);
    await runDurableObjectAlarm(objectOf(id));
    expect(await alarmOf(id)).not.toBeNull();
    repair();
    await runDurableObjectAlarm(objectOf(id));
    await until(async () => expect((await ledgerOf(id)).length).toBeGreaterThanOrEqual(HELD.length));
    const events = (await ledgerOf(id)).map(({ event }) => event);
    expect(events.slice(0, 3)).toEqual(HELD);
    await expectWhole(id, events);
  },
);

test("INV-20: an alarm that fired is not counted on after the clock was set back to before it", async () => {
  const id = await propose(agent, proposal("crm.held", { policy: "unknown" }), "blocked");
  await flushed(id);
  later(5_000);
  await runDurableObjectAlarm(objectOf(id));
  // What it noted was never stored.
  await evictDurableObject(objectOf(id));
  expect(await alarmOf(id)).toBeNull();
  later(-3_000);
  const repair = breakD1();
  await runInDurableObject(objectOf(id), (object) => object.repeated(agent.id));
  const alarm = await alarmOf(id);
  expect(alarm).not.toBeNull();
  expect(alarm).toBeLessThanOrEqual(Date.now() + 5_000);
  repair();
  expect(await runDurableObjectAlarm(objectOf(id))).toBe(true);
  expect((await ledgerOf(id)).at(-1)?.event).toBe("duplicate_blocked");
});

test("INV-20: whatever arrives again while D1 is down, and whatever is forgotten, each entry is on the ledger once", async () => {
  const id = await propose(agent, proposal("crm.held"), "pending_approval");
  await flushed(id);
  const repair = breakD1();
  await call("POST", `/v1/intents/${id}/approve`, reviewer.key, { reason: "first" });
  for (let times = 0; times < 3; times += 1) {
    await runInDurableObject(objectOf(id), (object) => object.onDeadline(Date.now()));
    await evictDurableObject(objectOf(id));
    await runDurableObjectAlarm(objectOf(id));
  }
  repair();
  await Promise.all([
    runDurableObjectAlarm(objectOf(id)),
    runInDurableObject(objectOf(id), (object) => object.onDeadline(Date.now())),
    call("POST", `/v1/intents/${id}/execute`, agent.key),
  ]);
  await evictDurableObject(objectOf(id));
  await runDurableObjectAlarm(objectOf(id));
  const voted = ["approval_vote_recorded", "approved", "execution_requested"];
  await expectWhole(id, [...HELD, ...voted]);
});
