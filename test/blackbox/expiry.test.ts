import { afterAll, expect, test } from "vitest";
import { type Body, crmImport, eventsOf, list, startGate, text } from "../support/gate.ts";

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer } = await gate.cast();

/** Longer than any deadline set here by far: queue and alarm are on time or they are not there. */
const SOON = { timeout: 20_000, interval: 100 };

async function hold(expiresIn: string): Promise<{ readonly id: string; readonly expiresAt: number }> {
  const { body } = await gate.call("POST", "/v1/intents", agent.key, crmImport(847, { expiresIn }));
  expect(body["status"]).toBe("pending_approval");
  return { id: text(body, "intentId"), expiresAt: Date.parse(text(body, "expiresAt")) };
}

/** The list in D1: it reads no object, so the read cannot be what makes an intent expire. */
async function listed(state: string): Promise<readonly unknown[]> {
  const { body } = await gate.call("GET", `/v1/intents?state=${state}&limit=200`, reviewer.key);
  return list(body, "intents").map(({ id }: Body) => id);
}

test("an undecided intent expires without a request and can't be approved then", async () => {
  const { id } = await hold("2s");
  await expect.poll(() => listed("pending_approval"), SOON).toContain(id);
  await expect.poll(() => listed("expired"), SOON).toContain(id);
  const { body } = await gate.call("GET", `/v1/intents/${id}`, agent.key);
  expect(body).toMatchObject({ status: "expired", state: "expired" });
  expect(eventsOf(body)).toEqual(["proposed", "policy_checked", "approval_requested", "expired"]);
  for (const [command, key] of [
    ["approve", reviewer.key],
    ["execute", agent.key],
  ] as const) {
    const late = await gate.call("POST", `/v1/intents/${id}/${command}`, key, "");
    expect([409, 410]).toContain(late.status);
    expect(eventsOf((await gate.call("GET", `/v1/intents/${id}`, agent.key)).body)).not.toContain("approved");
  }
});

test("a deadline that passes while the server is down takes effect at the next start", async () => {
  const early = await hold("1s");
  const late = await hold("4s");
  const never = await hold("10m");
  await gate.crash();
  // Queued messages were in the memory that is gone; the objects' alarms are not.
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, early.expiresAt + 1 - Date.now())));
  await gate.start();
  await expect.poll(() => listed("expired"), SOON).toEqual(expect.arrayContaining([early.id, late.id]));
  expect(await listed("expired")).not.toContain(never.id);
  for (const { id, expiresAt } of [early, late]) {
    const { body } = await gate.call("GET", `/v1/intents/${id}`, agent.key);
    const expired = list(body, "auditTrail").filter(({ event_type: event }) => event === "expired");
    expect(expired).toHaveLength(1);
    expect(Date.parse(text(expired[0] ?? {}, "created_at"))).toBeGreaterThanOrEqual(expiresAt);
  }
  expect((await gate.call("POST", `/v1/intents/${never.id}/approve`, reviewer.key, "")).status).toBe(200);
});

test("INV-07: a request can shorten the policy's deadline and never extend it", async () => {
  const { expiresAt } = await hold("400d");
  // The policy's own is an hour.
  expect(expiresAt - Date.now()).toBeLessThanOrEqual(60 * 60_000);
});
