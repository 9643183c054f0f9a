import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  createExecutionContext,
  createMessageBatch,
  evictDurableObject,
  getQueueResult,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import worker from "../../../src/index.ts";
import {
  proposal,
  call,
  eventsOf,
  flushed,
  freeze,
  later,
  MINUTE_MS,
  objectCount,
  objectOf,
  ordered,
  propose,
  register,
  stateOf,
  until,
} from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
});

beforeEach(freeze);

const execute = (id: string) => call("POST", `/v1/intents/${id}/execute`, agent.key);
const approve = (id: string) => call("POST", `/v1/intents/${id}/approve`, reviewer.key);
const phaseInD1 = (id: string) =>
  env.DB.prepare("SELECT phase FROM intents WHERE id = ?1").bind(id).first("phase");
const alarmOf = (id: string) => runInDurableObject(objectOf(id), (_, { storage }) => storage.getAlarm());

/** Lets the alarm fire that every commit sets in case D1 fails; the next one is for the deadline. Its time, or null. */
async function alarmAfterFlush(id: string): Promise<number | null> {
  await flushed(id);
  await runDurableObjectAlarm(objectOf(id));
  return alarmOf(id);
}

/** A batch of the queue, delivered to the Worker's real consumer. */
async function deliver(bodies: readonly unknown[]) {
  const messages = bodies.map((body, at) => ({ id: String(at), timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch("gate-events", messages);
  const ctx = createExecutionContext();
  await worker.queue(batch as Parameters<typeof worker.queue>[0], env);
  return getQueueResult(batch, ctx);
}

const HELD = ["proposed", "policy_checked", "approval_requested"];

const deadline = (intent: string) => ({ type: "deadline", intent });

describe("expiry needs no timer", () => {
  test("a read finds a pending intent expired in the exact millisecond, and the ledger has it once", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    const { created_at: created, expires_at: expires } = (await call("GET", `/v1/intents/${id}`, agent.key))
      .body;
    expect(Date.parse(expires) - Date.parse(created)).toBe(30 * MINUTE_MS);
    later(Date.parse(expires) - Date.now() - 1);
    expect(await stateOf(id)).toBe("pending_approval");
    later(1);
    expect(await stateOf(id)).toBe("expired");
    expect(await eventsOf(id)).toEqual([...HELD, "approval_reminded", "expired"]);
    expect((await flushed(id)).at(-1)?.event).toBe("expired");
    expect(await phaseInD1(id)).toBe("expired");
  });

  test.each([
    ["approve", 410, "intent_expired"],
    ["reject", 410, "intent_expired"],
  ])("%s after the deadline is %i, although no timer fired", async (verb, status, code) => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    later(30 * MINUTE_MS);
    const answer = await call("POST", `/v1/intents/${id}/${verb}`, reviewer.key, { reason: "late" });
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe(code);
    expect(await stateOf(id)).toBe("expired");
  });

  test("an approval holds for the policy's window and not a millisecond longer", async () => {
    const [early, late] = [
      await propose(agent, proposal("crm.held"), "pending_approval"),
      await propose(agent, proposal("crm.held"), "pending_approval"),
    ];
    for (const id of [early, late]) await approve(id);
    later(20 * MINUTE_MS - 1);
    expect((await execute(early)).status).toBe(201);
    later(1);
    expect((await execute(late)).status).toBe(410);
    expect(await stateOf(late)).toBe("expired");
    expect((await approve(late)).status).toBe(410);
  });

  test("a clock that goes back revives no expired intent", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    later(31 * MINUTE_MS);
    expect(await stateOf(id)).toBe("expired");
    later(-31 * MINUTE_MS);
    expect(await stateOf(id)).toBe("expired");
    expect((await approve(id)).status).toBe(410);
  });

  test("a policy that defers accepts a late approval, and executes nothing before it", async () => {
    const id = await propose(agent, proposal("crm.defer"), "pending_approval");
    later(11 * MINUTE_MS);
    expect(await stateOf(id)).toBe("pending_approval");
    expect((await execute(id)).status).toBe(409);
    expect((await approve(id)).status).toBe(200);
    expect((await execute(id)).status).toBe(201);
    expect(await eventsOf(id)).toContain("expiry_deferred");
  });

  test("INV-13: silence approves only where the policy says so and the risk is low", async () => {
    const low = await propose(agent, proposal("crm.silent"), "pending_approval");
    const high = await propose(
      agent,
      proposal("crm.silent", {
        recordCount: 20_000,
        estimated_value_usd: 50_000,
        sensitivity_tags: ["financial"],
      }),
      "pending_approval",
    );
    later(11 * MINUTE_MS);
    // What it takes to be silence is tested in approvals/silence.test.ts: here nobody was notified.
    expect([await stateOf(low), await stateOf(high)]).toEqual(["pending_approval", "expired"]);
    expect(await eventsOf(low)).toContain("silence_not_counted");
  });
});

describe("timers record a deadline in time", () => {
  test("INV-17: the alarm expires an untouched intent, and D1 has the entry", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await flushed(id);
    later(30 * MINUTE_MS);
    expect(await runDurableObjectAlarm(objectOf(id))).toBe(true);
    expect(await phaseInD1(id)).toBe("expired");
    // Over for good: no alarm is left to wake the object again.
    expect(await alarmAfterFlush(id)).toBeNull();
  });

  test("the alarm is set for the deadline of every phase", async () => {
    const now = Date.now();
    const held = await propose(agent, proposal("crm.held"), "pending_approval");
    const approved = await propose(agent, proposal("crm.small"), "approved");
    const { intent, id, token } = await ordered(agent, proposal("own.claimed"));
    // For the reminder at half time, and once that was given for the end.
    expect(await alarmAfterFlush(held)).toBe(now + 15 * MINUTE_MS);
    expect(await alarmAfterFlush(approved)).toBe(now + 60 * MINUTE_MS);
    expect(await alarmAfterFlush(intent)).toBe(now + 15 * MINUTE_MS);
    await call("POST", `/v1/executions/${id}/claim`, token);
    expect(await alarmAfterFlush(intent)).toBe(now + 5 * MINUTE_MS);
    await call("POST", `/v1/executions/${id}/report`, token, { status: "succeeded" });
    expect(await alarmAfterFlush(intent)).toBeNull();
  });

  test("INV-20: every commit sets an alarm for its effects, and none that is later than the one there is", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    const first = await alarmOf(id);
    expect(first).toBeLessThan(Date.now() + MINUTE_MS);
    later(1_000);
    await approve(id);
    await flushed(id);
    expect(await alarmOf(id)).toBe(first);
  });

  test("INV-20: an object that forgot what it had flushed flushes it again, and nothing is there twice", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await flushed(id);
    await evictDurableObject(objectOf(id));
    await approve(id);
    expect((await flushed(id)).map(({ event }) => event)).toEqual([
      ...HELD,
      "approval_vote_recorded",
      "approved",
    ]);
  });

  test("an alarm that fires early changes nothing and is set again", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await flushed(id);
    const half = Date.now() + 15 * MINUTE_MS;
    for (let time = 0; time < 3; time += 1) expect(await alarmAfterFlush(id)).toBe(half);
    expect(await eventsOf(id)).toEqual(HELD);
  });

  test("the alarm survives an eviction", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await flushed(id);
    await evictDurableObject(objectOf(id));
    later(30 * MINUTE_MS);
    expect(await runDurableObjectAlarm(objectOf(id))).toBe(true);
    expect(await phaseInD1(id)).toBe("expired");
  });

  test("the queue's message expires an intent that is due", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await flushed(id);
    later(30 * MINUTE_MS);
    expect(await deliver([deadline(id)])).toMatchObject({ explicitAcks: ["0"], retryMessages: [] });
    expect(await phaseInD1(id)).toBe("expired");
  });

  test("INV-11: early, late, repeated, foreign and malformed messages change nothing and block no other", async () => {
    const early = await propose(agent, proposal("crm.held"), "pending_approval");
    const due = await propose(agent, proposal("crm.held", { expiresIn: "1m" }), "pending_approval");
    const done = await ordered(agent);
    await call("POST", `/v1/executions/${done.id}/report`, done.token, { status: "succeeded" });
    const before = await Promise.all([early, done.intent].map(eventsOf));
    const objects = await objectCount();
    later(MINUTE_MS);
    const result = await deliver([
      deadline(done.intent),
      deadline(early),
      deadline(early),
      deadline(`int_${"A".repeat(43)}`),
      deadline("../../etc"),
      { type: "deadline" },
      { type: "deadline", intent: 7 },
      { type: "something else", intent: early },
      "text",
      7,
      [],
      deadline(due),
      deadline(due),
    ]);
    expect(result.retryMessages).toEqual([]);
    expect(await Promise.all([early, done.intent].map(eventsOf))).toEqual(before);
    expect(await eventsOf(due)).toEqual(["proposed", "policy_checked", "approval_requested", "expired"]);
    expect(await objectCount()).toBe(objects);
  });

  test("a deadline is queued with its delay, a day at most, and queued again by a message that came early", async () => {
    const send = vi.spyOn(env.EVENTS, "send").mockResolvedValue(undefined as never);
    const sent = (intent: string) => messagesFor(send.mock.calls, intent);
    const delays = (intent: string) => sent(intent).map(({ delaySeconds }) => delaySeconds);
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await flushed(id);
    await until(() => expect(delays(id)).toEqual([30 * 60]));
    later(10 * MINUTE_MS);
    await deliver([sent(id).at(-1)?.message]);
    await until(() => expect(delays(id)).toEqual([30 * 60, 20 * 60]));
    later(20 * MINUTE_MS);
    await deliver([sent(id).at(-1)?.message]);
    expect(await phaseInD1(id)).toBe("expired");
    expect(sent(id)).toHaveLength(2);
    // No message can wait longer than a day.
    const long = await propose(agent, proposal("crm.slow"), "pending_approval");
    await until(() => expect(delays(long)).toEqual([24 * 60 * 60]));
  });

  test("a second wait's deadline is queued when the message for the first comes", async () => {
    const send = vi.spyOn(env.EVENTS, "send").mockResolvedValue(undefined as never);
    const sent = (intent: string) => messagesFor(send.mock.calls, intent);
    const id = await propose(agent, proposal("crm.escalated"), "pending_approval");
    await until(() => expect(sent(id)).toHaveLength(1));
    later(20 * MINUTE_MS);
    await deliver([sent(id).at(-1)?.message]);
    await until(() => expect(sent(id).map(({ delaySeconds }) => delaySeconds)).toEqual([20 * 60, 20 * 60]));
    // The first message again changes nothing.
    await deliver([sent(id)[0]?.message]);
    expect(sent(id)).toHaveLength(2);
    // Without a word what it was for, as an earlier version wrote them, it is taken for the last.
    await deliver([deadline(id)]);
    await until(() => expect(sent(id)).toHaveLength(3));
  });

  test("orders, claims and heartbeats send no message: nobody waits on their deadlines but the alarm", async () => {
    const send = vi.spyOn(env.EVENTS, "send").mockResolvedValue(undefined as never);
    const { intent, id, token } = await ordered(agent, proposal("own.claimed"));
    await call("POST", `/v1/executions/${id}/claim`, token);
    for (let beat = 0; beat < 4; beat += 1) {
      later(MINUTE_MS);
      await call("POST", `/v1/executions/${id}/heartbeat`, token);
      await flushed(intent);
    }
    expect(messagesFor(send.mock.calls, intent)).toEqual([]);
    expect(await alarmAfterFlush(intent)).toBe(Date.now() + 5 * MINUTE_MS);
  });
});

/** The deadline messages among what was sent to the queue, with their delays. */
function messagesFor(calls: readonly (readonly unknown[])[], intent: string) {
  return calls
    .map(([message, options]) => ({
      message: message as { readonly type?: string; readonly intent?: string },
      delaySeconds: (options as { readonly delaySeconds?: number } | undefined)?.delaySeconds,
    }))
    .filter(({ message }) => message.type === "deadline" && message.intent === intent);
}

/** Runs an intent's due transition, as the queue or the alarm does. */
const TIMERS: readonly (readonly [string, (intent: string) => Promise<unknown>])[] = [
  ["the queue's message", (intent) => deliver([deadline(intent)])],
  ["the alarm, where the queue lost its message", (intent) => runDurableObjectAlarm(objectOf(intent))],
  [
    "the alarm of an object that was evicted meanwhile",
    async (intent) => {
      await evictDurableObject(objectOf(intent));
      await runDurableObjectAlarm(objectOf(intent));
    },
  ],
];

describe.each(TIMERS)("reminders, escalation and the second wait, triggered by %s", (_which, fire) => {
  /** Moves the clock, lets the timer fire, and says what D1 then has of the intent after it was held. */
  async function after(intent: string, minutes: number): Promise<readonly string[]> {
    later(minutes * MINUTE_MS);
    await fire(intent);
    const rows = await flushed(intent);
    return rows.slice(HELD.length).map(({ event }) => event);
  }

  test("INV-17: a reminder is recorded once at half time, and then the expiry", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await flushed(id);
    expect(await after(id, 15)).toEqual(["approval_reminded"]);
    expect(await after(id, 0)).toEqual(["approval_reminded"]);
    expect(await after(id, 14)).toEqual(["approval_reminded"]);
    expect(await after(id, 1)).toEqual(["approval_reminded", "expired"]);
    expect(await phaseInD1(id)).toBe("expired");
    expect(await alarmAfterFlush(id)).toBeNull();
  });

  test("INV-17: each escalation step is recorded at its time, and no answer gives one second wait", async () => {
    const id = await propose(agent, proposal("crm.escalated"), "pending_approval");
    await flushed(id);
    const events = [];
    for (const minutes of [5, 5, 10, 9]) events.push((await after(id, minutes)).at(-1));
    expect(events).toEqual([
      "approval_escalated",
      "approval_reminded",
      "expiry_escalated",
      "expiry_escalated",
    ]);
    // The entry from which messages are planned names every recipient.
    const rows = await flushed(id);
    const bodies = rows.map(({ event, body }) => ({ event, ...JSON.parse(body) }));
    const { created_at: created } = (await call("GET", `/v1/intents/${id}`, agent.key)).body;
    expect(bodies.filter(({ event }) => event.endsWith("_escalated"))).toMatchObject([
      { event: "approval_escalated", step: 0, to: "ops" },
      { event: "expiry_escalated", to: ["ops", "ben"], decide_by: Date.parse(created) + 40 * MINUTE_MS },
    ]);
    const { expires_at: expires } = (await call("GET", `/v1/intents/${id}`, agent.key)).body;
    expect(Date.parse(expires) - Date.parse(created)).toBe(40 * MINUTE_MS);
    expect((await after(id, 1)).at(-1)).toBe("approval_reminded");
    expect((await approve(id)).status).toBe(200);
    expect(await after(id, 30)).not.toContain("expired");
  });

  test("after the second wait the intent is expired, and a late vote is refused", async () => {
    const id = await propose(agent, proposal("crm.escalated"), "pending_approval");
    await flushed(id);
    for (const minutes of [20, 20]) await after(id, minutes);
    expect(await stateOf(id)).toBe("expired");
    expect((await approve(id)).status).toBe(410);
    const events = await after(id, 24 * 60);
    expect(events.filter((event) => event === "expiry_escalated")).toHaveLength(1);
    expect(events.at(-1)).toBe("expired");
  });

  test("INV-17: a deferred intent's reminder is recorded daily, and no more often", async () => {
    const id = await propose(agent, proposal("crm.defer"), "pending_approval");
    await flushed(id);
    const seen = [];
    for (const minutes of [10, 60, 23 * 60, 1, 24 * 60]) seen.push((await after(id, minutes)).length);
    // Deferred, nothing, reminded, nothing, reminded; a second read within the hour changes nothing.
    expect(seen).toEqual([1, 1, 2, 2, 3]);
    expect((await after(id, 60)).at(-1)).toBe("approval_reminded");
    expect(await after(id, 0)).toHaveLength(3);
    expect((await approve(id)).status).toBe(200);
    const before = await after(id, 0);
    later(3 * 24 * 60 * MINUTE_MS);
    await fire(id);
    expect(
      (await flushed(id)).map(({ event }) => event).filter((event) => event === "approval_reminded"),
    ).toHaveLength(before.filter((event) => event === "approval_reminded").length);
  });
});

describe("INV-11: orders and claims lapse", () => {
  test("INV-11: an unreported order is indeterminate after 15 minutes, its token is dead, and a person resolves it", async () => {
    const { intent, id, token } = await ordered(agent);
    later(15 * MINUTE_MS - 1);
    expect(await stateOf(intent)).toBe("scheduled");
    later(1);
    const report = await call("POST", `/v1/executions/${id}/report`, token, { status: "succeeded" });
    expect(report.status).toBe(410);
    expect(report.body.code).toBe("order_expired");
    expect(await stateOf(intent)).toBe("indeterminate");
    expect((await execute(intent)).status).toBe(409);
    const body = { outcome: "not_executed", note: "No rows in the CRM." };
    expect((await call("POST", `/v1/intents/${intent}/resolve`, agent.key, body)).status).toBe(403);
    expect(
      (await call("POST", `/v1/intents/${intent}/resolve`, reviewer.key, { outcome: "not_executed" })).status,
    ).toBe(400);
    expect((await call("POST", `/v1/intents/${intent}/resolve`, reviewer.key, body)).body.state).toBe(
      "failed",
    );
    expect((await execute(intent)).status).toBe(409);
    expect(await eventsOf(intent)).toEqual([
      "proposed",
      "policy_checked",
      "approved",
      "execution_requested",
      "execution_indeterminate",
      "outcome_resolved",
    ]);
  });

  test("INV-11: an unclaimed order with a required claim returns to approved, and the old token stays dead", async () => {
    const { intent, id, token } = await ordered(agent, proposal("own.claimed"));
    later(15 * MINUTE_MS);
    expect(await stateOf(intent)).toBe("approved");
    expect((await call("POST", `/v1/executions/${id}/claim`, token)).status).toBe(410);
    const again = await execute(intent);
    expect(again.status).toBe(201);
    expect(again.body).toMatchObject({ attempt: 2 });
    expect(again.body.execution_token).not.toBe(token);
    expect((await call("POST", `/v1/executions/${id}/claim`, token)).body.code).toBe("order_superseded");
    // The new order's id with the old order's token.
    expect((await call("POST", `/v1/executions/${again.body.executionId}/claim`, token)).status).toBe(401);
    expect(
      (await call("POST", `/v1/executions/${again.body.executionId}/claim`, again.body.execution_token))
        .status,
    ).toBe(200);
  });

  test("INV-11: a claim without a heartbeat lapses after 5 minutes; each heartbeat adds 5 minutes", async () => {
    const { intent, id, token } = await ordered(agent, proposal("own.claimed"));
    const post = (step: string) =>
      call("POST", `/v1/executions/${id}/${step}`, token, { status: "succeeded" });
    await post("claim");
    for (let beat = 0; beat < 4; beat += 1) {
      later(4 * MINUTE_MS);
      expect((await post("heartbeat")).status).toBe(200);
    }
    later(5 * MINUTE_MS);
    expect((await post("heartbeat")).status).toBe(410);
    expect((await post("report")).status).toBe(410);
    expect(await stateOf(intent)).toBe("indeterminate");
  });

  test("INV-11: after the execution window not even a safe retry is ordered", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await approve(id);
    const { body } = await execute(id);
    await call("POST", `/v1/executions/${body.executionId}/report`, body.execution_token, {
      status: "failed",
      retryable: true,
    });
    later(19 * MINUTE_MS);
    const second = await execute(id);
    expect(second.status).toBe(201);
    await call("POST", `/v1/executions/${second.body.executionId}/report`, second.body.execution_token, {
      status: "failed",
      retryable: true,
    });
    later(2 * MINUTE_MS);
    expect((await execute(id)).status).toBe(409);
  });

  test("INV-11: a failure that the worker did not report as retryable is final", async () => {
    const { intent, id, token } = await ordered(agent);
    await call("POST", `/v1/executions/${id}/report`, token, { status: "failed" });
    expect((await execute(intent)).status).toBe(409);
    expect(await stateOf(intent)).toBe("failed");
  });

  test("INV-05: a proposal may rely on an identity ten seconds old, an order on none", async () => {
    const one = await register("agent");
    const id = await propose(one, proposal("crm.small"), "approved");
    // Suspended by another isolate: this one's memory of the key is not emptied.
    await env.DB.prepare("UPDATE principals SET status = 'suspended' WHERE id = ?1").bind(one.id).run();
    expect((await call("POST", `/v1/intents/${id}/execute`, one.key)).status).toBe(403);
    later(10_000);
    expect((await call("POST", "/v1/intents", one.key, proposal("crm.small"))).status).toBe(403);
  });

  test("INV-05: a clock set back does not extend the life of a cached identity", async () => {
    const one = await register("agent");
    await propose(one, proposal("crm.small"), "approved");
    await env.DB.prepare("UPDATE principals SET status = 'revoked' WHERE id = ?1").bind(one.id).run();
    later(-60 * MINUTE_MS);
    expect((await call("POST", "/v1/intents", one.key, proposal("crm.small"))).status).toBe(403);
  });
});
