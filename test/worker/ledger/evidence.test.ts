import { describe, expect, test } from "vitest";
import { verdictOf } from "../../../verifier/finding.ts";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import { admin, call, ordered, proposal, propose, register } from "../../support/worker/gate.ts";

async function evidenceOf(intent: string, key = admin) {
  return call("GET", `/v1/intents/${intent}/evidence`, key);
}

test("INV-18: the evidence of a finished intent has every entry with its proof, the order and the subject", async () => {
  const agent = await register("agent");
  const payload = JSON.stringify({ row: "seen" });
  const order = await ordered(agent, proposal("crm.small", { payload }));
  await call("POST", `/v1/executions/${order.id}/report`, order.token, {
    status: "succeeded",
    result: { rows: 1 },
  });
  const { body } = await evidenceOf(order.intent);
  expect(body).toMatchObject({ format: "gate-evidence/v1", intent: order.intent, erased: false });
  expect(body.entries.map(({ event }: { event: string }) => event)).toEqual([
    "proposed",
    "policy_checked",
    "approved",
    "execution_requested",
    "execution_succeeded",
  ]);
  expect(body.log.inclusion).toHaveLength(5);
  expect(body.policies).toMatchObject([{ id: "small", text: expect.stringContaining("id: small") }]);
  expect(body.orders).toMatchObject([{ order: order.id }]);
  expect(atob(body.disclosed.payload.base64)).toBe(payload);
  expect(body.entries.every((entry: object) => !("mac" in entry))).toBe(true);
});

test("an agent's evidence holds no policy text and its own name only, and verification says so", async () => {
  const agent = await register("agent", { name: "Importer of an audit" });
  const reviewer = await register("reviewer", { person: "ana", name: "ana's laptop" });
  const intent = await propose(agent, proposal("crm.by-ana"), "pending_approval");
  await call("POST", `/v1/intents/${intent}/approve`, reviewer.key);
  const shown = (await evidenceOf(intent, agent.key)).body;
  const full = (await evidenceOf(intent, reviewer.key)).body;
  expect(shown.policies).toEqual([]);
  expect(JSON.parse(shown.entries[0].body).policies).toMatchObject([
    { id: "by-ana", hash: full.policies[0].hash },
  ]);
  expect(shown.names).toEqual([{ id: agent.id, name: "Importer of an audit" }]);
  expect(full.names).toEqual(
    expect.arrayContaining([
      { id: agent.id, name: "Importer of an audit" },
      { id: reviewer.id, name: "ana's laptop" },
      { id: "ana", name: "Ana Diaz" },
    ]),
  );
  const findings = await verifyBundle(JSON.stringify(shown), { ...shown.keys, jwks: shown.keys.jwks.keys });
  expect(verdictOf(findings)).toBe("proven");
  const words = (name: string) => findings.find((finding) => finding.name === name);
  expect(words("policy_texts")).toMatchObject({
    status: "not_shown",
    words: "1 of 1 policy texts are not shown.",
  });
  expect(words("names")).toMatchObject({ status: "not_shown" });
});

describe("INV-18: evidence verified with nothing but the published keys", () => {
  async function checked(intent: string) {
    const { body } = await evidenceOf(intent);
    const findings = await verifyBundle(
      JSON.stringify(body),
      body.keys && { ...body.keys, jwks: body.keys.jwks.keys },
    );
    return { verdict: verdictOf(findings), failing: findings.filter(({ status }) => status === "fails") };
  }

  test("is proven for an approved and executed intent", async () => {
    const agent = await register("agent");
    const reviewer = await register("reviewer");
    const intent = await propose(agent, proposal("crm.held"), "pending_approval");
    await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, { comment: "looked at it" });
    const order = (await call("POST", `/v1/intents/${intent}/execute`, agent.key)).body;
    await call("POST", `/v1/executions/${order.executionId}/report`, order.execution_token, {
      status: "succeeded",
    });
    expect(await checked(intent)).toEqual({ verdict: "proven", failing: [] });
  });

  test("has no failing finding for a rejected, a blocked and an erased intent", async () => {
    const agent = await register("agent");
    const reviewer = await register("reviewer");
    const rejected = await propose(agent, proposal("crm.held"), "pending_approval");
    await call("POST", `/v1/intents/${rejected}/reject`, reviewer.key, { reason: "no" });
    const blocked = await propose(agent, proposal("crm.held", { destination: "crm.nowhere" }), "blocked");
    const erased = await propose(agent, proposal("crm.held"), "pending_approval");
    await call("POST", `/v1/intents/${erased}/withdraw`, agent.key);
    await call("POST", `/v1/intents/${erased}/erase`, admin, { reason: "asked for" });
    for (const intent of [rejected, blocked, erased]) expect((await checked(intent)).failing).toEqual([]);
  });
});

test("INV-04: evidence leaves out a live order's signature, because a copy of it would be an order", async () => {
  const agent = await register("agent");
  const order = await ordered(agent, proposal("crm.small"));
  expect((await evidenceOf(order.intent)).body.orders).toEqual([]);
});

test("evidence for a caller who may not see the payload has neither the payload nor the salt", async () => {
  const agent = await register("agent");
  const outsider = await register("reviewer");
  const intent = await propose(agent, proposal("crm.by-ana"), "pending_approval");
  expect((await evidenceOf(intent, outsider.key)).body.disclosed).toBeNull();
  expect((await evidenceOf(intent, admin)).body.disclosed).not.toBeNull();
});

test("INV-06: another agent's evidence is 404", async () => {
  const [agent, other] = [await register("agent"), await register("agent")];
  const intent = await propose(agent, proposal("crm.held"), "pending_approval");
  expect((await evidenceOf(intent, other.key)).status).toBe(404);
});

test("the evidence of an erased intent shows only what is left, and says so", async () => {
  const agent = await register("agent");
  const intent = await propose(agent, proposal("crm.held"), "pending_approval");
  await call("POST", `/v1/intents/${intent}/withdraw`, agent.key);
  await call("POST", `/v1/intents/${intent}/erase`, admin, { reason: "asked for" });
  const { body } = await evidenceOf(intent);
  expect(body).toMatchObject({ erased: true, disclosed: null });
  expect(body.entries.at(-1)).toMatchObject({ event: "payload_erased" });
});
