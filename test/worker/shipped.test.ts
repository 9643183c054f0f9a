import { expect, test } from "vitest";
import { call, crmImport, eventsOf, register } from "./gate.ts";
import { bindings } from "./rules.ts";

/* The rules that were bundled at deploy, and nothing of the tests' own. */

test("a held import is approved, ordered and reported, and its ledger tells the story", async () => {
  delete bindings["LOCAL"];
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
  const report = await call("POST", path, order.body.execution_token, { status: "succeeded", result: { rows: 847 } });
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

test("an import that policy approves reads proposed to succeeded without a detour", async () => {
  delete bindings["LOCAL"];
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
