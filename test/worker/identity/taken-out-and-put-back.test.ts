import { createHmac } from "node:crypto";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { portsOf } from "../../../src/env.ts";
import { type Browser, browserAt } from "../../support/worker/browser.ts";
import {
  answered,
  delivery,
  notifyChannel,
  outside,
  SCENE,
  SECRETS,
  setScene,
} from "../../support/worker/channels.ts";
import { call, fresh, later, proposal, propose, register, send, stateOf } from "../../support/worker/gate.ts";
import { AUDIENCE, listen, startIssuer, type TestIssuer } from "../../support/worker/issuer.ts";
import { linkTo } from "../../support/worker/links.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

/*
 * Approvals over time: "'Ends at once' that only rests". A person or an issuer is taken out of gate.yaml and put back:
 * what ended with them has ended for good.
 */

let issuer: TestIssuer;
let agent: Principal;
let registry: string;

beforeAll(async () => {
  await setScene();
  issuer = await startIssuer();
  agent = await register("agent");
  registry = `${SCENE.registry}
sign_in: { oidc: [{ issuer: "${issuer.url}", audience: ${AUDIENCE} }] }
`;
});

beforeEach(async () => {
  listen();
  await rules(registry);
});

afterAll(() => changeRules(RULES));

/** Puts a registry in force, and lets one request see it. */
async function rules(written: string): Promise<void> {
  const policies = { ...RULES.policies, "by-ana": RULES.policies["held"] ?? "" };
  await changeRules({ policies, registry: written });
  await portsOf(env).rules.current();
}

const withoutAna = () =>
  registry.replace(/^ {2}ana: \{ name.*\n/m, "").replace("ops: [ana, ben]", "ops: [ben]");
const withoutIssuer = () => registry.replace(/^sign_in:.*\n/m, "");

async function outAndBack(taken: () => string): Promise<void> {
  later(1_000);
  await rules(taken());
  later(1_000);
  await rules(registry);
}

/** A browser in which ana's account is signed in. */
async function signedIn(): Promise<Browser> {
  const ports = portsOf(env);
  expect((await call("GET", "/v1/session", await issuer.token())).status).toBe(200);
  const account = { kind: "oidc", issuer: issuer.url, subject: "account-1" } as const;
  const opened = await ports.sessions.open(account, "sso", Date.now());
  const browser = browserAt("https://gate.test");
  browser.cookies.set("__Host-gate_session", opened?.token ?? "");
  expect((await browser.get("/v1/session")).status).toBe(200);
  return browser;
}

test.each([
  ["the person", withoutAna],
  ["the issuer", withoutIssuer],
])("INV-05: a session ends for good when %s is taken out of gate.yaml", async (_name, taken) => {
  const browser = await signedIn();
  await outAndBack(taken);
  expect((await browser.get("/v1/session")).status).toBe(401);
  // Signing in again is possible, as the same principal.
  expect((await (await signedIn()).get("/v1/session")).body.person).toBe("ana");
});

test("a session goes on when others are taken out of gate.yaml, and over any other edit", async () => {
  const browser = await signedIn();
  await outAndBack(() =>
    registry.replace(/^ {2}ben: \{ name.*\n/m, "").replace("ops: [ana, ben]", "ops: [ana]"),
  );
  await outAndBack(() => registry.replace("Ana Diaz", "Ana Dias"));
  expect((await browser.get("/v1/session")).status).toBe(200);
});

test("a session by key goes on: the key is the person's until it is revoked", async () => {
  const { key } = await register("reviewer", { person: "ana" });
  const browser = browserAt("https://gate.test");
  await browser.post("/v1/session", { key });
  await outAndBack(withoutAna);
  expect((await browser.get("/v1/session")).status).toBe(200);
});

describe("a person who was taken out and put back", () => {
  const follow = (link: string) => call("POST", `/v1/approval-links/${link}/approve`, undefined, {});

  test("INV-27: can't use the links from before, and can use new ones", async () => {
    const intent = await propose(agent, proposal("crm.by-link"), "pending_approval");
    const link = await linkTo(intent, "ana");
    const ben = await linkTo(intent, "ben");
    await outAndBack(withoutAna);
    expect([
      (await follow(link)).body.code,
      (await call("GET", `/v1/approval-links/${link}`)).status,
    ]).toEqual(["invalid_link", 404]);
    expect(await stateOf(intent)).toBe("pending_approval");
    expect((await call("GET", `/v1/approval-links/${ben}`)).status).toBe(200);

    const world = outside(() => answered(200, "{}"));
    await notifyChannel(delivery("mail", intent, "reminder", { person: "ana", id: fresh("dlv") }), world);
    const renewed = /https:\S+link=(\S+)/.exec(world.got[0]?.body.text)?.[1] ?? "";
    expect((await follow(renewed)).body).toMatchObject({ status: "approved", votedBy: ["ana"] });
  });

  test("can't answer a provider's question from before", async () => {
    const intent = await propose(agent, proposal("crm.by-link"), "pending_approval");
    const requestOf = async () => {
      const world = outside(() => answered(200, "{}"));
      await notifyChannel(delivery("sms", intent, "held", { person: "ana", id: fresh("dlv") }), world);
      return world.got[0]?.body.gate_approval_interaction_id;
    };
    const answer = (interaction: string) => {
      const text = JSON.stringify({
        intent_id: intent,
        gate_approval_interaction_id: interaction,
        decision: "APPROVE",
      });
      const at = Date.now();
      const signature = createHmac("sha256", SECRETS.SCENE_PROVIDER).update(`${at}.${text}`).digest("hex");
      return send("/v1/approval-callbacks/sms", {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          "X-Gate-Provider-Signature": `t=${at},v1=${signature}`,
        },
        body: text,
      });
    };
    const before = await requestOf();
    await outAndBack(withoutAna);
    const late = await answer(before);
    expect([late.status, late.body.code]).toEqual([410, "interaction_expired"]);
    expect((await answer(await requestOf())).body).toMatchObject({ status: "approved" });
  });

  test("INV-03: has no vote from before", async () => {
    const intent = await propose(agent, proposal("crm.by-links"), "pending_approval");
    expect((await follow(await linkTo(intent, "ana"))).body.votes).toBe(1);
    await outAndBack(withoutAna);
    expect((await follow(await linkTo(intent, "ben"))).body).toMatchObject({
      status: "pending_approval",
      votedBy: ["ben"],
    });
  });
});

test("INV-05: a vote that ana's account gave for ben, whose key delegated to it, ends with ana's departure", async () => {
  const ben = await register("reviewer", { person: "ben" });
  const delegation = { delegator_principal_id: ben.id, delegate_person_id: "ana" };
  expect((await call("POST", "/v1/delegations", ben.key, delegation)).status).toBe(201);
  const id = await propose(agent, proposal("crm.held"), "pending_approval");
  const vote = { on_behalf_of_principal: "ben" };
  const voted = await call("POST", `/v1/intents/${id}/approve`, await issuer.token(), vote);
  expect(voted.body.status).toBe("approved");
  later(1_000);
  await rules(withoutAna());
  // The weaker of a key and a sign-in is recorded as a key.
  const state = await portsOf(env).intents.find(id)?.getState();
  expect(state?.votes.map(({ assurance }) => assurance)).toEqual(["key"]);
  const ordered = await call("POST", `/v1/intents/${id}/execute`, agent.key);
  expect([ordered.status, ordered.body.code]).toEqual([409, "approval_lapsed"]);
});

test("rules that name the same people are used while D1 is read-only", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const readOnly = {
    ...env,
    DB: { prepare: env.DB.prepare.bind(env.DB), batch: () => Promise.reject(new Error("read-only")) },
  } as unknown as Parameters<typeof portsOf>[0];
  expect((await portsOf(readOnly).rules.current()).registry.people.has("ana")).toBe(true);
  expect(error).not.toHaveBeenCalled();
});
