import { env } from "cloudflare:workers";
import { beforeAll, expect, test, vi } from "vitest";
import type { IntentRow } from "../../../src/core/intent/read-model.ts";
import { queueRowView } from "../../../src/http/api/approvals/queue-view.ts";
import type { DeliveryRecord } from "../../../src/ports/notifications.ts";
import { MATCHING } from "../../../src/adapters/d1/mandates.ts";
import {
  proposal,
  call,
  flushed,
  later,
  MINUTE_MS,
  propose,
  register,
  stateOf,
} from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";
import { planOf } from "../../support/worker/counted-d1.ts";

let agent: Principal;
let other: Principal;
let ana: Principal;
let zoe: Principal;

beforeAll(async () => {
  agent = await register("agent");
  other = await register("agent");
  ana = await register("reviewer", { person: "ana" });
  zoe = await register("reviewer");
});

/** Held, and in D1. */
async function hold(by: Principal, request: Record<string, unknown>): Promise<string> {
  const intent = await propose(by, request, "pending_approval");
  await flushed(intent);
  return intent;
}

async function idsOf(query: string, key = zoe.key): Promise<readonly string[]> {
  const { body } = await call("GET", `/v1/approvals${query}`, key);
  return body.approvals.map(({ intentId }: { intentId: string }) => intentId);
}

test("the queue lists pending intents, newest first, with what each requires, and no other intents", async () => {
  const by = await register("agent");
  const first = await hold(by, proposal("crm.pair", { recordCount: 7 }));
  const second = await hold(by, proposal("crm.by-ana"));
  const gone = await hold(by, proposal("crm.held"));
  await call("POST", `/v1/intents/${gone}/reject`, zoe.key, { reason: "no" });
  await propose(by, proposal("crm.small"), "approved");
  await call("POST", `/v1/intents/${first}/approve`, zoe.key);
  await flushed(first);
  await flushed(gone);
  const { body } = await call("GET", `/v1/approvals?agent=${by.id}`, zoe.key);
  expect(body).toMatchObject({ count: 2, next: null });
  expect(body.approvals).toMatchObject([
    { intentId: second, people: ["ana"], required_approvals: 1, votes: 0 },
    {
      intentId: first,
      status: "pending_approval",
      destination: "crm.pair",
      policy_id: "pair",
      sender_agent_id: by.id,
      estimated_records: 7,
      required_approvals: 2,
      votes: 1,
      min_assurance: "slack",
      group: expect.stringMatching(/^[0-9a-f]{24}$/),
      undelivered: [],
    },
  ]);
  expect(Date.parse(body.approvals[0].expires_at)).toBeGreaterThan(Date.parse(body.approvals[0].created_at));
});

test("the queue can be filtered by agent, destination, policy and group", async () => {
  const one = await hold(agent, proposal("crm.held"));
  const two = await hold(agent, proposal("crm.held"));
  const paid = await hold(agent, proposal("crm.paid"));
  const others = await hold(other, proposal("crm.held"));
  const { body } = await call("GET", `/v1/approvals?agent=${agent.id}&destination=crm.held`, zoe.key);
  expect(body.approvals.map(({ intentId }: { intentId: string }) => intentId)).toEqual([two, one]);
  const { group } = body.approvals[0];
  expect((await idsOf(`?group=${group}`)).toSorted()).toEqual([one, two].toSorted());
  expect(await idsOf(`?agent=${agent.id}&policy=paid`)).toEqual([paid]);
  expect(await idsOf(`?agent=${other.id}`)).toEqual([others]);
  expect(await idsOf("?group=nothing")).toEqual([]);
  expect(await idsOf(`?agent=${agent.id}&status=approved`)).toEqual([paid, two, one]);
});

test("groups give their number of intents, their totals and their earliest deadline", async () => {
  const by = await register("agent");
  const intents = [];
  for (const usd of [1, 2, 4]) {
    intents.push(await hold(by, proposal("crm.paid", { payload: `{"usd":${usd}}` })));
  }
  await hold(by, proposal("crm.held"));
  const { body } = await call("GET", "/v1/approvals/groups", zoe.key);
  const mine = body.groups.filter(({ sender_agent_id: id }: { sender_agent_id: string }) => id === by.id);
  expect(mine).toHaveLength(2);
  expect(mine[0]).toMatchObject({ count: 3, destination: "crm.paid", policy_id: "paid", value_usd: 7 });
  const counts = body.groups.map(({ count }: { count: number }) => count);
  expect(counts).toEqual(counts.toSorted((a: number, b: number) => b - a));
  const shown = (await call("GET", `/v1/approvals?group=${mine[0].group}`, zoe.key)).body.approvals;
  expect(shown.at(-1)).toMatchObject({ intentId: intents[0], created_at: mine[0].oldest });
  expect(shown.at(-1).expires_at).toBe(mine[0].next_deadline);
});

test("INV-00: an unknown total of a group is null, not 0", async () => {
  const by = await register("agent");
  await hold(by, proposal("crm.held", { payload: "notes.txt", recordCount: undefined }));
  const { body } = await call("GET", "/v1/approvals/groups", zoe.key);
  const mine = body.groups.find(({ sender_agent_id: id }: { sender_agent_id: string }) => id === by.id);
  expect(mine).toMatchObject({ count: 1, estimated_records: null, value_usd: null });
});

test("groups are of what passes the filters of the queue", async () => {
  const by = await register("agent");
  for (const destination of ["crm.held", "crm.held", "crm.paid"]) await hold(by, proposal(destination));
  await hold(other, proposal("crm.held"));
  const groupsOf = async (query: string) => {
    const { body } = await call("GET", `/v1/approvals/groups${query}`, zoe.key);
    return body.groups.map((group: { destination: string; count: number }) => [
      group.destination,
      group.count,
    ]);
  };
  expect(await groupsOf(`?agent=${by.id}`)).toEqual([
    ["crm.held", 2],
    ["crm.paid", 1],
  ]);
  expect(await groupsOf(`?agent=${by.id}&destination=crm.paid`)).toEqual([["crm.paid", 1]]);
  expect(await groupsOf(`?agent=${by.id}&policy=paid&q=crm.pai`)).toEqual([["crm.paid", 1]]);
  expect(await groupsOf(`?agent=${by.id}&policy=none`)).toEqual([]);
  expect((await call("GET", "/v1/approvals/groups?since=2026", zoe.key)).status).toBe(400);
});

test("a deferred intent has no deadline in the queue, in its group and on its page", async () => {
  const by = await register("agent");
  const intent = await hold(by, proposal("crm.defer"));
  const rowOf = async () => (await call("GET", `/v1/approvals?agent=${by.id}`, zoe.key)).body.approvals[0];
  const { expires_at: expires, decide_by: deadline } = await rowOf();
  expect(deadline).toBe(expires);
  later(11 * MINUTE_MS);
  // Settled by the next read.
  expect(await stateOf(intent)).toBe("pending_approval");
  await flushed(intent);
  expect((await rowOf()).decide_by).toBeNull();
  const { body } = await call("GET", "/v1/approvals/groups", zoe.key);
  const mine = body.groups.find(({ sender_agent_id: id }: { sender_agent_id: string }) => id === by.id);
  expect(mine.next_deadline).toBeNull();
  expect((await call("GET", `/cases?agent=${by.id}`, zoe.key)).text).toContain("no deadline");
});

test("the filter `mine` leaves out intents the caller can't decide or has too little assurance for, over all pages", async () => {
  const by = await register("agent");
  const open = await hold(by, proposal("crm.held"));
  const anas = await hold(by, proposal("crm.by-ana"));
  const ops = await hold(by, proposal("crm.by-ops"));
  await hold(by, proposal("crm.surely"));
  await hold(by, proposal("crm.touch"));
  expect(await idsOf(`?agent=${by.id}&mine=true`)).toEqual([open]);
  expect(await idsOf(`?agent=${by.id}&mine=true`, ana.key)).toEqual([ops, anas, open]);
  const seen: string[] = [];
  for (let next: string | null = ""; next !== null;) {
    const query: string = `?agent=${by.id}&mine=true&limit=1${next === "" ? "" : `&after=${next}`}`;
    const { body } = await call("GET", `/v1/approvals${query}`, ana.key);
    seen.push(...body.approvals.map(({ intentId }: { intentId: string }) => intentId));
    ({ next } = body);
  }
  expect(seen).toEqual([ops, anas, open]);
});

test("pages of the queue neither repeat nor skip an intent", async () => {
  const by = await register("agent");
  const held = [];
  for (let made = 0; made < 5; made += 1) held.push(await hold(by, proposal("crm.held")));
  const seen: string[] = [];
  let path = `/v1/approvals?agent=${by.id}&limit=2`;
  for (let pages = 0; pages < 3; pages += 1) {
    const { body } = await call("GET", path, zoe.key);
    seen.push(...body.approvals.map(({ intentId }: { intentId: string }) => intentId));
    path = `/v1/approvals?agent=${by.id}&limit=2&after=${body.next}`;
  }
  expect(seen).toEqual(held.toReversed());
});

test.each(["?limit=0", "?limit=x", "?after=%00", "?after=abc", "?since=never", "?status=odd"])(
  "INV-25: a queue request with %s is 400",
  async (query) => {
    expect((await call("GET", `/v1/approvals${query}`, zoe.key)).status).toBe(400);
  },
);

test("the queue is served while notification state can't be read", async () => {
  const intent = await hold(agent, proposal("crm.held"));
  vi.spyOn(console, "error").mockImplementation(() => {});
  const dispatch = (env as unknown as { DISPATCH: DurableObjectNamespace }).DISPATCH;
  vi.spyOn(dispatch, "getByName").mockImplementation(() => {
    throw new Error("away");
  });
  const { status, body } = await call("GET", `/v1/approvals?agent=${agent.id}`, zoe.key);
  expect(status).toBe(200);
  const row = body.approvals.find(({ intentId }: { intentId: string }) => intentId === intent);
  expect(row.undelivered).toBeNull();
});

const ROW = {
  id: "int_1",
  approval: null,
  details: null,
  value_cents: null,
  approved_at: null,
  created_at: 0,
  updated_at: 0,
  decide_by: 0,
  policies: "[]",
};

function deliveryRecord(more: Partial<DeliveryRecord>): DeliveryRecord {
  return {
    id: "d",
    target: "channel:ops",
    person: null,
    kind: "held",
    intent: "int_1",
    seq: 3,
    to: null,
    at: 0,
    state: "failed",
    attempts: 1,
    nextAt: null,
    lastStatus: 500,
    lastProblem: "HTTP 500",
    deliveredAt: null,
    receipt: null,
    ...more,
  };
}

const FAILED = { to: "channel:ops", person: null, why: "HTTP 500", trying: false };

test.each([
  { name: "a place that failed", records: [deliveryRecord({})], shown: [FAILED] },
  {
    name: "one still tried",
    records: [deliveryRecord({ state: "pending" })],
    shown: [{ ...FAILED, trying: true }],
  },
  { name: "one not tried yet", records: [deliveryRecord({ state: "pending", attempts: 0 })], shown: [] },
  { name: "one that worked", records: [deliveryRecord({ state: "delivered" })], shown: [] },
  {
    name: "one that worked at last",
    records: [deliveryRecord({}), deliveryRecord({ kind: "reminder", state: "delivered" })],
    shown: [],
  },
  { name: "a program's webhook", records: [deliveryRecord({ kind: "event" })], shown: [] },
  { name: "another intent's", records: [deliveryRecord({ intent: "int_2" })], shown: [] },
  {
    name: "two people's mailboxes",
    records: [deliveryRecord({ person: "ana" }), deliveryRecord({ person: "ben", state: "delivered" })],
    shown: [{ ...FAILED, person: "ana" }],
  },
])("the queue shows where a notification failed, and why: $name", ({ records, shown }) => {
  expect(queueRowView(ROW as unknown as IntentRow, {}, records).undelivered).toEqual(shown);
});

test("standing approvals are found by destination, among however many others", async () => {
  const plan = await planOf({ sql: MATCHING, values: ["[]", 0] });
  expect(plan.join()).toContain("USING INDEX standing_approvals_by_destination ");
});
