import { expect, test } from "vitest";
import { admin, call, fresh, proposal, register } from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

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

test.each([
  { cap: { uses: 10 }, name: "uses" },
  { cap: { daily_limit_usd: 10 }, name: "a daily limit" },
])("INV-08: of 50 parallel intents exactly as many are approved as $name allows", async ({ cap }) => {
  const [agent, maker] = [await register("agent"), await register("reviewer")];
  const id = await lay(maker, agent, cap);
  const answers = await Promise.all(Array.from({ length: 50 }, () => statusOf(agent, pay(1))));
  expect(answers.filter((status) => status === "approved")).toHaveLength(10);
  expect(answers.filter((status) => status === "pending_approval")).toHaveLength(40);
  expect(await usedOf(id)).toBe(10);
});
