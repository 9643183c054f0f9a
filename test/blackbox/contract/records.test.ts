import { afterAll, describe, expect, test } from "vitest";
import { type Body, crmImport, list, startGate, text } from "../../support/gate.ts";

/*
 * Discovery, lists, mandates, deliveries, registration and the words in errors. Rows 1, 8 to 14, 16, 17, 19 and 20 of the
 * comparison with the reference.
 */

const gate = await startGate({
  env: { GATE_A2H_COMPAT: "true", PUBLIC_FEED_ENABLED: "true", PUBLIC_FEED_AGENT_NAME: "shop window" },
});
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer } = await gate.cast();

const propose = async (more: Body = {}, records = 847) =>
  (await gate.call("POST", "/v1/intents", agent.key, crmImport(records, more))).body;

describe("discovery", () => {
  test("says what the contract's clients adapt to, beside what Gate adds", async () => {
    const { body } = await gate.call("GET", "/.well-known/gate");
    expect(body).toMatchObject({
      gate_supported: ["1.0"],
      auth: { methods: ["api_key"] },
      approval_channels: expect.arrayContaining(["webhook", "approval_link", "dashboard"]),
      approval_providers: ["dashboard"],
      approval_provider_capabilities: { dashboard: ["manual.dashboard.v1"] },
      evidence_factors: ["manual.dashboard.v1", "link.single_use.v1"],
      max_execution_ttl_sec: 900,
      replay_protection: {
        idempotency_window_sec: null,
        timestamp_tolerance_sec: 300,
        nonce_endpoint: "/v1/nonce",
        nonce_ttl_sec: 300,
        single_use_approval_links: true,
      },
      webhooks: { supported: true, retry_attempts: 5, timeout_sec: 15 },
      approval_callback_endpoint: "/v1/approval-callbacks/:provider",
      policy_features: expect.arrayContaining(["auto_approve_under", "block_if_terms"]),
      policies_available: expect.any(Number),
      api: "v1",
      log: expect.any(Object),
    });
    const { policies } = (await gate.call("GET", "/v1/policies", agent.key)).body;
    expect(body["policies_available"]).toBe((policies as readonly string[]).length);
    for (const id of policies as readonly string[]) expect(JSON.stringify(body)).not.toContain(id);
  });

  test("in the words of A2H is there where the operator says so", async () => {
    const { status, body, headers } = await gate.call("GET", "/.well-known/a2h");
    expect([status, headers.get("Access-Control-Allow-Origin")]).toEqual([200, "*"]);
    expect(Object.keys(body).toSorted()).toEqual([
      "a2h_supported",
      "auth",
      "channels",
      "evidence_factors",
      "max_ttl_sec",
      "replay_protection",
      "webhooks",
    ]);
  });

  test("of health names the proxy", async () => {
    expect((await gate.call("GET", "/health")).body).toMatchObject({
      status: "ok",
      proxy: { enabled: true },
    });
  });
});

describe("the status in an error's body", () => {
  test("is the intent's where it can't be ordered or delivered, with what to do", async () => {
    const { intentId } = await propose();
    const ordered = await gate.call("POST", `/v1/intents/${intentId}/execute`, agent.key, {});
    expect([ordered.status, ordered.body["status"]]).toEqual([409, "pending_approval"]);
    expect(ordered.body["hint"]).toContain("/wait");
    const delivered = await gate.call("POST", "/v1/deliver", agent.key, { intentId });
    expect([delivered.status, delivered.body["status"]]).toEqual([409, "pending_approval"]);
    await gate.call("POST", `/v1/intents/${intentId}/reject`, reviewer.key, {});
    const blocked = await gate.call("POST", `/v1/intents/${intentId}/execute`, agent.key, {});
    expect([blocked.status, blocked.body["status"], blocked.body["hint"]]).toEqual([
      409,
      "blocked",
      undefined,
    ]);
  });

  test.each(["suspend", "revoke"])("is the agent's after %s", async (command) => {
    const other = await gate.register("agent");
    await gate.call("POST", `/v1/agents/${other.id}/${command}`, gate.adminKey, {});
    const { status, body } = await gate.call("GET", "/v1/intents", other.key);
    const word = command === "suspend" ? "suspended" : "revoked";
    expect([status, body["code"], body["status"]]).toEqual([403, "agent_inactive", word]);
  });

  test("is the number everywhere else", async () => {
    expect((await gate.call("GET", "/v1/intents/int_x", agent.key)).body["status"]).toBe(404);
  });
});

describe("a vote on what is answered", () => {
  test("is 409 with the contract's words", async () => {
    const { intentId } = await propose();
    const path = `/v1/intents/${intentId}`;
    await gate.call("POST", `${path}/reject`, reviewer.key, {});
    const late = await gate.call("POST", `${path}/approve`, reviewer.key, {});
    expect([late.status, late.body["error"], late.body["decision"]]).toEqual([
      409,
      "already_answered",
      "REJECT",
    ]);

    const ran = text(await propose(), "intentId");
    await gate.call("POST", `/v1/intents/${ran}/approve`, reviewer.key, {});
    const order = await gate.call("POST", `/v1/intents/${ran}/execute`, agent.key, {});
    const report = `/v1/executions/${text(order.body, "executionId")}/report`;
    await gate.call("POST", report, text(order.body, "execution_token"), { status: "succeeded" });
    const no = await gate.call("POST", `/v1/intents/${ran}/reject`, reviewer.key, {});
    expect([no.status, no.body["error"], no.body["decision"]]).toEqual([409, "already_answered", "APPROVE"]);
  });

  test("is approval_cancelled after a cancellation", async () => {
    const { intentId } = await propose();
    await gate.call("POST", `/v1/intents/${intentId}/cancel-approval`, reviewer.key, {});
    for (const vote of ["approve", "reject"]) {
      const { status, body } = await gate.call("POST", `/v1/intents/${intentId}/${vote}`, reviewer.key, {});
      expect([status, body["error"]], vote).toEqual([409, "approval_cancelled"]);
    }
  });

  test("is 410 approval_expired after the deadline", async () => {
    const { intentId } = await propose({ expiresIn: "1s" });
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    const late = await gate.call("POST", `/v1/intents/${intentId}/approve`, reviewer.key, {});
    expect([late.status, late.body["error"]]).toEqual([410, "approval_expired"]);
    const order = await gate.call("POST", `/v1/intents/${intentId}/execute`, agent.key, {});
    expect([order.status, order.body["error"]]).toEqual([410, "Proposal has expired"]);
  });

  test("under a nonce says why the nonce does not count", async () => {
    const { nonce } = (await gate.call("GET", "/v1/nonce", reviewer.key)).body;
    const vote = async (used: unknown) => {
      const { intentId } = await propose();
      return gate.call("POST", `/v1/intents/${intentId}/approve`, reviewer.key, { nonce: used });
    };
    expect((await vote(nonce)).status).toBe(200);
    expect((await vote(nonce)).body).toMatchObject({
      error: "replay_rejected",
      reason: "nonce_already_used",
    });
    expect((await vote("non_never-issued")).body).toMatchObject({ reason: "nonce_unknown" });
  });
});

describe("the delivery of a named file", () => {
  test("is a receipt, once, and the claim", async () => {
    const { intentId } = await propose();
    await gate.call("POST", `/v1/intents/${intentId}/approve`, reviewer.key, {});
    const { status, body } = await gate.call("POST", "/v1/deliver", agent.key, { proposalId: intentId });
    expect([status, body["deliveryToken"]]).toEqual([200, expect.stringMatching(/^dlv_/)]);
    const path = new URL(text(body, "url")).pathname;
    const receipt = await gate.call("GET", path);
    expect([receipt.status, receipt.body]).toEqual([
      200,
      {
        proposalId: intentId,
        intentId,
        destination: "salesforce.import",
        policy: "crm-low-risk",
        deliveredAt: expect.any(String),
        payloadHash: null,
      },
    ]);
    expect((await gate.call("GET", path)).status).toBe(410);
    const shown = await gate.call("GET", `/v1/intents/${intentId}`, agent.key);
    expect(shown.body).toMatchObject({ status: "delivered", state: "claimed" });
  });

  test("of no payload at all is refused with what to do", async () => {
    const { intentId } = await propose({ payload: null });
    await gate.call("POST", `/v1/intents/${intentId}/approve`, reviewer.key, {});
    const { status, body } = await gate.call("POST", "/v1/deliver", agent.key, { intentId });
    expect([status, body["code"]]).toEqual([409, "nothing_to_deliver"]);
    expect(body["detail"]).toContain("/execute");
  });
});

test("rows of lists have the contract's columns, and hide what a list may not hold", async () => {
  const { intentId } = await propose({ estimated_value_usd: 12.5, sensitivity_tags: ["pii"] });
  for (const [path, name] of [
    ["/v1/intents?limit=200", "intents"],
    ["/v1/proposals?limit=200", "proposals"],
  ] as const) {
    const rowOf = async () =>
      list((await gate.call("GET", path, reviewer.key)).body, name).find(({ id }) => id === intentId);
    await expect.poll(rowOf, { timeout: 10_000 }).toMatchObject({
      agent_name: "agent-1",
      message_id: expect.stringMatching(/^msg_/),
      approval_state: "waiting_input",
      estimated_value_usd: 12.5,
      payload_type: "csv",
      required_approvals: 1,
      profile_id: null,
      standing_approval_id: null,
      has_approval_link: false,
      payload_path: null,
      payload_hash: null,
      profile_fields_hash: null,
      block_reason: null,
      on_behalf_of: null,
      idempotency_key: null,
      sensitivity_tags: null,
      approval_link_expires_at: null,
      approval_link_used_at: null,
    });
  }
});

test("a list names the profile of an intent and the standing approval that voted", async () => {
  const standing = await gate.call("POST", "/v1/standing-approvals", reviewer.key, {
    destination: "salesforce.import",
    agent_id: agent.id,
    max_records: 500,
  });
  const rows = Array.from({ length: 150 }, (_, n) => ({ n, of: "the standing approval" }));
  const { body } = await gate.call("POST", "/v1/intents", agent.key, {
    ...crmImport(150),
    payload: JSON.stringify(rows),
    profile: "crm.import.v1",
    metadata: { object_type: "lead", record_count: 150 },
  });
  expect(body).toMatchObject({ status: "approved", standingApprovalId: standing.body["id"] });
  const rowOf = async () =>
    list((await gate.call("GET", "/v1/intents?limit=200", agent.key)).body, "intents").find(
      ({ id }) => id === body["intentId"],
    );
  await expect.poll(rowOf, { timeout: 10_000 }).toMatchObject({
    agent_name: "agent-1",
    profile_id: "crm.import.v1",
    standing_approval_id: standing.body["id"],
    payload_type: "json",
  });
  await gate.call("POST", `/v1/standing-approvals/${standing.body["id"]}/revoke`, reviewer.key, {});
});

describe("mandates", () => {
  test("have both spellings, and keep why they were revoked", async () => {
    const made = await gate.call("POST", "/v1/standing-approvals", reviewer.key, {
      destination: "crm.none",
      policyId: "crm-low-risk",
      principalId: "cust_1",
      maxAmountUsd: 100,
      dailyLimitUsd: 150,
    });
    const { id } = made.body;
    const revoked = await gate.call("POST", `/v1/standing-approvals/${id}/revoke`, reviewer.key, {
      reason: "the campaign is over",
    });
    expect(revoked.body).toMatchObject({
      id,
      revoked: true,
      status: "revoked",
      reason: "the campaign is over",
    });
    const { body } = await gate.call("GET", "/v1/standing-approvals", reviewer.key);
    const row = list(body, "standingApprovals").find((each) => each["id"] === id);
    expect(row).toMatchObject({
      policyId: "crm-low-risk",
      principalId: "cust_1",
      maxAmountUsd: 100,
      dailyLimitUsd: 150,
      expiresAt: row?.["expires_at"],
      createdAt: row?.["created_at"],
      createdBy: reviewer.id,
      revokedAt: row?.["revoked_at"],
      revokedReason: "the campaign is over",
    });
    expect(body["standing_approvals"]).toEqual(body["standingApprovals"]);
    const again = await gate.call("POST", `/v1/standing-approvals/${id}/revoke`, reviewer.key, {});
    expect([again.status, again.body["error"]]).toEqual([409, "already_revoked"]);
  });

  test("of which the reason is text of a person stay off the ledger", async () => {
    const ledger = await gate.call("GET", "/log/entries?limit=1000", gate.adminKey);
    expect(ledger.text).toContain("standing_approval_revoked");
    expect(ledger.text).not.toContain("the campaign is over");
  });

  test.each([{ reason: 7 }, { reason: "x".repeat(5_000) }])("refuse an odd reason", async (sent) => {
    const made = await gate.call("POST", "/v1/standing-approvals", reviewer.key, { destination: "crm.odd" });
    const path = `/v1/standing-approvals/${made.body["id"]}/revoke`;
    expect((await gate.call("POST", path, reviewer.key, sent)).status).toBe(400);
    expect((await gate.call("POST", path, reviewer.key, "")).body).toMatchObject({
      revoked: true,
      reason: null,
    });
  });

  test("to a person name delegator and delegate in the contract's members", async () => {
    const other = await gate.register("reviewer");
    const odd = await gate.call("POST", "/v1/delegations/dlg_none/revoke", reviewer.key, { reason: 7 });
    expect([odd.status, odd.body["code"]]).toEqual([400, "invalid_request"]);
    const { body } = await gate.call("POST", "/v1/delegations", reviewer.key, {
      delegate_agent_id: other.id,
    });
    expect(body).toMatchObject({ delegatorPrincipalId: reviewer.id, delegateAgentId: other.id });
    const revoked = await gate.call("POST", `/v1/delegations/${body["id"]}/revoke`, reviewer.key, {});
    expect(revoked.body).toMatchObject({ id: body["id"], revoked: true });
  });
});

test("an agent's risk tier is any text", async () => {
  const { status, body } = await gate.call("POST", "/v1/agents/register", gate.adminKey, {
    name: "tiered",
    riskTier: "high",
  });
  expect([status, body["riskTier"]]).toEqual([201, "high"]);
  for (const riskTier of ["", " ", 7, "x".repeat(65)]) {
    const refused = await gate.call("POST", "/v1/agents/register", gate.adminKey, { name: "odd", riskTier });
    expect(refused.status, String(riskTier)).toBe(400);
  }
});

test("INV-29: the public feed shows the one agent that the operator names, as many lines as asked", async () => {
  const empty = await gate.call("GET", "/v1/public/feed");
  expect(empty.body).toEqual({ proposals: [], count: 0, agent: "shop window" });
  const shown = await gate.register("agent", { name: "shop window" });
  for (let time = 0; time < 3; time += 1) await gate.call("POST", "/v1/intents", shown.key, crmImport(847));
  await propose();
  const feed = (query: string) => gate.call("GET", `/v1/public/feed${query}`);
  await expect.poll(async () => (await feed("")).body["count"], { timeout: 10_000 }).toBe(3);
  expect((await feed("?limit=2")).body["count"]).toBe(2);
  for (const limit of ["0", "-1", "x", "99999999", ""]) {
    expect((await feed(`?limit=${limit}`)).status, limit).toBe(200);
  }
  expect(list((await feed("")).body, "proposals")[0]).toEqual({
    destination: "salesforce.import",
    policy: "crm-low-risk",
    policy_id: "crm-low-risk",
    status: "pending_approval",
    risk_level: expect.any(String),
    created_at: expect.any(String),
  });
});
