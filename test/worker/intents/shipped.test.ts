import { beforeAll, expect, test } from "vitest";
import { call, crmImport, eventsOf, flushed, ledgerOf, register } from "../../support/worker/gate.ts";
import { restartWorker } from "../../support/worker/bindings.ts";

/* The rules that were bundled at deploy, and nothing of the tests' own. */

beforeAll(() => restartWorker({ LOCAL: undefined, PUBLIC_FEED_ENABLED: "true" }));

test("INV-17: parallel first orders publish the signing key once", async () => {
  const agent = await register("agent");
  const order = async () => {
    const { body } = await call("POST", "/v1/intents", agent.key, crmImport(7));
    return call("POST", `/v1/intents/${body.intentId}/execute`, agent.key);
  };
  const answers = await Promise.all(Array.from({ length: 8 }, order));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  const entries = await ledgerOf("registry");
  expect(entries.filter(({ event }) => event.startsWith("signing_key"))).toHaveLength(1);
  expect((await call("GET", "/.well-known/jwks.json")).body.keys).toHaveLength(1);
});

test("INV-29: the public feed shows actions and times, and no names, owners or ids", async () => {
  const agent = await register("agent", { name: "jane.roe@example.com", owner: "Jane Roe" });
  const requests = [
    crmImport(7, {
      payload: "ssn 078-05-1120",
      on_behalf_of: "Jane Roe",
      metadata: { phone: "+1 415 555 0100" },
    }),
    crmImport(7, { policy: "jane.roe@example.com" }),
    crmImport(7, { policy: "4111 1111 1111 1111" }),
    crmImport(7, { policy: "DE89370400440532013000" }),
    crmImport(7, { policy: "+1 415 555 0100" }),
  ];
  for (const request of requests) {
    const { body } = await call("POST", "/v1/intents", agent.key, request);
    await flushed(body.intentId);
  }
  const { status, body, text, headers } = await call("GET", "/v1/public/feed");
  expect(status).toBe(200);
  expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
  expect(body).toMatchObject({ count: body.proposals.length, agent: null });
  expect(body.count).toBeGreaterThanOrEqual(requests.length);
  for (const row of body.proposals) {
    expect(Object.keys(row).toSorted()).toEqual([
      "created_at",
      "destination",
      "policy",
      "policy_id",
      "risk_level",
      "status",
    ]);
  }
  expect(text).not.toMatch(/jane|roe|078-05|415|4111|DE89|agt_|int_/i);
});

test("INV-17: a held import is approved, ordered and reported, and its ledger has every step", async () => {
  const agent = await register("agent");
  const reviewer = await register("reviewer");
  const proposed = await call("POST", "/v1/intents", agent.key, crmImport(847));
  expect(proposed.body).toMatchObject({ status: "pending_approval" });
  expect(proposed.status).toBe(200);
  const id = proposed.body.intentId;
  const approved = await call("POST", `/v1/intents/${id}/approve`, reviewer.key, {});
  expect(approved.body).toMatchObject({ status: "approved" });
  const order = await call("POST", `/v1/intents/${id}/execute`, agent.key);
  expect(order.body).toMatchObject({ status: "scheduled" });
  expect(order.status).toBe(201);
  const path = `/v1/executions/${order.body.executionId}/report`;
  const report = await call("POST", path, order.body.execution_token, {
    status: "succeeded",
    result: { rows: 847 },
  });
  expect(report.body).toMatchObject({ status: "succeeded", result: { rows: 847 } });
  expect(await eventsOf(id)).toEqual([
    "proposed",
    "policy_checked",
    "approval_requested",
    "approval_vote_recorded",
    "approved",
    "execution_requested",
    "execution_succeeded",
  ]);
});

test("an import approved by policy goes from proposed to succeeded without a hold", async () => {
  const agent = await register("agent");
  const { body } = await call("POST", "/v1/intents", agent.key, crmImport(47));
  const order = await call("POST", `/v1/intents/${body.intentId}/execute`, agent.key);
  const path = `/v1/executions/${order.body.executionId}/report`;
  await call("POST", path, order.body.execution_token, { status: "succeeded" });
  expect(await eventsOf(body.intentId)).toEqual([
    "proposed",
    "policy_checked",
    "approved",
    "execution_requested",
    "execution_succeeded",
  ]);
});
