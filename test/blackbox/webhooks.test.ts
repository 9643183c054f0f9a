import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Body, crmImport, list, startGate, text } from "../support/gate.ts";
import type { Principal } from "../support/client.ts";

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

/** A host that never resolves: every attempt fails, and each attempt is visible. */
const NOWHERE = "https://receiver.webhooks-of-a-test.example/hook";

const SOON = { timeout: 40_000, interval: 200 };

let cast: Readonly<Record<"agent" | "reviewer", Principal>>;

beforeAll(async () => {
  cast = await gate.cast();
});

async function registered(events: readonly string[]): Promise<string> {
  const answer = await gate.call("POST", "/v1/webhooks", gate.adminKey, { url: NOWHERE, events });
  expect(answer.status, answer.text).toBe(201);
  expect(text(answer.body, "secret")).toMatch(/^whsec_/);
  return text(answer.body, "id");
}

async function deliveriesOf(webhook: string): Promise<readonly Body[]> {
  return list(
    (await gate.call("GET", `/v1/webhooks/${webhook}/deliveries`, gate.adminKey)).body,
    "deliveries",
  );
}

async function proposed(records = 847): Promise<string> {
  const answer = await gate.call("POST", "/v1/intents", cast.agent.key, crmImport(records));
  expect(answer.status, answer.text).toBe(200);
  return text(answer.body, "intentId");
}

describe("INV-30: webhooks outlive the server", () => {
  test("INV-30: a delivery that failed before a power cut is retried after it", async () => {
    const webhook = await registered(["intent.approval_requested"]);
    const intent = await proposed();
    // Wait for the recorded result: an attempt under way holds its lease for a minute.
    await expect
      .poll(async () => (await deliveriesOf(webhook))[0]?.["problem"], SOON)
      .toBe("it could not be reached");
    await gate.crash();
    await gate.start();
    await expect
      .poll(async () => (await deliveriesOf(webhook))[0]?.["attempts"], SOON)
      .toBeGreaterThanOrEqual(2);
    expect(await deliveriesOf(webhook)).toMatchObject([
      {
        event: "intent.approval_requested",
        intent_id: intent,
        state: "pending",
        problem: "it could not be reached",
      },
    ]);
  });

  test("INV-30: an event just before a power cut is planned after it, once", async () => {
    const webhook = await registered(["intent.approved"]);
    const intent = await proposed();
    expect((await gate.call("POST", `/v1/intents/${intent}/approve`, cast.reviewer.key, "")).status).toBe(
      200,
    );
    await gate.crash();
    await gate.start();
    await expect.poll(async () => (await deliveriesOf(webhook)).length, SOON).toBe(1);
    expect(await deliveriesOf(webhook)).toMatchObject([{ event: "intent.approved", intent_id: intent }]);
  });
});

test("a client of the reference contract registers for its intent's decision, in either spelling", async () => {
  const intent = await proposed();
  for (const body of [
    { intentId: intent, url: NOWHERE, secret: "s" },
    { intentId: intent, url: NOWHERE, secret: null },
  ]) {
    const answer = await gate.call("POST", "/v1/webhooks/register", cast.agent.key, body);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.body).toMatchObject({ registered: true, intentId: intent, url: NOWHERE });
    expect(text(answer.body, "webhookId")).toMatch(/^whk_/);
  }
  const nowhere = await gate.call("POST", "/v1/webhooks/register", cast.agent.key, {
    intentId: `int_${"A".repeat(43)}`,
    url: NOWHERE,
  });
  expect([nowhere.status, nowhere.body["error"]]).toEqual([404, "Proposal not found"]);
});
