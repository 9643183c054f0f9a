import { type Principal } from "../../support/client.ts";
import { runInDurableObject } from "cloudflare:test";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { bindings } from "../../support/worker/bindings.ts";
import { call, fresh, objectOf, proposal, propose, register, stateOf } from "../../support/worker/gate.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import { type Arrived, CREDENTIAL, through, upstream } from "../../support/worker/sent-writes.ts";

/* Reads go on when a disk is full, and no commit does: what was sent before was sent. */

let agent: Principal;
let reviewer: Principal;
let arrived: Arrived[];

beforeAll(async () => {
  bindings["UP_KEY"] = CREDENTIAL;
  agent = await register("agent");
  reviewer = await register("reviewer");
  const people = RULES.registry.slice(0, RULES.registry.indexOf("\ndestinations:"));
  await changeRules({
    policies: { ...RULES.policies, small: "auto_approve_under: 100" },
    registry: `${people}
destinations:
  crm.small: { policies: [small], upstream: "https://api.example.com", credential: up, prefix: /now, idempotency_header: Idempotency-Key }
  crm.held: { policies: [held] }
credentials: { up: { ref: env://UP_KEY } }
`,
  });
});

beforeEach(() => {
  arrived = upstream(() => Response.json({ id: 1 }));
  vi.spyOn(console, "error").mockImplementation(() => {});
});

/** No commit of the intent's object succeeds any more. */
async function fillDisk(intent: string): Promise<void> {
  await runInDurableObject(objectOf(intent), (_, { storage }) => {
    storage.transactionSync = () => {
      throw new Error("database or disk is full: SQLITE_FULL");
    };
  });
}

const NOTHING_HAPPENED = /nothing|not sent|never sent|not approved|certainly/i;

describe("with a full disk, no answer says that nothing happened", () => {
  test("INV-11: repeating a write that was sent, under its key, claims nothing and sends nothing again", async () => {
    const wanted = { path: "/now/things", body: "{}", headers: { "Idempotency-Key": fresh("key") } };
    const first = await through(agent, wanted);
    expect([first.status, arrived.length]).toEqual([200, 1]);
    const intent = first.headers.get("X-Gate-Intent-Id") ?? "";
    await fillDisk(intent);
    const again = await through(agent, wanted);
    expect([again.status, again.body.code]).toEqual([503, "unavailable"]);
    expect(again.body.detail).toMatch(/whether this request took effect is not known/);
    expect(again.text).not.toMatch(NOTHING_HAPPENED);
    expect(arrived).toHaveLength(1);
  });

  test("INV-11: repeating it with its id returns the stored response, which needs no commit", async () => {
    const wanted = { path: "/now/things", body: JSON.stringify({ for: fresh("order") }) };
    const first = await through(agent, wanted);
    const intent = first.headers.get("X-Gate-Intent-Id") ?? "";
    await fillDisk(intent);
    const again = await through(agent, { ...wanted, headers: { "X-Gate-Intent-Id": intent } });
    expect([again.status, again.text]).toEqual([first.status, first.text]);
    expect(arrived).toHaveLength(1);
  });

  test("a vote that could not be committed claims nothing, and the case still waits", async () => {
    const intent = await propose(agent, proposal("crm.held"), "pending_approval");
    await fillDisk(intent);
    const voted = await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});
    expect([voted.status, voted.body.code]).toEqual([503, "unavailable"]);
    expect(voted.text).not.toMatch(NOTHING_HAPPENED);
    expect(await stateOf(intent)).toBe("pending_approval");
  });
});
