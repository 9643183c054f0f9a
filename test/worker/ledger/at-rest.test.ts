import { evictAllDurableObjects, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, test } from "vitest";
import {
  admin,
  call,
  eventsOf,
  flushed,
  freeze,
  fresh,
  later,
  MINUTE_MS,
  objectOf,
  ordered,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import { bindings } from "../../support/worker/bindings.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";

const SECRET = env.GATE_SECRET;

/** A fresh secret of 32 bytes, in base64. */
function anotherSecret(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
}

/** Everything an intent's object keeps, as one text. */
async function storageText(intent: string): Promise<string> {
  return runInDurableObject(objectOf(intent), (_, state) => {
    const rows = [...state.storage.kv.list()].map(([key, value]) => [
      key,
      value instanceof Uint8Array ? latin1(value) : value,
    ]);
    return JSON.stringify(rows);
  });
}

function latin1(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

async function rotate(secret: string, previous: string): Promise<void> {
  bindings["GATE_SECRET"] = secret;
  bindings["GATE_SECRET_PREVIOUS"] = previous;
  await evictAllDurableObjects();
}

afterEach(() => rotate(SECRET, ""));

test("INV-27: payload, request, trace and comments are stored encrypted, and none of their text is legible", async () => {
  const [agent, reviewer] = [await register("agent"), await register("reviewer")];
  const payload = JSON.stringify({ row: "unmistakable-payload" });
  const intent = await propose(
    agent,
    proposal("crm.held", { payload, on_behalf_of: "unmistakable-person" }),
    "pending_approval",
  );
  await call("POST", `/v1/intents/${intent}/reject`, reviewer.key, { reason: "unmistakable-comment" });
  expect(await storageText(intent)).not.toContain("unmistakable");
  expect((await call("GET", `/v1/intents/${intent}/payload`, admin)).text).toBe(payload);
  expect((await call("GET", `/v1/intents/${intent}`, admin)).body).toMatchObject({
    on_behalf_of: "unmistakable-person",
    block_reason: "unmistakable-comment",
  });
});

describe("erasing an intent", () => {
  test("removes payload, request, facts and comments for good and is recorded on the ledger", async () => {
    const [agent, reviewer] = [await register("agent"), await register("reviewer")];
    const intent = await propose(
      agent,
      proposal("crm.held", { payload: JSON.stringify({ row: fresh("gone") }) }),
      "pending_approval",
    );
    await call("POST", `/v1/intents/${intent}/reject`, reviewer.key, { reason: "not these" });
    const before = (await call("GET", `/v1/intents/${intent}/audit`, admin)).body.events;
    const erased = await call("POST", `/v1/intents/${intent}/erase`, admin, { reason: "the customer asked" });
    expect(erased.status).toBe(200);
    expect((await call("GET", `/v1/intents/${intent}/payload`, admin)).body.code).toBe("no_payload");
    const shown = (await call("GET", `/v1/intents/${intent}`, admin)).body;
    expect(shown).toMatchObject({ state: "rejected", metadata: null, payload_hash: null, reason: null });
    expect(shown.erased_at).not.toBeNull();
    const audit = (await call("GET", `/v1/intents/${intent}/audit`, admin)).body.events;
    expect(audit.slice(0, before.length).map(({ entry_hash }: { entry_hash: string }) => entry_hash)).toEqual(
      before.map(({ entry_hash }: { entry_hash: string }) => entry_hash),
    );
    expect(audit.at(-1)).toMatchObject({ event_type: "payload_erased", note: "the customer asked" });
    expect(JSON.stringify(audit)).not.toContain("not these");
  });

  test("happens once, and a live intent can't be erased", async () => {
    const agent = await register("agent");
    const live = await propose(agent, proposal("crm.held"), "pending_approval");
    const refused = await call("POST", `/v1/intents/${live}/erase`, admin, { reason: "now" });
    expect([refused.status, refused.body.code]).toEqual([409, "wrong_state"]);
    await call("POST", `/v1/intents/${live}/withdraw`, agent.key);
    await call("POST", `/v1/intents/${live}/erase`, admin, { reason: "now" });
    await call("POST", `/v1/intents/${live}/erase`, admin, { reason: "again" });
    expect((await eventsOf(live)).filter((event) => event === "payload_erased")).toHaveLength(1);
  });

  test.each(["agent", "reviewer", "runner", "auditor"])("is refused to a key of role %s", async (role) => {
    const agent = await register("agent");
    const other = role === "agent" ? agent : await register(role);
    const intent = await propose(agent, proposal("crm.held"), "pending_approval");
    expect((await call("POST", `/v1/intents/${intent}/erase`, other.key, { reason: "x" })).status).toBe(403);
  });

  test("needs a reason", async () => {
    const agent = await register("agent");
    const intent = await propose(agent, proposal("crm.held"), "pending_approval");
    for (const body of [{}, { reason: "" }, { reason: "  " }, { reason: 5 }]) {
      expect((await call("POST", `/v1/intents/${intent}/erase`, admin, body)).status).toBe(400);
    }
  });
});

test("retention erases by the object's alarm, exactly in time and for good", async () => {
  await changeRules({
    policies: { ...RULES.policies, brief: "require_approval: always\nretention_days: 2" },
    registry: `${RULES.registry}  crm.brief: { policies: [brief] }\n`,
  });
  freeze();
  const agent = await register("agent");
  const intent = await propose(agent, proposal("crm.brief"), "pending_approval");
  await call("POST", `/v1/intents/${intent}/withdraw`, agent.key);
  await flushed(intent);
  const DAY_MS = 24 * 60 * MINUTE_MS;
  later(2 * DAY_MS - 1);
  await runDurableObjectAlarm(objectOf(intent));
  expect((await call("GET", `/v1/intents/${intent}/payload`, admin)).status).toBe(200);
  later(1);
  await runDurableObjectAlarm(objectOf(intent));
  expect(await eventsOf(intent)).toContain("payload_erased");
  expect((await call("GET", `/v1/intents/${intent}/payload`, admin)).body.code).toBe("no_payload");
});

describe("a change of GATE_SECRET", () => {
  test("twice in a row keeps everything usable: old payloads open, live tokens hold, old signatures verify", async () => {
    const agent = await register("agent");
    const payload = JSON.stringify({ row: fresh("old") });
    const held = await propose(agent, proposal("crm.held", { payload }), "pending_approval");
    const order = await ordered(agent, proposal("crm.small"));
    const [second, third] = [anotherSecret(), anotherSecret()];
    await rotate(second, SECRET);
    expect((await call("GET", `/v1/intents/${held}/payload`, admin)).text).toBe(payload);
    await rotate(third, `${second}, ${SECRET}`);
    expect((await call("GET", `/v1/intents/${held}/payload`, admin)).text).toBe(payload);
    expect(
      (await call("POST", `/v1/executions/${order.id}/report`, order.token, { status: "succeeded" })).status,
    ).toBe(200);
  });

  test("needs the previous secret only until every intent was read", async () => {
    const agent = await register("agent");
    const payload = JSON.stringify({ row: fresh("moved") });
    const held = await propose(agent, proposal("crm.held", { payload }), "pending_approval");
    const second = anotherSecret();
    await rotate(second, SECRET);
    await call("GET", `/v1/intents/${held}/payload`, admin);
    await rotate(second, "");
    expect((await call("GET", `/v1/intents/${held}/payload`, admin)).text).toBe(payload);
  });

  test("without the previous secret loses what that sealed, and invents nothing in its place", async () => {
    const agent = await register("agent");
    const held = await propose(agent, proposal("crm.held"), "pending_approval");
    await rotate(anotherSecret(), "");
    const answer = await call("GET", `/v1/intents/${held}/payload`, admin);
    expect([answer.status, answer.body.code]).toEqual([503, "unavailable"]);
    expect(answer.text).not.toContain("GATE_SECRET");
  });
});
