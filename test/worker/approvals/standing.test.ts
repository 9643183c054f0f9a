import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { portsOf } from "../../../src/env.ts";
import {
  admin,
  call,
  eventsOf,
  freeze,
  fresh,
  later,
  ledgerOf,
  MINUTE_MS,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A standing approval for one agent alone, so that no test lives on another's. */
async function lay(maker: Principal, agent: Principal, more: Record<string, unknown> = {}): Promise<string> {
  const body = { destination: "crm.*", agent_id: agent.id, ...more };
  const answer = await call("POST", "/v1/standing-approvals", maker.key, body);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.id;
}

async function usedOf(id: string): Promise<number> {
  const { body } = await call("GET", "/v1/standing-approvals", admin);
  return body.standing_approvals.find((known: { id: string }) => known.id === id)?.used;
}

/** Pays this much, as the payload says it. */
const pay = (usd: number, more: Record<string, unknown> = {}) =>
  proposal("crm.paid", { payload: JSON.stringify({ usd, row: fresh("row") }), ...more });

const statusOf = async (agent: Principal, request: Record<string, unknown>) =>
  (await call("POST", "/v1/intents", agent.key, request)).body.status;

test("INV-08: a standing approval gives its grantor's one vote, and the agent sees the intent approved", async () => {
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  const id = await lay(maker, agent);
  const { status, body } = await call("POST", "/v1/intents", agent.key, proposal("crm.held"));
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: "approved",
    state: "approved",
    approvalState: "answered",
    standingApprovalId: id,
    reason_code: "manual_review_required",
    holdReason: null,
  });
  expect(await eventsOf(body.intentId)).toEqual([
    "proposed",
    "policy_checked",
    "approval_requested",
    "approval_vote_recorded",
    "approved",
  ]);
  const vote = (await ledgerOf(body.intentId)).find(({ event }) => event === "approval_vote_recorded");
  expect(vote?.actor).toBe(maker.id);
  expect(JSON.parse(vote?.body ?? "")).toMatchObject({ mandate: id, person: maker.id, assurance: "key" });
  expect((await call("POST", `/v1/intents/${body.intentId}/execute`, agent.key)).status).toBe(201);
  expect(await usedOf(id)).toBe(1);
});

// Scope of the standing approval besides its agent, proposal, and outcome.
const SCOPES: readonly (readonly [Record<string, unknown>, Record<string, unknown>, string])[] = [
  [{ destination: "crm.paid" }, pay(1), "approved"],
  [{ destination: "crm.held" }, pay(1), "pending_approval"],
  [{ destination: "crm.*" }, pay(1), "approved"],
  [{ destination: "cr.*" }, pay(1), "pending_approval"],
  [{ policy_id: "paid" }, pay(1), "approved"],
  [{ policy_id: "held" }, pay(1), "pending_approval"],
  [{ principal_id: "acct-7" }, pay(1, { principal_id: "acct-7" }), "approved"],
  [{ principal_id: "acct-7" }, pay(1, { principal_id: "acct-8" }), "pending_approval"],
  [{ principal_id: "acct-7" }, pay(1), "pending_approval"],
  [{ max_amount_usd: 100 }, pay(100), "approved"],
  [{ max_amount_usd: 100 }, pay(100.01), "pending_approval"],
  [{ max_amount_usd: 100 }, pay(1, { estimated_value_usd: 100.01 }), "pending_approval"],
  [{ max_amount_usd: 100 }, pay(100.01, { estimated_value_usd: 1 }), "pending_approval"],
  [{ max_amount_usd: 100 }, pay(-1), "pending_approval"],
  [
    { max_amount_usd: 100 },
    proposal("crm.paid", { payload: '{"usd":"much"}', estimated_value_usd: 1 }),
    "pending_approval",
  ],
  [
    { max_amount_usd: 100 },
    proposal("crm.paid", { payload: '{"sum":1}', estimated_value_usd: 1 }),
    "pending_approval",
  ],
  [
    { max_amount_usd: 100 },
    proposal("crm.paid", { payload: "bill.pdf", estimated_value_usd: 1 }),
    "pending_approval",
  ],
  [{ max_amount_usd: 100 }, proposal("crm.held"), "pending_approval"],
  [{ max_amount_usd: 100 }, proposal("crm.held", { estimated_value_usd: 100 }), "approved"],
  [{ daily_limit_usd: 100 }, pay(100), "approved"],
  [{ daily_limit_usd: 100 }, pay(100.01), "pending_approval"],
  [{ daily_limit_usd: 100 }, proposal("crm.held"), "pending_approval"],
  [{ max_records: 3 }, proposal("crm.held", { payload: "[1,2,3]" }), "approved"],
  [{ max_records: 3 }, proposal("crm.held", { payload: "[1,2,3,4]", recordCount: 1 }), "pending_approval"],
  [{ max_records: 3 }, proposal("crm.held", { payload: "[1]", recordCount: 4 }), "pending_approval"],
  [{ max_records: 3 }, proposal("crm.held", { payload: "leads.csv", recordCount: 3 }), "pending_approval"],
  [
    { max_records: 3 },
    proposal("crm.held", { payload: "H4sIAAAA", payload_encoding: "base64", recordCount: 1 }),
    "pending_approval",
  ],
  [
    { max_records: 3 },
    proposal("crm.held", { payload: "<r><x/><x/></r>", recordCount: 1 }),
    "pending_approval",
  ],
];

test.each(SCOPES)(
  "INV-08: a standing approval with %j matches every field it names: %j is %s",
  async (scope, request, outcome) => {
    const [agent, maker] = [await register("agent"), await register("reviewer")];
    const id = await lay(maker, agent, scope);
    expect(await statusOf(agent, request)).toBe(outcome);
    expect(await usedOf(id)).toBe(outcome === "approved" ? 1 : 0);
  },
);

test("INV-08: a standing approval for one agent gives no vote for another", async () => {
  const [agent, other, maker] = [
    await register("agent"),
    await register("agent"),
    await register("reviewer"),
  ];
  await lay(maker, other);
  expect(await statusOf(agent, proposal("crm.held"))).toBe("pending_approval");
});

test("INV-08: limits on uses and daily sums hold to the last one; a day is any 24 hours", async () => {
  freeze();
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  const thrice = await lay(maker, agent, { uses: 3, destination: "crm.held" });
  const daily = await lay(maker, agent, { daily_limit_usd: 10, destination: "crm.paid" });
  const held = [];
  for (let time = 0; time < 4; time += 1) held.push(await statusOf(agent, proposal("crm.held")));
  expect(held).toEqual(["approved", "approved", "approved", "pending_approval"]);
  expect(await usedOf(thrice)).toBe(3);

  expect(await statusOf(agent, pay(4))).toBe("approved");
  later(HOUR_MS);
  expect(await statusOf(agent, pay(6))).toBe("approved");
  expect(await statusOf(agent, pay(0.01))).toBe("pending_approval");
  later(DAY_MS - HOUR_MS - 1);
  expect(await statusOf(agent, pay(0.01))).toBe("pending_approval");
  later(1);
  expect(await statusOf(agent, pay(4.01))).toBe("pending_approval");
  expect(await statusOf(agent, pay(4))).toBe("approved");
  expect(await usedOf(daily)).toBe(3);
});

test("INV-08: an expired or revoked standing approval gives no vote", async () => {
  freeze();
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  const soon = new Date(Date.now() + HOUR_MS).toISOString();
  await lay(maker, agent, { expires_at: soon });
  later(HOUR_MS - 1);
  expect(await statusOf(agent, proposal("crm.held"))).toBe("approved");
  later(1);
  expect(await statusOf(agent, proposal("crm.held"))).toBe("pending_approval");

  const id = await lay(maker, agent);
  expect(await statusOf(agent, proposal("crm.held"))).toBe("approved");
  const revoked = await call("POST", `/v1/standing-approvals/${id}/revoke`, maker.key);
  expect([revoked.status, revoked.body.status]).toEqual([200, "revoked"]);
  expect(await statusOf(agent, proposal("crm.held"))).toBe("pending_approval");
});

test("INV-05 INV-08: a standing approval ends with the credential it was made with", async () => {
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  await lay(maker, agent);
  await call("POST", `/v1/agents/${maker.id}/suspend`, admin);
  expect(await statusOf(agent, proposal("crm.held"))).toBe("pending_approval");
  await call("POST", `/v1/agents/${maker.id}/reactivate`, admin);
  expect(await statusOf(agent, proposal("crm.held"))).toBe("approved");
  await call("POST", `/v1/agents/${maker.id}/role`, admin, { role: "auditor" });
  expect(await statusOf(agent, proposal("crm.held"))).toBe("pending_approval");
});

test("INV-03 INV-08: a standing approval gives no vote for the grantor's own agent", async () => {
  const agent = await register("agent", { owner: "ana" });
  const [ana, ben] = [
    await register("reviewer", { person: "ana" }),
    await register("reviewer", { person: "ben" }),
  ];
  const own = await lay(ana, agent);
  expect(await statusOf(agent, proposal("crm.held"))).toBe("pending_approval");
  expect(await usedOf(own)).toBe(0);
  await lay(ben, agent);
  expect(await statusOf(agent, proposal("crm.held"))).toBe("approved");
});

test("INV-08: a standing approval overrides no minimum assurance, no list of approvers and no block", async () => {
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  const id = await lay(maker, agent);
  expect(await statusOf(agent, proposal("crm.surely"))).toBe("pending_approval");
  expect(await statusOf(agent, proposal("crm.by-ana"))).toBe("pending_approval");
  const elsewhere = { ...proposal("crm.held"), destination: "crm.nowhere" };
  expect(await statusOf(agent, elsewhere)).toBe("blocked");
  await call("POST", "/v1/switches", maker.key, { scope: "agent", target: agent.id, reason: "drill" });
  expect(await statusOf(agent, proposal("crm.held"))).toBe("blocked");
  expect(await usedOf(id)).toBe(0);
});

test("INV-08: an intent held for its content is not approved by a standing approval", async () => {
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  const id = await lay(maker, agent);
  const words = proposal("crm.worded", { payload: `{"text":"a refund ${fresh("row")}"}` });
  expect(await statusOf(agent, words)).toBe("pending_approval");
  expect(await usedOf(id)).toBe(0);
});

test("INV-08: a shadow policy gives a standing approval nothing to match", async () => {
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  const request = proposal("crm.watched", { policy: "held" });
  await lay(maker, agent, { policy_id: "watching" });
  expect(await statusOf(agent, request)).toBe("pending_approval");
  await lay(maker, agent, { policy_id: "held" });
  expect(await statusOf(agent, proposal("crm.watched", { policy: "held" }))).toBe("approved");
});

test("INV-08: several standing approvals of one person are one vote of a quorum", async () => {
  const [agent, maker, second] = [
    await register("agent"),
    await register("reviewer"),
    await register("reviewer"),
  ];
  await lay(maker, agent);
  const again = await lay(maker, agent);
  const intent = await propose(agent, proposal("crm.pair"), "pending_approval");
  expect(await usedOf(again)).toBe(0);
  const own = await call("POST", `/v1/intents/${intent}/approve`, maker.key);
  expect(own.body).toMatchObject({ status: "pending_approval", votes: 1, votedBy: [maker.id] });
  const last = await call("POST", `/v1/intents/${intent}/approve`, second.key);
  expect(last.body).toMatchObject({ status: "approved", votes: 2 });
});

test("INV-08: standing approvals of two persons complete a quorum of two", async () => {
  const [agent, one, two] = [await register("agent"), await register("reviewer"), await register("reviewer")];
  const ids = [await lay(one, agent), await lay(two, agent)];
  expect(await statusOf(agent, proposal("crm.pair"))).toBe("approved");
  expect([await usedOf(ids[0] ?? ""), await usedOf(ids[1] ?? "")]).toEqual([1, 1]);
});

test.each([
  {
    name: "revoked",
    undo: (id: string, maker: Principal) => call("POST", `/v1/standing-approvals/${id}/revoke`, maker.key),
  },
  {
    name: "its maker's key suspended",
    undo: (_: string, maker: Principal) => call("POST", `/v1/agents/${maker.id}/suspend`, admin),
  },
])(
  "INV-08: a vote waiting in a quorum is withdrawn when its standing approval is $name",
  async ({ undo }) => {
    const [agent, maker] = [await register("agent"), await register("reviewer")];
    const [second, third] = [await register("reviewer"), await register("reviewer")];
    const id = await lay(maker, agent);
    const intent = await propose(agent, proposal("crm.pair"), "pending_approval");
    await undo(id, maker);
    const answer = await call("POST", `/v1/intents/${intent}/approve`, second.key);
    expect(answer.body).toMatchObject({ status: "pending_approval", votes: 1, votedBy: [second.id] });
    expect(await eventsOf(intent)).toContain("approval_vote_withdrawn");
    expect((await call("POST", `/v1/intents/${intent}/approve`, third.key)).body.status).toBe("approved");
  },
);

test("INV-08: a use stays counted when the intent is not executed, because it counts votes", async () => {
  const [agent, maker, second] = [
    await register("agent"),
    await register("reviewer"),
    await register("reviewer"),
  ];
  const id = await lay(maker, agent, { uses: 1 });
  const intent = await propose(agent, proposal("crm.pair"), "pending_approval");
  await call("POST", `/v1/intents/${intent}/reject`, second.key, { reason: "no" });
  expect(await usedOf(id)).toBe(1);
  expect(await statusOf(agent, proposal("crm.held"))).toBe("pending_approval");
});

test("an unreadable standing approval leaves the intent pending", async () => {
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  await lay(maker, agent);
  const prepare = env.DB.prepare.bind(env.DB);
  vi.spyOn(env.DB, "prepare").mockImplementation((sql) => {
    if (sql.includes("standing_approvals")) throw new Error("D1 is away");
    return prepare(sql);
  });
  const logged = vi.spyOn(console, "error").mockImplementation(() => {});
  expect(await statusOf(agent, proposal("crm.held"))).toBe("pending_approval");
  expect(logged).toHaveBeenCalled();
});

test("INV-08: a repeated proposal gives no second vote and counts no second use", async () => {
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  const id = await lay(maker, agent, { uses: 2 });
  const request = proposal("crm.held", { idempotency_key: fresh("key") });
  expect(await statusOf(agent, request)).toBe("approved");
  expect(await statusOf(agent, request)).toBe("duplicate_blocked");
  expect(await usedOf(id)).toBe(1);
});

test("INV-08: a use without a vote, because the intent's object refused it, is given back", async () => {
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  const id = await lay(maker, agent, { uses: 1 });
  const get = env.INTENTS.get.bind(env.INTENTS);
  vi.spyOn(env.INTENTS, "get").mockImplementation((...args) => {
    const stub = get(...args);
    return new Proxy(stub, {
      get: (_, name) =>
        name === "handle"
          ? () => Promise.resolve({ ok: false, error: { reason: "approval_stale" } })
          : Reflect.get(stub, name, stub),
    });
  });
  expect(await statusOf(agent, proposal("crm.held"))).toBe("pending_approval");
  vi.restoreAllMocks();
  expect(await usedOf(id)).toBe(0);
  expect(await statusOf(agent, proposal("crm.held"))).toBe("approved");
});

test("INV-20: a crash between use and vote costs the use, and no vote is given twice", async () => {
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  const id = await lay(maker, agent, { uses: 1 });
  vi.spyOn(console, "error").mockImplementation(() => {});
  const get = env.INTENTS.get.bind(env.INTENTS);
  vi.spyOn(env.INTENTS, "get").mockImplementation((...args) => {
    const stub = get(...args);
    return new Proxy(stub, {
      get: (_, name) =>
        name === "handle" ? () => Promise.reject(new Error("gone")) : Reflect.get(stub, name, stub),
    });
  });
  const intent = await propose(agent, proposal("crm.held"), "pending_approval");
  vi.restoreAllMocks();
  expect(await usedOf(id)).toBe(1);
  expect(await eventsOf(intent)).not.toContain("approval_vote_recorded");
  expect(await statusOf(agent, proposal("crm.held"))).toBe("pending_approval");
});

test("INV-08: one intent counts as one use, and stays one after the standing approval ended", async () => {
  freeze();
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  const id = await lay(maker, agent, { uses: 1, daily_limit_usd: 5 });
  const { mandates } = portsOf(env);
  const use = (intent: string, cents: number | null = 100) => ({
    intent,
    destination: "crm.held",
    policies: ["held"],
    agent: agent.id,
    principalId: null,
    cents,
    records: 1,
  });
  const take = (intent: string, cents?: number | null) =>
    mandates.recordUse(id, use(intent, cents), Date.now());
  for (const unknown of [null, Number.NaN]) expect(await take("int_0", unknown)).toBe(false);
  expect(await take("int_1", 501)).toBe(false);
  await expect(take("int_1", -1)).rejects.toThrow("CHECK");
  expect([await take("int_1"), await take("int_1"), await take("int_2")]).toEqual([true, true, false]);
  await mandates.returnUse(id, "int_1");
  await mandates.returnUse(id, "int_1");
  expect([await usedOf(id), await take("int_2"), await usedOf(id)]).toEqual([0, true, 1]);
  await call("POST", `/v1/standing-approvals/${id}/revoke`, maker.key);
  expect(await take("int_2")).toBe(false);
});
