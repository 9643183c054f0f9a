import { beforeAll, describe, expect, test } from "vitest";
import { CREDENTIAL, internet, out, readsOf, setEgressScene } from "../../support/worker/egress.ts";
import { admin, call, eventsOf, register, stateOf, until } from "../../support/worker/gate.ts";

beforeAll(() => setEgressScene());

const JSON_TYPE = { "Content-Type": "application/json" };

/** A write that needs approval. */
const REFUND = { method: "POST", headers: JSON_TYPE, body: '{"amount":900}' } as const;
const REFUNDS = "https://crm.example.com/v1/refunds";

/** A write that policy approves. */
const NOTE = { method: "POST", headers: JSON_TYPE, body: '[{"note":"called back"}]' } as const;

describe("a Dynamic Worker behind GovernedEgress", () => {
  test("INV-21: reads with Gate's credential, which it never sees, and the read is counted", async () => {
    const arrived = internet(({ headers }) => Response.json({ said: headers["authorization"] }));
    const agent = await register("agent");
    const answer = await out({ agent: agent.id }, "https://crm.example.com/v1/leads?page=2");
    expect(answer.status).toBe(200);
    expect(arrived).toMatchObject([
      { method: "GET", url: "https://crm.example.com/v1/leads?page=2", redirect: "manual" },
    ]);
    expect(arrived[0]?.headers["authorization"]).toBe(`Bearer ${CREDENTIAL}`);
    expect(answer.text).not.toContain(CREDENTIAL);
    await until(async () => expect(await readsOf(agent.id)).toEqual({ "crm.out": 1 }));
  });

  test("writes at once where policy approves, and the ledger has it", async () => {
    const arrived = internet(() => Response.json({ id: "note_1" }, { status: 201 }));
    const agent = await register("agent");
    const answer = await out({ agent: agent.id }, "https://crm.example.com/v1/notes", NOTE);
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({ id: "note_1" });
    expect(arrived).toMatchObject([
      { method: "POST", url: "https://crm.example.com/v1/notes", text: NOTE.body },
    ]);
    const intent = String(answer.headers.get("X-Gate-Intent-Id"));
    expect(await eventsOf(intent)).toEqual([
      "proposed",
      "policy_checked",
      "approved",
      "execution_requested",
      "execution_claimed",
      "execution_succeeded",
    ]);
  });

  test("INV-11: has its write held, and Gate sends it once after the approval", async () => {
    const arrived = internet(() => Response.json({ id: "re_1" }));
    const agent = await register("agent");
    const reviewer = await register("reviewer");
    const held = await out({ agent: agent.id }, REFUNDS, REFUND);
    expect(held.status).toBe(202);
    expect(held.body.status).toBe("pending_approval");
    const { intentId } = held.body;
    expect((await call("GET", `/v1/intents/${intentId}`, admin)).body.destination).toBe("crm.out-held");
    expect(arrived).toEqual([]);

    expect((await call("POST", `/v1/intents/${intentId}/approve`, reviewer.key, {})).status).toBe(200);
    await until(async () => expect(await stateOf(intentId)).toBe("succeeded"));
    const again = { ...REFUND, headers: { ...JSON_TYPE, "X-Gate-Intent-Id": intentId } };
    const answers = await Promise.all([1, 2, 3].map(() => out({ agent: agent.id }, REFUNDS, again)));
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ id: "re_1" });
    }
    expect(arrived).toMatchObject([{ method: "POST", url: REFUNDS, text: REFUND.body }]);
  });

  test("INV-09: can't send another write under an approved id", async () => {
    const arrived = internet();
    const agent = await register("agent");
    const reviewer = await register("reviewer");
    const { intentId } = (await out({ agent: agent.id }, REFUNDS, REFUND)).body;
    const headers = { ...JSON_TYPE, "X-Gate-Intent-Id": intentId };
    await call("POST", `/v1/intents/${intentId}/approve`, reviewer.key, {});
    const more = await out({ agent: agent.id }, REFUNDS, { ...REFUND, body: '{"amount":901}', headers });
    expect(more.status).toBe(409);
    expect(more.body.code).toBe("request_mismatch");
    await until(async () => expect(await stateOf(intentId)).toBe("succeeded"));
    expect(arrived.map(({ text }) => text)).toEqual([REFUND.body]);
  });

  test.each([
    [{}, 200],
    [{ Connection: "content-type" }, 202],
    [{ "Content-Type": "application/json; for=gate_sk_12345678" }, 202],
  ])(
    "INV-00: has unknown measurements where the declared type is not sent on: %j",
    async (headers, status) => {
      const arrived = internet();
      const agent = await register("agent");
      const answer = await out({ agent: agent.id }, "https://crm.example.com/v1/paid", {
        method: "POST",
        headers: { ...JSON_TYPE, ...headers },
        body: '{"amount":1,"x":"&amount=900&"}',
      });
      expect(answer.status).toBe(status);
      expect(arrived).toHaveLength(status === 200 ? 1 : 0);
    },
  );

  test("learns of a rejection, and nothing is sent", async () => {
    const arrived = internet();
    const agent = await register("agent");
    const reviewer = await register("reviewer");
    const { intentId } = (await out({ agent: agent.id }, REFUNDS, REFUND)).body;
    await call("POST", `/v1/intents/${intentId}/reject`, reviewer.key, { reason: "no such order" });
    const headers = { ...JSON_TYPE, "X-Gate-Intent-Id": intentId };
    const answer = await out({ agent: agent.id }, REFUNDS, { ...REFUND, headers });
    expect(answer.status).toBe(403);
    expect(answer.body.code).toBe("write_blocked");
    expect(arrived).toEqual([]);
  });

  test("INV-23: sends its own credential where Gate has none, on the repeat after the approval", async () => {
    const arrived = internet();
    const agent = await register("agent");
    const reviewer = await register("reviewer");
    const own = { ...REFUND, headers: { ...JSON_TYPE, Authorization: "Bearer of-the-agent" } };
    const url = "https://own.example.com/api/orders";
    const { intentId } = (await out({ agent: agent.id }, url, own)).body;
    await call("POST", `/v1/intents/${intentId}/approve`, reviewer.key, {});
    expect(arrived).toEqual([]);
    const repeat = { ...own, headers: { ...own.headers, "X-Gate-Intent-Id": intentId } };
    expect((await out({ agent: agent.id }, url, repeat)).status).toBe(200);
    expect((await out({ agent: agent.id }, url, repeat)).status).toBe(200);
    expect(arrived).toMatchObject([{ url, headers: { authorization: "Bearer of-the-agent" } }]);
  });

  test("INV-09: held with one credential of its own, a write is not sent with another", async () => {
    const arrived = internet();
    const agent = await register("agent");
    const reviewer = await register("reviewer");
    const url = "https://own.example.com/api/orders";
    const asking = (token: string, more = {}) =>
      out({ agent: agent.id }, url, { ...REFUND, headers: { ...JSON_TYPE, Authorization: token, ...more } });
    const { intentId } = (await asking("Bearer one")).body;
    await call("POST", `/v1/intents/${intentId}/approve`, reviewer.key, {});
    const other = await asking("Bearer other", { "X-Gate-Intent-Id": intentId });
    expect(other.body).toMatchObject({ status: 409, code: "credential_changed", intent_id: intentId });
    expect(arrived).toEqual([]);
    expect((await asking("Bearer one", { "X-Gate-Intent-Id": intentId })).status).toBe(200);
    expect(arrived).toMatchObject([{ headers: { authorization: "Bearer one" } }]);
  });

  test("can't reach a destination whose writes a runner executes", async () => {
    const arrived = internet();
    const agent = await register("agent");
    const answer = await out({ agent: agent.id }, "https://runner.example.com/x", REFUND);
    expect(answer.body).toMatchObject({ status: 403, code: "destination_not_proxied" });
    expect(arrived).toEqual([]);
  });

  test("INV-22: gets a redirect unfollowed, and its target is governed like everything else", async () => {
    const arrived = internet(() => Response.redirect("https://elsewhere.example.com/v1/leads", 302));
    const agent = await register("agent");
    const first = await out({ agent: agent.id }, "https://crm.example.com/v1/leads");
    expect(first.status).toBe(302);
    expect(first.headers.get("Location")).toBe("https://elsewhere.example.com/v1/leads");
    const followed = await out({ agent: agent.id }, "https://crm.example.com/v1/leads", {
      redirect: "follow",
    });
    expect(followed.body).toMatchObject({ status: 403, code: "host_not_allowed" });
    expect(arrived.map(({ url }) => new URL(url).host)).toEqual(["crm.example.com", "crm.example.com"]);
  });

  test("has no WebSocket, no socket and no tunnel", async () => {
    const arrived = internet();
    const agent = await register("agent");
    const props = { agent: agent.id };
    const upgrade = { headers: { Upgrade: "websocket" } };
    expect((await out(props, "https://crm.example.com/v1/leads", upgrade)).body.code).toBe("upgrade_refused");
    const tunnel = await out(props, "https://crm.example.com/", { method: "CONNECT" });
    expect(tunnel.text).toContain("Invalid HTTP method");
    expect((await out(props, "crm.example.com:443", {}, "connect")).text).not.toBe("answered");
    expect(arrived).toEqual([]);
  });
});

describe("the agent of an egress request", () => {
  const LEADS = "https://crm.example.com/v1/leads";

  test("is the binding's, by name or id, whatever key the code sends", async () => {
    const arrived = internet();
    const [mine, other] = [await register("agent"), await register("agent")];
    const { name } = (await call("GET", `/v1/agents/${mine.id}`, admin)).body;
    const headers = { "X-Gate-Key": other.key, Authorization: `Bearer ${other.key}` };
    for (const agent of [mine.id, name]) {
      expect((await out({ agent }, LEADS, { headers })).status).toBe(200);
    }
    await until(async () => expect(await readsOf(mine.id)).toEqual({ "crm.out": 2 }));
    expect(await readsOf(other.id)).toEqual({});
    expect(JSON.stringify(arrived)).not.toContain(other.key);
  });

  test("is identified by a key where the binding names none, as at the reverse proxy", async () => {
    const arrived = internet();
    const agent = await register("agent");
    for (const headers of [{ "X-Gate-Key": agent.key }, { Authorization: `Bearer ${agent.key}` }]) {
      for (const props of [{}, undefined]) {
        expect((await out(props, LEADS, { headers })).status).toBe(200);
      }
    }
    expect(JSON.stringify(arrived)).not.toContain(agent.key);
    expect((await out({}, LEADS)).body).toMatchObject({ status: 401, code: "unauthorized" });
    const made = await out({}, LEADS, { headers: { "X-Gate-Key": "gate_sk_made_up" } });
    expect(made.body).toMatchObject({ status: 401, code: "invalid_key" });
    expect(arrived).toHaveLength(4);
  });

  test.each([
    ["an unknown name", "no-such-agent"],
    ["an unknown id", "agt_0123456789abcdefghijkl"],
    ["no name", ""],
    ["a name of Gate's own", "system"],
    ["null", null],
    ["a number", 7],
    ["a list", ["agent-1"]],
    ["a very long text", "a".repeat(100_000)],
  ])("is never guessed: %s is refused, even beside a valid key", async (_, agent) => {
    const arrived = internet();
    const { key } = await register("agent");
    const answer = await out({ agent }, LEADS, { headers: { "X-Gate-Key": key } });
    expect(answer.body).toMatchObject({ status: 403, code: "agent_unknown" });
    expect(arrived).toEqual([]);
  });

  test("is never matched by a lookalike name", async () => {
    const { id } = await register("agent");
    const { name } = (await call("GET", `/v1/agents/${id}`, admin)).body;
    for (const agent of [
      name.toUpperCase(),
      ` ${name}`,
      `${name}\u200b`,
      id.toLowerCase() === id ? "" : id.toLowerCase(),
    ]) {
      expect((await out({ agent }, LEADS)).body.code).toBe("agent_unknown");
    }
  });

  test.each(["reviewer", "runner", "auditor", "admin"])("is never a principal of role %s", async (role) => {
    const arrived = internet();
    const { id } = await register(role);
    expect((await out({ agent: id }, LEADS)).body).toMatchObject({ status: 403, code: "forbidden" });
    expect(arrived).toEqual([]);
  });

  test("INV-05: reaches nothing once it is suspended", async () => {
    const arrived = internet();
    const agent = await register("agent");
    expect((await out({ agent: agent.id }, LEADS)).status).toBe(200);
    await call("POST", `/v1/agents/${agent.id}/suspend`, admin);
    expect((await out({ agent: agent.id }, LEADS)).body).toMatchObject({
      status: "suspended",
      code: "agent_inactive",
    });
    expect(arrived).toHaveLength(1);
  });

  test("INV-02: is limited by its allowed destinations", async () => {
    const arrived = internet();
    const agent = await register("agent", { allowedDestinations: ["crm.small"] });
    expect((await out({ agent: agent.id }, LEADS)).body.code).toBe("destination_not_allowed");
    const write = await out({ agent: agent.id }, "https://crm.example.com/v1/notes", NOTE);
    expect(write.body.reason_code).toBe("agent_destination_not_allowed");
    expect(arrived).toEqual([]);
  });

  test("INV-06: can't read the outcome of another agent's write", async () => {
    internet();
    const [mine, other] = [await register("agent"), await register("agent")];
    const { intentId } = (await out({ agent: mine.id }, REFUNDS, REFUND)).body;
    const headers = { ...JSON_TYPE, "X-Gate-Intent-Id": intentId };
    const response = await out({ agent: other.id }, REFUNDS, { ...REFUND, headers });
    expect(response.body).toMatchObject({ status: 404, code: "intent_not_found" });
  });
});
