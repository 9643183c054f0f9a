import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT } from "../support/command.ts";
import { type Body, crmImport, eventsOf, list, startGate, text } from "../support/gate.ts";

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer, auditor, admin } = await gate.cast();
const LEADS = readFileSync(join(ROOT, "examples", "leads.csv"), "utf8");

const propose = (request: Body) => gate.call("POST", "/v1/intents", agent.key, request);
const decide = (id: string, command: string, body: unknown = "") =>
  gate.call("POST", `/v1/intents/${id}/${command}`, reviewer.key, body);
const show = (id: string) => gate.call("GET", `/v1/intents/${id}`, agent.key);

async function proposed(request: Body, status: string): Promise<string> {
  const answer = await propose(request);
  expect(answer.status, answer.text).toBe(200);
  expect(answer.body["status"]).toBe(status);
  return text(answer.body, "intentId");
}

/** An approved intent with its order. */
async function ordered(): Promise<{ readonly id: string; readonly order: Body }> {
  const id = await proposed(crmImport(1), "approved");
  const { status, body } = await gate.call("POST", `/v1/intents/${id}/execute`, agent.key, "");
  expect(status).toBe(201);
  return { id, order: body };
}

const report = (order: Body, body: unknown, key = text(order, "execution_token")) =>
  gate.call("POST", `/v1/executions/${text(order, "executionId")}/report`, key, body);

describe("incidents", () => {
  test("INV-11 INV-19: a webhook that fires twice under one key writes once, and the ledger has the second attempt", async () => {
    const call = {
      destination: "kaicalls.call",
      policy: "outbound-call",
      payload: '{"lead":"ada"}',
      payload_name: "call.json",
      idempotency_key: "lead-1-call",
    };
    const id = await proposed(call, "approved");
    const second = await propose(call);
    expect(second.status).toBe(409);
    expect(second.body).toMatchObject({
      status: "duplicate_blocked",
      intentId: id,
      proposalId: id,
      existingStatus: "approved",
      blockReason: "Duplicate intent — idempotency_key already used: lead-1-call",
    });
    expect(eventsOf((await show(id)).body)).toEqual([
      "proposed",
      "policy_checked",
      "approved",
      "duplicate_blocked",
    ]);
  });

  test("an e-mail with an unfilled placeholder is held", async () => {
    const mail = {
      destination: "sendgrid.send",
      policy: "outbound-email",
      payload: "Hello {{customer_name}}, welcome.",
    };
    const { body } = await propose(mail);
    expect(body).toMatchObject({ status: "pending_approval", reason_code: "template_error_detected" });
  });

  test("INV-07: a file of 847 leads is held whatever the agent declares, then approved, executed and reported", async () => {
    const id = await proposed(
      crmImport(50, { payload: LEADS, payload_name: "leads.csv" }),
      "pending_approval",
    );
    const payload = await gate.call("GET", `/v1/intents/${id}/payload`, reviewer.key);
    expect(payload.text).toBe(LEADS);
    const approval = await decide(id, "approve");
    expect(approval.status).toBe(200);
    expect(approval.body).toMatchObject({ status: "approved", intentId: id, approvalState: "answered" });
    const order = await gate.call("POST", `/v1/intents/${id}/execute`, agent.key, "");
    expect(order.status).toBe(201);
    expect(order.body["payload_hash"]).toBe(createHash("sha256").update(LEADS).digest("hex"));
    const reported = await report(order.body, { status: "succeeded", result: { rows: 847 } });
    expect(reported.status).toBe(200);
    expect(reported.body).toMatchObject({ status: "succeeded", result: { rows: 847 } });
    const { body } = await show(id);
    expect(body).toMatchObject({ status: "succeeded", state: "succeeded", measured_records: 847 });
    expect(eventsOf(body)).toEqual([
      "proposed",
      "policy_checked",
      "approval_requested",
      "approval_vote_recorded",
      "approved",
      "execution_requested",
      "execution_succeeded",
    ]);
  });
});

describe("everyday writes", () => {
  test.each<[string, Body, string, string]>([
    ["a small CRM update passes", crmImport(50), "approved", "approved_by_policy"],
    ["a large one is held", crmImport(847), "pending_approval", "record_threshold_exceeded"],
    [
      "a payout to an unlisted destination is blocked",
      { destination: "wire.transfer", policy: "finance-high-risk", payload: "to,amount\nx,1\n" },
      "blocked",
      "destination_not_allowed",
    ],
    [
      "a routine reply passes",
      { destination: "zendesk.reply", policy: "support-reply", payload: "Your ticket is solved." },
      "approved",
      "approved_by_policy",
    ],
    [
      "a reply that promises a refund is blocked",
      { destination: "zendesk.reply", policy: "support-reply", payload: "R3fund  GUARANTEED!" },
      "blocked",
      "blocked_term_detected",
    ],
    ["an unknown policy blocks", crmImport(1, { policy: "__proto__" }), "blocked", "unknown_policy"],
  ])("%s", async (_, request, status, code) => {
    const { status: http, body } = await propose(request);
    expect(http).toBe(200);
    expect(body).toMatchObject({ status, reason_code: code });
  });

  test("a write that policy approves has five ledger entries", async () => {
    const { id, order } = await ordered();
    await report(order, { status: "succeeded" });
    expect(eventsOf((await show(id)).body)).toEqual([
      "proposed",
      "policy_checked",
      "approved",
      "execution_requested",
      "execution_succeeded",
    ]);
  });
});

describe("deciding", () => {
  test("a repeated approval is 200 and changes nothing", async () => {
    const id = await proposed(crmImport(847), "pending_approval");
    await decide(id, "approve");
    const again = await decide(id, "approve");
    expect(again.status).toBe(200);
    expect(again.body).toMatchObject({ status: "approved" });
    expect(eventsOf((await show(id)).body).filter((event) => event === "approved")).toHaveLength(1);
  });

  test.each<[string, string, string]>([
    ["reject", "rejected", "answered"],
    ["cancel-approval", "cancelled", "cancelled"],
  ])("%s ends the intent as blocked, exactly: %s", async (command, state, approvalState) => {
    const id = await proposed(crmImport(847), "pending_approval");
    const { status, body } = await decide(id, command, { reason: "not today" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "blocked", state, approvalState, reason: "not today" });
    expect((await decide(id, "approve")).status).toBe(409);
    expect((await gate.call("POST", `/v1/intents/${id}/execute`, agent.key, "")).status).toBe(409);
  });

  test.each(["reject", "cancel-approval", "revoke"])(
    "%s of an approved, unexecuted intent revokes it",
    async (command) => {
      const id = await proposed(crmImport(1), "approved");
      const { status, body } = await decide(id, command, { reason: "not today" });
      expect(status).toBe(200);
      expect(body).toMatchObject({ status: "blocked", state: "revoked" });
      expect((await gate.call("POST", `/v1/intents/${id}/execute`, agent.key, "")).status).toBe(409);
    },
  );

  test("INV-05: a revoked order is dead in its worker's hands", async () => {
    const { id, order } = await ordered();
    expect((await decide(id, "revoke")).status).toBe(200);
    expect((await report(order, { status: "succeeded" })).status).toBe(409);
    expect((await show(id)).body["state"]).toBe("revoked");
  });

  test("the older routes take the intent's id in the body", async () => {
    const one = await proposed(crmImport(847), "pending_approval");
    const approved = await gate.call("POST", "/v1/approve", reviewer.key, { proposalId: one });
    expect(approved.body).toMatchObject({ status: "approved", proposalId: one });
    const two = await proposed(crmImport(847), "pending_approval");
    const rejected = await gate.call("POST", "/v1/reject", reviewer.key, { proposalId: two, reason: "no" });
    expect(rejected.body).toMatchObject({ status: "blocked", state: "rejected" });
  });

  test("INV-03: an agent's key can't approve, and the answer says whose can", async () => {
    const id = await proposed(crmImport(847), "pending_approval");
    const { status, body } = await gate.call("POST", `/v1/intents/${id}/approve`, agent.key, "");
    expect(status).toBe(403);
    expect(body).toMatchObject({ error: "forbidden", message: "Reviewer API key required for approvals" });
    for (const key of [auditor.key, admin.key, gate.adminKey]) {
      expect((await gate.call("POST", `/v1/intents/${id}/approve`, key, "")).status).toBe(403);
    }
  });

  test("INV-27: a nonce counts once, and a decision dated an hour off does not count", async () => {
    const id = await proposed(crmImport(847), "pending_approval");
    const { body } = await gate.call("GET", "/v1/nonce", reviewer.key);
    const stale = await decide(id, "approve", { decided_at: Date.now() - 3_600_000 });
    expect(stale.status).toBe(409);
    expect(stale.body).toMatchObject({ error: "replay_rejected", reason: "timestamp_out_of_tolerance" });
    expect((await decide(id, "approve", { nonce: body["nonce"] })).status).toBe(200);
    const replayed = await decide(await proposed(crmImport(847), "pending_approval"), "approve", {
      nonce: body["nonce"],
    });
    expect(replayed.status).toBe(409);
    expect(replayed.body).toMatchObject({ error: "replay_rejected" });
  });

  test("a withdrawn intent is over", async () => {
    const id = await proposed(crmImport(847), "pending_approval");
    const { body } = await gate.call("POST", `/v1/intents/${id}/withdraw`, agent.key, "");
    expect(body).toMatchObject({ status: "blocked", state: "withdrawn" });
    expect((await decide(id, "approve")).status).toBe(409);
  });
});

describe("executing", () => {
  test("an order is 201, and a repeat by the same agent 200 with the same token", async () => {
    const { id, order } = await ordered();
    expect(order).toMatchObject({
      execution_id: order["executionId"],
      intent_id: id,
      mode: "runner_exec",
      status: "scheduled",
      retry_policy: { max_attempts: 3, backoff_seconds: 30 },
    });
    expect(text(order, "execution_token")).toMatch(/^gex_/);
    const lasts = Date.parse(text(order, "expires_at")) - Date.parse(text(order, "issued_at"));
    expect(lasts).toBe(15 * 60_000);
    const again = await gate.call("POST", `/v1/intents/${id}/execute`, agent.key, "");
    expect(again.status).toBe(200);
    expect(again.body).toEqual(order);
  });

  test("INV-04: a report counts once", async () => {
    const { id, order } = await ordered();
    expect((await report(order, { status: "failed" })).status).toBe(200);
    const again = await report(order, { status: "succeeded" });
    expect(again.status).toBe(409);
    expect((await show(id)).body["status"]).toBe("failed");
  });

  test("INV-11: a worker's unknown outcome is indeterminate until a person resolves it", async () => {
    const { id, order } = await ordered();
    await report(order, { status: "indeterminate" });
    expect((await show(id)).body).toMatchObject({ status: "scheduled", state: "indeterminate" });
    const wordless = await decide(id, "resolve", { outcome: "executed" });
    expect(wordless.status).toBe(400);
    const resolved = await decide(id, "resolve", { outcome: "executed", note: "seen in the CRM" });
    expect(resolved.body).toMatchObject({ status: "succeeded" });
    expect(eventsOf((await show(id)).body).at(-1)).toBe("outcome_resolved");
  });

  test("INV-11: a delivery is downloaded once, and only by GET", async () => {
    const id = await proposed(
      crmImport(3, { payload: "email\na@x.example\n", payload_name: "l.csv" }),
      "approved",
    );
    const { status, body } = await gate.call("POST", "/v1/deliver", agent.key, { intentId: id });
    expect(status).toBe(200);
    expect(text(body, "deliveryToken")).toMatch(/^dlv_/);
    const path = new URL(text(body, "url")).pathname;
    expect((await gate.call("HEAD", path)).status).toBe(405);
    const answers = await Promise.all(Array.from({ length: 10 }, () => gate.call("GET", path)));
    const got = answers.filter((answer) => answer.status === 200);
    expect(got.map((answer) => answer.text)).toEqual(["email\na@x.example\n"]);
    expect(answers.filter((answer) => answer.status === 410)).toHaveLength(9);
    expect((await show(id)).body["status"]).toBe("delivered");
    // Downloaded, it can't be executed as well.
    expect((await gate.call("POST", `/v1/intents/${id}/execute`, agent.key, "")).status).toBe(409);
  });

  test("INV-11: an ordered intent can't be downloaded as well", async () => {
    const id = await proposed(
      crmImport(3, { payload: "email\na@x.example\n", payload_name: "l.csv" }),
      "approved",
    );
    await gate.call("POST", `/v1/intents/${id}/execute`, agent.key, "");
    expect((await gate.call("POST", "/v1/deliver", agent.key, { intentId: id })).status).toBe(409);
  });
});

describe("reading", () => {
  test("INV-06: another agent's intent, records, order and payload are 404", async () => {
    const { id, order } = await ordered();
    const other = await gate.register("agent");
    const execution = text(order, "executionId");
    for (const [method, path] of [
      ["GET", `/v1/intents/${id}`],
      ["GET", `/v1/proposals/${id}`],
      ["GET", `/v1/intents/${id}/audit`],
      ["GET", `/v1/audit/${id}`],
      ["GET", `/v1/intents/${id}/decision`],
      ["GET", `/v1/intents/${id}/payload`],
      ["GET", `/v1/executions/${execution}`],
      ["POST", `/v1/intents/${id}/execute`],
      ["POST", `/v1/intents/${id}/withdraw`],
      ["POST", `/v1/executions/${execution}/claim`],
      ["GET", `/v1/agents/${agent.id}`],
    ] as const) {
      const answer = await gate.call(method, path, other.key, method === "POST" ? "" : undefined);
      expect(answer.status, `${method} ${path}`).toBe(404);
    }
    expect((await gate.call("POST", "/v1/deliver", other.key, { intentId: id })).status).toBe(404);
    expect(
      list((await gate.call("GET", `/v1/intents?agent=${agent.id}`, other.key)).body, "intents"),
    ).toEqual([]);
  });

  test("INV-04: an order's token is shown to its agent, and not to reviewers, auditors or admins", async () => {
    const { order } = await ordered();
    const path = `/v1/executions/${text(order, "executionId")}`;
    expect((await gate.call("GET", path, agent.key)).body["execution_token"]).toBe(order["execution_token"]);
    for (const { key } of [reviewer, auditor, admin]) {
      const { status, body } = await gate.call("GET", path, key);
      expect(status).toBe(200);
      expect(body["execution_token"]).toBeNull();
    }
  });

  test("the trace is shown to reviewing roles, the reason to the agent as well", async () => {
    const id = await proposed(crmImport(847), "pending_approval");
    const own = await gate.call("GET", `/v1/intents/${id}/decision`, agent.key);
    expect(own.body).toMatchObject({ status: "pending_approval", reason_code: "record_threshold_exceeded" });
    expect(own.body["trace"]).toBeUndefined();
    for (const { key } of [reviewer, auditor, admin]) {
      expect(
        list((await gate.call("GET", `/v1/intents/${id}/decision`, key)).body, "trace").length,
      ).toBeGreaterThan(0);
    }
  });
});

describe("principals", () => {
  test("INV-05: a suspended agent can do nothing and its order is dead; reactivated it goes on", async () => {
    const one = await gate.register("agent");
    const { body } = await gate.call("POST", "/v1/intents", one.key, crmImport(1));
    const id = text(body, "intentId");
    const order = await gate.call("POST", `/v1/intents/${id}/execute`, one.key, "");
    expect((await gate.call("POST", `/v1/agents/${one.id}/suspend`, reviewer.key, "")).body).toEqual({
      agent_id: one.id,
      agentId: one.id,
      status: "suspended",
    });
    const refused = await gate.call("GET", `/v1/intents/${id}`, one.key);
    expect(refused.status).toBe(403);
    expect(refused.body).toMatchObject({ error: "agent_inactive" });
    expect((await report(order.body, { status: "succeeded" })).status).toBe(403);
    expect((await gate.call("POST", `/v1/agents/${one.id}/reactivate`, reviewer.key, "")).status).toBe(403);
    expect((await gate.call("POST", `/v1/agents/${one.id}/reactivate`, admin.key, "")).status).toBe(200);
    expect((await report(order.body, { status: "succeeded" })).status).toBe(200);
  });

  test("INV-05: a rotated key is refused and the new one works; a revoked one is refused for good", async () => {
    const one = await gate.register("agent");
    const rotated = await gate.call("POST", `/v1/agents/${one.id}/rotate-key`, admin.key, "");
    expect((await gate.call("GET", "/v1/intents", one.key)).status).toBe(401);
    expect((await gate.call("GET", "/v1/intents", text(rotated.body, "apiKey"))).status).toBe(200);
    await gate.call("POST", `/v1/agents/${one.id}/revoke`, admin.key, "");
    expect((await gate.call("GET", "/v1/intents", text(rotated.body, "apiKey"))).status).toBe(403);
    expect((await gate.call("POST", `/v1/agents/${one.id}/reactivate`, admin.key, "")).status).toBe(409);
  });

  test("INV-01: a registration returns role, key and allow-lists, and refuses a missing, reserved or taken name", async () => {
    const answer = await gate.call("POST", "/v1/agents/register", gate.adminKey, { name: "fresh one" });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      role: "agent",
      status: "active",
      allowed_policies: ["*"],
      allowed_destinations: ["*"],
    });
    expect(text(answer.body, "apiKey")).toMatch(/^gate_sk_/);
    expect(answer.body["agent_id"]).toBe(answer.body["agentId"]);
    const id = text(answer.body, "agentId");
    const changed = await gate.call("POST", `/v1/agents/${id}/role`, gate.adminKey, { role: "auditor" });
    expect(changed.body).toMatchObject({ agentId: id, role: "auditor" });
    expect((await gate.call("POST", "/v1/intents", text(answer.body, "apiKey"), crmImport(1))).status).toBe(
      403,
    );
    const nameless = await gate.call("POST", "/v1/agents/register", gate.adminKey, {});
    expect(nameless.status).toBe(400);
    expect(text(nameless.body, "detail")).toContain("name is required");
    expect((await gate.call("POST", "/v1/agents/register", gate.adminKey, { name: "SYSTEM" })).status).toBe(
      400,
    );
    expect(
      (await gate.call("POST", "/v1/agents/register", gate.adminKey, { name: "Fresh One" })).status,
    ).toBe(409);
  });

  test("INV-02: an agent's own lists apply before policy", async () => {
    const limited = await gate.register("agent", {
      allowed_destinations: ["zendesk.reply"],
      allowed_policies: ["*"],
    });
    const { body } = await gate.call("POST", "/v1/intents", limited.key, crmImport(1));
    expect(body).toMatchObject({ status: "blocked" });
  });
});

test("a rejected payload is blocked when it is proposed again", async () => {
  const request = crmImport(847);
  const id = await proposed(request, "pending_approval");
  await decide(id, "reject", { reason: "not this" });
  expect((await propose(request)).body).toMatchObject({ status: "blocked" });
});

describe("a dry run", () => {
  test("returns the decision and leaves nothing behind", async () => {
    const one = await gate.register("agent");
    const { status, body } = await gate.call("POST", "/v1/intents?dry_run=true", one.key, crmImport(847));
    expect(status).toBe(200);
    expect(body).toMatchObject({ dryRun: true, intentId: null, status: "pending_approval" });
    expect(list((await gate.call("GET", "/v1/intents", one.key)).body, "intents")).toEqual([]);
  });
});
