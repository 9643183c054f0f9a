import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { call, eventsOf, register, send, stateOf, until } from "../../support/worker/gate.ts";
import { bindings } from "../../support/worker/bindings.ts";
import { changeRules, flooding, RULES } from "../../support/worker/rules.ts";
import {
  approved,
  CREDENTIAL,
  heldThrough,
  through,
  upstream,
  type Arrived,
} from "../../support/worker/sent-writes.ts";
import type { Principal } from "../../support/client.ts";

const UPSTREAM = "https://api.example.com";
const ADMIN = "gate_ak_test_only";

const DESTINATIONS = `
  crm.small: { policies: [small], upstream: "${UPSTREAM}", prefix: /up, credential: up, reads: [{ method: GET, path: /v1/* }, { method: POST, path: /v1/search }], headers: [X-Tenant] }
  crm.held: { policies: [held], upstream: "${UPSTREAM}/v1/refunds", prefix: /up/v1/refunds, credential: up, idempotency_header: Idempotency-Key }
  crm.once: { policies: [small], upstream: "${UPSTREAM}/once", prefix: /once, credential: up, idempotent: true, idempotency_header: Idempotency-Key }
  crm.once-held: { policies: [held], upstream: "${UPSTREAM}/once-held", prefix: /once-held, credential: up, idempotent: true, idempotency_header: Idempotency-Key }
  crm.single: { policies: [small], upstream: "${UPSTREAM}/single", prefix: /single, credential: up, records: single }
  crm.editable: { policies: [editable], upstream: "${UPSTREAM}/edited", prefix: /edited, credential: up }
  crm.billed: { policies: [editable], upstream: "${UPSTREAM}/billed", prefix: /billed, credential: up, amount: { path: usd, unit: major, currency: USD } }
  crm.measured: { policies: [measured], upstream: "${UPSTREAM}/own", prefix: /own, idempotency_header: Idempotency-Key }
  crm.by-ana: { policies: [held], upstream: "${UPSTREAM}/own-held", prefix: /own-held }
  crm.worded: { policies: [worded], upstream: "${UPSTREAM}/worded", prefix: /worded, credential: up }
  crm.paid: { policies: [paid, small], upstream: "${UPSTREAM}/paid", prefix: /paid, credential: up, amount: { path: usd, unit: major, currency: USD } }
`;

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  bindings["UP_KEY"] = CREDENTIAL;
  agent = await register("agent");
  reviewer = await register("reviewer");
  const people = RULES.registry.slice(0, RULES.registry.indexOf("\ndestinations:"));
  const registry = `${people}\ndestinations:${DESTINATIONS}credentials: { up: { ref: env://UP_KEY } }\n`;
  const policies = {
    ...RULES.policies,
    small: "auto_approve_under: 100\nrequire_approval_over: 100",
  };
  await changeRules({ policies, registry });
});

let arrived: Arrived[];
let answer: (request: Arrived) => Response | Promise<Response>;

const ok = () => Response.json({ id: "re_1" }, { headers: { "Request-Id": "req_1" } });

beforeEach(() => {
  answer = ok;
  arrived = upstream((request) => answer(request));
});

describe("the caller of the proxy", () => {
  const basic = (pair: string) => `Basic ${btoa(pair)}`;

  test.each([
    ["the header for it", (key: string) => ({ "X-Gate-Key": key })],
    ["the header for it, as a bearer token", (key: string) => ({ "X-Gate-Key": `Bearer ${key}` })],
    ["a bearer token", (key: string) => ({ Authorization: `Bearer ${key}` })],
    ["a password", (key: string) => ({ Authorization: basic(`AC123:${key}`) })],
    ["a user's name", (key: string) => ({ Authorization: basic(`${key}:`) })],
    [
      "the header for it, beside a token of the agent's",
      (key: string) => ({ "X-Gate-Key": key, Authorization: "Bearer its-own" }),
    ],
  ])("INV-23: is identified by %s, which is not forwarded", async (_, headers) => {
    const sent = await send("/up/v1/things", { headers: headers(agent.key) });
    expect(sent.status).toBe(200);
    expect(arrived[0]?.headers.get("Authorization")).toBe(`Bearer ${CREDENTIAL}`);
    expect(JSON.stringify([...(arrived[0]?.headers ?? [])])).not.toContain(agent.key);
    expect(arrived[0]?.headers.has("X-Gate-Key")).toBe(false);
  });

  test.each([
    ["no key", {}, 401],
    ["an unknown key", { "X-Gate-Key": "gate_sk_unknown_unknown_unknown" }, 401],
    ["a token that is no key", { Authorization: "Bearer sk_live_abc" }, 401],
    ["an empty key", { "X-Gate-Key": "" }, 401],
    ["broken basic authentication", { Authorization: "Basic %%%" }, 401],
  ])("a request with %s is refused", async (_, headers, status) => {
    for (const path of ["/up/v1/things", "/up/v1/refunds"]) {
      const sent = await send(path, {
        method: "POST",
        headers: headers as Record<string, string>,
        body: "x",
      });
      expect(sent.status).toBe(status);
      expect(sent.headers.get("Content-Type")).toBe("application/problem+json");
    }
    expect(arrived).toHaveLength(0);
  });

  test.each(["reviewer", "runner", "auditor"])("roles: a %s's key does not open the proxy", async (role) => {
    const { key } = await register(role);
    expect((await send("/up/v1/things", { headers: { "X-Gate-Key": key } })).body.code).toBe("forbidden");
    expect(arrived).toHaveLength(0);
  });

  test("INV-05: a suspended agent neither reads nor writes", async () => {
    const suspended = await register("agent");
    await call("POST", `/v1/agents/${suspended.id}/suspend`, ADMIN);
    for (const method of ["GET", "POST"]) {
      const sent = await through(suspended, {
        path: "/up/v1/x",
        method,
        body: method === "GET" ? null : "{}",
      });
      expect(sent.body.code).toBe("agent_inactive");
    }
    expect(arrived).toHaveLength(0);
  });

  test("INV-02: an agent's allowed destinations apply to reads and writes", async () => {
    const narrow = await register("agent", { allowed_destinations: ["crm.other"] });
    const read = await through(narrow, { path: "/up/v1/x", method: "GET", body: null });
    expect([read.status, read.body.code]).toEqual([403, "destination_not_allowed"]);
    const write = await through(narrow, { path: "/up/x" });
    expect([write.status, write.body.reason_code]).toEqual([403, "agent_destination_not_allowed"]);
    expect(arrived).toHaveLength(0);
  });

  test("INV-05: a kill switch stops reads and writes", async () => {
    const stopped = await register("agent");
    await call("POST", "/v1/switches", ADMIN, { scope: "agent", target: stopped.id, reason: "incident" });
    const read = await through(stopped, { path: "/up/v1/x", method: "GET", body: null });
    expect(read.body.code).toBe("kill_switch_engaged");
    expect((await through(stopped, { path: "/up/x" })).status).toBeGreaterThanOrEqual(400);
    expect(arrived).toHaveLength(0);
  });
});

describe("reads through the proxy", () => {
  test("pass at once, are counted, and create no intent", async () => {
    const reading = await register("agent");
    answer = () =>
      new Response("a,b\n", { status: 203, headers: { "Content-Type": "text/csv", "Set-Cookie": "a=b" } });
    const sent = await through(reading, { path: "/up/v1/things?limit=3&q=%20", method: "GET", body: null });
    expect([sent.status, sent.text]).toEqual([203, "a,b\n"]);
    expect(sent.headers.get("Set-Cookie")).toBeNull();
    expect(sent.headers.get("X-Gate-Intent-Id")).toBeNull();
    expect(arrived[0]?.url).toBe(`${UPSTREAM}/v1/things?limit=3&q=%20`);
    const search = await through(reading, { path: "/up/v1/search", body: '{"q":"x"}' });
    expect(search.status).toBe(203);
    expect(arrived[1]?.text).toBe('{"q":"x"}');
    await until(async () => {
      const { body } = await call("GET", "/v1/reads", reading.key);
      expect(body.reads.map(({ count }: { count: number }) => count)).toEqual([2]);
    });
    expect((await call("GET", "/v1/intents", reading.key)).body.count).toBe(0);
  });

  test.each([
    ["a path that is not listed", "GET", "/up/v2/things"],
    ["a method that is not listed", "DELETE", "/up/v1/things"],
    ["a parameter that changes the method", "GET", "/up/v1/things?_method=DELETE"],
    ["OPTIONS", "OPTIONS", "/up/v1/things"],
  ])("%s counts as a write", async (_, method, path) => {
    const sent = await through(agent, { path, method, body: null });
    expect(sent.headers.get("X-Gate-Intent-Id")).toMatch(/^int_/);
  });

  test("INV-24: without their credential nothing is sent, and the answer says so", async () => {
    delete bindings["UP_KEY"];
    try {
      const sent = await through(agent, { path: "/up/v1/things", method: "GET", body: null });
      expect([sent.status, sent.body.code]).toEqual([503, "credential_unavailable"]);
      expect(arrived).toHaveLength(0);
    } finally {
      bindings["UP_KEY"] = CREDENTIAL;
    }
  });
});

describe("writes through the proxy", () => {
  test("when approved, are sent as they came, answered as the upstream did, and on the ledger", async () => {
    answer = () =>
      Response.json(
        { id: 1, echo: CREDENTIAL },
        { status: 201, headers: { Location: "/v1/things/1", "Request-Id": "req_9" } },
      );
    const sent = await through(agent, {
      path: "/up/v1/things/?b=2&a=1",
      method: "PATCH",
      body: '{ "a" : 1 }',
      headers: { "X-Tenant": "t1", Cookie: "c=1", "X-Forwarded-For": "1.1.1.1" },
    });
    expect(sent.status).toBe(201);
    expect(sent.body).toEqual({ id: 1, echo: "[masked]" });
    expect(sent.headers.get("Location")).toBe("/up/v1/things/1");
    const [got] = arrived;
    expect(got).toMatchObject({
      method: "PATCH",
      url: `${UPSTREAM}/v1/things/?b=2&a=1`,
      text: '{ "a" : 1 }',
    });
    expect(got?.headers.get("X-Tenant")).toBe("t1");
    for (const name of ["Cookie", "X-Forwarded-For"]) expect(got?.headers.has(name)).toBe(false);
    const intent = sent.headers.get("X-Gate-Intent-Id") ?? "";
    expect(await eventsOf(intent)).toEqual([
      "proposed",
      "policy_checked",
      "approved",
      "execution_requested",
      "execution_claimed",
      "execution_succeeded",
    ]);
    const audit = await call("GET", `/v1/intents/${intent}/audit`, ADMIN);
    expect(audit.text).not.toContain(CREDENTIAL);
  });

  test("INV-09: with a binary body arrive byte for byte", async () => {
    const bytes = new Uint8Array(70_000).map((_, at) => (at * 31) % 256);
    let got = new Uint8Array();
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      got = new Uint8Array(await new Request(input as RequestInfo, { ...init, signal: null }).arrayBuffer());
      return ok();
    });
    const { status, headers } = await send("/up/v1/refunds", {
      method: "PUT",
      headers: { "X-Gate-Key": agent.key, "Content-Type": "application/octet-stream" },
      body: bytes,
    });
    expect(status).toBe(202);
    await approved(headers.get("X-Gate-Intent-Id") ?? "", reviewer, "succeeded");
    expect(got).toEqual(bytes);
  });

  test("when blocked, are 403 with the reason, and nothing is sent", async () => {
    const sent = await through(agent, { path: "/worded/x", headers: { "X-Gate-Policy": "no-such-policy" } });
    expect(sent.status).toBe(403);
    expect(sent.body).toMatchObject({
      code: "write_blocked",
      state: "blocked",
      reason_code: "unknown_policy",
      blockReason: "There is no such policy.",
    });
    expect(sent.body.intentId).toBe(sent.headers.get("X-Gate-Intent-Id"));
    expect(arrived).toHaveLength(0);
  });

  test("when held, are 202 with the URL to poll and the interval; the longest prefix decides", async () => {
    const sent = await through(agent, { path: "/up/v1/refunds?expand=charge" });
    expect(sent.status).toBe(202);
    const { intentId } = sent.body;
    expect(sent.headers.get("X-Gate-Intent-Id")).toBe(intentId);
    expect(sent.headers.get("Location")).toBe(`/v1/intents/${intentId}`);
    expect(sent.headers.get("Retry-After")).toBe("30");
    expect(sent.body).toMatchObject({ status: "pending_approval", retryAfterSeconds: 30 });
    expect((await call("GET", `/v1/intents/${intentId}`, agent.key)).body.destination).toBe("crm.held");
    await approved(intentId, reviewer, "succeeded");
    expect(arrived.map(({ url }) => url)).toEqual([`${UPSTREAM}/v1/refunds?expand=charge`]);
    expect(arrived[0]?.headers.get("Idempotency-Key")).toBe(`gate_${intentId.slice("int_".length)}`);
  });

  test("INV-10: are evaluated with their query as well as their body", async () => {
    const body = await through(agent, { path: "/worded/x", body: "please refund it" });
    expect(body.status).toBe(202);
    const query = await through(agent, { path: "/worded/x?text=please+refund%20it", body: null });
    expect(query.status).toBe(202);
    const both = await through(agent, { path: "/worded/x?text=re%66und", body: '{"fine":1}' });
    expect(both.status).toBe(202);
    expect((await through(agent, { path: "/worded/x?text=fine", body: '{"fine":1}' })).status).toBe(200);
  });

  test("INV-13: without content are held, unless the registry says that each is one record", async () => {
    const gone = (path: string) => through(agent, { path, method: "DELETE", body: null });
    expect((await gone("/up/things/1")).status).toBe(202);
    expect((await gone("/single/things/1")).status).toBe(200);
    expect(arrived.map(({ method }) => method)).toEqual(["DELETE"]);
  });

  test("INV-26: with a body over the limit are 413, and the body is not read to its end", async () => {
    const body = new Uint8Array(10 * 1024 * 1024 + 1);
    const sent = await send("/up/x", { method: "POST", headers: { "X-Gate-Key": agent.key }, body });
    expect([sent.status, sent.body.code]).toEqual([413, "payload_too_large"]);
  });

  test("are limited for a flooding agent", async () => {
    const flooded = await register("agent");
    flooding.add(flooded.id);
    const storm = await Promise.all(
      Array.from({ length: 60 }, () => through(flooded, { path: "/up/v1/refunds" })),
    );
    expect(storm.at(-1)?.status).toBe(429);
    // Before its body is read, which would be too long.
    const long = { path: "/up/v1/refunds", body: "a".repeat(10 * 1024 * 1024 + 1) };
    expect((await through(flooded, long)).status).toBe(429);
    expect(arrived).toHaveLength(0);
  });
});

describe("INV-09: a repeated write", () => {
  test("with the intent's id waits and gets the stored response; another body is refused", async () => {
    const wanted = { path: "/up/v1/refunds/1", body: '{"amount":5}' };
    const id = await heldThrough(agent, wanted);
    const again = { ...wanted, headers: { "X-Gate-Intent-Id": id } };
    expect((await through(agent, again)).status).toBe(202);
    await approved(id, reviewer, "succeeded");
    const replayed = await through(agent, again);
    expect([replayed.status, replayed.body]).toEqual([200, { id: "re_1" }]);
    expect(replayed.headers.get("Request-Id")).toBe("req_1");
    for (const change of [
      { body: '{"amount":6}' },
      { body: '{"amount":5} ' },
      { path: "/up/v1/refunds/2" },
      { path: "/up/v1/refunds/1?x=1" },
      { method: "PUT" },
      { headers: { ...again.headers, "Content-Type": "text/plain" } },
    ]) {
      const other = await through(agent, { ...again, ...change });
      expect([other.status, other.body.code]).toEqual([409, "request_mismatch"]);
    }
    expect(arrived).toHaveLength(1);
  });

  test("INV-06: with another agent's intent id is 404", async () => {
    const wanted = { path: "/up/v1/refunds/1", body: '{"amount":7}' };
    const id = await heldThrough(agent, wanted);
    const other = await register("agent");
    const sent = await through(other, { ...wanted, headers: { "X-Gate-Intent-Id": id } });
    expect([sent.status, sent.body.code]).toEqual([404, "intent_not_found"]);
    for (const odd of ["int_x", "", "int_" + "A".repeat(43)]) {
      expect((await through(agent, { ...wanted, headers: { "X-Gate-Intent-Id": odd } })).status).toBe(404);
    }
  });

  test("INV-11: under one Idempotency-Key is one write, whatever headers its library changes", async () => {
    const wanted = { path: "/up/things", body: '{"n":1}' };
    const under = (more = {}) => ({ ...wanted, headers: { "Idempotency-Key": "once-1", ...more } });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, n) => through(agent, under({ "X-Stainless-Retry-Count": String(n) }))),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 12 }, () => 200));
    expect(new Set(answers.map(({ headers }) => headers.get("X-Gate-Intent-Id"))).size).toBe(1);
    expect(arrived).toHaveLength(1);
    expect(arrived[0]?.headers.get("Idempotency-Key")).toBe("once-1");
    const other = await through(agent, { ...under(), body: '{"n":2}' });
    expect([other.status, other.body.code]).toEqual([422, "idempotency_key_reused"]);
  });

  test("of a rejected intent is 403", async () => {
    const wanted = { path: "/up/v1/refunds/1", body: '{"amount":7}' };
    const id = await heldThrough(agent, wanted);
    await call("POST", `/v1/intents/${id}/reject`, reviewer.key, { reason: "Too much." });
    const sent = await through(agent, { ...wanted, headers: { "X-Gate-Intent-Id": id } });
    expect([sent.status, sent.body.state, sent.body.detail]).toEqual([
      403,
      "rejected",
      "A reviewer rejected this write. Too much.",
    ]);
    expect(arrived).toHaveLength(0);
  });

  test("of an edited intent is answered with the successor's outcome", async () => {
    const wanted = { path: "/edited/x", body: '{"amount":500}' };
    const id = await heldThrough(agent, wanted);
    const { intent_digest: digest } = (await call("GET", `/v1/intents/${id}`, reviewer.key)).body;
    const edited = await call("POST", `/v1/intents/${id}/edit`, reviewer.key, {
      digest,
      payload: '{"amount":5}',
      reason: "Less.",
    });
    expect(edited.status).toBe(200);
    const { successor_id: successor } = (await call("GET", `/v1/intents/${id}`, ADMIN)).body;
    await approved(successor, await register("reviewer"), "succeeded");
    expect(arrived.map(({ text }) => text)).toEqual(['{"amount":5}']);
    const sent = await through(agent, { ...wanted, headers: { "X-Gate-Intent-Id": id } });
    expect([sent.status, sent.headers.get("X-Gate-Intent-Id")]).toEqual([200, successor]);
    expect(arrived).toHaveLength(1);
  });
});

describe("INV-09: a reviewer's edit of a request", () => {
  const form = { "Content-Type": "application/x-www-form-urlencoded" };

  async function edited(payload: object) {
    const id = await heldThrough(agent, { path: "/billed/x", body: "usd=500", headers: form });
    const { intent_digest: digest } = (await call("GET", `/v1/intents/${id}`, reviewer.key)).body;
    return call("POST", `/v1/intents/${id}/edit`, reviewer.key, { digest, reason: "Less.", ...payload });
  }

  async function factsOf(id: string) {
    return (await call("GET", `/v1/intents/${id}/decision`, ADMIN)).body.facts;
  }

  test("INV-00: is measured by the type that the request declares, as the upstream will read it", async () => {
    const hidden = '{"usd":5,"x":"&usd=90000&"}';
    for (const payload_media_type of ["application/json", "text/csv", "text/plain"]) {
      const { body } = await edited({ payload: hidden, payload_media_type });
      expect(await factsOf(body.successor.intentId)).toMatchObject({
        money: "incomplete",
        typeContradiction: true,
      });
    }
    const { body } = await edited({ payload: "usd=5", payload_name: "usd.json" });
    expect(await factsOf(body.successor.intentId)).toMatchObject({
      money: "measured",
      typeContradiction: false,
    });
    expect(arrived).toHaveLength(0);
  });

  test("is refused where it is only a reference, because there would be nothing to send", async () => {
    const answered = await edited({ payload_reference: { name: "usd.csv" } });
    expect([answered.status, answered.body.code]).toEqual([422, "edit_blocked"]);
    expect(arrived).toHaveLength(0);
  });
});

/** The one intent of this agent, once it is held. */
async function heldOf({ key }: Principal): Promise<string> {
  return until(async () => {
    const { body } = await call("GET", "/v1/intents?status=pending_approval", key);
    const [first] = body.intents;
    if (first === undefined) throw new Error("nothing waits");
    return first.id as string;
  });
}

describe("waiting for a decision", () => {
  test.each([
    ["X-Gate-Wait", "true"],
    ["Prefer", "wait=60"],
    ["Prefer", "return=minimal, wait=60"],
  ])("%s: %s holds the connection until the write is decided and sent", async (name, value) => {
    const waits = await register("agent");
    const waiting = through(waits, { path: "/up/v1/refunds/w", headers: { [name]: value } });
    const id = await heldOf(waits);
    await call("POST", `/v1/intents/${id}/approve`, reviewer.key, {});
    const sent = await waiting;
    expect([sent.status, sent.body, sent.headers.get("X-Gate-Intent-Id")]).toEqual([200, { id: "re_1" }, id]);
    expect(arrived).toHaveLength(1);
    expect(arrived[0]?.headers.get("Prefer") ?? "").not.toContain("wait");
  });

  test("ends with 403 on a rejection", async () => {
    const waits = await register("agent");
    const waiting = through(waits, { path: "/up/v1/refunds/r", headers: { Prefer: "wait=60" } });
    const id = await heldOf(waits);
    await call("POST", `/v1/intents/${id}/reject`, reviewer.key, { reason: "No." });
    expect((await waiting).status).toBe(403);
  });

  test("ends with 202 when its time is over", async () => {
    const sent = await through(agent, { path: "/up/v1/refunds/o", headers: { Prefer: "wait=1" } });
    expect(sent.status).toBe(202);
  });

  test.each(["wait=x", "wait=-1", "wait", "WAIT = 0", "wait=99999999"])(
    "ignores a malformed preference Prefer: %s",
    async (prefer) => {
      const sent = await through(agent, { path: "/up/things", headers: { Prefer: prefer } });
      expect(sent.status).toBe(200);
    },
  );
});

describe("a destination without a credential of Gate's", () => {
  const own = { Authorization: "Bearer the-agents-own-token" };

  test("INV-23: stores nothing of the agent's credential when the upstream echoes it", async () => {
    const secret = "tk_9f8e7d6c5b4a39281706";
    const credentialOf = (request: Arrived) => request.headers.get("Authorization") ?? "";
    answer = (request) =>
      Response.json(
        { you: credentialOf(request) },
        { headers: { "Request-Id": credentialOf(request), "X-Echo": secret } },
      );
    const sent = await through(agent, { path: "/own/x", headers: { Authorization: `Bearer ${secret}` } });
    expect(sent.body).toEqual({ you: "Bearer [masked]" });
    const id = sent.headers.get("X-Gate-Intent-Id") ?? "";
    for (const path of ["", "/audit", "/response", "/response?format=json", "/evidence"]) {
      const shown = await call("GET", `/v1/intents/${id}${path}`, ADMIN);
      expect([shown.status, shown.text]).toEqual([200, expect.not.stringContaining(secret)]);
    }
  });

  test("sends a write approved at once with the agent's own credential", async () => {
    const sent = await through(agent, { path: "/own/x", headers: own });
    expect(sent.status).toBe(200);
    expect(arrived[0]?.headers.get("Authorization")).toBe(own.Authorization);
  });

  test("INV-23: sends a held write only with the agent's repeat, once, and stores no credential", async () => {
    const wanted = { path: "/own-held/x", headers: own, body: '{"amount":7}' };
    const held = await through(agent, wanted);
    expect(held.status).toBe(202);
    expect(held.body.message).toContain("no credential");
    const id = held.body.intentId;
    await call("POST", `/v1/intents/${id}/approve`, reviewer.key, {});
    expect(await stateOf(id)).toBe("approved");
    const shown = await call("GET", `/v1/intents/${id}`, agent.key);
    expect(shown.text).not.toContain(own.Authorization);
    const repeat = () => through(agent, { ...wanted, headers: { ...own, "X-Gate-Intent-Id": id } });
    const answers = await Promise.all(Array.from({ length: 10 }, repeat));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(arrived).toHaveLength(1);
    expect(arrived[0]?.headers.get("Authorization")).toBe(own.Authorization);
    expect((await repeat()).body).toEqual({ id: "re_1" });
    expect(arrived).toHaveLength(1);
  });
});

describe("INV-11: a destination whose provider recognises repeats", () => {
  const busy = () => new Response("later", { status: 429 });

  test("leaves the next attempt to an agent that is told to retry", async () => {
    answer = busy;
    const wanted = { path: "/once/x", body: '{"n":1}', headers: { "Idempotency-Key": "again-1" } };
    const first = await through(agent, wanted);
    expect(first.status).toBe(429);
    expect(await stateOf(first.headers.get("X-Gate-Intent-Id") ?? "")).toBe("failed");
    answer = ok;
    const second = await through(agent, wanted);
    expect([second.status, second.headers.get("X-Gate-Intent-Id")]).toEqual([
      200,
      first.headers.get("X-Gate-Intent-Id"),
    ]);
    // The key is the same for both attempts, and no other agent of the same credential can get it.
    const key = `gate_${(first.headers.get("X-Gate-Intent-Id") ?? "").slice("int_".length)}`;
    expect(arrived.map(({ headers }) => headers.get("Idempotency-Key"))).toEqual([key, key]);
    expect((await through(agent, wanted)).status).toBe(200);
    expect(arrived).toHaveLength(2);
  });

  test("stops after three attempts and answers the last response", async () => {
    answer = busy;
    const wanted = { path: "/once/x", body: '{"n":2}', headers: { "Idempotency-Key": "again-2" } };
    for (let n = 0; n < 6; n += 1) expect((await through(agent, wanted)).status).toBe(429);
    expect(arrived).toHaveLength(3);
  });

  test("does not report a held write as failed while Gate retries", async () => {
    answer = busy;
    const wanted = { path: "/once-held/x", body: '{"n":3}' };
    const id = await heldThrough(agent, wanted);
    await approved(id, reviewer, "failed");
    const repeat = await through(agent, { ...wanted, headers: { "X-Gate-Intent-Id": id } });
    expect([repeat.status, repeat.body.status]).toEqual([202, "scheduled"]);
    // So that it does not go on in the middle of another test.
    const stop = { scope: "destination", target: "crm.once-held", reason: "incident" };
    expect((await call("POST", "/v1/switches", ADMIN, stop)).status).toBeLessThan(300);
  });
});

describe("responses through the proxy", () => {
  test.each([
    [200, "succeeded"],
    [204, "succeeded"],
    [302, "indeterminate"],
    [307, "failed"],
    [404, "failed"],
    [429, "failed"],
    [500, "indeterminate"],
    [503, "indeterminate"],
  ])("with status %i are returned as they are and make the write %s", async (status, state) => {
    answer = () =>
      new Response(status === 204 ? null : "said", { status, headers: { Location: "/elsewhere" } });
    const sent = await through(agent, { path: "/up/things" });
    expect(sent.status).toBe(status);
    expect(await stateOf(sent.headers.get("X-Gate-Intent-Id") ?? "")).toBe(state);
    expect(arrived).toHaveLength(1);
  });

  test("INV-11: that never come are recorded as indeterminate, and a repeat sends nothing", async () => {
    answer = () => {
      throw new Error(`connection lost ${CREDENTIAL}`);
    };
    const wanted = { path: "/up/things", headers: { "Idempotency-Key": "lost-1" }, body: '{"amount":7}' };
    const sent = await through(agent, wanted);
    expect(sent.status).toBeGreaterThanOrEqual(502);
    expect(sent.text).not.toContain(CREDENTIAL);
    const id = sent.headers.get("X-Gate-Intent-Id") ?? "";
    expect(await stateOf(id)).toBe("indeterminate");
    const again = await through(agent, wanted);
    expect([again.status, again.body.code]).toEqual([502, "outcome_unknown"]);
    expect(arrived).toHaveLength(1);
  });

  test("have a Location that leads through Gate where possible, and never to Gate's own pages", async () => {
    for (const [location, relayed] of [
      ["/v1/refunds/7", "/up/v1/refunds/7"],
      [`${UPSTREAM}/other?x=1`, "/up/other?x=1"],
      ["https://elsewhere.example.com/v1/intents", "https://elsewhere.example.com/v1/intents"],
      ["../../v1/intents", "/up/v1/intents"],
    ] as const) {
      answer = () => new Response("{}", { status: 201, headers: { Location: location } });
      const body = '{"amount":7}';
      const sent = await through(agent, { path: "/edited/x", body });
      await approved(sent.body.intentId, reviewer, "succeeded");
      const replayed = await through(agent, {
        path: "/edited/x",
        body,
        headers: { "X-Gate-Intent-Id": sent.body.intentId },
      });
      expect(replayed.headers.get("Location")).toBe(relayed);
    }
  });
});

describe("INV-22: requests that are not forwarded", () => {
  const REFUSED = [
    ["two slashes", "/up//x", {}, "path_refused"],
    ["an escaped slash", "/up/a%2fb", {}, "path_refused"],
    ["a semicolon", "/up/a;b", {}, "path_refused"],
    ["an escape of an escape", "/up/a%252fb", {}, "path_refused"],
    ["a key of Gate's in the query", "/up/a?key=gate_sk_abcdefghijkl", {}, "path_refused"],
    ["a credential in the query", "/own/a?Api_Key=0123456789", {}, "path_refused"],
    ["an escaped one, at a read", "/up/v1/a?access%5Ftoken=0123456789", {}, "path_refused"],
    ["another method in a header", "/up/x", { "X-HTTP-Method-Override": "DELETE" }, "headers_refused"],
    ["another address in a header", "/up/x", { "X-Original-URL": "/admin" }, "headers_refused"],
    ["a compressed body", "/up/x", { "Content-Encoding": "gzip" }, "content_coding_refused"],
    ["a policy that is no name", "/up/x", { "X-Gate-Policy": "a b" }, "invalid_request"],
    ["an empty policy, which would apply none", "/up/x", { "X-Gate-Policy": "" }, "invalid_request"],
    [
      "an empty key, which would make a repeat a second write",
      "/up/x",
      { "Idempotency-Key": "" },
      "invalid_idempotency_key",
    ],
    ["a key that is too long", "/up/x", { "Idempotency-Key": "k".repeat(300) }, "invalid_idempotency_key"],
  ] as const;

  test.each(REFUSED)("a request with %s", async (_, path, headers, code) => {
    const sent = await through(agent, { path, headers });
    expect([Math.floor(sent.status / 100), sent.body.code]).toEqual([4, code]);
    expect(arrived).toHaveLength(0);
  });

  test("INV-28: a browser navigation that would show the response under Gate's origin", async () => {
    for (const path of ["/up/v1/x", "/up/x"]) {
      const sent = await send(path, {
        headers: { Authorization: `Basic ${btoa(`x:${agent.key}`)}`, "Sec-Fetch-Mode": "navigate" },
      });
      expect([sent.status, sent.body.code]).toEqual([403, "navigation_refused"]);
    }
    expect(arrived).toHaveLength(0);
  });

  test("a WebSocket upgrade", async () => {
    const sent = await through(agent, {
      path: "/up/v1/x",
      method: "GET",
      body: null,
      headers: {
        Upgrade: "websocket",
        Connection: "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      },
    });
    expect([sent.status, sent.body.code]).toEqual([501, "upgrade_refused"]);
  });

  test("a path without a matching prefix", async () => {
    for (const path of ["/", "/upx/v1", "/nothing", "/v1/nothing"]) {
      const sent = await send(path, { method: "PUT", headers: { "X-Gate-Key": agent.key } });
      expect(sent.status).toBe(404);
    }
    expect(arrived).toHaveLength(0);
  });
});
