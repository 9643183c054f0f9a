import { env } from "cloudflare:workers";
import { beforeEach, expect, test, vi } from "vitest";
import { call, freeze, register } from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

/*
 * A list is read for whoever the key was a moment ago, while D1 says who that is now. Another isolate changes the caller
 * here, so that this one remembers who it was.
 */

let reviewer: Principal;

beforeEach(async () => {
  freeze();
  reviewer = await register("reviewer");
  expect((await call("GET", "/v1/intents", reviewer.key)).status).toBe(200);
});

const elsewhere = (sql: string) => env.DB.prepare(sql).bind(reviewer.id).run();

test.each(["/v1/intents", "/v1/approvals", "/v1/metrics"])(
  "INV-05: %s shows nothing to a key that was suspended a moment ago",
  async (path) => {
    await elsewhere("UPDATE principals SET status = 'suspended' WHERE id = ?1");
    const answer = await call("GET", path, reviewer.key);
    expect([answer.status, answer.body.code]).toEqual([403, "agent_inactive"]);
    expect(Object.keys(answer.body)).not.toContain("intents");
  },
);

test("INV-05: a list shows nothing to a key that was deleted or given to another a moment ago", async () => {
  await elsewhere("DELETE FROM keys WHERE principal_id = ?1");
  const answer = await call("GET", "/v1/intents", reviewer.key);
  expect([answer.status, answer.body.code]).toEqual([401, "invalid_key"]);
});

test("INV-05: a list is not shown to a caller in the role of a moment ago, and then in that of now", async () => {
  await elsewhere("UPDATE principals SET role = 'auditor' WHERE id = ?1");
  expect((await call("GET", "/v1/intents", reviewer.key)).status).toBe(401);
  expect((await call("GET", "/v1/intents", reviewer.key)).status).toBe(200);
});

test("a list's mistake is answered as before", async () => {
  const answer = await call("GET", "/v1/intents?limit=none", reviewer.key);
  expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
});

test.each(["/v1/intents/int_none/approve", "/v1/executions/exe_none/claim", "/v1/switches"])(
  "nothing is read ahead for %s without a key",
  async (path) => {
    const calls = [vi.spyOn(env.DB, "prepare"), vi.spyOn(env.DB, "batch")];
    expect((await call("POST", path)).status).toBe(401);
    for (const each of calls) {
      expect(each).not.toHaveBeenCalled();
      each.mockRestore();
    }
  },
);
