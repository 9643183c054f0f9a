import { beforeAll, expect, test } from "vitest";
import { call, eventsOf, flushed, ledgerOf, ordered, proposal, register } from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;

beforeAll(async () => {
  agent = await register("agent");
});

test("a hundred heartbeats move the claim each time and leave two ledger entries, which count all of them", async () => {
  const { intent, id, token } = await ordered(agent, proposal("own.claimed"));
  const post = (step: string) => call("POST", `/v1/executions/${id}/${step}`, token, { status: "succeeded" });
  let end = (await post("claim")).body.claim_expires_at as string;
  for (let beat = 0; beat < 100; beat += 1) {
    const { status, body } = await post("heartbeat");
    expect(status).toBe(200);
    expect(Date.parse(body.claim_expires_at)).toBeGreaterThanOrEqual(Date.parse(end));
    end = body.claim_expires_at;
  }
  expect((await eventsOf(intent)).filter((event) => event === "execution_extended")).toHaveLength(1);
  expect((await post("report")).status).toBe(200);
  await flushed(intent);
  const extended = (await ledgerOf(intent)).filter(({ event }) => event === "execution_extended");
  expect(extended.map(({ body }) => (JSON.parse(body) as { count: number }).count)).toEqual([1, 99]);
  expect(JSON.parse(extended[1]?.body ?? "{}")).toMatchObject({ order: id, expires_at: Date.parse(end) });
});
