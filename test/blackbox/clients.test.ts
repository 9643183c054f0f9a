import { afterAll, describe, expect, test } from "vitest";
import { type Body, crmImport, startGate, statusesOf, text } from "../support/gate.ts";

/*
 * The requests of the contract's existing clients, spelling by spelling: the Python client sends null for omitted
 * fields and a content type without a body, the JavaScript client camelCase; the MCP server uses the older paths.
 */

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer } = await gate.cast();

/** A POST without data as Python's urllib sends it: not even a length. */
function bodilessPost(path: string, key: string): string {
  return [
    `POST ${path} HTTP/1.1`,
    "Accept-Encoding: identity",
    `Host: 127.0.0.1:${gate.port}`,
    `Authorization: Bearer ${key}`,
    "Content-Type: application/json",
    "User-Agent: Python-urllib/3.12",
    "Connection: close",
    "",
    "",
  ].join("\r\n");
}

describe("the Python client of the reference contract", () => {
  const sparse = (more: Body) => ({
    destination: "salesforce.import",
    policy: "crm-low-risk",
    payload: null,
    recordCount: null,
    estimated_value_usd: null,
    sensitivity_tags: null,
    idempotency_key: null,
    on_behalf_of: null,
    expiresIn: "1h",
    metadata: null,
    ...more,
  });

  test("sends null for fields that are left out", async () => {
    const { status, body } = await gate.call("POST", "/v1/intents", agent.key, sparse({ recordCount: 5 }));
    expect(status).toBe(200);
    expect(body).toMatchObject({ intentId: expect.any(String), expiresAt: expect.any(String) });
  });

  test("approves and executes with a content type and no body", async () => {
    const proposed = await gate.call("POST", "/v1/intents", agent.key, crmImport(847));
    const path = `/v1/intents/${text(proposed.body, "intentId")}`;
    const approved = await gate.raw(bodilessPost(`${path}/approve`, reviewer.key));
    expect(statusesOf(approved)).toEqual([200]);
    const ordered = await gate.raw(bodilessPost(`${path}/execute`, agent.key));
    expect(statusesOf(ordered)).toEqual([201]);
    expect(ordered).toContain('"execution_token":"gex_');
    // The order is out, so that a "no" revokes it; this client gives no reason.
    const rejected = await gate.raw(bodilessPost(`${path}/reject`, reviewer.key));
    expect(statusesOf(rejected)).toEqual([200]);
    expect(rejected).toContain('"state":"revoked"');
  });
});

describe("alias spellings", () => {
  test.each<[string, string, Body]>([
    ["action for destination", "/v1/intents", { action: "salesforce.import", policy: "crm-low-risk" }],
    ["policy_id for policy", "/v1/intents", { destination: "salesforce.import", policy_id: "crm-low-risk" }],
    ["the older path", "/v1/propose", { destination: "salesforce.import", policy: "crm-low-risk" }],
  ])("are accepted: %s", async (_, path, names) => {
    const { status, body } = await gate.call("POST", path, agent.key, {
      ...names,
      payload: "leads.csv",
      estimated_records: 847,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "pending_approval", reason_code: "record_threshold_exceeded" });
    expect(body["intentId"]).toBe(body["proposalId"]);
    const shown = await gate.call("GET", `/v1/proposals/${text(body, "intentId")}`, agent.key);
    expect(shown.body).toMatchObject({
      destination: "salesforce.import",
      policy_id: "crm-low-risk",
      estimated_records: 847,
    });
  });

  test("of one request under its key are the same request", async () => {
    const { recordCount, ...rest } = crmImport(9);
    const one = await gate.call("POST", "/v1/intents", agent.key, {
      ...rest,
      recordCount,
      idempotency_key: "same",
    });
    const two = await gate.call("POST", "/v1/intents", agent.key, {
      estimated_records: recordCount,
      ...rest,
      idempotencyKey: "same",
    });
    expect([one.status, two.status]).toEqual([200, 409]);
    expect(two.body["intentId"]).toBe(one.body["intentId"]);
  });

  test("of another request under a used key are 422", async () => {
    await gate.call("POST", "/v1/intents", agent.key, crmImport(9, { idempotency_key: "other" }));
    const two = await gate.call(
      "POST",
      "/v1/intents",
      agent.key,
      crmImport(10, { idempotency_key: "other" }),
    );
    expect(two.status).toBe(422);
    expect(two.body).toMatchObject({ code: "idempotency_key_reused", error: expect.any(String) });
  });
});

describe("error texts that clients compare", () => {
  test.each<[string, string, string, Body | string, number, string]>([
    ["no destination", "POST", "/v1/intents", { policy: "p" }, 400, "destination and policy are required"],
    ["no policy", "POST", "/v1/propose", { destination: "d" }, 400, "destination and policy are required"],
    [
      "a person as principal",
      "POST",
      "/v1/intents",
      crmImport(1, { principal_id: "a@b.example" }),
      400,
      "invalid_principal",
    ],
    ["an unknown intent", "POST", `/v1/intents/int_${"A".repeat(43)}/execute`, "", 404, "Proposal not found"],
  ])("are unchanged: %s", async (_, method, path, body, status, error) => {
    const answer = await gate.call(method, path, agent.key, body);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error });
  });

  test("are unchanged for an unknown agent", async () => {
    const answer = await gate.call("GET", "/v1/agents/agt_nobody", reviewer.key);
    expect(answer.body).toMatchObject({ error: "Agent not found" });
  });

  test("are unchanged for an intent that can't be cancelled any more", async () => {
    const { body } = await gate.call("POST", "/v1/intents", agent.key, crmImport(847));
    const path = `/v1/intents/${text(body, "intentId")}`;
    await gate.call("POST", `${path}/reject`, reviewer.key, { reason: "no" });
    const answer = await gate.call("POST", `${path}/cancel-approval`, reviewer.key, "");
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ error: "cannot_cancel" });
  });
});

test("INV-27: a proposer never gets a value that approves", async () => {
  const { body } = await gate.call("POST", "/v1/intents", agent.key, crmImport(847));
  expect(body).toMatchObject({ approvalLinkToken: null });
  const values = Object.values(body).filter((value) => typeof value === "string");
  for (const value of values) {
    const path = `/v1/approval-links/${encodeURIComponent(value)}/approve`;
    expect((await gate.call("POST", path, undefined, {})).status, value).toBe(404);
  }
});

test("the metrics have the contract's members", async () => {
  const { body } = await gate.call("GET", "/v1/metrics", agent.key);
  for (const name of ["attempted", "blocked", "pending", "approved", "scheduled", "succeeded", "failed"]) {
    expect(body[`actions_${name}`], name).toEqual(expect.any(Number));
  }
  expect(body).toMatchObject({ period: "all_time", duplicate_actions: expect.any(Number) });
});
