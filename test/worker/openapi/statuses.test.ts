import { beforeAll, describe, expect, test } from "vitest";
import { browserAt } from "../../support/worker/browser.ts";
import {
  admin,
  call,
  later,
  MINUTE_MS,
  ordered,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

/*
 * Documented statuses that no other test produces. Each response is compared with the document, and one that no test
 * produces would be a promise that nobody has seen kept.
 */

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
});

const UNKNOWN = "int_nowhere";

// prettier-ignore
const UNKNOWN_RECORDS = [
  ["POST", `/v1/intents/${UNKNOWN}/cancel-approval`, "reviewer", {}],
  ["POST", `/v1/intents/${UNKNOWN}/resolve`, "reviewer", { outcome: "executed", note: "seen" }],
  ["POST", `/v1/intents/${UNKNOWN}/erase`, "admin", { reason: "asked" }],
  ["POST", `/v1/intents/${UNKNOWN}/edit`, "reviewer", { payload: "x", digest: "0".repeat(64), reason: "r" }],
  ["POST", `/v1/intents/${UNKNOWN}/revoke`, "reviewer", {}],
  ["POST", "/v1/agents/agt_nobody/suspend", "admin", {}],
  ["POST", "/v1/agents/agt_nobody/revoke", "admin", {}],
  ["POST", "/v1/agents/agt_nobody/reactivate", "admin", {}],
  ["POST", "/v1/agents/agt_nobody/rotate-key", "admin", {}],
  ["POST", "/v1/agents/agt_nobody/report-key", "admin", { jwk: null }],
  ["POST", "/v1/agents/agt_nobody/role", "admin", { role: "agent" }],
  ["POST", "/v1/agents/agt_nobody/unlink-identity", "admin", {}],
] as const;

test.each(UNKNOWN_RECORDS)(
  "%s %s names nothing that exists, and gets 404",
  async (method, path, role, body) => {
    const key = role === "admin" ? admin : reviewer.key;
    expect((await call(method, path, key, body)).status).toBe(404);
  },
);

// prettier-ignore
const INVALID = [
  ["GET", "/v1/proposals?limit=0", undefined],
  ["GET", "/v1/proposals/int_nowhere?seen_before=1", undefined],
  ["GET", "/v1/webhooks/:webhook/deliveries?limit=0", undefined],
  ["POST", "/v1/restore", { checkpoint: 1 }],
] as const;

test.each(INVALID)("%s %s is refused with 400", async (method, path, body) => {
  // Of an event that nothing here causes, so that nothing is sent.
  const webhook = { url: "https://receiver.example/", events: ["intent.payload_erased"] };
  const made = await call("POST", "/v1/webhooks", admin, webhook);
  const answer = await call(method, path.replace(":webhook", made.body.id), admin, body);
  expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
});

describe("after the deadline", () => {
  let intent: string;
  let approved: string;

  beforeAll(async () => {
    intent = await propose(agent, proposal("crm.held"), "pending_approval");
    approved = await propose(agent, proposal("crm.small"), "approved");
  });

  test.each(["/v1/approve", "/v1/reject"])("POST %s gets 410", async (path) => {
    later(40 * MINUTE_MS);
    const answer = await call("POST", path, reviewer.key, { proposalId: intent, reason: "late" });
    expect([answer.status, answer.body.code]).toEqual([410, "intent_expired"]);
  });

  test("POST /v1/deliver gets 410", async () => {
    later(30 * 24 * 60 * MINUTE_MS);
    const answer = await call("POST", "/v1/deliver", agent.key, { intentId: approved });
    expect([answer.status, answer.body.code]).toEqual([410, "intent_expired"]);
  });
});

test("a person's key extends no claim: 403", async () => {
  const { id, token } = await ordered(agent, proposal("own.claimed"));
  expect((await call("POST", `/v1/executions/${id}/claim`, token)).status).toBe(200);
  const answer = await call("POST", `/v1/executions/${id}/heartbeat`, reviewer.key, {
    execution_token: token,
  });
  expect([answer.status, answer.body.code]).toEqual([403, "not_runner"]);
});

test("more delegations in force than a person may have are refused with 409", async () => {
  const other = await register("reviewer");
  const grantor = await register("reviewer");
  const grant = () => call("POST", "/v1/delegations", grantor.key, { delegate_agent_id: other.id });
  let last = await grant();
  for (let made = 1; made <= 300 && last.status === 201; made += 1) last = await grant();
  expect([last.status, last.body.code]).toEqual([409, "too_many_mandates"]);
});

test.each(["/cases/decided", "/cases/decided.csv", "/cases/:id/payload", "/cases/:id/edit"])(
  "%s sends a visitor to sign in",
  async (path) => {
    const intent = await propose(agent, proposal("crm.editable"), "pending_approval");
    const browser = browserAt("https://gate.test");
    const { status, headers } = await browser.get(path.replace(":id", intent), { "Sec-Fetch-Site": "none" });
    expect(status).toBe(302);
    expect(headers.get("Location")).toMatch(/^\/sign-in\?next=/);
  },
);
