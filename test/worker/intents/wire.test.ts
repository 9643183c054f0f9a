import { beforeAll, describe, expect, test } from "vitest";
import {
  admin,
  proposal,
  call,
  flushed,
  freeze,
  fresh,
  later,
  MINUTE_MS,
  ordered,
  propose,
  register,
  send,
} from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
});

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const iso = expect.stringMatching(ISO);
const digest = expect.stringMatching(/^[0-9a-f]{64}$/);
const intentId = expect.stringMatching(/^int_[A-Za-z0-9_-]{43}$/);

describe("wire: proposing", () => {
  test("wire: the answer to a proposal has every member that clients of the reference contract read", async () => {
    const { status, body } = await call("POST", "/v1/intents", agent.key, proposal("crm.small"));
    expect(status).toBe(200);
    expect(body).toMatchObject({
      intentId,
      proposalId: body.intentId,
      messageId: expect.stringMatching(/^msg_[0-9a-f]{24}$/),
      status: "approved",
      state: "approved",
      approvalState: null,
      approvalLinkToken: null,
      approvalInteractionId: null,
      approvalProvider: null,
      requiredApprovalFactors: [],
      assuranceLevel: null,
      profile: null,
      standingApprovalId: null,
      requiredApprovals: 1,
      blockReason: null,
      expiresAt: iso,
      riskScore: expect.any(Number),
      riskLevel: "low",
      riskFactors: [],
      risk_score: body.riskScore,
      risk_level: "low",
      risk_factors: [],
      reason_code: "approved_by_policy",
      reasonCode: "approved_by_policy",
      intent_digest: digest,
      payload_hash: digest,
      policies: ["small"],
    });
    expect(body.riskScore).toBeGreaterThanOrEqual(0);
    expect(body.riskScore).toBeLessThanOrEqual(1);
  });

  test("wire: held and blocked proposals are 200 as well, with reason and deadline", async () => {
    const held = await call("POST", "/v1/intents", agent.key, proposal("crm.held"));
    expect(held.status).toBe(200);
    expect(held.body).toMatchObject({
      status: "pending_approval",
      approvalState: "waiting_input",
      blockReason: null,
      holdReason: expect.any(String),
    });
    const blocked = await call(
      "POST",
      "/v1/intents",
      agent.key,
      proposal("crm.small", { policy: "nothing" }),
    );
    expect(blocked.status).toBe(200);
    expect(blocked.body).toMatchObject({
      status: "blocked",
      blockReason: expect.any(String),
      holdReason: null,
    });
  });

  test.each([
    { action: "crm.small", policy_id: "small", estimated_records: 3 },
    { destination: "crm.small", policyId: "small", record_count: 3 },
    { destination: "crm.small", policy: "small", estimatedRecords: "3" },
    { destination: "crm.small", policy: "small", recordCount: 3, estimated_records: 3, action: "label" },
    {
      destination: "crm.small",
      policy: "small",
      recordCount: 3,
      payload: null,
      metadata: null,
      idempotency_key: null,
      sensitivity_tags: null,
      on_behalf_of: null,
    },
  ])("wire: the field spellings %j are accepted at both doors", async (spelled) => {
    for (const path of ["/v1/intents", "/v1/propose"]) {
      const { body } = await call("POST", path, agent.key, spelled);
      const detail = (await call("GET", `/v1/intents/${body.intentId}`, agent.key)).body;
      expect(detail, path).toMatchObject({
        destination: "crm.small",
        policy_id: "small",
        declared_records: 3,
        estimated_records: 3,
      });
      expect(detail.action, path).toBe(
        "action" in spelled && "destination" in spelled ? "label" : "crm.small",
      );
    }
  });

  test("wire: a field under two spellings with different values is 400, whichever would win", async () => {
    const named = { destination: "crm.small", policy: "small" };
    for (const both of [
      { recordCount: 3, estimated_records: 999 },
      { estimatedValueUsd: 1, estimated_value_usd: 900_000 },
      { idempotency_key: "a", idempotencyKey: "b" },
      { recordCount: null, record_count: 999 },
    ]) {
      const { status, body } = await call("POST", "/v1/intents", agent.key, { ...named, ...both });
      expect([status, body.messages]).toEqual([400, [expect.stringContaining("send only one of them")]]);
    }
  });

  test.each([
    ["1h", 60],
    ["30m", 30],
    ["90s", 1.5],
    ["1", 60],
    [1, 60],
    ["7d", 60],
    [100000, 60],
  ])(
    "wire: expiresIn %j gives a deadline of %d minutes, at most the policy's",
    async (expiresIn, minutes) => {
      const { body } = await call("POST", "/v1/intents", agent.key, proposal("crm.pair", { expiresIn }));
      const { created_at: created, expires_at: expires } = (
        await call("GET", `/v1/intents/${body.intentId}`, agent.key)
      ).body;
      expect(Date.parse(expires) - Date.parse(created)).toBe(minutes * MINUTE_MS);
    },
  );

  test.each(["0", "", "soon", "-1h", "1w", "1.5h", "1h1m", 0, -1, 1.5])(
    "wire: expiresIn %j is 400",
    async (expiresIn) => {
      expect((await call("POST", "/v1/intents", agent.key, proposal("crm.held", { expiresIn }))).status).toBe(
        400,
      );
    },
  );

  test.each(["jane@example.com", "+1 (415) 555-0100", "4155550100"])(
    "INV-29: the principal id %j identifies a person and is refused",
    async (principal_id) => {
      const { status, body } = await call(
        "POST",
        "/v1/intents",
        agent.key,
        proposal("crm.held", { principal_id }),
      );
      expect(status).toBe(400);
      expect(body.error).toBe("invalid_principal");
      expect(JSON.stringify(body)).not.toContain(principal_id);
    },
  );

  test("wire: a dry run evaluates the same and leaves nothing behind", async () => {
    const one = await register("agent");
    const dry = await call(
      "POST",
      "/v1/intents?dry_run=true",
      one.key,
      proposal("crm.held", { idempotency_key: "k" }),
    );
    expect(dry.body).toMatchObject({ dryRun: true, intentId: null, status: "pending_approval" });
    expect((await call("GET", "/v1/metrics", one.key)).body.actions_attempted).toBe(0);
    await propose(one, proposal("crm.small", { idempotency_key: "k" }), "approved");
  });
});

describe("wire: reading", () => {
  test("wire: an intent's detail has the reference contract's columns, with times in ISO 8601", async () => {
    const id = await propose(
      agent,
      proposal("crm.held", {
        on_behalf_of: "someone",
        idempotency_key: fresh("k"),
        principal_id: "cust_9",
        estimated_value_usd: 12.5,
        sensitivity_tags: ["pii"],
        metadata: { a: 1 },
      }),
      "pending_approval",
    );
    const { body } = await call("GET", `/v1/intents/${id}`, agent.key);
    expect(body).toMatchObject({
      id,
      sender_agent_id: agent.id,
      payload_path: null,
      payload_hash: digest,
      payload_type: expect.anything(),
      destination: "crm.held",
      policy_id: "held",
      status: "pending_approval",
      state: "pending_approval",
      block_reason: expect.any(String),
      created_at: iso,
      expires_at: iso,
      on_behalf_of: "someone",
      idempotency_key: expect.stringMatching(/^k-/),
      risk_score: expect.any(Number),
      risk_level: expect.any(String),
      sensitivity_tags: ["pii"],
      estimated_records: 1,
      estimated_value_usd: 12.5,
      action: "crm.held",
      approved_at: null,
      approval_state: "waiting_input",
      profile_id: null,
      required_approvals: 1,
      standing_approval_id: null,
      has_approval_link: false,
      manifest: null,
      approval_evidence: null,
      approval_interactions: [expect.objectContaining({ state: "waiting_input", principalId: "cust_9" })],
      principal_id: "cust_9",
    });
    expect(body.auditTrail.map(({ event_type: event }: { event_type: string }) => event)).toEqual([
      "proposed",
      "policy_checked",
      "approval_requested",
    ]);
    expect((await call("GET", `/v1/proposals/${id}`, agent.key)).body).toEqual(body);
  });

  test("wire: the audit is the same under both paths", async () => {
    const id = await propose(agent, proposal("crm.small"), "approved");
    const { body } = await call("GET", `/v1/intents/${id}/audit`, agent.key);
    expect(body).toMatchObject({ intentId: id, events: expect.any(Array), auditTrail: body.events });
    expect(body.events[0]).toMatchObject({
      id: expect.stringMatching(/^evt_/),
      proposal_id: id,
      event_type: "proposed",
      actor: agent.id,
      created_at: iso,
      metadata: expect.any(Object),
    });
    expect((await call("GET", `/v1/audit/${id}`, agent.key)).body).toEqual(body);
  });

  test("wire: a decision shows its reason to the agent, and its trace only to reviewing roles", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    const forAgent = (await call("GET", `/v1/intents/${id}/decision`, agent.key)).body;
    expect(forAgent).toMatchObject({
      id: expect.stringMatching(/^dec_/),
      intent_id: id,
      status: "pending_approval",
      reason_code: "manual_review_required",
      reason_detail: expect.any(String),
      risk_score: expect.any(Number),
      policy_snapshot: '{"policy":"held","destination":"crm.held"}',
      required_approvals: 1,
      evaluated_at: iso,
      approval_evidence: null,
    });
    expect(forAgent).not.toHaveProperty("trace");
    expect((await call("GET", `/v1/intents/${id}/decision`, reviewer.key)).body.trace).toEqual(
      expect.any(Array),
    );
  });

  test("wire: nonce, policies, agents and capabilities have the contract's members", async () => {
    expect((await call("GET", "/v1/nonce", agent.key)).body).toEqual({
      nonce: expect.stringMatching(/^non_/),
      expiresAt: iso,
    });
    expect((await call("GET", "/v1/policies", agent.key)).body.policies).toEqual(
      expect.arrayContaining(["held", "small"]),
    );
    const made = await call("POST", "/v1/agents/register", admin, {
      name: fresh("n"),
      owner: "o",
      framework: "f",
      allowed_policies: ["small"],
      allowed_destinations: ["*"],
      metadata: { a: 1 },
      riskTier: "elevated",
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      agent_id: expect.stringMatching(/^agt_/),
      agentId: made.body.agent_id,
      owner: "o",
      framework: "f",
      allowed_policies: ["small"],
      allowed_destinations: ["*"],
      status: "active",
      created_at: iso,
      apiKey: expect.stringMatching(/^gate_sk_/),
    });
    expect((await call("GET", `/v1/agents/${made.body.agentId}`, admin)).body).toMatchObject({
      id: made.body.agentId,
      risk_tier: "elevated",
      role: "agent",
      metadata: { a: 1 },
    });
    expect((await call("GET", "/.well-known/gate")).body).toMatchObject({
      name: "zehrava-gate",
      endpoints: { propose: "/v1/intents" },
      execution_modes: expect.arrayContaining(["runner_exec"]),
    });
    const cors = await call("GET", "/health");
    expect(cors.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(
      (await call("GET", "/v1/policies", agent.key)).headers.get("Access-Control-Allow-Origin"),
    ).toBeNull();
  });

  test("wire: an agent's metrics count the outcomes of its intents", async () => {
    const one = await register("agent");
    const request = proposal("crm.small", { idempotency_key: "k" });
    const { intent, id, token } = await ordered(one, request);
    await call("POST", "/v1/intents", one.key, request);
    await call("POST", `/v1/executions/${id}/report`, token, { status: "succeeded" });
    const failed = await ordered(one);
    await call("POST", `/v1/executions/${failed.id}/report`, failed.token, { status: "failed" });
    const all = [intent, failed.intent, (await ordered(one)).intent];
    all.push(
      await propose(one, proposal("crm.small"), "approved"),
      await propose(one, proposal("crm.held"), "pending_approval"),
      await propose(one, proposal("crm.small", { policy: "nothing" }), "blocked"),
    );
    const rejected = await propose(one, proposal("crm.held"), "pending_approval");
    await call("POST", `/v1/intents/${rejected}/reject`, reviewer.key, { reason: "no" });
    for (const made of [...all, rejected]) await flushed(made);
    expect((await call("GET", "/v1/metrics", one.key)).body).toEqual({
      actions_attempted: 7,
      actions_blocked: 2,
      actions_pending: 1,
      actions_approved: 1,
      actions_scheduled: 1,
      actions_succeeded: 1,
      actions_failed: 1,
      actions_expired: 0,
      actions_indeterminate: 0,
      duplicate_actions: 1,
      policy_violations: 1,
      avg_approval_latency_ms: null,
      period: "all_time",
    });
  });
});

describe("wire: deciding and executing", () => {
  test("wire: approve accepts both spellings and a repeat", async () => {
    for (const old of [false, true]) {
      const id = await propose(agent, proposal("crm.held"), "pending_approval");
      const approve = () =>
        old
          ? call("POST", "/v1/approve", reviewer.key, { proposalId: id })
          : call("POST", `/v1/intents/${id}/approve`, reviewer.key, "");
      const first = await approve();
      expect(first.status).toBe(200);
      expect(first.body).toMatchObject({
        status: "approved",
        approvalState: "answered",
        approvedAt: iso,
        intentId: id,
        deliveryToken: null,
        autoDeliver: false,
        gate_exec: false,
        approvalEvidence: expect.objectContaining({ decision: "APPROVE", consumed_at: null }),
      });
      const again = await approve();
      expect(again.status).toBe(200);
      expect(again.body.approvedAt).toBe(first.body.approvedAt);
    }
  });

  test("wire: reject and cancel have status blocked and differ in state", async () => {
    const ids = [
      await propose(agent, proposal("crm.held"), "pending_approval"),
      await propose(agent, proposal("crm.held"), "pending_approval"),
      await propose(agent, proposal("crm.held"), "pending_approval"),
    ];
    const [one, two, three] = ids;
    expect(
      (await call("POST", `/v1/intents/${one}/reject`, reviewer.key, { reason: "too many" })).body,
    ).toMatchObject({
      status: "blocked",
      state: "rejected",
      approvalState: "answered",
      reason: "too many",
      approvalEvidence: expect.objectContaining({ decision: "REJECT", consumed_at: null }),
    });
    const aliased = await call("POST", "/v1/reject", reviewer.key, { proposalId: two, comment: "no" });
    expect(aliased.body).toMatchObject({ status: "blocked", state: "rejected" });
    expect(
      (await call("POST", `/v1/intents/${three}/cancel-approval`, reviewer.key, { reason: "not now" })).body,
    ).toMatchObject({ status: "blocked", state: "cancelled", approvalState: "cancelled", reason: "not now" });
    expect((await call("GET", `/v1/intents/${one}`, agent.key)).body).toMatchObject({
      status: "blocked",
      block_reason: "too many",
    });
    const again = await call("POST", `/v1/intents/${three}/cancel-approval`, reviewer.key);
    expect([again.status, again.body.state]).toEqual([200, "cancelled"]);
    const late = await call("POST", `/v1/intents/${one}/cancel-approval`, reviewer.key);
    expect([late.status, late.body.code, late.body.decision]).toEqual([409, "already_answered", "REJECT"]);
    expect(late.body.error).toBe("cannot_cancel");
    expect((await call("POST", `/v1/intents/${one}/approve`, reviewer.key)).status).toBe(409);
  });

  test.each(["/v1/approve", "/v1/reject"])("wire: %s without an id is 400", async (path) => {
    for (const body of [{}, { proposalId: "" }, { proposalId: 7 }, { proposalId: ["x"] }]) {
      expect((await call("POST", path, reviewer.key, body)).status).toBe(400);
    }
  });

  test("wire: an order has the contract's members, and a repeat returns 200 with the same ones", async () => {
    const id = await propose(agent, proposal("crm.small"), "approved");
    const first = await call("POST", `/v1/intents/${id}/execute`, agent.key, {});
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      executionId: expect.stringMatching(/^exe_/),
      execution_id: first.body.executionId,
      intent_id: id,
      mode: "runner_exec",
      destination: "crm.small",
      action: "crm.small",
      payload_ref: `/v1/intents/${id}/payload`,
      payload_hash: digest,
      intent_digest: digest,
      execution_token: expect.stringMatching(/^gex_[0-9a-f]{64}$/),
      retry_policy: { max_attempts: 3, backoff_seconds: 30 },
      status: "scheduled",
      issued_at: iso,
      expires_at: iso,
      executed_at: null,
      result: null,
      approval_evidence: null,
    });
    expect(Date.parse(first.body.expires_at) - Date.parse(first.body.issued_at)).toBe(15 * MINUTE_MS);
    const again = await call("POST", `/v1/intents/${id}/execute`, agent.key);
    expect(again.status).toBe(200);
    expect(again.body).toEqual(first.body);
    expect((await call("GET", `/v1/executions/${first.body.executionId}`, agent.key)).body).toEqual(
      first.body,
    );
  });

  test.each(["result", "report", "worker_report"])(
    "wire: a report's result may be named %s, and its time is the worker's own",
    async (name) => {
      const { id, token, intent } = await ordered(agent);
      const executed = "2026-11-22T10:00:00+02:00";
      const { status, body } = await call("POST", `/v1/executions/${id}/report`, token, {
        status: "succeeded",
        [name]: { rows: 7 },
        executed_at: executed,
      });
      expect(status).toBe(200);
      expect(body).toMatchObject({
        status: "succeeded",
        result: { rows: 7 },
        executed_at: "2026-11-22T08:00:00.000Z",
        execution_token: null,
        proof: "none",
      });
      expect((await call("GET", `/v1/intents/${intent}`, reviewer.key)).body.execution).toMatchObject({
        status: "succeeded",
        result: { rows: 7 },
      });
    },
  );

  test.each([
    ["execution_token", (token: string) => ({ body: { execution_token: token } })],
    ["executionToken", (token: string) => ({ body: { executionToken: token } })],
    ["the header", (token: string) => ({ header: token })],
  ])("wire: beside the agent's key the token may be sent as %s", async (_, place) => {
    const { id, token } = await ordered(agent);
    const { body = {}, header = "" } = place(token) as { body?: Record<string, string>; header?: string };
    const headers = {
      Authorization: `Bearer ${agent.key}`,
      "Content-Type": "application/json",
      ...(header === "" ? {} : { "X-Gate-Execution-Token": header }),
    };
    const sent = JSON.stringify({ status: "succeeded", ...body });
    const path = `/v1/executions/${id}/report`;
    expect((await send(path, { method: "POST", headers, body: sent })).status).toBe(200);
  });

  test("wire: a result that is too large is 413 and leaves the order live", async () => {
    const { id, token } = await ordered(agent);
    const report = (result: unknown) =>
      call("POST", `/v1/executions/${id}/report`, token, { status: "succeeded", result });
    expect((await report("a".repeat(65 * 1024))).status).toBe(413);
    expect((await report("a".repeat(63 * 1024))).status).toBe(200);
  });
});

describe("wire: lists", () => {
  async function pages(key: string, query: string, between?: () => Promise<unknown>): Promise<string[]> {
    const ids: string[] = [];
    for (let after = ""; ;) {
      const { status, body } = await call("GET", `/v1/intents?limit=3${query}${after}`, key);
      expect(status).toBe(200);
      expect(body.count).toBe(body.intents.length);
      ids.push(...body.intents.map(({ id }: { id: string }) => id));
      if (body.next === null) return ids;
      after = `&after=${encodeURIComponent(body.next)}`;
      await between?.();
    }
  }

  test("wire: pages hold every intent once, newest first, while new ones are made", async () => {
    const one = await register("agent");
    freeze();
    const made: string[] = [];
    for (let at = 0; at < 11; at += 1) {
      // Several in one millisecond: the time alone is no order.
      if (at % 4 === 0) later(1);
      made.push(await propose(one, proposal("crm.small"), "approved"));
    }
    for (const id of made) await flushed(id);
    later(1000);
    const seen = await pages(one.key, "", async () =>
      flushed(await propose(one, proposal("crm.small"), "approved")),
    );
    expect(seen.toSorted()).toEqual(made.toSorted());
    const rows = (await call("GET", "/v1/intents?limit=200", one.key)).body.intents;
    const times = rows.map(({ created_at: created }: { created_at: string }) => created);
    expect(times).toEqual(times.toSorted().toReversed());
  });

  test("wire: a list row has the contract's columns, under both paths", async () => {
    const id = await propose(agent, proposal("crm.small", { estimated_value_usd: 12.34 }), "approved");
    await flushed(id);
    const { body } = await call("GET", "/v1/intents?limit=1", agent.key);
    expect(body).toMatchObject({ count: 1, next: expect.any(String) });
    expect(body.intents[0]).toMatchObject({
      id,
      intentId: id,
      sender_agent_id: agent.id,
      destination: "crm.small",
      policy_id: "small",
      status: "approved",
      state: "approved",
      created_at: iso,
      expires_at: iso,
      risk_level: expect.any(String),
      value_usd: 12.34,
    });
    const old = await call("GET", "/v1/proposals?limit=1", agent.key);
    expect(old.body.proposals).toEqual(body.intents);
  });

  test("wire: filters accept the contract's status and the exact state", async () => {
    const one = await register("agent");
    const held = async () => propose(one, proposal("crm.held"), "pending_approval");
    const ids: Record<string, string> = {
      blocked: await propose(one, proposal("crm.small", { policy: "nothing" }), "blocked"),
      rejected: await held(),
      cancelled: await held(),
      withdrawn: await held(),
      revoked: await held(),
      pending_approval: await held(),
      approved: await propose(one, proposal("crm.small"), "approved"),
      scheduled: (await ordered(one)).intent,
    };
    await call("POST", `/v1/intents/${ids["rejected"]}/reject`, reviewer.key, { reason: "no" });
    await call("POST", `/v1/intents/${ids["cancelled"]}/cancel-approval`, reviewer.key);
    await call("POST", `/v1/intents/${ids["withdrawn"]}/withdraw`, one.key);
    await call("POST", `/v1/intents/${ids["revoked"]}/revoke`, reviewer.key);
    for (const id of Object.values(ids)) await flushed(id);
    const list = async (query: string) => (await pages(one.key, query)).toSorted();
    const of = (...states: string[]) => states.map((state) => ids[state] ?? "").toSorted();
    expect(await list("&status=blocked")).toEqual(
      of("blocked", "rejected", "cancelled", "withdrawn", "revoked"),
    );
    expect(await list("&status=rejected")).toEqual(of("rejected"));
    expect(await list("&state=withdrawn")).toEqual(of("withdrawn"));
    expect(await list("&status=approved,pending_approval")).toEqual(of("approved", "pending_approval"));
    expect(await list("&status=scheduled")).toEqual(of("scheduled"));
    expect(await list("&status=all")).toHaveLength(8);
    expect(await list("&policy=held")).toHaveLength(5);
    expect(await list("&destination=crm.small&status=approved")).toEqual(of("approved"));
    expect(await list("&destination=crm.smal")).toEqual([]);
  });

  test("wire: since is inclusive, until exclusive", async () => {
    const one = await register("agent");
    freeze();
    const start = Date.now();
    const ids: string[] = [];
    for (let at = 0; at < 3; at += 1) {
      ids.push(await propose(one, proposal("crm.small"), "approved"));
      later(1000);
    }
    for (const id of ids) await flushed(id);
    const at = (seconds: number) => new Date(start + seconds * 1000).toISOString();
    expect(await pages(one.key, `&since=${at(1)}`)).toEqual([ids[2], ids[1]]);
    expect(await pages(one.key, `&until=${at(1)}`)).toEqual([ids[0]]);
    expect(await pages(one.key, `&since=${start + 1000}&until=${start + 2000}`)).toEqual([ids[1]]);
  });

  test("wire: money and records of any allowed size are returned as declared", async () => {
    const one = await register("agent");
    for (const usd of [0, 0.005, 0.01, 0.1 + 0.2, 1.005, 99.999, 1e12]) {
      const id = await propose(one, proposal("crm.held", { estimated_value_usd: usd }), "pending_approval");
      await flushed(id);
      const { body } = await call("GET", `/v1/intents/${id}`, one.key);
      expect(body.estimated_value_usd, String(usd)).toBe(usd);
    }
    const { body } = await call("GET", "/v1/intents?limit=200", one.key);
    expect(body.count).toBe(7);
  });
});
