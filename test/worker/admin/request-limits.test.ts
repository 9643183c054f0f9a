import { type Principal } from "../../support/client.ts";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, test, vi } from "vitest";
import type { RequestClass } from "../../../src/core/base/request-limits.ts";
import { portsOf } from "../../../src/env.ts";
import { createApp } from "../../../src/http/app.ts";
import {
  call,
  eventsOf,
  later,
  ordered,
  proposal,
  propose,
  register,
  type Ordered,
} from "../../support/worker/gate.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";

/** The app under limits of three requests of each kind a minute. */
const LIMIT = 3;
const app = createApp();

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly key: string;
  readonly body?: unknown;
}

function limitedApp() {
  const ports = portsOf({
    ...env,
    GATE_PROPOSALS_PER_MINUTE: String(LIMIT),
    GATE_REQUESTS_PER_MINUTE: String(LIMIT),
    GATE_PROXIED_REQUESTS_PER_MINUTE: String(LIMIT),
    GATE_EVIDENCE_PER_MINUTE: String(LIMIT),
    GATE_HEARTBEATS_PER_MINUTE: String(LIMIT),
  } as unknown as Parameters<typeof portsOf>[0]);
  return async ({ method = "GET", path, key, body }: Sent): Promise<Response> => {
    const context = createExecutionContext();
    const request = new Request(`http://gate.test${path}`, {
      method,
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const response = await app.fetch(request, ports, context);
    await waitOnExecutionContext(context);
    return response;
  };
}

let agent: Principal;
let auditor: Principal;
let reviewer: Principal;
let intent: string;

beforeAll(async () => {
  await changeRules({
    ...RULES,
    registry: `${RULES.registry.trimEnd()}
  crm.up: { policies: [held], upstream: "http://127.0.0.1:8099", prefix: /up, allow_private: true, reads: [{ method: GET, path: /* }] }
`,
  });
  agent = await register("agent");
  auditor = await register("auditor");
  reviewer = await register("reviewer");
  intent = await propose(agent, proposal("crm.small"), "approved");
});

interface Row {
  readonly what: string;
  readonly limit: RequestClass;
  readonly sent: () => Sent;
}

const ROWS: readonly Row[] = [
  {
    what: "proposals",
    limit: "proposals",
    sent: () => ({ method: "POST", path: "/v1/intents", key: agent.key, body: proposal("crm.small") }),
  },
  {
    what: "dry runs",
    limit: "proposals",
    sent: () => ({ method: "POST", path: "/v1/propose?dry_run=true", key: agent.key, body: {} }),
  },
  {
    what: "edits",
    limit: "proposals",
    sent: () => ({ method: "POST", path: "/v1/intents/int_none/edit", key: reviewer.key, body: {} }),
  },
  { what: "reads", limit: "requests", sent: () => ({ path: `/v1/intents/${intent}`, key: agent.key }) },
  { what: "lists", limit: "requests", sent: () => ({ path: "/v1/intents", key: auditor.key }) },
  {
    what: "votes",
    limit: "requests",
    sent: () => ({ method: "POST", path: "/v1/intents/int_none/approve", key: reviewer.key, body: {} }),
  },
  { what: "pages", limit: "requests", sent: () => ({ path: "/cases", key: reviewer.key }) },
  { what: "the session", limit: "requests", sent: () => ({ path: "/v1/session", key: reviewer.key }) },
  {
    what: "new sessions",
    limit: "requests",
    sent: () => ({ method: "POST", path: "/v1/session", key: "", body: { key: reviewer.key } }),
  },
  { what: "a role that may not", limit: "requests", sent: () => ({ path: "/v1/agents", key: agent.key }) },
  {
    what: "evidence",
    limit: "evidence",
    sent: () => ({ path: `/v1/intents/${intent}/evidence`, key: agent.key }),
  },
  { what: "export", limit: "evidence", sent: () => ({ path: "/log/entries", key: auditor.key }) },
  { what: "metrics", limit: "evidence", sent: () => ({ path: "/v1/metrics", key: agent.key }) },
  {
    what: "refused requests through the proxy",
    limit: "proxied_requests",
    sent: () => ({ path: "/up/a//b", key: agent.key }),
  },
  {
    what: "writes through the proxy",
    limit: "proxied_requests",
    sent: () => ({ method: "POST", path: "/up/things", key: agent.key, body: {} }),
  },
];

test("INV-25: a list over the limit is not read", async () => {
  vi.useFakeTimers({ now: Date.now(), toFake: ["Date"] });
  const send = limitedApp();
  const request = { path: "/v1/metrics", key: agent.key };
  for (let at = 0; at < LIMIT; at += 1) expect((await send(request)).status).toBe(200);
  const calls = [vi.spyOn(env.DB, "prepare"), vi.spyOn(env.DB, "batch")];
  expect((await send(request)).status).toBe(429);
  for (const each of calls) {
    expect(each).not.toHaveBeenCalled();
    each.mockRestore();
  }
});

test.each(ROWS)(
  "INV-25: $what over the limit are 429 with Retry-After, another key passes, and after a minute this one",
  async ({ limit, sent }) => {
    vi.useFakeTimers({ now: Date.now(), toFake: ["Date"] });
    const send = limitedApp();
    const request = sent();
    for (let at = 0; at < LIMIT; at += 1) expect((await send(request)).status).not.toBe(429);
    const refused = await send(request);
    expect([refused.status, refused.headers.get("Retry-After")]).toEqual([429, "60"]);
    if (request.path.startsWith("/cases")) {
      expect(await refused.text()).toContain("the limit is 3 a minute");
    } else {
      expect(refused.headers.get("Content-Type")).toBe("application/problem+json");
      expect(await refused.json()).toMatchObject({ code: "too_many_requests", limit, per_minute: LIMIT });
    }
    const other = await register("admin");
    expect((await send({ path: "/v1/policies", key: other.key })).status).toBe(200);
    later(60_000);
    expect((await send(request)).status).not.toBe(429);
  },
);

test("INV-25: an unknown key is 401 however often it is sent, and counts against nobody", async () => {
  const send = limitedApp();
  for (let at = 0; at < 3 * LIMIT; at += 1) {
    expect((await send({ path: "/v1/intents", key: "gate_sk_unknown_unknown" })).status).toBe(401);
  }
  expect((await send({ path: "/v1/intents", key: agent.key })).status).toBe(200);
});

describe("heartbeats", () => {
  async function claimedOrder(): Promise<Ordered> {
    const order = await ordered(agent, proposal("own.claimed"));
    expect((await call("POST", `/v1/executions/${order.id}/claim`, order.token)).status).toBe(200);
    return order;
  }

  const step = ({ id }: Ordered, verb: string, key: string, body = {}): Sent => {
    return { method: "POST", path: `/v1/executions/${id}/${verb}`, key, body };
  };

  test("INV-25: over the limit of an order are 429, another order's pass, and the report is accepted", async () => {
    const send = limitedApp();
    const [order, other] = [await claimedOrder(), await claimedOrder()];
    for (let beat = 0; beat < LIMIT; beat += 1) {
      expect((await send(step(order, "heartbeat", order.token))).status).toBe(200);
    }
    const refused = await send(step(order, "heartbeat", order.token));
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ limit: "heartbeats", per_minute: LIMIT });
    expect((await send(step(other, "heartbeat", other.token))).status).toBe(200);
    expect((await send(step(order, "report", order.token, { status: "succeeded" }))).status).toBe(200);
    expect(await eventsOf(order.intent)).toContain("execution_succeeded");
  });

  test("INV-04: a stranger who knows the order's id does not use up its heartbeats", async () => {
    const send = limitedApp();
    const order = await claimedOrder();
    const stranger = await claimedOrder();
    for (let beat = 0; beat < 3 * LIMIT; beat += 1) {
      expect((await send(step(order, "heartbeat", stranger.token))).status).toBe(401);
    }
    expect((await send(step(order, "heartbeat", order.token))).status).toBe(200);
  });
});
