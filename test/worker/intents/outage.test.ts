import { beforeAll, describe, expect, test, vi } from "vitest";
import {
  abortAllDurableObjects,
  evictDurableObject,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import {
  proposal,
  call,
  eventsOf,
  flushed,
  freeze,
  fresh,
  ledgerOf,
  MINUTE_MS,
  objectOf,
  ordered,
  propose,
  register,
  stateOf,
  until,
} from "../../support/worker/gate.ts";
import { bindings } from "../../support/worker/bindings.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import { sha256Hex } from "../../../src/core/base/digest.ts";
import { faultsOf } from "../../support/worker/chain.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
  // The policy texts are stored before the first outage, as in a Worker that has been running.
  for (const destination of ["crm.small", "crm.held", "own.claimed", "own.pulled"]) {
    await call("POST", "/v1/intents", agent.key, proposal(destination));
  }
});

/** From now on D1 takes no batch of writes. */
function breakD1() {
  vi.spyOn(console, "error").mockImplementation(() => {});
  return vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("D1_ERROR: overloaded"));
}

function repairD1(): void {
  vi.mocked(env.DB.batch).mockRestore();
}

const execute = (id: string) => call("POST", `/v1/intents/${id}/execute`, agent.key);

/** Everything once, in order, and nothing wrong with it. */
async function expectWhole(intent: string, events: readonly string[]): Promise<void> {
  const rows = await flushed(intent);
  expect(rows.map(({ event }) => event)).toEqual(events);
  expect(await faultsOf(rows)).toEqual([]);
}

const HAPPY = ["proposed", "policy_checked", "approved", "execution_requested"] as const;

describe("INV-17: nothing leaves Gate while D1 can't be written", () => {
  test("INV-17: proposals, decisions and reads go on, orders wait, and every entry is in D1 once afterwards", async () => {
    breakD1();
    const small = await propose(agent, proposal("crm.small"), "approved");
    const held = await propose(agent, proposal("crm.held"), "pending_approval");
    expect((await call("POST", `/v1/intents/${held}/approve`, reviewer.key)).body.status).toBe("approved");
    expect((await call("GET", `/v1/intents/${small}`, agent.key)).body.status).toBe("approved");
    for (const id of [small, held]) {
      const answer = await execute(id);
      expect(answer.status).toBe(503);
      expect(answer.body.code).toBe("ledger_unavailable");
      expect(answer.headers.get("Retry-After")).toBe("5");
      expect(answer.text).not.toMatch(/gex_|exe_/);
    }
    expect(await ledgerOf(small)).toEqual([]);
    repairD1();
    for (const id of [small, held]) {
      const { status, body } = await execute(id);
      expect([200, 201]).toContain(status);
      expect(body.execution_token).toMatch(/^gex_/);
    }
    await expectWhole(small, HAPPY);
    await expectWhole(held, [
      "proposed",
      "policy_checked",
      "approval_requested",
      "approval_vote_recorded",
      "approved",
      "execution_requested",
    ]);
  });

  test("INV-17: a claim waits as well, and the worker that retries gets it once", async () => {
    const { intent, id, token } = await ordered(agent, proposal("own.claimed"));
    const claim = () => call("POST", `/v1/executions/${id}/claim`, token);
    breakD1();
    expect((await claim()).body.code).toBe("ledger_unavailable");
    expect((await claim()).body.code).toBe("ledger_unavailable");
    repairD1();
    const answers = await Promise.all(Array.from({ length: 5 }, claim));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409, 409]);
    expect((await call("POST", `/v1/executions/${id}/report`, token, { status: "succeeded" })).status).toBe(
      200,
    );
    const undone = ["execution_claimed", "execution_claim_undone"];
    await expectWhole(intent, [...HAPPY, ...undone, ...undone, "execution_claimed", "execution_succeeded"]);
  });

  test("INV-17: a download that could not be recorded is not used up", async () => {
    const payload = JSON.stringify({ row: fresh("pulled") });
    const intentId = await propose(agent, proposal("own.pulled", { payload }), "approved");
    const { deliveryToken } = (await call("POST", "/v1/deliver", agent.key, { intentId })).body;
    const download = () => call("GET", `/v1/download/${deliveryToken}`);
    breakD1();
    const refused = await download();
    expect(refused.status).toBe(503);
    expect(refused.text).not.toContain("pulled");
    repairD1();
    expect((await download()).text).toBe(payload);
    expect((await download()).status).toBe(410);
    await expectWhole(intentId, [
      ...HAPPY,
      "execution_claimed",
      "execution_claim_undone",
      "execution_claimed",
    ]);
  });

  test("INV-17: a delivery is an order and waits", async () => {
    const intentId = await propose(agent, proposal("own.pulled"), "approved");
    breakD1();
    const answer = await call("POST", "/v1/deliver", agent.key, { intentId });
    expect(answer.status).toBe(503);
    expect(answer.text).not.toContain("dlv_");
    repairD1();
    expect((await call("POST", "/v1/deliver", agent.key, { intentId })).status).toBe(200);
  });

  test("INV-17: a report is accepted, because it states what already happened", async () => {
    const { intent, id, token } = await ordered(agent);
    breakD1();
    expect((await call("POST", `/v1/executions/${id}/report`, token, { status: "succeeded" })).status).toBe(
      200,
    );
    expect((await ledgerOf(intent)).at(-1)?.event).toBe("execution_requested");
    repairD1();
    expect(await runDurableObjectAlarm(objectOf(intent))).toBe(true);
    await expectWhole(intent, [...HAPPY, "execution_succeeded"]);
  });

  test("INV-17: a policy whose text is stored decides, and one whose text is not is 503", async () => {
    freeze();
    const text = (minutes: number) => `require_approval: always\nexpiry_minutes: ${minutes}`;
    await changeRules({ ...RULES, policies: { ...RULES.policies, held: text(7) } });
    await propose(agent, proposal("crm.held"), "pending_approval");
    // As a new isolate finds it: the text is in D1, and this isolate has not seen it there.
    const known = await env.DB.prepare(
      // Other files of this runtime have texts of this policy too, some of a later clock.
      "SELECT text FROM policy_texts WHERE id = 'held' AND text LIKE '%minutes: 7%' ORDER BY first_used_at DESC LIMIT 1",
    ).first<string>("text");
    const other = (known ?? "").replace("minutes: 7", "minutes: 8");
    const hash = sha256Hex(other);
    await env.DB.prepare(
      "INSERT INTO policy_texts (hash, id, text, first_used_at) VALUES (?1, 'held', ?2, 0)",
    )
      .bind(hash, other)
      .run();
    await changeRules({ ...RULES, policies: { ...RULES.policies, held: text(8) } });
    breakD1();
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    expect((await call("GET", `/v1/intents/${id}`, agent.key)).body.policies).toMatchObject([
      { id: "held", hash },
    ]);
    await changeRules({ ...RULES, policies: { ...RULES.policies, held: text(9) } });
    expect((await call("POST", "/v1/intents", agent.key, proposal("crm.held"))).status).toBe(503);
    repairD1();
    await changeRules(RULES);
  });

  test("INV-17: an order is returned only after its flush, also while an earlier flush is in progress", async () => {
    const real = env.DB.batch.bind(env.DB);
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const batch = vi.spyOn(env.DB, "batch").mockImplementation(async (statements) => {
      await gate;
      return real(statements);
    });
    const id = await propose(agent, proposal("crm.small"), "approved");
    let isAnswered = false;
    const order = execute(id).then((answer) => {
      isAnswered = true;
      return answer;
    });
    await until(() => expect(batch).toHaveBeenCalled());
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(isAnswered).toBe(false);
    expect(await ledgerOf(id)).toEqual([]);
    release();
    expect((await order).status).toBe(201);
    await expectWhole(id, HAPPY);
  });
});

describe("INV-20: a crash leaves the whole transition or none", () => {
  test.each([
    ["evicted", async (id: string) => evictDurableObject(objectOf(id))],
    ["aborted with all others", async () => abortAllDurableObjects()],
  ])("INV-20: an object %s between commit and flush loses and doubles no entry", async (_, crash) => {
    breakD1();
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await call("POST", `/v1/intents/${id}/approve`, reviewer.key, { reason: "before the crash" });
    await crash(id);
    expect(await stateOf(id)).toBe("approved");
    repairD1();
    expect(await ledgerOf(id)).toEqual([]);
    // Without a call: the alarm that was part of the commit does it.
    expect(await runDurableObjectAlarm(objectOf(id))).toBe(true);
    await expectWhole(id, [
      "proposed",
      "policy_checked",
      "approval_requested",
      "approval_vote_recorded",
      "approved",
    ]);
    expect((await call("GET", `/v1/intents/${id}`, reviewer.key)).text).toContain("before the crash");
    const row = await env.DB.prepare("SELECT phase, seq FROM intents WHERE id = ?1").bind(id).first();
    expect(row).toEqual({ phase: "approved", seq: 5 });
  });

  test("INV-20: the alarm retries the flush as long as D1 is down", async () => {
    breakD1();
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    for (let tried = 0; tried < 8; tried += 1) {
      expect(await runDurableObjectAlarm(objectOf(id)), String(tried)).toBe(true);
    }
    repairD1();
    await runDurableObjectAlarm(objectOf(id));
    await expectWhole(id, ["proposed", "policy_checked", "approval_requested"]);
  });

  test("INV-20: a batch that D1 stored without answering is delivered again without a duplicate", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const real = env.DB.batch.bind(env.DB);
    const batch = vi.spyOn(env.DB, "batch").mockImplementation(async (statements) => {
      await real(statements);
      throw new Error("network lost");
    });
    const id = await propose(agent, proposal("crm.small"), "approved");
    expect((await execute(id)).status).toBe(503);
    expect((await ledgerOf(id)).map(({ event }) => event)).toEqual([...HAPPY]);
    batch.mockRestore();
    expect((await execute(id)).status).toBe(200);
    await evictDurableObject(objectOf(id));
    expect((await execute(id)).status).toBe(200);
    await expectWhole(id, HAPPY);
  });

  test("INV-20: an older batch that arrives late does not revert the list row", async () => {
    const late: D1PreparedStatement[][] = [];
    const real = env.DB.batch.bind(env.DB);
    const batch = vi.spyOn(env.DB, "batch").mockImplementation(async (statements) => {
      late.push(statements);
      return real(statements);
    });
    const { intent, id, token } = await ordered(agent);
    await call("POST", `/v1/executions/${id}/report`, token, { status: "succeeded" });
    await flushed(intent);
    batch.mockRestore();
    for (const statements of late.toReversed()) await env.DB.batch(statements);
    expect(await env.DB.prepare("SELECT phase FROM intents WHERE id = ?1").bind(intent).first("phase")).toBe(
      "succeeded",
    );
    await expectWhole(intent, [...HAPPY, "execution_succeeded"]);
  });

  test.each(["entries:", "notes:", "intent"])(
    "INV-20: when storing %s fails, no part of the transition is stored",
    async (prefix) => {
      const id = await propose(agent, proposal("crm.held"), "pending_approval");
      const before = await flushed(id);
      const stub = objectOf(id);
      // The object's own commit, with a store that fails in the middle; the error stays inside.
      const failed = await runInDurableObject(stub, async (object, { storage }) => {
        const put = storage.kv.put.bind(storage.kv);
        Object.defineProperty(storage.kv, "put", {
          configurable: true,
          value: (key: string, value: unknown) => {
            if (key.startsWith(prefix)) throw new Error("disk full");
            put(key, value);
          },
        });
        try {
          await object.handle({ type: "revoke", by: reviewer.id, note: "never kept" });
          return false;
        } catch {
          return true;
        } finally {
          Object.defineProperty(storage.kv, "put", { configurable: true, writable: true, value: put });
        }
      });
      expect(failed).toBe(true);
      expect(await stateOf(id)).toBe("pending_approval");
      await evictDurableObject(stub);
      expect(await stateOf(id)).toBe("pending_approval");
      expect(await eventsOf(id)).toEqual(before.map(({ event }) => event));
      expect((await call("GET", `/v1/intents/${id}`, reviewer.key)).text).not.toContain("never kept");
      // And it goes on from there.
      expect((await call("POST", `/v1/intents/${id}/approve`, reviewer.key)).status).toBe(200);
      await expectWhole(id, [
        "proposed",
        "policy_checked",
        "approval_requested",
        "approval_vote_recorded",
        "approved",
      ]);
    },
  );

  test("INV-20: a queue that accepts nothing blocks no command, and the alarm keeps the deadline", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const queue = bindings["EVENTS"];
    const send = vi.spyOn(env.EVENTS, "send").mockRejectedValue(new Error("queue down"));
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    await flushed(id);
    await until(() => expect(send).toHaveBeenCalled());
    const { expires_at: expires } = (await call("GET", `/v1/intents/${id}`, agent.key)).body;
    await runDurableObjectAlarm(objectOf(id));
    const alarm = await runInDurableObject(objectOf(id), (_, { storage }) => storage.getAlarm());
    // Approvers are reminded at half of the half hour's wait.
    expect(alarm).toBe(Date.parse(expires) - 15 * MINUTE_MS);
    expect(bindings["EVENTS"]).toBe(queue);
  });
});
