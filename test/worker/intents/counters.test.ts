import { evictAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
import { govern } from "../../../src/app/proposals/govern.ts";
import type { ProposalInput } from "../../../src/app/proposals/proposal-input.ts";
import { portsOf } from "../../../src/env.ts";
import type { Reservation } from "../../../src/ports/counters.ts";
import { call, fresh, register } from "../../support/worker/gate.ts";
import { changeRules } from "../../support/worker/rules.ts";

const POLICIES = {
  hourly: "allow_unmeasured: true\nauto_approve_under: 100\nrate_limits: { per_agent_per_hour: 5 }",
  spend: "auto_approve_under: 100\nbudgets: [{ window: 1d, max_records: 10, on_exceed: block }]",
  "spend-held":
    "allow_unmeasured: true\nrequire_approval: always\nbudgets: [{ window: 1d, max_records: 10, on_exceed: block }]",
  once: "auto_approve_under: 100\nblock_duplicates_within: 10m",
  cooled: "require_approval: always",
};

const REGISTRY = `
unbound_destinations: block
destinations:
${Object.keys(POLICIES)
  .map((id) => `  crm.${id}: { policies: [${id}] }`)
  .join("\n")}
`;

beforeAll(() => changeRules({ policies: POLICIES, registry: REGISTRY }));

/** Approved at once, and sent by Gate. */
const SENT_BY_GATE: ProposalInput = {
  key: null,
  payload: {
    kind: "content",
    bytes: new TextEncoder().encode("[{}]"),
    name: null,
    mediaType: "application/json",
  },
  request: {
    destination: "crm.hourly",
    policy: "hourly",
    action: "crm.hourly",
    recordCount: 1,
    estimatedValueUsd: null,
    sensitivityTags: [],
    onBehalfOf: null,
    principalId: null,
    metadata: {},
    profile: null,
    expiresInMinutes: null,
    http: {
      method: "POST",
      url: "https://crm.example.com/rows",
      headers: [],
      slot: null,
      idempotencyHeader: null,
    },
  },
};

function proposal(policy: keyof typeof POLICIES, more: Record<string, unknown> = {}) {
  return { destination: `crm.${policy}`, policy, payload: JSON.stringify([{ row: fresh("row") }]), ...more };
}

function rows(count: number): string {
  return JSON.stringify(Array.from({ length: count }, () => ({ row: fresh("row") })));
}

test("of parallel proposals exactly as many pass as the rate limit allows", async () => {
  const agent = await register("agent");
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => call("POST", "/v1/intents", agent.key, proposal("hourly"))),
  );
  const statuses = answers.map(({ body }) => body.status);
  expect(statuses.filter((status) => status === "approved")).toHaveLength(5);
  const blocked = answers.filter(({ body }) => body.status === "blocked");
  expect(blocked).toHaveLength(15);
  expect(new Set(blocked.map(({ body }) => body.reason_code))).toEqual(new Set(["rate_limit_exceeded"]));
});

test("a rate limit counts each agent separately", async () => {
  const [one, other] = [await register("agent"), await register("agent")];
  for (let sent = 0; sent < 5; sent += 1) await call("POST", "/v1/intents", one.key, proposal("hourly"));
  expect((await call("POST", "/v1/intents", one.key, proposal("hourly"))).body.status).toBe("blocked");
  expect((await call("POST", "/v1/intents", other.key, proposal("hourly"))).body.status).toBe("approved");
});

test("counters survive a restart of their object", async () => {
  const agent = await register("agent");
  for (let sent = 0; sent < 5; sent += 1) await call("POST", "/v1/intents", agent.key, proposal("hourly"));
  await evictAllDurableObjects();
  expect((await call("POST", "/v1/intents", agent.key, proposal("hourly"))).body.reason_code).toBe(
    "rate_limit_exceeded",
  );
});

test("proposals blocked for another reason, repeated under a key or dry-run count nowhere", async () => {
  const agent = await register("agent");
  for (let sent = 0; sent < 4; sent += 1) {
    await call("POST", "/v1/intents", agent.key, proposal("hourly", { destination: "crm.elsewhere" }));
    await call("POST", "/v1/intents?dry_run=true", agent.key, proposal("hourly"));
    await call("POST", "/v1/intents", agent.key, {
      ...proposal("hourly"),
      payload: "[]",
      idempotency_key: "same",
    });
  }
  for (let sent = 0; sent < 4; sent += 1) {
    expect((await call("POST", "/v1/intents", agent.key, proposal("hourly"))).body.status).toBe("approved");
  }
  expect((await call("POST", "/v1/intents", agent.key, proposal("hourly"))).body.status).toBe("blocked");
});

test("a budget includes pending intents and is given back by a rejection", async () => {
  const agent = await register("agent");
  const reviewer = await register("reviewer");
  const held = await call("POST", "/v1/intents", agent.key, proposal("spend-held", { payload: rows(8) }));
  expect(held.body.status).toBe("pending_approval");
  const second = await call("POST", "/v1/intents", agent.key, proposal("spend-held", { payload: rows(3) }));
  expect(second.body).toMatchObject({ status: "blocked", reason_code: "budget_exceeded", remedy: null });
  await call("POST", `/v1/intents/${held.body.intentId}/reject`, reviewer.key, { reason: "no" });
  await settled(agent.id, held.body.intentId);
  const third = await call("POST", "/v1/intents", agent.key, proposal("spend-held", { payload: rows(3) }));
  expect(third.body.status).toBe("pending_approval");
});

test("of parallel proposals no more pass than the budget holds", async () => {
  const agent = await register("agent");
  const answers = await Promise.all(
    Array.from({ length: 12 }, () =>
      call("POST", "/v1/intents", agent.key, proposal("spend", { payload: rows(3) })),
    ),
  );
  expect(answers.filter(({ body }) => body.status === "approved")).toHaveLength(3);
});

test("a duplicate payload without a key is answered with the first intent and recorded on its ledger", async () => {
  const agent = await register("agent");
  const payload = rows(2);
  const first = await call("POST", "/v1/intents", agent.key, proposal("once", { payload }));
  expect(first.body.status).toBe("approved");
  const again = await call("POST", "/v1/intents", agent.key, proposal("once", { payload }));
  expect(again.status).toBe(409);
  expect(again.body).toMatchObject({ status: "duplicate_blocked", intentId: first.body.intentId });
  const audit = await call("GET", `/v1/intents/${first.body.intentId}/audit`, agent.key);
  expect(audit.body.events.map((event: { event_type: string }) => event.event_type)).toContain(
    "duplicate_blocked",
  );
  expect((await call("POST", "/v1/intents", agent.key, proposal("once"))).body.status).toBe("approved");
});

test("of parallel proposals of one payload one passes", async () => {
  const agent = await register("agent");
  const payload = rows(2);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => call("POST", "/v1/intents", agent.key, proposal("once", { payload }))),
  );
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(9);
});

test("a rejected payload is blocked within the cooldown, and other payloads are not", async () => {
  const agent = await register("agent");
  const reviewer = await register("reviewer");
  const payload = rows(1);
  const first = await call("POST", "/v1/intents", agent.key, proposal("cooled", { payload }));
  await call("POST", `/v1/intents/${first.body.intentId}/reject`, reviewer.key, { reason: "no" });
  await settled(agent.id, first.body.intentId);
  const again = await call("POST", "/v1/intents", agent.key, proposal("cooled", { payload }));
  expect(again.body).toMatchObject({ status: "blocked", reason_code: "recently_rejected" });
  expect((await call("POST", "/v1/intents", agent.key, proposal("cooled"))).body.status).toBe(
    "pending_approval",
  );
});

test("an intent that its object confirmed counts on, though another call for it was refused", async () => {
  const counters = env.AGENTS.getByName(fresh("agent"));
  const need = {
    windows: [{ policy: "hourly", windowMs: 3_600_000 }],
    duplicateWithinMs: null,
    rejectedWithinMs: null,
  };
  const reservation = (intent: string): Reservation => ({
    intent,
    destination: "crm.hourly",
    subjects: ["subject"],
    records: 1,
    cents: 0,
    policies: ["hourly"],
    lapsesAt: Date.now() + 60_000,
    replaces: null,
  });
  const countOf = async () => {
    const history = await counters.peek(reservation("another"), need);
    return history.windows[0]?.intents;
  };
  await counters.reserve(reservation("first"), need);
  await counters.release("first");
  expect(await countOf()).toBe(0);
  await counters.reserve(reservation("first"), need);
  await counters.settle({ intent: "first", effect: "kept", subject: "subject", at: Date.now() });
  await counters.reserve(reservation("first"), need);
  await counters.release("first");
  expect(await countOf()).toBe(1);
});

test("a proposal whose agent can't be read again, because D1 is down, counts nowhere", async () => {
  const agent = await register("agent");
  const { principals, ...rest } = portsOf(env as Parameters<typeof portsOf>[0]);
  const proposer = await principals.get(agent.id);
  if (proposer === null) throw new Error("the agent was not registered");
  const down = { ...rest, principals: { ...principals, get: () => Promise.reject(new Error("D1 is down")) } };
  for (let tried = 0; tried < 6; tried += 1) {
    await expect(govern(SENT_BY_GATE, proposer, down, Date.now())).rejects.toThrow("D1 is down");
  }
  expect((await call("POST", "/v1/intents", agent.key, proposal("hourly"))).body.status).toBe("approved");
});

test("the counters behind a decision are stored with it, visible to reviewers and not to the agent", async () => {
  const agent = await register("agent");
  const auditor = await register("auditor");
  await call("POST", "/v1/intents", agent.key, proposal("hourly"));
  const second = await call("POST", "/v1/intents", agent.key, proposal("hourly"));
  const path = `/v1/intents/${second.body.intentId}/decision`;
  const seen = await call("GET", path, auditor.key);
  expect(seen.body.history.windows).toMatchObject([{ policy: "hourly", intents: 1 }]);
  expect((await call("GET", path, agent.key)).body).not.toHaveProperty("history");
});

/** Waits for the counters: the intent's object updates them after its response. */
async function settled(agent: string, intent: string): Promise<void> {
  const counters = env.AGENTS.getByName(agent);
  for (let looked = 0; looked < 100; looked += 1) {
    const isCounted = await runInDurableObject(counters, (_, state) => {
      const { count } = state.storage.sql
        .exec<{ count: number }>("SELECT COUNT(*) AS count FROM rejections WHERE intent = ?", intent)
        .one();
      return count > 0;
    });
    if (isCounted) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error("the counters were never told");
}
