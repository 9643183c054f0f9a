import { type Principal } from "../../support/client.ts";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { admin, call, fresh, register, stateOf } from "../../support/worker/gate.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import { through, upstream, type Arrived } from "../../support/worker/sent-writes.ts";

/* An approval binds the account of the agent's own credential, where Gate injects none. */

const UPSTREAM = "https://api.example.com";

const DESTINATIONS = `
  crm.by-ana: { policies: [held], upstream: "${UPSTREAM}/own-held", prefix: /own-held, idempotency_header: Idempotency-Key }
  crm.editable: { policies: [editable], upstream: "${UPSTREAM}/own-edited", prefix: /own-edited }
`;

let agent: Principal;
let reviewer: Principal;
let editor: Principal;
let arrived: Arrived[];

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
  editor = await register("reviewer");
  const people = RULES.registry.slice(0, RULES.registry.indexOf("\ndestinations:"));
  await changeRules({ ...RULES, registry: `${people}\ndestinations:${DESTINATIONS}` });
});

beforeEach(() => {
  arrived = upstream(() => Response.json({ id: "re_1" }));
});

const A = { Authorization: "Bearer account-a" };
const B = { Authorization: "Bearer account-b" };
const basic = (pair: string) => ({ Authorization: `Basic ${btoa(pair)}` });
const encoded = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
const jwt = (claims: unknown) => ({
  Authorization: `Bearer ${encoded({ alg: "ES256" })}.${encoded(claims)}.c2ln`,
});

async function heldWith(headers: Record<string, string>, path = "/own-held/x") {
  const wanted = { path, body: JSON.stringify({ amount: 7, row: fresh("row") }) };
  const held = await through(agent, { ...wanted, headers });
  expect(held.status).toBe(202);
  const { intentId: id } = held.body;
  return {
    id: id as string,
    repeat: (more: Record<string, string>) =>
      through(agent, { ...wanted, headers: { ...more, "X-Gate-Intent-Id": id } }),
  };
}

const approve = (id: string, by = reviewer) => call("POST", `/v1/intents/${id}/approve`, by.key, {});

async function count(): Promise<number> {
  return (await call("GET", `/v1/intents?agent=${agent.id}&limit=200`, admin)).body.count;
}

describe("INV-09: an approval binds the agent's own credential", () => {
  test("held with A, sent with B does not pass, and the case waits for A", async () => {
    const { id, repeat } = await heldWith(A);
    await approve(id);
    const other = await repeat(B);
    expect([other.status, other.body.code, other.body.intent_id]).toEqual([409, "credential_changed", id]);
    expect(other.headers.get("X-Gate-Intent-Id")).toBe(id);
    expect([arrived.length, await stateOf(id)]).toEqual([0, "approved"]);
    expect((await repeat(A)).status).toBe(200);
    expect(arrived.map(({ headers }) => headers.get("Authorization"))).toEqual([A.Authorization]);
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["none", A, {}],
    ["another scheme", A, { Authorization: "Token account-a" }],
    ["another header", A, { "X-Api-Key": "account-a" }],
    ["one more", A, { ...A, "X-Api-Key": "k" }],
    ["another Basic user", basic("ana:x"), basic("ben:x")],
    ["another key of a shared Basic user", basic("api:x"), basic("api:y")],
    ["a JWT of another subject", jwt({ iss: "i", sub: "a" }), jwt({ iss: "i", sub: "b" })],
    ["the first, where it was held with none", {}, A],
  ])("sent with %s instead is refused, before and after the approval", async (_, first, other) => {
    const { id, repeat } = await heldWith(first);
    expect((await repeat(other)).body).toMatchObject({ code: "credential_changed", intent_id: id });
    await approve(id);
    expect((await repeat(other)).body).toMatchObject({ code: "credential_changed", intent_id: id });
    expect(arrived).toEqual([]);
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ["another password of the user", basic("ana:x"), basic("ana:y")],
    [
      "a newer token of the subject",
      jwt({ iss: "i", sub: "a", exp: 1 }),
      jwt({ iss: "i", sub: "a", exp: 2 }),
    ],
  ])("sent with %s passes: it is the same account", async (_, first, renewed) => {
    const { id, repeat } = await heldWith(first);
    await approve(id);
    expect((await repeat(renewed)).status).toBe(200);
    expect(arrived.map(({ headers }) => headers.get("Authorization"))).toEqual([renewed["Authorization"]]);
  });

  test("a retry under its key that differs only in the credential makes no second case", async () => {
    const wanted = { path: "/own-held/y", body: '{"n":1}' };
    const key = fresh("key");
    const first = await through(agent, { ...wanted, headers: { ...A, "Idempotency-Key": key } });
    const before = await count();
    const other = await through(agent, { ...wanted, headers: { ...B, "Idempotency-Key": key } });
    expect([other.status, other.body.code, other.body.intent_id]).toEqual([
      409,
      "credential_changed",
      first.body.intentId,
    ]);
    expect(await count()).toBe(before);
    const same = await through(agent, { ...wanted, headers: { ...A, "Idempotency-Key": key } });
    expect([same.status, same.body.intentId]).toEqual([202, first.body.intentId]);
  });

  test("of ten parallel repeats with B and one with A only A's is sent", async () => {
    const { id, repeat } = await heldWith(A);
    await approve(id);
    const answers = await Promise.all([...Array.from({ length: 10 }, () => repeat(B)), repeat(A)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([
      200,
      ...Array.from({ length: 10 }, () => 409),
    ]);
    expect(arrived.map(({ headers }) => headers.get("Authorization"))).toEqual([A.Authorization]);
  });

  test("what was sent is answered to a repeat with a renewed token, and not sent again", async () => {
    const { id, repeat } = await heldWith(A);
    await approve(id);
    expect((await repeat(A)).status).toBe(200);
    expect((await repeat(B)).body).toEqual({ id: "re_1" });
    expect(arrived).toHaveLength(1);
  });

  test("an edited payload stays bound to the credential of the first request", async () => {
    const { id, repeat } = await heldWith(A, "/own-edited/x");
    const { intent_digest: digest } = (await call("GET", `/v1/intents/${id}`, admin)).body;
    const change = { payload: '{"amount":1}', reason: "less", digest };
    const { successor } = (await call("POST", `/v1/intents/${id}/edit`, editor.key, change)).body;
    await approve(successor.intentId);
    expect((await repeat(B)).body).toMatchObject({
      code: "credential_changed",
      intent_id: successor.intentId,
    });
    expect((await repeat(A)).status).toBe(200);
    expect(arrived.map(({ headers }) => headers.get("Authorization"))).toEqual([A.Authorization]);
  });

  test("INV-23: neither the credential nor its account is shown or stored", async () => {
    const secret = "account-of-nobody-else";
    const { id } = await heldWith(basic(`${secret}:pass-of-it`));
    for (const path of ["", "/audit", "/decision", "/evidence"]) {
      const { text } = await call("GET", `/v1/intents/${id}${path}`, admin);
      for (const found of [secret, "pass-of-it", btoa(`${secret}:pass-of-it`)]) {
        expect(text).not.toContain(found);
      }
    }
  });
});
