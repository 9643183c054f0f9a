import { createPublicKey, verify } from "node:crypto";
import { afterAll, describe, expect, test } from "vitest";
import { type Body, crmImport, list, startGate, text } from "../../support/gate.ts";

/*
 * Approval evidence, message ids and the question that a held intent asks: what the contract's clients show to people
 * and models. Rows 2, 3, 4, 7 and 17 of the comparison with the reference.
 */

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer, admin } = await gate.cast();
const other = await gate.register("agent");

async function held(): Promise<Body> {
  const { body } = await gate.call("POST", "/v1/intents", agent.key, crmImport(847));
  expect(body["status"]).toBe("pending_approval");
  return body;
}

const read = async (path: string, key = agent.key) => (await gate.call("GET", path, key)).body;

/** Header and claims of a JWS that verifies with a published key. */
async function verified(jws: unknown): Promise<{ readonly header: Body; readonly claims: Body }> {
  const [header = "", payload = "", signature = ""] = String(jws).split(".");
  const parsed = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString()) as Body;
  const { kid } = parsed(header);
  const jwk = list(await read("/.well-known/jwks.json"), "keys").find((each) => each["kid"] === kid);
  const key = createPublicKey({ key: jwk as never, format: "jwk" });
  const bytes = Buffer.from(signature, "base64url");
  expect(verify(null, Buffer.from(`${header}.${payload}`), key, bytes)).toBe(true);
  return { header: parsed(header), claims: parsed(payload) };
}

describe("approval evidence", () => {
  test("of an approval is the same wherever it is read, and is signed", async () => {
    const proposed = await held();
    const id = text(proposed, "intentId");
    const approved = await gate.call("POST", `/v1/intents/${id}/approve`, reviewer.key, {});
    const evidence = approved.body["approvalEvidence"] as Body;
    expect(evidence).toEqual({
      protocol: "a2h.v1",
      interaction_id: expect.stringMatching(/^itx_[0-9a-f]{24}$/),
      request_jws: null,
      response_jws: expect.any(String),
      responds_to: proposed["messageId"],
      decision: "APPROVE",
      decided_at: approved.body["approvedAt"],
      factor: "manual.dashboard.v1",
      proof: { actor: reviewer.id, assurance: "key", profile: null, delegation: null, voted_by: null },
      approved_intent_hash: proposed["intent_digest"],
      consumed_at: null,
    });
    for (const path of [`/v1/intents/${id}`, `/v1/intents/${id}/decision`, `/v1/audit/${id}`]) {
      expect((await read(path))["approval_evidence"], path).toEqual(evidence);
    }
    const { header, claims } = await verified(evidence["response_jws"]);
    expect(header).toMatchObject({ alg: "EdDSA", typ: "gate-approval+jwt" });
    expect(claims).toMatchObject({
      sub: id,
      decision: "APPROVE",
      factor: "manual.dashboard.v1",
      responds_to: proposed["messageId"],
      approved_intent_hash: proposed["intent_digest"],
      actor: reviewer.id,
    });

    const order = await gate.call("POST", `/v1/intents/${id}/execute`, agent.key, {});
    const consumed = { ...evidence, consumed_at: order.body["issued_at"] };
    expect(order.body["approval_evidence"]).toEqual(consumed);
    const report = await gate.call(
      "POST",
      `/v1/executions/${text(order.body, "executionId")}/report`,
      text(order.body, "execution_token"),
      { status: "succeeded" },
    );
    expect(report.body["approval_evidence"]).toEqual(consumed);
    expect((await read(`/v1/intents/${id}`))["approval_evidence"]).toEqual(consumed);
  });

  test("of a rejection says REJECT, also of one that ends an approval", async () => {
    const refused = await held();
    const rejected = await gate.call("POST", `/v1/intents/${refused["intentId"]}/reject`, reviewer.key, {});
    expect(rejected.body["approvalEvidence"]).toMatchObject({ decision: "REJECT", consumed_at: null });
    expect((await read(`/v1/intents/${refused["intentId"]}`))["approval_evidence"]).toEqual(
      rejected.body["approvalEvidence"],
    );

    const withdrawn = await held();
    const path = `/v1/intents/${withdrawn["intentId"]}`;
    await gate.call("POST", `${path}/approve`, reviewer.key, {});
    const revoked = await gate.call("POST", `${path}/reject`, reviewer.key, { reason: "not these" });
    expect(revoked.body).toMatchObject({ state: "revoked", approvalEvidence: { decision: "REJECT" } });
    expect((await read(path))["approval_evidence"]).toEqual(revoked.body["approvalEvidence"]);
  });

  test("survives the erasure of the payload, signed as before", async () => {
    const { intentId } = await held();
    const path = `/v1/intents/${intentId}`;
    const rejected = await gate.call("POST", `${path}/reject`, reviewer.key, {});
    await gate.call("POST", `${path}/erase`, admin.key, { reason: "asked for" });
    expect((await read(path))["approval_evidence"]).toEqual(rejected.body["approvalEvidence"]);
  });

  test.each([
    ["what waits", 847, null],
    ["what policy approved", 5, null],
  ])("of %s is null", async (_, records, evidence) => {
    const { body } = await gate.call("POST", "/v1/intents", agent.key, {
      ...crmImport(records),
      payload: JSON.stringify(Array.from({ length: records }, (_each, n) => ({ n, records }))),
    });
    expect((await read(`/v1/intents/${body["intentId"]}`))["approval_evidence"]).toBe(evidence);
  });

  test("is no concern of another agent", async () => {
    const { intentId } = await held();
    expect((await gate.call("GET", `/v1/audit/${intentId}`, other.key)).status).toBe(404);
  });
});

test("the message id is the same in the proposal, the intent and its list row", async () => {
  const { intentId, messageId } = await held();
  expect(messageId).toMatch(/^msg_[0-9a-f]{24}$/);
  expect((await read(`/v1/intents/${intentId}`))["message_id"]).toBe(messageId);
  await expect
    .poll(
      async () =>
        list(await read("/v1/intents?limit=200"), "intents").find(({ id }) => id === intentId)?.[
          "message_id"
        ],
      { timeout: 10_000 },
    )
    .toBe(messageId);
  expect((await held())["messageId"]).not.toBe(messageId);
});

describe("the question of a held intent", () => {
  test("is one, and follows the intent", async () => {
    const { body: proposed } = await gate.call(
      "POST",
      "/v1/intents",
      agent.key,
      crmImport(847, { principal_id: "cust_7" }),
    );
    const path = `/v1/intents/${proposed["intentId"]}`;
    const [question, ...rest] = list(await read(path), "approval_interactions");
    expect(rest).toEqual([]);
    expect(question).toEqual({
      id: proposed["approvalInteractionId"],
      intentId: proposed["intentId"],
      provider: "dashboard",
      providerInteractionId: null,
      messageId: proposed["messageId"],
      state: "waiting_input",
      principalId: "cust_7",
      channelType: "dashboard",
      channelAddressRedacted: null,
      approvedIntentHash: proposed["intent_digest"],
      requiredFactors: [],
      assuranceLevel: "MEDIUM",
      evidence: null,
      createdAt: expect.any(String),
      expiresAt: proposed["expiresAt"],
      answeredAt: null,
    });
    const approved = await gate.call("POST", `${path}/approve`, reviewer.key, {});
    const [answered] = list(await read(path), "approval_interactions");
    expect(answered).toMatchObject({
      id: question?.["id"],
      state: "answered",
      evidence: approved.body["approvalEvidence"],
      answeredAt: approved.body["approvedAt"],
    });
  });

  test.each([
    ["cancel-approval", reviewer.key, "cancelled"],
    ["withdraw", agent.key, "cancelled"],
    ["reject", reviewer.key, "answered"],
  ])("after %s has its state", async (command, key, state) => {
    const { intentId } = await held();
    await gate.call("POST", `/v1/intents/${intentId}/${command}`, key, {});
    expect(list(await read(`/v1/intents/${intentId}`), "approval_interactions")).toMatchObject([{ state }]);
  });

  test("INV-27: is named by an id that answers nothing", async () => {
    const proposed = await held();
    expect(proposed).toMatchObject({ approvalLinkToken: null });
    const id = text(proposed, "approvalInteractionId");
    expect((await gate.call("GET", `/v1/approval-links/${id}`)).status).toBe(404);
    expect((await gate.call("POST", `/v1/approval-links/${id}/approve`, undefined, {})).status).toBe(404);
  });
});

test("an intent names a file, its approval state and its profile's fields", async () => {
  const file = await held();
  expect(await read(`/v1/intents/${file["intentId"]}`)).toMatchObject({
    payload_path: expect.stringMatching(/^\.\/leads-\d+\.csv$/),
    approval_state: "waiting_input",
    profile_fields_hash: null,
  });
  const blocked = await gate.call(
    "POST",
    "/v1/intents",
    agent.key,
    crmImport(5, { destination: "nowhere.x" }),
  );
  expect(await read(`/v1/intents/${blocked.body["intentId"]}`)).toMatchObject({ approval_state: "failed" });
  const metadata = { object_type: "lead", record_count: 1 };
  const typed = { ...crmImport(1), payload: '[{"a":1}]', profile: "crm.import.v1" };
  const first = await gate.call("POST", "/v1/intents", agent.key, { ...typed, metadata });
  const same = await gate.call("POST", "/v1/intents", agent.key, {
    ...typed,
    metadata: { ...metadata, x: 1 },
  });
  const [one, two] = await Promise.all(
    [first, same].map(({ body }) => read(`/v1/intents/${body["intentId"]}`)),
  );
  expect(one).toMatchObject({
    approval_state: "answered",
    payload_path: null,
    profile_id: "crm.import.v1",
    profile_fields_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(two?.["profile_fields_hash"]).toBe(one?.["profile_fields_hash"]);
});

test("an audit has a count, an approval says whether Gate sends, and a report has a time", async () => {
  const { intentId } = await held();
  const path = `/v1/intents/${intentId}`;
  const approved = await gate.call("POST", `${path}/approve`, reviewer.key, {});
  expect(approved.body["gate_exec"]).toBe(false);
  const order = await gate.call("POST", `${path}/execute`, agent.key, {});
  const before = Date.now();
  const report = await gate.call(
    "POST",
    `/v1/executions/${text(order.body, "executionId")}/report`,
    text(order.body, "execution_token"),
    { status: "failed" },
  );
  expect(Math.abs(Date.parse(text(report.body, "executed_at")) - before)).toBeLessThan(60_000);
  const audit = await read(`/v1/audit/${intentId}`);
  expect(audit["count"]).toBe(list(audit, "events").length);
});
