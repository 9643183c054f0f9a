import { createHmac, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { temporaryFolder } from "../support/command.ts";
import { type Body, type Gate, list, startGate, text } from "../support/gate.ts";
import { ledger, origin } from "../support/ledger-server.ts";
import { CLIENT, type Provider, SECRET, startProvider } from "../support/oidc.ts";
import type { Principal } from "../support/client.ts";

/*
 * The table of docs/rotation.md, tried: everything is made under the first secret, the secret is rotated twice, and
 * everything is used under the third.
 */

const PROVIDER_SECRET = "rotation-provider-secret";
const secrets = Array.from({ length: 3 }, () => randomBytes(32).toString("base64"));

const POLICIES = {
  asked:
    "id: asked\ndestinations: [crm.asked]\nrequire_approval: always\napprovers: { groups: [ops], min_assurance: link }\n",
  once: "id: once\ndestinations: [crm.once]\nauto_approve_under: 100\nblock_duplicates_within: 24h\n",
  rejected:
    "id: rejected\ndestinations: [crm.rejected]\nrequire_approval: always\ncooldown_after_rejection: 24h\n",
  sent: "id: sent\ndestinations: [crm.sent]\nrequire_approval: always\n",
  open: "id: open\ndestinations: [crm.open]\nauto_approve_under: 100\n",
};

const messages: Body[] = [];
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    messages.push(JSON.parse(Buffer.concat(chunks).toString("utf8")) as Body);
    response.writeHead(202).end("{}");
  });
});

const folder = temporaryFolder();
const env: Record<string, string> = {};
let gate: Gate;
let provider: Provider;
let agent: Principal;
let reviewer: Principal;

/** What was made under the first secret. */
const made: Record<string, string> = {};
let signIn: { readonly cookies: string; readonly callback: string };

function proposal(destination: string, payload: string): Body {
  return {
    destination,
    policy: destination.slice("crm.".length),
    action: payload.trim().replaceAll(/[^a-z0-9]/g, "-"),
    payload,
    payload_name: "rows.csv",
    recordCount: 1,
  };
}

async function propose(destination: string, payload: string, headers = {}): Promise<Body> {
  const response = await fetch(`${origin(gate.port)}/v1/intents`, {
    method: "POST",
    headers: { authorization: `Bearer ${agent.key}`, "content-type": "application/json", ...headers },
    body: JSON.stringify(proposal(destination, payload)),
  });
  return (await response.json()) as Body;
}

/** A write through the proxy with the agent's own credential. */
async function send(credential: string, headers = {}): Promise<Body> {
  const response = await fetch(`${origin(gate.port)}/sent/orders`, {
    method: "POST",
    headers: {
      "x-gate-key": agent.key,
      authorization: credential,
      "content-type": "application/json",
      ...headers,
    },
    body: '{"sent":"held before the rotations"}',
  });
  return (await response.json()) as Body;
}

const proposed = async (destination: string, payload: string) =>
  text(await propose(destination, payload), "intentId");

async function rotateTo(number: number): Promise<void> {
  await gate.stop();
  env["GATE_SECRET"] = secrets[number] ?? "";
  env["GATE_SECRET_PREVIOUS"] = secrets.slice(0, number).toReversed().join(",");
  await gate.start();
}

/** The message about an action that has this member. */
function messageAbout(action: string, word: string): Promise<Body> {
  return vi.waitFor(
    () => {
      const found = messages.find((body) => JSON.stringify(body).includes(action) && word in body);
      if (found === undefined) throw new Error(`no message about ${action} with ${word}`);
      return found;
    },
    { timeout: 30_000, interval: 50 },
  );
}

/** Begins a sign-in in a browser, up to the provider's redirect back to Gate. */
async function beginSignIn(): Promise<typeof signIn> {
  const page = await fetch(`${origin(gate.port)}/sign-in`);
  const path = /href="(\/sign-in\/[^"]+)"/.exec(await page.text())?.[1] ?? "";
  const begun = await fetch(origin(gate.port) + path, { redirect: "manual" });
  const cookies = begun.headers.getSetCookie().map((cookie) => cookie.split(";")[0] ?? "");
  await fetch(begun.headers.get("location") ?? "");
  const yes = await fetch(`${provider.url}/yes`, { method: "POST", redirect: "manual" });
  return { cookies: cookies.join("; "), callback: yes.headers.get("location") ?? "" };
}

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  provider = await startProvider();
  const at = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  for (const [id, policy] of Object.entries(POLICIES)) writeFileSync(join(policies, `${id}.yaml`), policy);
  const registry = join(folder.path, "gate.yaml");
  writeFileSync(
    registry,
    `people:
  ana: { name: Ana Diaz, email: ana@example.com }
  ben: { name: Ben Okafor, email: ben@example.com }
groups: { ops: [ana, ben] }
destinations:
  crm.asked: { policies: [asked] }
  crm.once: { policies: [once] }
  crm.rejected: { policies: [rejected] }
  crm.open: { policies: [open] }
  crm.sent: { policies: [sent], upstream: "${at}/sent", prefix: /sent, allow_private: true }
credentials:
  mail: { ref: env://TEST_PROVIDER }
  provider: { ref: env://TEST_PROVIDER }
  sso: { ref: env://OIDC_CLIENT_SECRET }
sign_in:
  oidc: [{ name: Staff, issuer: "${provider.url}", audience: ${CLIENT}, client_secret: sso, allow_private: true }]
channels:
  mail: { type: email, url: "${at}/mail", secret: mail, from: gate@example.com, for: [ben], allow_private: true }
  phone: { type: a2h, url: "${at}/phone", secret: provider, for: [ana], allow_private: true }
`,
  );
  Object.assign(env, { TEST_PROVIDER: PROVIDER_SECRET, OIDC_CLIENT_SECRET: SECRET, GATE_SECRET: secrets[0] });
  gate = await startGate({ args: ["--registry", registry, "--policy-dir", policies], env });
  agent = await gate.register("agent");
  reviewer = await gate.register("reviewer", { person: "ben" });

  const published = await gate.call("GET", "/.well-known/gate");
  made["vkey"] = text(published.body["log"] as Body, "vkey");
  made["checkpoint"] = (await gate.call("POST", "/log/seal", gate.adminKey)).text;
  made["duplicate"] = await proposed("crm.once", "once\n");
  made["rejected"] = await proposed("crm.rejected", "never\n");
  await gate.call("POST", `/v1/intents/${made["rejected"]}/reject`, reviewer.key, { reason: "No." });
  made["ordered"] = await proposed("crm.open", "ordered\n");
  const order = await gate.call("POST", `/v1/intents/${made["ordered"]}/execute`, agent.key, "");
  Object.assign(made, { execution: order.body["executionId"], token: order.body["execution_token"] });
  made["jws"] = text(order.body, "order");
  made["delivered"] = await proposed("crm.open", "downloaded\n");
  const delivery = await gate.call("POST", "/v1/deliver", agent.key, { intentId: made["delivered"] });
  made["download"] = new URL(text(delivery.body, "url")).pathname;
  made["linked"] = await proposed("crm.asked", "linked\n");
  const letter = await messageAbout("linked", "subject");
  made["link"] = /\?link=(\S+)/.exec(text(letter, "text"))?.[1] ?? "";
  made["similar"] = await proposed("crm.asked", "a,b\n1,2\n");
  made["questioned"] = await proposed("crm.asked", "questioned\n");
  made["question"] = JSON.stringify(await messageAbout("questioned", "gate_approval_interaction_id"));
  made["webhook"] = text(
    (
      await gate.call("POST", "/v1/webhooks", gate.adminKey, {
        url: "https://receiver.webhooks-of-a-test.example/hook",
        events: ["intent.approved"],
      })
    ).body,
    "id",
  );
  const mandate = await gate.call("POST", "/v1/standing-approvals", reviewer.key, {
    destination: "crm.none",
  });
  made["mandate"] = text(mandate.body, "id");
  await gate.call("POST", `/v1/standing-approvals/${made["mandate"]}/revoke`, reviewer.key, {
    reason: "the campaign is over",
  });
  made["held"] = text(await send("Bearer account-a"), "intentId");
  made["keyed"] = text(await propose("crm.open", "keyed\n", { "idempotency-key": "one" }), "intentId");
  const session = await fetch(`${origin(gate.port)}/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key: gate.adminKey }),
  });
  made["session"] = session.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  signIn = await beginSignIn();
  // Rows that no checkpoint covers yet.
  made["unsealed"] = await proposed("crm.open", "unsealed\n");
  await rotateTo(1);
  await rotateTo(2);
});

afterAll(async () => {
  await gate?.[Symbol.asyncDispose]();
  await provider?.[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  receiver.close();
  folder[Symbol.dispose]();
});

describe("after two rotations of GATE_SECRET", () => {
  test("entry-mac: rows of all three secrets are sealed", async () => {
    await proposed("crm.open", "sealed later\n");
    const health = await gate.call("GET", "/log/health", gate.adminKey);
    expect(health.body["fault"]).toBeNull();
    expect(health.body["sealed"]).toBe(health.body["rows"]);
  });

  test("signing-key: the earlier key, pinned, verifies the log and names its successor", async () => {
    const checkpoint = join(folder.path, "before.txt");
    const key = join(folder.path, "key");
    writeFileSync(checkpoint, made["checkpoint"] ?? "");
    writeFileSync(key, gate.adminKey);
    const server = ["--server", origin(gate.port), "--api-key-file", key];
    const pinned = ["--key", made["vkey"] ?? "", "--checkpoint", checkpoint];
    const { code, out } = await ledger(["verify", ...server, ...pinned]);
    expect(code, out).toBe(0);
    expect(out).toContain("A pinned key signed the rotation to another key");
    const published = await gate.call("GET", "/.well-known/jwks.json");
    const [header = ""] = (made["jws"] ?? "").split(".");
    const { kid } = JSON.parse(Buffer.from(header, "base64url").toString()) as { readonly kid: string };
    expect(list(published.body, "keys").map((jwk) => jwk["kid"])).toContain(kid);
  });

  test("execution-token: the token of an earlier order still claims and reports it", async () => {
    const path = `/v1/executions/${made["execution"]}`;
    expect((await gate.call("POST", `${path}/claim`, made["token"])).status).toBe(200);
    const reported = await gate.call("POST", `${path}/report`, made["token"], { status: "succeeded" });
    expect(reported.status, reported.text).toBe(200);
  });

  test("delivery-token: an earlier download works, once", async () => {
    const first = await gate.call("GET", made["download"] ?? "");
    expect([first.status, first.text]).toEqual([200, "downloaded\n"]);
    expect((await gate.call("GET", made["download"] ?? "")).status).toBe(410);
  });

  test("subject-token: an earlier proposal is recognised as a duplicate", async () => {
    const again = await propose("crm.once", "once\n");
    expect(again).toMatchObject({ status: "duplicate_blocked", intentId: made["duplicate"] });
    expect((await propose("crm.once", "another\n"))["status"]).toBe("approved");
  });

  test("subject-token: a payload that a person rejected earlier is recognised", async () => {
    const again = await propose("crm.rejected", "never\n");
    expect(again).toMatchObject({ status: "blocked" });
    expect((await propose("crm.rejected", "another\n"))["status"]).toBe("pending_approval");
  });

  test("link-token: an earlier approval link decides, once", async () => {
    const path = `/v1/approval-links/${made["link"]}`;
    expect((await gate.call("GET", path)).status).toBe(200);
    expect((await gate.call("POST", `${path}/approve`, null, {})).body).toMatchObject({ status: "approved" });
    expect((await gate.call("POST", `${path}/reject`, null, { reason: "no" })).status).toBe(410);
  });

  test("interaction-token: a provider's answer to an earlier question counts", async () => {
    const question = JSON.parse(made["question"] ?? "") as Body;
    const body = JSON.stringify({
      intent_id: made["questioned"],
      gate_approval_interaction_id: question["gate_approval_interaction_id"],
      responds_to: question["message_id"],
      decision: "APPROVE",
      approved_intent_hash: question["approved_intent_hash"],
    });
    const now = Date.now();
    const answer = await fetch(text(question, "callback_url"), {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-Gate-Provider-Signature": `t=${now},v1=${createHmac("sha256", PROVIDER_SECRET).update(`${now}.${body}`).digest("hex")}`,
        "X-Gate-Provider-Delivery-ID": "delivery-1",
      },
      body,
    });
    expect(answer.status).toBe(200);
    const { body: decided } = await gate.call("GET", `/v1/intents/${made["questioned"]}`, gate.adminKey);
    expect(decided["state"]).toBe("approved");
  });

  test("group-token: intents from before and after are two groups, and each can be decided", async () => {
    const [first, second] = [made["similar"] ?? "", await proposed("crm.asked", "a,b\n3,4\n")];
    const groups = list((await gate.call("GET", "/v1/approvals/groups", reviewer.key)).body, "groups");
    const similar = groups.filter((group) => group["destination"] === "crm.asked");
    expect(similar.map(({ count }) => count)).toEqual([1, 1]);
    for (const id of [first, second]) {
      expect((await gate.call("POST", `/v1/intents/${id}/approve`, reviewer.key, {})).body).toMatchObject({
        status: "approved",
      });
    }
  });

  test("shape-token: an earlier proposal of this payload, and of this shape, is counted", async () => {
    const again = await proposed("crm.open", "ordered\n");
    const { body } = await gate.call("GET", `/v1/intents/${again}`, gate.adminKey);
    const { payload, shape } = body["seen_before"] as Record<string, Body>;
    expect(payload).toMatchObject({ nth: 2, latest: [{ id: made["ordered"] }] });
    expect(shape).toMatchObject({ latest: [{ id: made["ordered"] }] });
  });

  test("credential-token: a held write is sent with the credential it was held with, and no other", async () => {
    const id = made["held"] ?? "";
    expect((await gate.call("POST", `/v1/intents/${id}/approve`, reviewer.key, {})).status).toBe(200);
    const repeat = { "x-gate-intent-id": id };
    expect(await send("Bearer account-b", repeat)).toMatchObject({
      code: "credential_changed",
      intent_id: id,
    });
    const sent = () => messages.filter((body) => "sent" in body);
    expect(sent()).toEqual([]);
    expect(await send("Bearer account-a", repeat)).toEqual({});
    expect(sent()).toHaveLength(1);
  });

  test("webhook-secret: an earlier webhook keeps its address, and its secret can be rotated", async () => {
    const hook = await gate.call("GET", `/v1/webhooks/${made["webhook"]}`, gate.adminKey);
    expect(hook.body).toMatchObject({ url: "https://receiver.webhooks-of-a-test.example/hook" });
    expect(hook.body["disabled"] ?? null).toBeNull();
    const rotated = await gate.call(
      "POST",
      `/v1/webhooks/${made["webhook"]}/rotate-secret`,
      gate.adminKey,
      {},
    );
    expect(rotated.status, rotated.text).toBe(200);
  });

  test("mandate-reason: why a standing approval was revoked is shown", async () => {
    const { body } = await gate.call("GET", "/v1/standing-approvals", gate.adminKey);
    const revoked = list(body, "standingApprovals").find(({ id }) => id === made["mandate"]);
    expect(revoked).toMatchObject({ status: "revoked", revokedReason: "the campaign is over" });
  });

  test("sign-in: a session by the admin key goes on, and a sign-in under way finishes", async () => {
    const session = await fetch(`${origin(gate.port)}/v1/session`, {
      headers: { cookie: made["session"] ?? "" },
    });
    expect((await session.json()) as Body).toMatchObject({ role: "admin" });
    const finished = await fetch(signIn.callback, {
      redirect: "manual",
      headers: { cookie: signIn.cookies },
    });
    expect([finished.status, await finished.text()]).toEqual([
      200,
      expect.stringContaining("You are signed in"),
    ]);
  });

  test("payload-key: an earlier payload opens", async () => {
    const { text: payload } = await gate.call(
      "GET",
      `/v1/intents/${made["unsealed"]}/payload`,
      gate.adminKey,
    );
    expect(payload).toBe("unsealed\n");
  });

  test("idempotent-answer: a request under an earlier Idempotency-Key is replayed, and another is refused", async () => {
    const key = { "idempotency-key": "one" };
    expect(await propose("crm.open", "keyed\n", key)).toMatchObject({
      intentId: made["keyed"],
      status: "approved",
    });
    expect(await propose("crm.open", "other\n", key)).toMatchObject({ code: "idempotency_key_reused" });
  });

  test("values that don't derive from the secret stay: keys, nonces and business keys", async () => {
    expect((await gate.call("GET", "/v1/session", reviewer.key)).body).toMatchObject({ role: "reviewer" });
    const request = { ...proposal("crm.open", "named\n"), idempotency_key: "named" };
    const first = await gate.call("POST", "/v1/intents", agent.key, request);
    await rotateTo(2);
    const again = await gate.call("POST", "/v1/intents", agent.key, request);
    expect(again.body).toMatchObject({ status: "duplicate_blocked", intentId: first.body["intentId"] });
  });
});
