import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import { browserAt } from "../../support/worker/browser.ts";
import {
  admin,
  call,
  fresh,
  ordered,
  proposal,
  propose,
  register,
  stateOf,
} from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

/*
 * The table "What a key or a role has begun" of docs/threat-model.md, row by row: a rotation of the key and a change of
 * the role end what the principal could no longer begin.
 */

async function rotated(who: Principal): Promise<Principal> {
  const { body } = await call("POST", `/v1/agents/${who.id}/rotate-key`, admin);
  return { id: who.id, key: body.apiKey };
}

const giveRole = (who: Principal, role: string) => call("POST", `/v1/agents/${who.id}/role`, admin, { role });
const step = (verb: string, order: string, token: string, body = {}) =>
  call("POST", `/v1/executions/${order}/${verb}`, token, body);
const execute = (intent: string, key: string) => call("POST", `/v1/intents/${intent}/execute`, key);
const outcome = ({ status, body }: { status: number; body: { code?: string; state?: string } }) => [
  status,
  body.code,
];

describe("INV-05: an order's token", () => {
  test("does not claim after the agent's key was rotated, and the agent gets another with its new key", async () => {
    const agent = await register("agent");
    const order = await ordered(agent, proposal("own.claimed"));
    const renewed = await rotated(agent);
    expect(outcome(await step("claim", order.id, order.token))).toEqual([401, "invalid_execution_token"]);
    expect(await stateOf(order.intent)).toBe("scheduled");
    const again = await execute(order.intent, renewed.key);
    expect([again.status, again.body.executionId]).toEqual([200, order.id]);
    expect(again.body.execution_token).not.toBe(order.token);
    const shown = await call("GET", `/v1/executions/${order.id}`, renewed.key);
    expect(shown.body.execution_token).toBe(again.body.execution_token);
    expect((await step("claim", order.id, again.body.execution_token)).status).toBe(200);
    expect((await step("report", order.id, again.body.execution_token, { status: "succeeded" })).status).toBe(
      200,
    );
  });

  test("does not claim after two rotations either", async () => {
    const agent = await register("agent");
    const order = await ordered(agent, proposal("own.claimed"));
    const one = await rotated(agent);
    const between = (await execute(order.intent, one.key)).body.execution_token;
    const two = await rotated(agent);
    for (const token of [order.token, between]) {
      expect(outcome(await step("claim", order.id, token))).toEqual([401, "invalid_execution_token"]);
    }
    const last = (await execute(order.intent, two.key)).body.execution_token;
    expect((await step("claim", order.id, last)).status).toBe(200);
  });

  test("does not claim after the agent got another role, nor after it got the old one back", async () => {
    const agent = await register("agent");
    const order = await ordered(agent, proposal("own.claimed"));
    await giveRole(agent, "auditor");
    expect(outcome(await step("claim", order.id, order.token))).toEqual([403, "agent_inactive"]);
    await giveRole(agent, "agent");
    expect(outcome(await step("claim", order.id, order.token))).toEqual([401, "invalid_execution_token"]);
    const again = (await execute(order.intent, agent.key)).body.execution_token;
    expect((await step("claim", order.id, again)).status).toBe(200);
  });

  test("reports a write that was claimed before the rotation: no report is lost", async () => {
    const agent = await register("agent");
    const order = await ordered(agent, proposal("own.claimed"));
    expect((await step("claim", order.id, order.token)).status).toBe(200);
    await rotated(agent);
    expect((await step("heartbeat", order.id, order.token)).status).toBe(200);
    expect((await step("report", order.id, order.token, { status: "succeeded" })).status).toBe(200);
    expect(await stateOf(order.intent)).toBe("succeeded");
  });

  test("reports where no claim is asked for: the write may have been made before the rotation", async () => {
    const agent = await register("agent");
    const order = await ordered(agent);
    await rotated(agent);
    expect((await step("report", order.id, order.token, { status: "succeeded" })).status).toBe(200);
  });

  test("of a runner's order does not claim after the agent's key was rotated; the runner reads the new one", async () => {
    const agent = await register("agent");
    const vpc = await call("POST", "/v1/agents/register", admin, { name: "vpc-1", role: "runner" });
    const runner = vpc.body.apiKey as string;
    const order = await ordered(agent, proposal("vpc.claimed"));
    await rotated(agent);
    const claim = (token: string) => step("claim", order.id, runner, { execution_token: token });
    expect(outcome(await claim(order.token))).toEqual([401, "invalid_execution_token"]);
    const { body } = await call("GET", `/v1/executions/${order.id}`, runner);
    expect((await claim(body.execution_token)).status).toBe(200);
  });
});

describe("INV-05: a download", () => {
  const offer = async (agent: Principal, intentId: string) =>
    (await call("POST", "/v1/deliver", agent.key, { intentId })).body;
  const fetchIt = (token: string) => call("GET", `/v1/download/${token}`);

  test("does not begin with the token of a rotated key, and is not used up by the attempt", async () => {
    const agent = await register("agent");
    const intent = await propose(agent, proposal("own.pulled"), "approved");
    const { deliveryToken } = await offer(agent, intent);
    const renewed = await rotated(agent);
    expect(outcome(await fetchIt(deliveryToken))).toEqual([404, "delivery_not_found"]);
    const again = (await offer(renewed, intent)).deliveryToken;
    expect(again).not.toBe(deliveryToken);
    expect((await fetchIt(again)).status).toBe(200);
  });

  test("does not begin after the agent got another role", async () => {
    const agent = await register("agent");
    const intent = await propose(agent, proposal("own.pulled"), "approved");
    const { deliveryToken } = await offer(agent, intent);
    await giveRole(agent, "runner");
    expect((await fetchIt(deliveryToken)).status).toBe(404);
    expect(await stateOf(intent)).toBe("scheduled");
  });
});

describe("INV-05: a pending intent", () => {
  test("is not approved after its agent got another role, and waits for the role", async () => {
    const agent = await register("agent");
    const reviewer = await register("reviewer");
    const intent = await propose(agent, proposal("crm.held"), "pending_approval");
    await giveRole(agent, "runner");
    const refused = await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});
    expect([refused.status, refused.body.code, refused.body.principal_status]).toEqual([
      409,
      "proposer_inactive",
      "role_changed",
    ]);
    await giveRole(agent, "agent");
    expect((await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {})).body.status).toBe(
      "approved",
    );
  });

  test("is its agent's and not its key's: a rotation changes nothing", async () => {
    const agent = await register("agent");
    const reviewer = await register("reviewer");
    const intent = await propose(agent, proposal("crm.held"), "pending_approval");
    const renewed = await rotated(agent);
    expect((await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {})).body.status).toBe(
      "approved",
    );
    expect((await execute(intent, renewed.key)).status).toBe(201);
  });
});

describe("INV-05: a session", () => {
  test("ends with the last role that could begin one, and giving the role back restores none", async () => {
    const reviewer = await register("reviewer");
    const browser = browserAt("https://gate.test");
    await browser.post("/v1/session", { key: reviewer.key });
    await giveRole(reviewer, "auditor");
    expect((await browser.get("/v1/session")).body.role).toBe("auditor");
    await giveRole(reviewer, "agent");
    expect((await browser.get("/v1/session")).status).toBe(401);
    await giveRole(reviewer, "reviewer");
    expect((await browser.get("/v1/session")).status).toBe(401);
  });
});

describe("INV-08: a mandate", () => {
  test.each([
    ["standing-approvals", () => ({ destination: "crm.held" })],
    ["delegations", () => ({ delegate_person_id: "ana" })],
  ])("of %s ends with its grantor's role, for good", async (path, body) => {
    const reviewer = await register("reviewer");
    const made = await call("POST", `/v1/${path}`, reviewer.key, body());
    expect(made.status, made.text).toBe(201);
    await giveRole(reviewer, "auditor");
    await giveRole(reviewer, "reviewer");
    const { body: listed } = await call("GET", `/v1/${path}`, admin);
    const found = [...(listed.standing_approvals ?? []), ...(listed.delegations ?? [])].find(
      ({ id }) => id === made.body.id,
    );
    expect(found.status).toBe("revoked");
  });

  test("votes no more after its grantor was made something else and a reviewer again", async () => {
    const agent = await register("agent");
    const reviewer = await register("reviewer");
    await call("POST", "/v1/standing-approvals", reviewer.key, {
      destination: "crm.held",
      agent_id: agent.id,
    });
    await propose(agent, proposal("crm.held"), "approved");
    await giveRole(reviewer, "auditor");
    await propose(agent, proposal("crm.held"), "pending_approval");
    await giveRole(reviewer, "reviewer");
    await propose(agent, proposal("crm.held"), "pending_approval");
  });

  test("is its grantor's and not the key's: a rotation changes nothing", async () => {
    const agent = await register("agent");
    const reviewer = await register("reviewer");
    await call("POST", "/v1/standing-approvals", reviewer.key, {
      destination: "crm.held",
      agent_id: agent.id,
    });
    await rotated(reviewer);
    await propose(agent, proposal("crm.held"), "approved");
  });
});

test("INV-05: a vote counts no more after its voter got another role", async () => {
  const agent = await register("agent");
  const [one, two, three] = [
    await register("reviewer"),
    await register("reviewer"),
    await register("reviewer"),
  ];
  const intent = await propose(agent, proposal("crm.pair"), "pending_approval");
  await call("POST", `/v1/intents/${intent}/approve`, one.key, {});
  await giveRole(one, "auditor");
  await call("POST", `/v1/intents/${intent}/approve`, two.key, {});
  expect(await stateOf(intent)).toBe("pending_approval");
  expect((await call("POST", `/v1/intents/${intent}/approve`, three.key, {})).body.status).toBe("approved");
});

test("INV-30: a webhook for one intent ends with its registrant's role, for good", async () => {
  const agent = await register("agent");
  const intentId = await propose(agent, proposal("crm.held"), "pending_approval");
  const made = await call("POST", "/v1/webhooks/register", agent.key, {
    intentId,
    url: "https://hooks.example.com/x",
  });
  await giveRole(agent, "runner");
  await giveRole(agent, "agent");
  const row = await env.DB.prepare("SELECT disabled FROM webhooks WHERE id = ?1")
    .bind(made.body.webhookId)
    .first();
  expect(row).toEqual({ disabled: "role_changed" });
});

describe("INV-27: a stored response under an Idempotency-Key", () => {
  const keyed = async (intent: string, key: string, name: string) => {
    const { send } = await import("../../support/worker/gate.ts");
    return send(`/v1/intents/${intent}/execute`, {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Idempotency-Key": name },
    });
  };

  test("has the token of the key that asks, and not of the one that was rotated", async () => {
    const agent = await register("agent");
    const intent = await propose(agent, proposal("own.claimed"), "approved");
    const name = fresh("key");
    const first = await keyed(intent, agent.key, name);
    const renewed = await rotated(agent);
    expect((await keyed(intent, agent.key, name)).status).toBe(401);
    const again = await keyed(intent, renewed.key, name);
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect(again.body.execution_token).not.toBe(first.body.execution_token);
    const { executionId: order, execution_token: token } = again.body;
    expect(outcome(await step("claim", order, first.body.execution_token))).toEqual([
      401,
      "invalid_execution_token",
    ]);
    expect((await step("claim", order, token)).status).toBe(200);
  });

  test("is not replayed after the caller got another role", async () => {
    const agent = await register("agent");
    const intent = await propose(agent, proposal("own.claimed"), "approved");
    const name = fresh("key");
    expect((await keyed(intent, agent.key, name)).status).toBe(201);
    await giveRole(agent, "auditor");
    expect((await keyed(intent, agent.key, name)).status).toBe(403);
  });
});
