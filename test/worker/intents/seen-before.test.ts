import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  admin,
  call,
  crmImport,
  everythingInD1,
  flushed,
  fresh,
  freeze,
  later,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import { portsOf } from "../../../src/env.ts";
import { bindings } from "../../support/worker/bindings.ts";
import type { Principal } from "../../support/client.ts";

/* "First run or fifth? Five identical imports, and the fifth says nothing of the four." */

let ana: Principal;

beforeAll(async () => {
  ana = await register("reviewer");
});

beforeEach(() => {
  freeze();
});

interface Earlier {
  readonly nth: number;
  readonly earlier: number;
  readonly more: boolean;
  readonly states: Readonly<Record<string, number>>;
  readonly latest: readonly { readonly id: string }[];
}

type Seen = Readonly<Record<"payload" | "shape" | "agent", Earlier>>;

async function seen(id: string, key = admin, query = ""): Promise<Seen> {
  return (await call("GET", `/v1/intents/${id}${query}`, key)).body.seen_before;
}

/** Proposes, a second after the one before, and waits until D1 has it. */
async function run(agent: Principal, request: Record<string, unknown>): Promise<string> {
  later(1_000);
  const { body, text } = await call("POST", "/v1/intents", agent.key, request);
  if (typeof body.intentId !== "string") throw new Error(text);
  await flushed(body.intentId);
  return body.intentId;
}

describe("first run or fifth?", () => {
  test("the fifth of five identical imports says which it is, and what became of the four", async () => {
    const agent = await register("agent");
    const payload = `email,name\n${fresh("a")}@example.com,Ann\n`;
    const request = proposal("crm.held", { payload, payload_name: "leads.csv" });
    const [first = "", second = "", third = "", fourth = "", fifth = ""] = [
      await run(agent, request),
      await run(agent, request),
      await run(agent, request),
      await run(agent, request),
      await run(agent, request),
    ];
    await call("POST", `/v1/intents/${first}/reject`, ana.key, { reason: "Wrong list." });
    await call("POST", `/v1/intents/${second}/approve`, ana.key);
    await call("POST", `/v1/intents/${third}/withdraw`, agent.key);
    for (const id of [first, second, third]) await flushed(id);
    const person = (await call("GET", `/v1/intents/${first}`, admin)).body.decided_by;
    expect(await seen(fifth)).toMatchObject({
      payload: {
        nth: 5,
        earlier: 4,
        more: false,
        states: { rejected: 1, approved: 1, withdrawn: 1, pending_approval: 1 },
        latest: [
          { id: fourth, state: "pending_approval", decided_by: null, sender_agent_id: agent.id },
          { id: third, state: "withdrawn", decided_by: agent.id },
          { id: second, state: "approved", decided_by: person },
          { id: first, state: "rejected", decided_by: person },
        ],
      },
      shape: { nth: 5 },
      agent: { nth: 5 },
    });
    expect(await seen(first)).toMatchObject({
      payload: { nth: 1, earlier: 0, states: {}, latest: [] },
      shape: { nth: 1 },
      agent: { nth: 1 },
    });
  });

  test("what policy approved or blocked counts as well as what was held", async () => {
    const agent = await register("agent");
    const payload = JSON.stringify({ row: fresh("row") });
    await run(agent, proposal("crm.small", { payload }));
    await run(agent, proposal("crm.small", { payload, sensitivityTags: ["hr"] }));
    const third = await run(agent, proposal("crm.small", { payload, recordCount: 500 }));
    const { payload: counted } = await seen(third);
    expect(counted.nth).toBe(3);
    expect(Object.values(counted.states).reduce((sum, count) => sum + count, 0)).toBe(2);
  });

  test("a payload of other rows and the same columns is of the same shape, and another payload", async () => {
    const agent = await register("agent");
    const rows = () => ({
      payload: `email,name\n${fresh("b")}@example.com,Bob\n`,
      payload_name: "leads.csv",
    });
    await run(agent, proposal("crm.held", rows()));
    await run(agent, proposal("crm.held", { payload: `iban\n${fresh("x")}\n`, payload_name: "x.csv" }));
    const third = await run(agent, proposal("crm.held", rows()));
    expect(await seen(third)).toMatchObject({ payload: { nth: 1 }, shape: { nth: 2 }, agent: { nth: 3 } });
  });

  test("the same payload to another destination is no run of this one", async () => {
    const agent = await register("agent");
    const payload = JSON.stringify({ row: fresh("row") });
    await run(agent, proposal("crm.held", { payload }));
    const other = await run(agent, proposal("crm.pair", { payload }));
    expect(await seen(other)).toMatchObject({ payload: { nth: 1 }, shape: { nth: 1 }, agent: { nth: 2 } });
  });

  test("people learn that another agent proposed the payload; an agent and a runner count what they may see", async () => {
    const [agent, other] = [await register("agent"), await register("agent")];
    const runner = await register("runner", { name: "vpc-1" });
    const payload = JSON.stringify({ row: fresh("row") });
    const theirs = await run(other, proposal("vpc.write", { payload }));
    await run(agent, proposal("crm.small"));
    const own = await run(agent, proposal("vpc.write", { payload }));
    expect(await seen(own, ana.key)).toMatchObject({
      payload: { nth: 2, latest: [{ id: theirs, sender_agent_id: other.id }] },
      agent: { nth: 2 },
    });
    expect(await seen(own, agent.key, "?seen_before=true")).toMatchObject({
      payload: { nth: 1, latest: [] },
      agent: { nth: 2 },
    });
    expect(await seen(own, runner.key, "?seen_before=true")).toMatchObject({
      payload: { nth: 2 },
      agent: { nth: 1 },
    });
    expect((await call("GET", `/v1/intents/${own}?seen_before=true`, other.key)).status).toBe(404);
  });

  test("a program that polls gets the counts only where it asks, a person can leave them out", async () => {
    const agent = await register("agent");
    const id = await run(agent, crmImport(5));
    const view = async (key: string, query = "") =>
      (await call("GET", `/v1/intents/${id}${query}`, key)).body;
    expect(await view(agent.key)).not.toHaveProperty("seen_before");
    expect(await view(ana.key)).toHaveProperty("seen_before");
    expect(await view(ana.key, "?seen_before=false")).not.toHaveProperty("seen_before");
    expect((await call("GET", `/v1/intents/${id}?seen_before=1`, agent.key)).status).toBe(400);
  });

  test("a busy agent's intents are counted up to a thousand, and the case says that there are more", async () => {
    const agent = await register("agent");
    await env.DB.prepare(
      `INSERT INTO intents (id, agent_id, destination, action, policy_id, phase, status, reason_code, risk_score,
         risk_level, created_at, decide_by, updated_at, seq, subject, shape_key)
       SELECT 'int_old' || value, ?1, 'crm.held', 'a', 'held', 'succeeded', 'succeeded', 'approved_by_policy', 0,
         'low', 1000 + value, 0, 0, 1, NULL, NULL FROM json_each(?2)`,
    )
      .bind(agent.id, JSON.stringify(Array.from({ length: 1_200 }, (_, at) => at)))
      .run();
    const id = await run(agent, proposal("crm.held"));
    const { agent: counted, payload } = await seen(id);
    expect(counted).toMatchObject({ nth: 1_001, earlier: 1_000, more: true });
    expect(counted.latest.map(({ id: earlier }) => earlier)).toEqual(
      [1_199, 1_198, 1_197, 1_196, 1_195].map((at) => `int_old${at}`),
    );
    // Rows of earlier versions have no payload to compare.
    expect(payload.nth).toBe(1);
  });

  test("an erased intent has no payload to compare, and its digest is in no row of D1", async () => {
    const agent = await register("agent");
    const payload = JSON.stringify({ row: fresh("row") });
    const first = await run(agent, proposal("crm.held", { payload }));
    const second = await run(agent, proposal("crm.held", { payload }));
    const { results } = await env.DB.prepare("SELECT subject FROM intents WHERE id = ?1").bind(first).run();
    const { subject } = results[0] as { readonly subject: string };
    await call("POST", `/v1/intents/${first}/reject`, ana.key, { reason: "no" });
    expect((await call("POST", `/v1/intents/${first}/erase`, admin, { reason: "asked" })).status).toBe(200);
    await flushed(first);
    expect(await seen(second)).toMatchObject({ payload: { nth: 1 }, shape: { nth: 2 } });
    expect(await seen(first)).toMatchObject({ payload: null, shape: { nth: 1 } });
    await call("POST", `/v1/intents/${second}/reject`, ana.key, { reason: "no" });
    await call("POST", `/v1/intents/${second}/erase`, admin, { reason: "asked" });
    await flushed(second);
    expect(await everythingInD1()).not.toContain(subject);
  });

  test("a case is shown without the counts while D1 can't be read", async () => {
    const agent = await register("agent");
    const id = await run(agent, proposal("crm.held"));
    const { index } = portsOf(bindings as never);
    const broken = vi.spyOn(index, "seenBefore").mockRejectedValue(new Error("D1_ERROR"));
    const logged = vi.spyOn(console, "error").mockReturnValue();
    const answer = await call("GET", `/v1/intents/${id}`, ana.key);
    expect([answer.status, answer.body.seen_before, answer.body.state]).toEqual([
      200,
      null,
      "pending_approval",
    ]);
    expect(logged.mock.calls[0]?.[0]).toMatchObject({ event: "earlier_intents_unreadable" });
    broken.mockRestore();
    logged.mockRestore();
  });
});

test("an intent that was evaluated again is listed with the reason and the risk of the rules in force", async () => {
  await changeRules(RULES);
  const agent = await register("agent");
  const id = await propose(agent, proposal("crm.held"), "pending_approval");
  await changeRules({
    ...RULES,
    policies: { ...RULES.policies, held: "require_approval: always\nblock_if_terms: [row]" },
  });
  const { body } = await call("GET", `/v1/intents/${id}`, admin);
  await flushed(id);
  const { body: list } = await call("GET", `/v1/intents?agent=${agent.id}`, admin);
  expect(body.reason_code).toBe("blocked_term_detected");
  expect(list.intents[0]).toMatchObject({ id, reason_code: body.reason_code, risk_score: body.risk_score });
  await changeRules(RULES);
});
