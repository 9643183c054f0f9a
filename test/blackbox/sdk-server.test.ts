import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Gate, GateError } from "../../sdk/typescript/gate.ts";
import { verifyBundle } from "../../sdk/typescript/verify.ts";
import { startFaultyProxy } from "../support/faulty-proxy.ts";
import { type GuardScene, startGuardScene, thrown } from "../support/guard-scene.ts";

/* The SDK against the real server, where a fetch of the test's own would only repeat what the test believes. */

let scene: GuardScene;
let gate: Gate;
beforeAll(async () => {
  scene = await startGuardScene();
  gate = scene.client();
});
afterAll(() => scene[Symbol.asyncDispose]());

let made = 0;
const proposal = (destination = "crm.write", policy = "passes") => ({
  destination,
  policy,
  payload: { row: (made += 1) },
});

describe("INV-11: a call whose answer is lost is repeated, and acts once", () => {
  /** A client whose first answer to every path is lost after the server acted. */
  async function losing() {
    const seen = new Set<string>();
    const proxy = await startFaultyProxy(scene.gate.port, (path) => {
      if (seen.has(path)) return "none";
      seen.add(path);
      return "unanswered";
    });
    return { proxy, client: scene.client({ endpoint: proxy.url }) };
  }

  test("a proposal without a key creates one intent", async () => {
    const { proxy, client } = await losing();
    await using _proxy = proxy;
    const before = await scene.count();
    const { intentId, status } = await client.propose(proposal());
    expect(status).toBe("approved");
    expect(await scene.count()).toBe(before + 1);
    expect((await gate.getIntent(intentId)).state).toBe("approved");
  });

  test("a proposal with a key is no duplicate of itself, and is one of another call", async () => {
    const { proxy, client } = await losing();
    await using _proxy = proxy;
    const request = { ...proposal(), idempotencyKey: `lost-${made}` };
    const { intentId, status } = await client.propose(request);
    expect(status).toBe("approved");
    expect(await client.propose(request)).toMatchObject({ status: "duplicate_blocked", intentId });
  });

  test("an approval, an order, a claim and a report are each recorded once", async () => {
    const { proxy, client } = await losing();
    await using _proxy = proxy;
    const { intentId } = await client.propose(proposal("crm.held", "held"));
    await client.approve({ intentId, reason: "fine" });
    const { executionId, executionToken } = await client.execute({ intentId });
    const held = { executionId, executionToken: executionToken ?? "" };
    await client.claim(held);
    await client.heartbeat(held);
    const reported = await client.report({ ...held, status: "succeeded", result: { rows: 1 } });
    expect(reported).toMatchObject({ status: "succeeded", result: { rows: 1 } });
    const { auditTrail } = await client.getIntent(intentId);
    const events = auditTrail.map(({ event_type: event }) => event);
    for (const event of [
      "approval_vote_recorded",
      "execution_requested",
      "execution_claimed",
      "execution_succeeded",
    ]) {
      expect(events.filter((each) => each === event)).toHaveLength(1);
    }
    expect(await client.result(intentId)).toMatchObject({ outcome: "succeeded", result: { rows: 1 } });
  });
});

test("intents and pending are every row of every page, once", async () => {
  const lone = await scene.gate.register("agent");
  const client = scene.client({ apiKey: lone.key });
  for (let time = 0; time < 7; time += 1) await client.propose(proposal("crm.held", "held"));
  const ids: string[] = [];
  for await (const { id } of client.intents({ limit: 2 })) ids.push(id);
  expect(new Set(ids).size).toBe(7);
  expect(ids).toEqual((await client.list({ limit: 200 })).intents.map(({ id }) => id));
  const waiting: string[] = [];
  for await (const { id } of client.pending({ agent: lone.id, limit: 3 })) waiting.push(id);
  expect(waiting.toSorted()).toEqual(ids.toSorted());
});

test("INV-18: an intent's evidence is proven with the published keys, broken once it was changed, and unproven without", async () => {
  const { intentId } = await gate.propose(proposal());
  await scene.gate.call("POST", "/log/seal", scene.gate.adminKey, {});
  const { log } = (await gate.discover()) as unknown as { log: { vkeys: readonly string[] } };
  const { keys } = (await scene.gate.call("GET", "/.well-known/jwks.json")).body;
  const trusted = { vkeys: log.vkeys, jwks: keys };
  const bundle = JSON.parse(JSON.stringify(await gate.evidence(intentId))) as { entries: { at: number }[] };
  expect((await verifyBundle(bundle, trusted)).verdict).toBe("proven");
  expect((await verifyBundle(JSON.stringify(bundle), trusted)).verdict).toBe("proven");
  expect((await verifyBundle(bundle, null)).verdict).toBe("incomplete");
  const [first] = bundle.entries;
  if (first !== undefined) first.at += 1;
  expect((await verifyBundle(bundle, trusted)).verdict).toBe("broken");
  for (const wrong of [null, "", "x", 5, [], {}]) {
    expect((await verifyBundle(wrong, trusted)).verdict).toBe("broken");
  }
});

test("any route is called by its name, with another key", async () => {
  const as = { key: scene.gate.adminKey };
  const { id } = await gate.request("GET /v1/agents/{id}", { path: { id: scene.agent.id }, as });
  expect(id).toBe(scene.agent.id);
  const refused = await thrown(gate.request("GET /v1/agents"));
  expect(refused).toBeInstanceOf(GateError);
  expect(refused).toMatchObject({ status: 403, code: "forbidden" });
});

test("a result prints each member once, and can be read in both spellings", async () => {
  const proposed = await gate.propose(proposal());
  const shown = Object.keys(proposed).map((name) => name.replaceAll("_", "").toLowerCase());
  expect(new Set(shown).size).toBe(shown.length);
  const { intentId, risk_score: score } = proposed;
  expect(proposed).toMatchObject({
    proposalId: intentId,
    intent_id: intentId,
    riskScore: score,
    reason_code: proposed.reasonCode,
  });
  const intent = await gate.verify({ intent_id: intentId });
  expect(intent).toMatchObject({ senderAgentId: scene.agent.id, sender_agent_id: scene.agent.id });
});
