import { expect, test } from "vitest";
import { admin, ask, call, ordered, propose, register } from "./gate.ts";

async function evidenceOf(intent: string, key = admin) {
  return call("GET", `/v1/intents/${intent}/evidence`, key);
}

test("the evidence of a finished intent has every entry in the log, its order and what it was about", async () => {
  const agent = await register("agent");
  const payload = JSON.stringify({ row: "seen" });
  const order = await ordered(agent, ask("crm.small", { payload }));
  await call("POST", `/v1/executions/${order.id}/report`, order.token, {
    status: "succeeded",
    result: { rows: 1 },
  });
  const { body } = await evidenceOf(order.intent, agent.key);
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

test("a live order's signature is not in the evidence: any copy of it would look like an order", async () => {
  const agent = await register("agent");
  const order = await ordered(agent, ask("crm.small"));
  expect((await evidenceOf(order.intent)).body.orders).toEqual([]);
});

test("whoever may not see the payload gets neither it nor the salt that would let them guess it", async () => {
  const agent = await register("agent");
  const outsider = await register("reviewer");
  const intent = await propose(agent, ask("crm.by-ana"), "pending_approval");
  expect((await evidenceOf(intent, outsider.key)).body.disclosed).toBeNull();
  expect((await evidenceOf(intent, admin)).body.disclosed).not.toBeNull();
});

test("another agent's evidence is 404", async () => {
  const [agent, other] = [await register("agent"), await register("agent")];
  const intent = await propose(agent, ask("crm.held"), "pending_approval");
  expect((await evidenceOf(intent, other.key)).status).toBe(404);
});

test("of an erased intent only what is left is shown, and it says so", async () => {
  const agent = await register("agent");
  const intent = await propose(agent, ask("crm.held"), "pending_approval");
  await call("POST", `/v1/intents/${intent}/withdraw`, agent.key);
  await call("POST", `/v1/intents/${intent}/erase`, admin, { reason: "asked for" });
  const { body } = await evidenceOf(intent);
  expect(body).toMatchObject({ erased: true, disclosed: null });
  expect(body.entries.at(-1)).toMatchObject({ event: "payload_erased" });
});
