import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { call, everythingInD1, ledgerOf, proposal, propose, register } from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

let maker: Principal;
let agent: Principal;

beforeAll(async () => {
  maker = await register("reviewer");
  agent = await register("agent");
});

const inDays = (days: number) => new Date(Date.now() + days * 24 * 60 * 60_000).toISOString();

const REFUSED: readonly string[] = [
  "",
  "[]",
  '{"destination":null}',
  '{"destination":7}',
  '{"destination":""}',
  '{"destination":"*"}',
  '{"destination":".*"}',
  '{"destination":"crm.**"}',
  '{"destination":"crm.*.*"}',
  '{"destination":"crm.held\\u0000"}',
  '{"destination":["crm.held"]}',
  '{"destination":"crm.held","max_amount_usd":-1}',
  '{"destination":"crm.held","max_amount_usd":0}',
  '{"destination":"crm.held","max_amount_usd":-0}',
  '{"destination":"crm.held","max_amount_usd":"100"}',
  '{"destination":"crm.held","max_amount_usd":NaN}',
  '{"destination":"crm.held","max_amount_usd":1e400}',
  '{"destination":"crm.held","max_amount_usd":1e13}',
  '{"destination":"crm.held","max_amount_usd":0.001}',
  '{"destination":"crm.held","max_amount_usd":1e-9}',
  '{"destination":"crm.held","daily_limit_usd":5e-324}',
  '{"destination":"crm.held","max_amount_usd":10.005}',
  '{"destination":"crm.held","max_amount_usd":[100]}',
  '{"destination":"crm.held","max_amount_usd":1,"maxAmountUsd":1000}',
  '{"destination":"crm.held","max_amount":100}',
  '{"destination":"crm.held","daily_limit_usd":-1}',
  '{"destination":"crm.held","daily_limit_usd":"10"}',
  '{"destination":"crm.held","max_records":0}',
  '{"destination":"crm.held","max_records":1.5}',
  '{"destination":"crm.held","uses":0}',
  '{"destination":"crm.held","uses":-1}',
  '{"destination":"crm.held","uses":1.5}',
  '{"destination":"crm.held","uses":"3"}',
  '{"destination":"crm.held","uses":true}',
  '{"destination":"crm.held","expires_at":"never"}',
  '{"destination":"crm.held","expires_at":"2020-01-01"}',
  '{"destination":"crm.held","expires_at":-1}',
  '{"destination":"crm.held","expires_at":1e15}',
  `{"destination":"crm.held","expires_at":"${inDays(367)}"}`,
  '{"destination":"crm.held","agent_id":"agt_nobody"}',
  '{"destination":"crm.held","policy_id":"a sentence, not an id"}',
  '{"destination":"crm.held","principal_id":"ana@example.com"}',
  '{"destination":"crm.held","used":-5}',
  '{"destination":"crm.held","assurance":"passkey"}',
  '{"destination":"crm.held","person":"ana"}',
  '{"destination":"crm.held","__proto__":{"uses":1}}',
];

test.each(REFUSED)("INV-08: a standing approval requested with %s is refused", async (body) => {
  const answer = await call("POST", "/v1/standing-approvals", maker.key, body);
  expect([answer.status, answer.headers.get("Content-Type")]).toEqual([400, "application/problem+json"]);
});

test("INV-08: fields left out of a standing approval match everything, and it is shown as requested", async () => {
  const made = await call("POST", "/v1/standing-approvals", maker.key, {
    destination: "crm.*",
    policyId: "held",
    principalId: "acct-7",
    agentId: agent.id,
    maxAmountUsd: 12.34,
    dailyLimitUsd: 100,
    maxRecords: 5,
    uses: 3,
    expiresAt: inDays(366),
  });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    id: expect.stringMatching(/^stap_[\w-]{22}$/),
    status: "in_force",
    destination: "crm.*",
    policy_id: "held",
    principal_id: "acct-7",
    agent_id: agent.id,
    max_amount_usd: 12.34,
    daily_limit_usd: 100,
    max_records: 5,
    uses: 3,
    used: 0,
    person: maker.id,
    assurance: "key",
  });
  const listed = (await call("GET", "/v1/standing-approvals", maker.key)).body;
  expect(listed.standing_approvals[0]).toEqual(made.body);
  const bare = await call("POST", "/v1/standing-approvals", maker.key, {
    destination: "crm.held",
  });
  const days = (Date.parse(bare.body.expires_at) - Date.parse(bare.body.created_at)) / 86_400_000;
  expect([bare.body.uses, bare.body.max_amount_usd, days]).toEqual([null, null, 30]);
});

test("the ledger has the grantor and limits of a standing approval, and not the principal it is about", async () => {
  const made = await call("POST", "/v1/standing-approvals", maker.key, {
    destination: "crm.held",
    principal_id: "patient-4711",
    uses: 2,
  });
  const { id } = made.body;
  const other = await register("reviewer");
  expect((await call("POST", `/v1/standing-approvals/${id}/revoke`, other.key)).status).toBe(200);
  expect((await call("POST", `/v1/standing-approvals/${id}/revoke`, maker.key)).body.code).toBe(
    "already_revoked",
  );
  const entries = (await ledgerOf("registry")).filter(({ body }) => body.includes(id));
  expect(entries.map(({ event, actor }) => [event, actor])).toEqual([
    ["standing_approval_created", maker.id],
    ["standing_approval_revoked", other.id],
  ]);
  expect(JSON.parse(entries[0]?.body ?? "")).toMatchObject({ mandate: id, uses: 2, person: maker.id });
  expect(entries.map(({ body }) => body).join()).not.toContain("patient-4711");
});

const NINETY_EIGHT = `
  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 98)
  INSERT INTO standing_approvals (id, destination, principal, person, assurance, created_at, expires_at)
  SELECT 'stap_made_' || n, 'crm.elsewhere', ?1, ?1, 'key', 0, ?2 FROM numbers`;

test("of parallel requests one person gets at most 100 active standing approvals", async () => {
  const eager = await register("reviewer");
  const later = { destination: "crm.held", agent_id: agent.id, policy_id: "nothing" };
  await env.DB.prepare(NINETY_EIGHT)
    .bind(eager.id, Date.now() + 60_000)
    .run();
  const last = await Promise.all(
    Array.from({ length: 5 }, () => call("POST", "/v1/standing-approvals", eager.key, later)),
  );
  expect(last.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 201, 409, 409, 409]);
  const { id } = last.find(({ status }) => status === 201)?.body ?? {};
  await call("POST", `/v1/standing-approvals/${id}/revoke`, eager.key);
  expect((await call("POST", "/v1/standing-approvals", eager.key, later)).status).toBe(201);
});

test("a standing approval brings no text of a proposal into D1", async () => {
  await call("POST", "/v1/standing-approvals", maker.key, { destination: "crm.held", agent_id: agent.id });
  const request = proposal("crm.held", {
    principal_id: "very-private-name",
    on_behalf_of: "somebody unseen",
  });
  await propose(agent, request, "approved");
  const everything = await everythingInD1();
  expect(everything).not.toContain("very-private-name");
  expect(everything).not.toContain("somebody unseen");
});
