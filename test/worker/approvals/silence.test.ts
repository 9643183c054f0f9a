import { abortAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { DeliveryResult } from "../../../src/ports/notifications.ts";
import { bindings } from "../../support/worker/bindings.ts";
import { browserAt } from "../../support/worker/browser.ts";
import {
  call,
  eventsOf,
  flushed,
  later,
  ledgerOf,
  MINUTE_MS,
  objectOf,
  proposal,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import { dispatcher, runNotifications, stopQueue } from "../../support/worker/receiver.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

/*
 * Approvals over time: "Silence counted as an answer". `auto_approve_if_low_risk` approves only where an approver's
 * channel took the message in time and Gate was up for the wait; else the case waits on, and says so.
 */

const REGISTRY = `${RULES.registry}
credentials: { hook: { ref: env://SOME_SECRET } }
channels:
  room: { type: slack_webhook, secret: hook, for: [ops] }
  board: { type: slack_webhook, secret: hook, for: [ben], destinations: [crm.steps] }
`;

const POLICIES = {
  ...RULES.policies,
  steps: `allow_unmeasured: true
on_no_response: auto_approve_if_low_risk
expiry_minutes: 10
escalate: [{ after: 1m, to: ben }]
approvers: { people: [ana] }`,
};

const DELIVERED: DeliveryResult = { kind: "delivered", status: 200, receipt: null };
const FAILED: DeliveryResult = { kind: "failed", status: 404, problem: "the channel is gone" };

let agent: Principal;
let reviewer: Principal;
let passed = 0;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer", { person: "ana" });
  await changeRules({
    policies: POLICIES,
    registry: REGISTRY.replace("\ndestinations:", "\ndestinations:\n  crm.steps: { policies: [steps] }"),
  });
});

beforeEach(async () => {
  stopQueue();
  await runNotifications({}, async () => ({ kind: "moot" }));
  // Long after the tests before, whose clock was set back when they ended.
  passed += 300;
  later(passed * MINUTE_MS);
  await dispatcher().poke();
});

afterAll(() => changeRules(RULES));

async function held(destination = "crm.silent"): Promise<string> {
  const intent = await propose(agent, proposal(destination), "pending_approval");
  await flushed(intent);
  return intent;
}

async function sessionOf({ key }: Principal): Promise<string> {
  const browser = browserAt("http://gate.test");
  await browser.post("/v1/session", { key });
  return `gate_session=${browser.cookies.get("gate_session")}`;
}

/** Runs what is due, with this result of every message. */
const notify = (result: DeliveryResult) => runNotifications({}, async () => result);

/** Gate runs on, its alarm beating. */
async function waits(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    later(MINUTE_MS);
    await dispatcher().poke();
  }
}

async function caseOf(intent: string) {
  const { body } = await call("GET", `/v1/intents/${intent}`, reviewer.key);
  return { state: body.state, by: body.decided_by, why: body.silence_not_counted, decide_by: body.decide_by };
}

const APPROVED = { state: "approved", by: "timeout", why: null, decide_by: null };
const waitsOn = (why: string) => ({ state: "pending_approval", by: null, why, decide_by: null });

describe("silence approves", () => {
  test("where a channel took the message and Gate was up for the wait; the ledger says when", async () => {
    const intent = await held();
    await notify(DELIVERED);
    const notifiedAt = Date.now();
    await waits(11);
    expect(await caseOf(intent)).toEqual(APPROVED);
    const approved = (await ledgerOf(intent)).find(({ event }) => event === "approved");
    expect(JSON.parse(approved?.body ?? "{}")).toMatchObject({ by: "timeout", notified_at: notifiedAt });
  });

  test("by the alarm alone, and for a caller who waits", async () => {
    const [alone, awaited] = [await held(), await held()];
    await notify(DELIVERED);
    await waits(11);
    await runDurableObjectAlarm(objectOf(alone));
    expect(await eventsOf(alone)).toContain("approved");
    const waited = await call("GET", `/v1/intents/${awaited}/wait?timeout=1`, agent.key);
    expect(waited.body.status ?? waited.text).toBe("approved");
  });

  test("where a failed message was delivered in the first half of the wait", async () => {
    const intent = await held();
    await notify({ kind: "retry", status: 503, problem: "down", afterMs: 1 });
    await waits(4);
    await notify(DELIVERED);
    await waits(7);
    expect(await caseOf(intent)).toEqual(APPROVED);
  });
});

describe("silence does not count, and the case waits on and says so", () => {
  test("where no channel is there", async () => {
    await changeRules(RULES);
    const intent = await held();
    await waits(11);
    expect(await caseOf(intent)).toEqual(waitsOn("approvers_not_notified"));
    await changeRules({
      policies: POLICIES,
      registry: REGISTRY.replace("\ndestinations:", "\ndestinations:\n  crm.steps: { policies: [steps] }"),
    });
  });

  test("where every delivery failed", async () => {
    const intent = await held();
    await notify(FAILED);
    await waits(11);
    expect(await caseOf(intent)).toEqual(waitsOn("approvers_not_notified"));
    expect((await eventsOf(intent)).slice(-2)).toEqual(["expiry_deferred", "silence_not_counted"]);
    const page = await send(`/cases/${intent}`, { headers: { Cookie: await sessionOf(reviewer) } });
    expect(page.text).toContain("no approver&#39;s channel took a message in time");
    // A person decides, also now.
    const approved = await call("POST", `/v1/intents/${intent}/approve`, reviewer.key);
    expect(approved.body).toMatchObject({ status: "approved", votedBy: ["ana"] });
  });

  test("where the message came in the second half of the wait", async () => {
    const intent = await held();
    await notify({ kind: "retry", status: 503, problem: "down", afterMs: 1 });
    await waits(6);
    await notify(DELIVERED);
    await waits(5);
    expect(await caseOf(intent)).toEqual(waitsOn("approvers_not_notified"));
  });

  test("where only the channel of people who may not decide took one", async () => {
    const intent = await held("crm.steps");
    await waits(2);
    await objectOf(intent).onDeadline();
    await flushed(intent);
    await runNotifications({}, async ({ kind }) => (kind === "escalation" ? DELIVERED : FAILED));
    await waits(9);
    expect(await eventsOf(intent)).toContain("approval_escalated");
    expect(await caseOf(intent)).toEqual(waitsOn("approvers_not_notified"));
  });

  test.each([
    ["whole", 0, 0],
    ["middle of the", 2, 4],
    ["end of the", 8, 0],
  ])("where Gate was down for the %s wait", async (_name, before, after) => {
    const intent = await held();
    await notify(DELIVERED);
    await waits(before);
    await abortAllDurableObjects();
    later((11 - before - after) * MINUTE_MS);
    await waits(after);
    expect(await caseOf(intent)).toEqual(waitsOn("gate_was_down"));
  });

  test("where the local server was started again, however soon", async () => {
    const intent = await held();
    await notify(DELIVERED);
    await waits(4);
    bindings["LOCAL_START"] = "another";
    await abortAllDurableObjects();
    await waits(7);
    expect(await caseOf(intent)).toEqual(waitsOn("gate_was_down"));
    // What is proposed from then on is not affected.
    const next = await held();
    await notify(DELIVERED);
    await waits(11);
    expect(await caseOf(next)).toEqual(APPROVED);
  });

  test("where the clock jumped", async () => {
    const intent = await held();
    await notify(DELIVERED);
    await waits(1);
    later(9.5 * MINUTE_MS);
    expect(await caseOf(intent)).toEqual(waitsOn("gate_was_down"));
    const second = await held();
    await notify(DELIVERED);
    await waits(2);
    vi.setSystemTime(Date.now() - 30 * MINUTE_MS);
    await waits(50);
    expect(await caseOf(second)).toEqual(waitsOn("gate_was_down"));
  });

  test("and approvers get a new message", async () => {
    const intent = await held();
    await notify(FAILED);
    await waits(11);
    await objectOf(intent).onDeadline();
    await flushed(intent);
    const sent: string[] = [];
    await runNotifications({}, async (record) => {
      if (record.intent === intent) sent.push(`${record.kind} ${record.target}`);
      return DELIVERED;
    });
    expect(sent).toEqual(["reminder channel:room"]);
  });
});

test("proof about another version of the case is none", async () => {
  const intent = await held();
  await notify(DELIVERED);
  await waits(11);
  const proof = { type: "confirm_silence", upSince: 0, notifiedAt: 0 } as const;
  const handled = await objectOf(intent).handle({ ...proof, digest: "00".repeat(32) });
  expect(handled.ok && handled.value.state.phase).toBe("pending_approval");
  expect(await stateOf(intent)).toBe("approved");
});

test("a rejection in the moment of the deadline stands", async () => {
  const intent = await held();
  await notify(DELIVERED);
  await waits(11);
  const rejected = await call("POST", `/v1/intents/${intent}/reject`, reviewer.key, { reason: "no" });
  expect(["rejected", "revoked"]).toContain(rejected.body.state);
  expect(["rejected", "revoked"]).toContain(await stateOf(intent));
});
