import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { admin, call, freeze, later, proposal, register } from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

/*
 * Proposals are evaluated with a key and switches that may be ten seconds old. Another isolate changes them here, so that
 * this one's caches know nothing of it.
 */

let agent: Principal;

beforeEach(async () => {
  freeze();
  agent = await register("agent");
  // Fills the caches.
  await call("POST", "/v1/intents?dry_run=true", agent.key, proposal("crm.held"));
});

const propose = (destination: string) => call("POST", "/v1/intents", agent.key, proposal(destination));

const elsewhere = (sql: string) => env.DB.prepare(sql).bind(agent.id).run();

const suspend = () => elsewhere("UPDATE principals SET status = 'suspended' WHERE id = ?1");

test("INV-05: a key that was suspended a moment ago has no person called", async () => {
  await suspend();
  const answer = await propose("crm.held");
  expect([answer.status, answer.body.code]).toEqual([403, "agent_inactive"]);
  const known = await env.DB.prepare("SELECT COUNT(*) AS n FROM intents WHERE agent_id = ?1")
    .bind(agent.id)
    .first("n");
  expect(known).toBe(0);
});

test("INV-05: a key that was rotated a moment ago has no person called", async () => {
  await elsewhere("UPDATE principals SET key_epoch = key_epoch + 1 WHERE id = ?1");
  const answer = await propose("crm.held");
  expect([answer.status, answer.body.code]).toEqual([401, "invalid_key"]);
});

test("INV-05: a kill switch that was engaged a moment ago blocks instead of calling people", async () => {
  await elsewhere("INSERT INTO switches VALUES ('agent', ?1, 1, 1, 'drill', NULL, 'test', 0)");
  expect((await propose("crm.held")).body).toMatchObject({ status: "blocked", reason_code: "kill_switch" });
});

test("INV-05: what ends in a runner's order may be approved for ten seconds more, and is ordered by nobody", async () => {
  await suspend();
  const approved = await propose("crm.small");
  expect(approved.body.status).toBe("approved");
  const order = await call("POST", `/v1/intents/${approved.body.intentId}/execute`, agent.key);
  expect([order.status, order.body.code]).toEqual([403, "agent_inactive"]);
  later(10_000);
  expect((await propose("crm.small")).status).toBe(403);
});

test("INV-20: while D1 is down a proposal is held all the same", async () => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const batch = vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("D1 is down"));
  const prepare = env.DB.prepare.bind(env.DB);
  const broken = vi.spyOn(env.DB, "prepare").mockImplementation((sql) => {
    const statement = prepare(sql);
    for (const method of ["all", "first", "run"] as const) {
      vi.spyOn(statement, method).mockRejectedValue(new Error("D1 is down"));
    }
    return statement;
  });
  const answer = await propose("crm.held");
  batch.mockRestore();
  broken.mockRestore();
  expect(answer.body.status).toBe("pending_approval");
});

test("INV-05: whoever suspends a key is answered once no request can act on what it read before", async () => {
  vi.useRealTimers();
  const before = performance.now();
  await call("POST", `/v1/agents/${agent.id}/suspend`, admin);
  expect(performance.now() - before).toBeGreaterThan(300);
});
