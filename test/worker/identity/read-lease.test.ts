import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { portsOf } from "../../../src/env.ts";
import { d1Principals } from "../../../src/adapters/d1/principals.ts";
import { requestReads } from "../../../src/adapters/d1/request-reads.ts";
import { forRequest } from "../../../src/app/for-request.ts";
import { voteOnSeveral } from "../../../src/app/approvals/vote-on-several.ts";
import {
  admin,
  call,
  freeze,
  fresh,
  later,
  ordered,
  proposal,
  propose,
  register,
  until,
} from "../../support/worker/gate.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import type { Principal } from "../../support/client.ts";

/*
 * Whoever was told that a key is suspended or a switch engaged must see nothing act after that. A request may act on
 * what it read within the lease, and a confirmation waits longer than that.
 */

let ports: Ports;
let agent: Principal;
let reviewer: Principal;

beforeEach(async () => {
  ports = portsOf(env);
  agent = await register("agent");
  reviewer = await register("reviewer");
});

/** By another isolate, whose confirmation this one learns nothing of. */
const suspend = (id: string) =>
  env.DB.prepare("UPDATE principals SET status = 'suspended' WHERE id = ?1").bind(id).run();

const statusOf = async (found: Promise<{ readonly status: string } | null>) => (await found)?.status;

describe("the age of what was read", () => {
  test("INV-05: what was read ahead is no younger for being used", async () => {
    const intent = await propose(agent, proposal("crm.held"), "pending_approval");
    await until(async () => {
      const found = await env.DB.prepare("SELECT 1 FROM ledger WHERE intent_id = ?1").bind(intent).first();
      if (found === null) throw new Error("not in D1 yet");
    });
    freeze();
    const reads = requestReads(env.DB, ports);
    reads.ahead(intent);
    later(200);
    expect(await statusOf(reads.principals.get(agent.id))).toBe("active");
    await suspend(agent.id);
    later(100);
    expect(await statusOf(reads.principals.get(agent.id))).toBe("suspended");
  });

  test("INV-05: an answer that was long on its way is not used: D1 is asked again", async () => {
    freeze();
    const late = vi.fn(async (id: string) => {
      const found = await ports.principals.get(id);
      await suspend(id);
      later(5_000);
      return found;
    });
    const get = vi.fn(ports.principals.get).mockImplementationOnce(late);
    const reads = requestReads(env.DB, { ...ports, principals: { ...ports.principals, get } });
    expect(await statusOf(reads.principals.get(agent.id))).toBe("suspended");
    expect(get).toHaveBeenCalledTimes(2);
  });

  test("INV-05: so is whoever waits for an answer that another part of the request asked for", async () => {
    freeze();
    const engaged = vi.fn(ports.switches.engaged).mockImplementationOnce(async (age) => {
      const found = await ports.switches.engaged(age);
      await env.DB.prepare("INSERT INTO switches VALUES ('agent', ?1, 1, 1, 'drill', NULL, 'test', 0)")
        .bind(agent.id)
        .run();
      later(5_000);
      return found;
    });
    const reads = requestReads(env.DB, { ...ports, switches: { ...ports.switches, engaged } });
    reads.ahead(null);
    const targets = (await reads.switches.engaged("fresh")).map(({ target }) => target);
    expect(targets).toContain(agent.id);
  });

  test("a database that answers late every time is asked three times, and believed", async () => {
    freeze();
    const get = vi.fn(async (id: string) => {
      later(5_000);
      return ports.principals.get(id);
    });
    const reads = requestReads(env.DB, { ...ports, principals: { ...ports.principals, get } });
    expect(await statusOf(reads.principals.get(agent.id))).toBe("active");
    expect(get).toHaveBeenCalledTimes(3);
  });

  test("INV-05: a clock that is set back makes nothing younger", async () => {
    freeze();
    const reads = requestReads(env.DB, ports);
    expect(await statusOf(reads.principals.get(agent.id))).toBe("active");
    await suspend(agent.id);
    later(-3_600_000);
    expect(await statusOf(reads.principals.get(agent.id))).toBe("suspended");
  });

  test("INV-05: a read that is overtaken by this isolate's own suspension does not fill its cache", async () => {
    const statement = (sql: string) => ({
      bind: (...values: readonly unknown[]) => ({
        all: async () => {
          const answer = await env.DB.prepare(sql)
            .bind(...values)
            .all();
          await ports.principals.setStatus(agent.id, "suspended", "adm_test");
          return answer;
        },
      }),
    });
    const slow = { prepare: statement } as unknown as D1Database;
    const chain = { commit: () => Promise.reject(new Error("nothing is changed here")) };
    await d1Principals(slow, chain, null).byKey(agent.key, "cached");
    expect(await statusOf(ports.principals.byKey(agent.key, "cached"))).toBe("suspended");
  });
});

describe("the confirmation of a change", () => {
  /** How often a confirmation waited while this ran. */
  async function waits(change: () => Promise<unknown>): Promise<number> {
    const wait = vi.spyOn(scheduler, "wait");
    await change();
    const count = wait.mock.calls.filter(([milliseconds]) => milliseconds === 400).length;
    wait.mockRestore();
    return count;
  }

  const post = (path: string, body?: unknown) => () => call("POST", path, admin, body);

  test.each([
    ["a suspension", () => post(`/v1/agents/${agent.id}/suspend`)],
    ["a revocation", () => post(`/v1/agents/${agent.id}/revoke`)],
    ["a role", () => post(`/v1/agents/${agent.id}/role`, { role: "runner" })],
    ["a kill switch", () => post("/v1/switches", { scope: "agent", target: agent.id, reason: "drill" })],
    ["an unlinked identity", () => post(`/v1/agents/${reviewer.id}/unlink-identity`)],
    ["a report key", () => post(`/v1/agents/${agent.id}/report-key`, { jwk: null })],
  ] as const)("INV-05: %s: a repeat waits as well, for the first may be a moment old", async (_, change) => {
    expect(await waits(change())).toBe(1);
    expect(await waits(change())).toBe(1);
  });

  test("INV-05: a suspension that is repeated is on the ledger once", async () => {
    for (const verb of ["suspend", "suspend"]) await post(`/v1/agents/${agent.id}/${verb}`)();
    const sql = "SELECT COUNT(*) AS n FROM ledger WHERE event = 'principal_suspended' AND body LIKE ?1";
    expect(await env.DB.prepare(sql).bind(`%${agent.id}%`).first("n")).toBe(1);
  });

  test("INV-08: the end of a standing approval waits for votes that are on their way", async () => {
    const made = await call("POST", "/v1/standing-approvals", reviewer.key, {
      destination: "crm.held",
    });
    const end = () => call("POST", `/v1/standing-approvals/${made.body.id}/revoke`, reviewer.key);
    expect(await waits(end)).toBe(1);
    expect(await waits(end)).toBe(1);
  });
});

describe("a request that waits for D1", () => {
  /** Has the next batch of writes of an intent wait, and tells when it does. */
  function holdAppend() {
    const real = env.DB.batch.bind(env.DB);
    const state = { held: false, released: false, done: false };
    vi.spyOn(env.DB, "batch").mockImplementation(async (statements) => {
      const { statement } = statements[0] as unknown as { readonly statement: string };
      const isAppend = statement.includes("INTO ledger") && !state.done;
      if (isAppend) {
        state.done = true;
        state.held = true;
        while (!state.released) await scheduler.wait(5);
      }
      return real(statements);
    });
    return state;
  }

  async function whileHeld<T>(request: () => Promise<T>, change: () => Promise<unknown>): Promise<T> {
    const state = holdAppend();
    const answer = request();
    await until(() => expect(state.held).toBe(true));
    await change();
    // Whoever suspended it has the confirmation by now.
    await scheduler.wait(400);
    state.released = true;
    return answer;
  }

  const rotate = (id: string) =>
    env.DB.prepare("UPDATE principals SET key_epoch = key_epoch + 1 WHERE id = ?1").bind(id).run();

  test.each([
    ["suspended", suspend, "agent_inactive"],
    ["given another key", rotate, "invalid_key"],
  ] as const)("INV-05: an agent that is %s meanwhile gets no order", async (_, change, code) => {
    const intent = await propose(agent, proposal("crm.small"), "approved");
    await until(async () => {
      const rows = await env.DB.prepare("SELECT 1 FROM ledger WHERE intent_id = ?1").bind(intent).all();
      expect(rows.results.length).toBe(3);
    });
    const answer = await whileHeld(
      () => call("POST", `/v1/intents/${intent}/execute`, agent.key),
      () => change(agent.id),
    );
    expect(answer.body.code, answer.text).toBe(code);
    expect(answer.text).not.toMatch(/gex_|execution_token|"jws"/);
  });

  test.each([
    ["suspended", suspend, "agent_inactive"],
    ["given another key", rotate, "invalid_key"],
  ] as const)("INV-05: an agent that is %s meanwhile gets no claim", async (_, change, code) => {
    const { id, token } = await ordered(agent);
    const answer = await whileHeld(
      () => call("POST", `/v1/executions/${id}/claim`, token),
      () => change(agent.id),
    );
    expect(answer.body.code, answer.text).toBe(code);
  });

  test.each([
    ["suspended", suspend, "agent_inactive"],
    ["given another key", rotate, "invalid_key"],
  ] as const)("INV-05: an agent that is %s meanwhile gets no download", async (_, change, code) => {
    const intent = await propose(agent, proposal("crm.small"), "approved");
    const delivery = await call("POST", "/v1/deliver", agent.key, { intentId: intent });
    const path = new URL(delivery.body.url as string).pathname;
    const answer = await whileHeld(
      () => call("GET", path, ""),
      () => change(agent.id),
    );
    expect(answer.body.code, answer.text).toBe(code);
  });
});

test.each([
  ["suspended", suspend],
  [
    "given another key",
    (id: string) => env.DB.prepare("UPDATE principals SET key_epoch = 9 WHERE id = ?1").bind(id).run(),
  ],
] as const)(
  "INV-05: a reviewer who is %s during a batch of votes casts no further vote",
  async (_, change) => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, () => propose(agent, proposal("crm.held"), "pending_approval")),
    );
    const principal = await ports.principals.byKey(reviewer.key, "fresh");
    if (principal === null) throw new Error("no reviewer");
    freeze();
    let found = 0;
    const request = forRequest({
      ...ports,
      intents: {
        ...ports.intents,
        find(id) {
          found += 1;
          if (found === 10) {
            void change(reviewer.id);
            later(400);
          }
          return ports.intents.find(id);
        },
      },
    });
    const votes = ids.map((id) => ({
      id,
      vote: { decision: "reject" as const, digest: "", note: fresh("note"), onBehalfOf: null },
    }));
    const results = await voteOnSeveral({ principal, assurance: "key" }, votes, request);
    const after = results.slice(16);
    expect(after.map((result) => (result.kind === "refused" ? result.failure.kind : result.kind))).toEqual(
      after.map(() => "not_reviewer"),
    );
  },
);
