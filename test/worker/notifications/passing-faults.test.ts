import { createHmac } from "node:crypto";
import { abortAllDurableObjects } from "cloudflare:test";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { bindings } from "../../support/worker/bindings.ts";
import { flushed, later, MINUTE_MS, proposal, propose, register, send } from "../../support/worker/gate.ts";
import { Internet, ports, runNotifications, stopQueue } from "../../support/worker/receiver.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

/*
 * Approvals over time: "A passing fault taken for a lasting one, silently". A vault that is down when a case is held.
 */

const URL_SECRET = "https://hooks.example.com/gate/in-the-address";

let agent: Principal;
let vaultAnswer: () => Response;
let internet: Internet;
let doppler: string;

const stored = () => Response.json({ name: "HOOK", value: { raw: URL_SECRET, computed: URL_SECRET } });

beforeAll(async () => {
  agent = await register("agent");
  bindings["PASSING_DOPPLER_TOKEN"] = "dp.st.prd.passing-token";
});

beforeEach(async () => {
  stopQueue();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  vaultAnswer = stored;
  internet = new Internet();
  doppler = new URL(internet.at(() => vaultAnswer())).origin;
  internet.at(() => new Response("ok"));
  await changeRules({
    policies: RULES.policies,
    registry: `${RULES.registry}
vaults: { doppler: { type: doppler, token: "env://PASSING_DOPPLER_TOKEN", url: "${doppler}" } }
credentials: { hook: { ref: doppler://gate/prd/HOOK } }
channels:
  room: { type: slack_webhook, secret: hook, destinations: [crm.held] }
  phone: { type: a2h, url: "https://ask.example.com/a2h", secret: hook, destinations: [crm.nowhere] }
  app: { type: slack_app, channel: C0OPS, token: hook, signing_secret: hook, destinations: [crm.nowhere] }
`,
  });
  await runNotifications({}, async () => ({ kind: "moot" }));
});

afterAll(() => changeRules(RULES));

async function held(): Promise<string> {
  const intent = await propose(agent, proposal("crm.held"), "pending_approval");
  await flushed(intent);
  return intent;
}

async function deliveryOf(intent: string) {
  const [record] = await ports().deliveries.ofIntents([intent]);
  return record;
}

const unavailable = [
  ["503", () => new Response(null, { status: 503 })],
  ["429", () => new Response(null, { status: 429 })],
  [
    "no connection",
    () => {
      throw new TypeError("connection refused");
    },
  ],
] as const;

test.each(unavailable)(
  "a vault's %s delays a message, also over a restart, and loses none",
  async (_name, down) => {
    vaultAnswer = down;
    const intent = await held();
    await runNotifications();
    const waiting = await deliveryOf(intent);
    expect(waiting).toMatchObject({ state: "pending", attempts: 1 });
    expect(waiting?.lastProblem).toMatch(/^the vault of the credential hook can't be read now/);
    expect(waiting?.nextAt).not.toBeNull();
    await abortAllDurableObjects();
    vaultAnswer = stored;
    const sent: string[] = [];
    later(MINUTE_MS);
    await runNotifications({
      sendOutgoing: async ({ url }) => {
        sent.push(url);
        return { ok: true, value: { status: 200, headers: new Headers(), text: "ok" } };
      },
    });
    expect(sent).toEqual([URL_SECRET]);
    expect(await deliveryOf(intent)).toMatchObject({ state: "delivered", attempts: 2 });
  },
);

test.each([
  ["not_found", () => new Response(null, { status: 404 })],
  ["denied", () => new Response(null, { status: 403 })],
] as const)("what a vault can't heal by itself is final, and says which: %s", async (problem, answer) => {
  vaultAnswer = answer;
  const intent = await held();
  await runNotifications();
  expect(await deliveryOf(intent)).toMatchObject({
    state: "failed",
    nextAt: null,
    lastProblem: `the credential hook has no value (${problem})`,
  });
});

test("a callback that can't be verified while the vault is down is to be sent again, not called forged", async () => {
  const body = "{}";
  const at = Date.now();
  const signature = createHmac("sha256", URL_SECRET).update(`${at}.${body}`).digest("hex");
  const provider = () =>
    send("/v1/approval-callbacks/phone", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Gate-Provider-Signature": `t=${at},v1=${signature}` },
      body,
    });
  const slack = () => send("/slack/interactions", { method: "POST", body: "payload=%7B%7D" });
  vaultAnswer = () => new Response(null, { status: 503 });
  for (const answer of [await provider(), await slack()]) {
    expect([answer.status, answer.body.code]).toEqual([503, "credential_unavailable"]);
    expect(answer.headers.get("Retry-After")).toBe("5");
  }
  vaultAnswer = stored;
  expect((await provider()).body.code).toBe("invalid_request");
  expect((await slack()).status).toBe(401);
});
