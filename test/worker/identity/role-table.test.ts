import { beforeAll, expect, test } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { admin, call, ordered, proposal, propose, register } from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

/*
 * The role table, route by route. `stranger` is another agent, `worker` the runner that the destination names.
 */

const CALLERS = ["nobody", "owner", "stranger", "worker", "runner", "reviewer", "auditor", "admin"] as const;

type Caller = (typeof CALLERS)[number];

/** The status for each caller, in the order of `CALLERS`. */
type Answers = readonly [number, number, number, number, number, number, number, number];

let keys: Record<Exclude<Caller, "nobody">, string>;
let owner: Principal;
let target: Principal;

beforeAll(async () => {
  owner = await register("agent");
  target = await register("agent");
  const { key: worker } = await register("runner", { name: "vpc-1" });
  keys = {
    owner: owner.key,
    stranger: (await register("agent")).key,
    worker,
    runner: (await register("runner", { name: "vpc-2" })).key,
    reviewer: (await register("reviewer")).key,
    auditor: (await register("auditor")).key,
    admin,
  };
});

const held = () => propose(owner, { ...proposal("vpc.write"), recordCount: 101 }, "pending_approval");
/** For reads, which leave it as it is. */
const sharedIntent = once(held);
const sharedOrder = once(() => ordered(owner, proposal("vpc.write")));
const approved = () => propose(owner, proposal("vpc.write"), "approved");

interface Row {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly answers: Answers;
  /** Makes what `:id` stands for, anew for each caller; nothing: the path has none. */
  readonly of?: () => Promise<string>;
  readonly body?: (id: string) => Record<string, unknown>;
}

// prettier-ignore
const TABLE: readonly Row[] = [
  // path                                                            nobody owner stranger worker runner reviewer auditor admin
  { method: "GET", path: "/health",                        answers: [200, 200, 200, 200, 200, 200, 200, 200] },
  { method: "GET", path: "/.well-known/a2h",               answers: [404, 404, 404, 404, 404, 404, 404, 404] },
  { method: "GET", path: "/.well-known/gate",              answers: [200, 200, 200, 200, 200, 200, 200, 200] },
  { method: "GET", path: "/.well-known/a2h",               answers: [404, 404, 404, 404, 404, 404, 404, 404] },
  { method: "GET", path: "/.well-known/jwks.json",         answers: [200, 200, 200, 200, 200, 200, 200, 200] },
  { method: "GET", path: "/openapi.json",                  answers: [200, 200, 200, 200, 200, 200, 200, 200] },
  { method: "GET", path: "/docs",                          answers: [200, 200, 200, 200, 200, 200, 200, 200] },
  { method: "GET", path: "/v1/public/feed",                answers: [404, 404, 404, 404, 404, 404, 404, 404] },
  { method: "GET", path: "/v1/nowhere",                    answers: [404, 404, 404, 404, 404, 404, 404, 404] },
  { method: "GET", path: "/gate.css",                      answers: [200, 200, 200, 200, 200, 200, 200, 200] },
  // An unauthenticated caller gets the page to sign in on.
  { method: "GET", path: "/",                              answers: [200, 403, 403, 403, 403, 200, 200, 200] },
  { method: "GET", path: "/cases",                         answers: [200, 403, 403, 403, 403, 200, 200, 200] },
  { method: "GET", path: "/cases/:id",                     answers: [200, 403, 403, 403, 403, 200, 200, 200], of: sharedIntent },
  { method: "GET", path: "/cases/:id/payload",             answers: [200, 403, 403, 403, 403, 200, 200, 200], of: sharedIntent },
  // Only reviewers edit, and only where the policy lets them.
  { method: "GET", path: "/cases/:id/edit",                answers: [200, 403, 403, 403, 403, 403, 403, 403], of: sharedIntent },
  { method: "GET", path: "/cases/decided",                       answers: [200, 403, 403, 403, 403, 200, 200, 200] },
  { method: "GET", path: "/cases/decided.csv",                   answers: [200, 403, 403, 403, 403, 200, 200, 200] },
  // 415: let in, with what is no form.
  { method: "POST", path: "/cases/batch",                  answers: [403, 403, 403, 403, 403, 415, 415, 415] },
  { method: "POST", path: "/cases/:id/approve",            answers: [403, 403, 403, 403, 403, 415, 415, 415], of: sharedIntent },
  { method: "POST", path: "/cases/:id/edit",               answers: [403, 403, 403, 403, 403, 415, 415, 415], of: sharedIntent },
  { method: "POST", path: "/cases/:id/reject",             answers: [403, 403, 403, 403, 403, 415, 415, 415], of: sharedIntent },
  { method: "GET", path: "/v1/policies",                   answers: [401, 200, 200, 200, 200, 200, 200, 200] },
  { method: "GET", path: "/v1/nonce",                      answers: [401, 200, 200, 200, 200, 200, 200, 200] },
  { method: "GET", path: "/v1/metrics",                    answers: [401, 200, 200, 200, 200, 200, 200, 200] },
  { method: "GET", path: "/v1/intents",                    answers: [401, 200, 200, 200, 200, 200, 200, 200] },
  { method: "GET", path: "/v1/proposals",                  answers: [401, 200, 200, 200, 200, 200, 200, 200] },
  { method: "GET", path: "/v1/agents",                     answers: [401, 403, 403, 403, 403, 200, 200, 200] },

  { method: "POST", path: "/v1/intents",                   answers: [401, 200, 200, 403, 403, 403, 403, 403], body: () => proposal("crm.small") },
  { method: "POST", path: "/v1/propose",                   answers: [401, 200, 200, 403, 403, 403, 403, 403], body: () => proposal("crm.small") },
  { method: "POST", path: "/v1/intents?dry_run=true",      answers: [401, 200, 200, 403, 403, 403, 403, 403], body: () => proposal("crm.small") },

  { method: "GET", path: "/v1/intents/:id",                answers: [401, 200, 404, 200, 404, 200, 200, 200], of: sharedIntent },
  { method: "GET", path: "/v1/proposals/:id",              answers: [401, 200, 404, 200, 404, 200, 200, 200], of: sharedIntent },
  { method: "GET", path: "/v1/intents/:id/audit",          answers: [401, 200, 404, 200, 404, 200, 200, 200], of: sharedIntent },
  { method: "GET", path: "/v1/audit/:id",                  answers: [401, 200, 404, 200, 404, 200, 200, 200], of: sharedIntent },
  { method: "GET", path: "/v1/intents/:id/decision",       answers: [401, 200, 404, 200, 404, 200, 200, 200], of: sharedIntent },
  { method: "GET", path: "/v1/intents/:id/evidence",       answers: [401, 200, 404, 200, 404, 200, 200, 200], of: sharedIntent },
  { method: "GET", path: "/v1/intents/:id/wait?timeout=0", answers: [401, 200, 404, 200, 404, 200, 200, 200], of: sharedIntent },
  // A runner's payloads are those of its orders, and there is none yet.
  { method: "GET", path: "/v1/intents/:id/payload",        answers: [401, 200, 404, 403, 404, 200, 200, 200], of: sharedIntent },
  { method: "GET", path: "/v1/intents/:id/payload",        answers: [401, 200, 404, 200, 404, 200, 200, 200], of: async () => (await sharedOrder()).intent },

  // 404 says that the caller was let in: this one is nothing that Gate sends.
  { method: "GET", path: "/v1/intents/:id/response",       answers: [401, 404, 404, 403, 404, 404, 404, 404], of: sharedIntent },
  // The proposer's alone, and nothing is reported yet.
  { method: "GET", path: "/v1/intents/:id/result",         answers: [401, 404, 404, 403, 403, 403, 403, 403], of: sharedIntent },
  { method: "GET", path: "/v1/reads",                      answers: [401, 200, 200, 403, 403, 200, 200, 200] },

  { method: "POST", path: "/v1/intents/:id/approve",       answers: [401, 403, 403, 403, 403, 200, 403, 403], of: held },
  { method: "POST", path: "/v1/approve",                   answers: [401, 403, 403, 403, 403, 200, 403, 403], of: held, body: (proposalId) => ({ proposalId }) },
  { method: "POST", path: "/v1/intents/:id/reject",        answers: [401, 403, 403, 403, 403, 200, 403, 403], of: held, body: () => ({ reason: "no" }) },
  { method: "POST", path: "/v1/reject",                    answers: [401, 403, 403, 403, 403, 200, 403, 403], of: held, body: (proposalId) => ({ proposalId, reason: "no" }) },
  { method: "POST", path: "/v1/intents/:id/cancel-approval", answers: [401, 403, 403, 403, 403, 200, 403, 403], of: held },
  { method: "POST", path: "/v1/intents/:id/edit",          answers: [401, 403, 403, 403, 403, 400, 403, 403], of: sharedIntent },
  { method: "POST", path: "/v1/intents/:id/withdraw",      answers: [401, 200, 404, 403, 403, 403, 403, 403], of: held },
  { method: "POST", path: "/v1/intents/:id/revoke",        answers: [401, 403, 403, 403, 403, 200, 403, 200], of: held },
  { method: "POST", path: "/v1/intents/:id/resolve",       answers: [401, 403, 403, 403, 403, 200, 403, 200], of: indeterminate, body: () => ({ outcome: "executed", note: "seen in the CRM" }) },

  { method: "POST", path: "/v1/intents/:id/execute",       answers: [401, 201, 404, 403, 403, 403, 403, 403], of: approved },
  { method: "POST", path: "/v1/deliver",                   answers: [401, 200, 404, 403, 403, 403, 403, 403], of: () => propose(owner, proposal("crm.small"), "approved"), body: (intentId) => ({ intentId }) },
  { method: "GET", path: "/v1/executions/:id",             answers: [401, 200, 404, 200, 404, 200, 200, 200], of: async () => (await sharedOrder()).id },

  { method: "POST", path: "/v1/intents/:id/erase",         answers: [401, 403, 403, 403, 403, 403, 403, 400], of: sharedIntent },

  // These routes have tests of their own: 400 says that the caller was authorised, with nothing to do.
  { method: "POST", path: "/v1/agents/:id/report-key",     answers: [401, 403, 403, 403, 403, 403, 403, 400], of: async () => target.id },
  { method: "GET", path: "/v1/switches",                   answers: [401, 403, 403, 403, 403, 200, 200, 200] },
  { method: "POST", path: "/v1/switches",                  answers: [401, 403, 403, 403, 403, 400, 403, 400] },
  { method: "POST", path: "/v1/switches/lift",             answers: [401, 403, 403, 403, 403, 403, 403, 400] },

  { method: "GET", path: "/v1/approvals",                  answers: [401, 403, 403, 403, 403, 200, 200, 200] },
  { method: "GET", path: "/v1/approvals/groups",           answers: [401, 403, 403, 403, 403, 200, 200, 200] },
  { method: "POST", path: "/v1/approvals/batch",           answers: [401, 403, 403, 403, 403, 400, 403, 403] },
  { method: "POST", path: "/v1/standing-approvals",        answers: [401, 403, 403, 403, 403, 400, 403, 403] },
  { method: "GET", path: "/v1/standing-approvals",         answers: [401, 403, 403, 403, 403, 200, 200, 200] },
  { method: "POST", path: "/v1/standing-approvals/:id/revoke", answers: [401, 403, 403, 403, 403, 404, 403, 403], of: async () => "stap_none" },
  { method: "POST", path: "/v1/delegations",               answers: [401, 403, 403, 403, 403, 400, 403, 403] },
  { method: "GET", path: "/v1/delegations",                answers: [401, 403, 403, 403, 403, 200, 200, 200] },
  { method: "POST", path: "/v1/delegations/:id/revoke",    answers: [401, 403, 403, 403, 403, 404, 403, 403], of: async () => "deleg_none" },

  { method: "POST", path: "/v1/vault/check",               answers: [401, 403, 403, 403, 403, 403, 403, 200] },
  { method: "POST", path: "/v1/recheck",                   answers: [401, 403, 403, 403, 403, 403, 403, 200] },
  { method: "POST", path: "/v1/restore",                   answers: [401, 403, 403, 403, 403, 403, 403, 409] },

  { method: "GET", path: "/v1/webhooks",                   answers: [401, 403, 403, 403, 403, 403, 403, 200] },
  { method: "POST", path: "/v1/webhooks",                  answers: [401, 403, 403, 403, 403, 403, 403, 400] },
  { method: "POST", path: "/v1/webhooks/register",         answers: [401, 200, 404, 403, 403, 200, 403, 200], of: sharedIntent, body: (intentId) => ({ intentId, url: "https://receiver.example/", secret: "s" }) },
  { method: "GET", path: "/v1/webhooks/:id",               answers: [401, 403, 403, 403, 403, 403, 403, 404], of: async () => "whk_nowhere" },
  { method: "DELETE", path: "/v1/webhooks/:id",            answers: [401, 403, 403, 403, 403, 403, 403, 404], of: async () => "whk_nowhere" },
  { method: "POST", path: "/v1/webhooks/:id/rotate-secret", answers: [401, 403, 403, 403, 403, 403, 403, 404], of: async () => "whk_nowhere" },
  { method: "POST", path: "/v1/webhooks/:id/test",         answers: [401, 403, 403, 403, 403, 403, 403, 404], of: async () => "whk_nowhere" },
  { method: "GET", path: "/v1/webhooks/:id/deliveries",    answers: [401, 403, 403, 403, 403, 403, 403, 404], of: async () => "whk_nowhere" },
  { method: "POST", path: "/v1/webhooks/:id/deliveries/:delivery/replay", answers: [401, 403, 403, 403, 403, 403, 403, 404], of: async () => "whk_nowhere" },

  { method: "POST", path: "/log/seal",                     answers: [401, 403, 403, 403, 403, 403, 403, 200] },
  { method: "GET", path: "/log/checkpoint",                answers: [200, 200, 200, 200, 200, 200, 200, 200] },
  { method: "GET", path: "/log/health",                    answers: [401, 403, 403, 403, 403, 403, 200, 200] },
  { method: "GET", path: "/log/entries",                   answers: [401, 403, 403, 403, 403, 403, 200, 200] },
  { method: "GET", path: "/log/proof/inclusion",           answers: [401, 403, 403, 403, 403, 400, 400, 400] },
  { method: "GET", path: "/log/proof/consistency",         answers: [400, 400, 400, 400, 400, 400, 400, 400] },

  // These two authenticate by the key in the body and by the cookie, not by the caller's key.
  { method: "POST", path: "/v1/session",                   answers: [400, 400, 400, 400, 400, 400, 400, 400] },
  { method: "DELETE", path: "/v1/session",                 answers: [204, 204, 204, 204, 204, 204, 204, 204] },
  { method: "GET", path: "/v1/session",                    answers: [401, 200, 200, 200, 200, 200, 200, 200] },
  { method: "POST", path: "/v1/agents/:id/unlink-identity", answers: [401, 403, 403, 403, 403, 403, 403, 200], of: async () => target.id },

  // A key has no effect here: the sender is authenticated by a signature, which no caller of this table has.
  { method: "POST", path: "/slack/interactions",           answers: [401, 401, 401, 401, 401, 401, 401, 401] },
  { method: "POST", path: "/v1/approval-callbacks/:provider", answers: [401, 401, 401, 401, 401, 401, 401, 401] },

  { method: "GET", path: "/v1/agents/:id",                 answers: [401, 200, 404, 404, 404, 200, 200, 200], of: async () => owner.id },
  { method: "POST", path: "/v1/agents/register",           answers: [401, 403, 403, 403, 403, 403, 403, 201], of: async () => "x", body: () => ({ name: `named-${Math.random()}` }) },
  { method: "POST", path: "/v1/agents/:id/suspend",        answers: [401, 403, 403, 403, 403, 200, 403, 200], of: async () => target.id },
  { method: "POST", path: "/v1/agents/:id/reactivate",     answers: [401, 403, 403, 403, 403, 403, 403, 200], of: async () => target.id },
  { method: "POST", path: "/v1/agents/:id/rotate-key",     answers: [401, 403, 403, 403, 403, 403, 403, 200], of: async () => target.id },
  { method: "POST", path: "/v1/agents/:id/role",           answers: [401, 403, 403, 403, 403, 403, 403, 200], of: async () => target.id, body: () => ({ role: "agent" }) },
  { method: "POST", path: "/v1/agents/:id/revoke",         answers: [401, 403, 403, 403, 403, 200, 403, 200], of: async () => target.id },
];

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

async function indeterminate(): Promise<string> {
  const { id, token, intent } = await ordered(owner);
  const report = await call("POST", `/v1/executions/${id}/report`, token, { status: "indeterminate" });
  if (report.status !== 200) throw new Error(report.text);
  return intent;
}

test.each(TABLE)("roles: $method $path is open to the roles in the table and to no other", async (row) => {
  const answers: Partial<Record<Caller, number>> = {};
  for (const caller of CALLERS) {
    const id = (await row.of?.()) ?? "";
    const key = caller === "nobody" ? undefined : keys[caller];
    const body = row.method === "GET" ? undefined : (row.body?.(id) ?? {});
    const answer = await call(row.method, row.path.replace(":id", id), key, body);
    answers[caller] = answer.status;
  }
  expect(answers).toEqual(Object.fromEntries(CALLERS.map((caller, at) => [caller, row.answers[at]])));
});

// prettier-ignore
const WITH_TOKEN = [
  // The order is another worker's to use, so holding its token does not help; and for a person it is no call at all.
  { step: "claim",     answers: [401, 403, 404, 200, 404, 403, 403, 403] },
  { step: "report",    answers: [401, 403, 404, 200, 404, 403, 403, 403] },
] as const;

test.each(WITH_TOKEN)(
  "INV-04: with the order's token only the named runner may $step",
  async ({ step, answers }) => {
    const seen: Partial<Record<Caller, number>> = {};
    for (const caller of CALLERS) {
      const { id, token } = await ordered(owner, proposal("vpc.write"));
      const key = caller === "nobody" ? undefined : keys[caller];
      const body = { execution_token: token, status: "succeeded" };
      seen[caller] = (await call("POST", `/v1/executions/${id}/${step}`, key, body)).status;
    }
    expect(seen).toEqual(Object.fromEntries(CALLERS.map((caller, at) => [caller, answers[at]])));
  },
);

/** Authorised by a one-time token; their own tests are below and in the other files. */
const BY_TOKEN = [
  // Links and the forms of pages are tested in approval-links.test.ts and case-page.test.ts.
  "GET /case",
  "GET /v1/approval-links/:token",
  "POST /v1/approval-links/:token/approve",
  "POST /v1/approval-links/:token/reject",
  // The sign-in pages are tested in sign-in.test.ts.
  "GET /sign-in",
  "POST /sign-in",
  "POST /sign-out",
  "GET /sign-in/callback",
  "GET /sign-in/:provider",
  "POST /v1/executions/:id/claim",
  "POST /v1/executions/:id/heartbeat",
  "POST /v1/executions/:id/report",
  "GET /v1/download/:token",
];

test("roles: every route has a row in a table", () => {
  const lines = new Set([...TABLE.map(({ method, path }) => `${method} ${path.split("?")[0]}`), ...BY_TOKEN]);
  const routes = createApp().routes.filter(({ method }) => method !== "ALL");
  const missing = routes.map(({ method, path }) => `${method} ${path}`).filter((route) => !lines.has(route));
  expect([...new Set(missing)]).toEqual([]);
});

test("INV-04: the token of a runner's order is refused without the runner's key", async () => {
  const { id, token } = await ordered(owner, proposal("vpc.write"));
  for (const step of ["claim", "report", "heartbeat"]) {
    const answer = await call("POST", `/v1/executions/${id}/${step}`, token, { status: "succeeded" });
    expect(answer.status, step).toBeGreaterThanOrEqual(400);
    expect(answer.status, step).toBeLessThan(500);
  }
});

test("INV-04: only its executor sees an order's token, and only while the order is live", async () => {
  const { id } = await ordered(owner, proposal("vpc.write"));
  const tokenFor = async (caller: Exclude<Caller, "nobody">) =>
    (await call("GET", `/v1/executions/${id}`, keys[caller])).body.execution_token;
  expect(await tokenFor("worker")).toMatch(/^gex_/);
  for (const caller of ["reviewer", "auditor", "admin"] as const) {
    expect(await tokenFor(caller), caller).toBeNull();
  }
  const token = await tokenFor("worker");
  await call("POST", `/v1/executions/${id}/report`, keys.worker, {
    execution_token: token,
    status: "succeeded",
  });
  expect(await tokenFor("worker")).toBeNull();
});

test("roles: a reviewer can suspend agents and runners, never a reviewer, auditor or admin", async () => {
  for (const role of ["reviewer", "auditor", "admin"]) {
    const { id } = await register(role);
    for (const verb of ["suspend", "revoke"]) {
      expect((await call("POST", `/v1/agents/${id}/${verb}`, keys.reviewer)).status, `${verb} ${role}`).toBe(
        403,
      );
    }
  }
});

test("roles: a runner's list has its destinations and no others", async () => {
  const mine = await propose(owner, proposal("vpc.write"), "approved");
  const others = await propose(owner, proposal("crm.small"), "approved");
  const ids = async (key: string, query = "") =>
    (await call("GET", `/v1/intents?limit=200${query}`, key)).body.intents.map(
      ({ id }: { id: string }) => id,
    );
  expect(await ids(keys.worker)).toContain(mine);
  expect(await ids(keys.worker)).not.toContain(others);
  expect(await ids(keys.worker, "&destination=crm.small")).toEqual([]);
  expect(await ids(keys.runner)).toEqual([]);
});
