import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { call, eventsOf, ordered, proposal, register } from "../../support/worker/gate.ts";

async function publishedKeys() {
  return createLocalJWKSet((await call("GET", "/.well-known/jwks.json")).body);
}

test("INV-18: an order verifies with the published key alone and names what it is bound to", async () => {
  const agent = await register("agent");
  const order = await ordered(agent, proposal("crm.small"));
  const shown = (await call("GET", `/v1/executions/${order.id}`, agent.key)).body;
  const { payload } = await jwtVerify(shown.order, await publishedKeys(), {
    typ: "gate-order+jwt",
    algorithms: ["EdDSA"],
    issuer: "gate.example",
    audience: "crm.small",
  });
  expect(payload).toMatchObject({
    jti: order.id,
    sub: agent.id,
    intent_id: order.intent,
    intent_digest: shown.intent_digest,
    payload_digest: shown.payload_hash,
    destination: "crm.small",
    fence: 1,
  });
  expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(15 * 60);
});

test("a repeated read returns the same order text, and other roles get neither token nor signature", async () => {
  const agent = await register("agent");
  const reviewer = await register("reviewer");
  const order = await ordered(agent, proposal("crm.small"));
  const again = (await call("POST", `/v1/intents/${order.intent}/execute`, agent.key)).body;
  const shown = (await call("GET", `/v1/executions/${order.id}`, agent.key)).body;
  expect(again.order).toBe(shown.order);
  expect((await call("GET", `/v1/executions/${order.id}`, reviewer.key)).body).toMatchObject({
    order: null,
    execution_token: null,
  });
});

test("all attempts of one intent share one provider key and have rising fences", async () => {
  const agent = await register("agent");
  const first = await ordered(agent, proposal("crm.small"));
  const before = (await call("GET", `/v1/executions/${first.id}`, agent.key)).body;
  await call("POST", `/v1/executions/${first.id}/report`, first.token, { status: "failed", retryable: true });
  const second = (await call("POST", `/v1/intents/${first.intent}/execute`, agent.key)).body;
  expect(second.attempt).toBe(2);
  expect(second.idempotency_key).toBe(before.idempotency_key);
  expect(second.execution_token).not.toBe(first.token);
});

test("the key set is public, has no private part, and has the key that orders name", async () => {
  const agent = await register("agent");
  const order = await ordered(agent, proposal("crm.small"));
  const { keys } = (await call("GET", "/.well-known/jwks.json")).body;
  expect(keys).toHaveLength(1);
  expect(keys[0]).not.toHaveProperty("d");
  const shown = (await call("GET", `/v1/executions/${order.id}`, agent.key)).body;
  expect(decodeProtectedHeader(shown.order)).toMatchObject({ alg: "EdDSA", kid: keys[0].kid });
});

test("INV-11: a worker's report made before it could know of the revocation is recorded and reverts nothing", async () => {
  const [agent, reviewer] = [await register("agent"), await register("reviewer")];
  const order = await ordered(agent, proposal("crm.small"));
  await call("POST", `/v1/intents/${order.intent}/revoke`, reviewer.key, { reason: "stop" });
  const late = await call("POST", `/v1/executions/${order.id}/report`, order.token, {
    status: "succeeded",
    result: { rows: 1 },
  });
  expect([late.status, late.body.code]).toEqual([409, "intent_revoked"]);
  const shown = (await call("GET", `/v1/intents/${order.intent}`, reviewer.key)).body;
  expect(shown).toMatchObject({
    state: "revoked",
    status: "blocked",
    execution: { status: "succeeded", result: { rows: 1 } },
  });
  expect(await eventsOf(order.intent)).toEqual([
    "proposed",
    "policy_checked",
    "approved",
    "execution_requested",
    "revoked",
    "execution_reported_late",
  ]);
  expect(
    (await call("POST", `/v1/executions/${order.id}/report`, order.token, { status: "failed" })).status,
  ).toBe(409);
});
