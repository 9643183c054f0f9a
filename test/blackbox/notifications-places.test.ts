import { createHmac } from "node:crypto";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { verifyWebhook } from "../../sdk/typescript/verify.ts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/command.ts";
import { startGate, text, type Body, type Gate } from "../support/gate.ts";
import type { Principal } from "../support/client.ts";

/* A program, a mail provider and an approval provider, over real connections. */

const WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const PROVIDER_SECRET = "conformance-provider-secret";
const MAIL_KEY = "conformance-mail-key";

const GIVE_UP_MS = 30_000;
const LOOK_AGAIN_MS = 50;

interface Got {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
  readonly body: Body;
}

const got: Got[] = [];
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", () => {
    const raw = Buffer.concat(chunks).toString("utf8");
    got.push({ path: request.url ?? "", headers: request.headers, raw, body: JSON.parse(raw) as Body });
    response.writeHead(202).end("{}");
  });
});

const folder = temporaryFolder();
let gate: Gate;
let agent: Principal;

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const at = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  writeFileSync(
    join(policies, "asked.yaml"),
    "id: asked\ndestinations: [crm.asked]\nrequire_approval: always\napprovers: { groups: [ops], min_assurance: link }\n",
  );
  const registry = join(folder.path, "gate.yaml");
  writeFileSync(
    registry,
    `people:
  ana: { name: Ana Diaz, email: ana@example.com }
  ben: { name: Ben Okafor, email: ben@example.com }
  zoe: { name: Zoe Lund, email: zoe@example.com }
groups: { ops: [ana, ben] }
destinations: { crm.asked: { policies: [asked] } }
credentials:
  whsec: { ref: env://TEST_WHSEC }
  mail: { ref: env://TEST_MAIL }
  provider: { ref: env://TEST_PROVIDER }
channels:
  program: { type: webhook, url: "${at}/program", secret: whsec, allow_private: true }
  mail: { type: email, url: "${at}/mail", secret: mail, from: gate@example.com, allow_private: true }
  phone: { type: a2h, url: "${at}/phone", secret: provider, for: [ana], allow_private: true }
`,
  );
  gate = await startGate({
    args: ["--registry", registry, "--policy-dir", policies],
    env: { TEST_WHSEC: WHSEC, TEST_MAIL: MAIL_KEY, TEST_PROVIDER: PROVIDER_SECRET },
  });
  agent = await gate.register("agent");
});

afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  receiver.closeAllConnections();
  receiver.close();
  folder[Symbol.dispose]();
});

async function eventually<T>(look: () => T | Promise<T>): Promise<T> {
  const end = Date.now() + GIVE_UP_MS;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }
}

let rows = 0;

async function propose(): Promise<{ readonly intent: string; readonly row: string }> {
  rows += 1;
  const row = `row-${rows}-`;
  const payload = JSON.stringify({ rows });
  const request = { destination: "crm.asked", policy: "asked", action: row, payload, recordCount: 1 };
  const answer = await gate.call("POST", "/v1/intents", agent.key, request);
  return { intent: text(answer.body, "intentId"), row };
}

/** Requests to a path about an action, once there are so many. */
function about(path: string, row: string, count = 1): Promise<readonly Got[]> {
  return eventually(() => {
    const found = got.filter((each) => each.path === path && each.raw.includes(row));
    if (found.length < count) throw new Error(`${found.length} of ${count} at ${path}`);
    return found;
  });
}

async function stateOf(intent: string): Promise<string> {
  return text((await gate.call("GET", `/v1/intents/${intent}`, gate.adminKey)).body, "state");
}

test("INV-30: a webhook gets pending and decided intents, signed as the Standard Webhooks library and the SDK verify", async () => {
  const { intent, row } = await propose();
  const [pending] = await about("/program", row);
  expect(pending?.body).toMatchObject({ type: "approval.requested", data: { intent_id: intent } });
  const ben = await gate.register("reviewer", { person: "ben" });
  await gate.call("POST", `/v1/intents/${intent}/reject`, ben.key, { reason: "the words of the reviewer" });
  const notifications = await about("/program", row, 2);
  for (const { raw, headers } of notifications) {
    expect(() => new Webhook(WHSEC).verify(raw, headers as Record<string, string>)).not.toThrow();
    const { event } = await verifyWebhook({ secret: WHSEC, headers, body: raw });
    expect(event.data["intent_id"]).toBe(intent);
    expect(raw).not.toContain("the words of the reviewer");
  }
  const decided = notifications.find(({ body }) => body["type"] === "approval.decided");
  expect(decided?.body["data"]).toMatchObject({ intent_id: intent, state: "rejected", decided_by: "ben" });
});

test("INV-27: each eligible person gets an e-mail with a link of their own, which decides once, by POST", async () => {
  const { intent, row } = await propose();
  const letters = await about("/mail", row, 2);
  expect(letters.map(({ body }) => body["to"]).toSorted()).toEqual([
    ["ana@example.com"],
    ["ben@example.com"],
  ]);
  expect(letters[0]?.headers.authorization).toBe(`Bearer ${MAIL_KEY}`);
  const tokens = letters.map(({ body }) => /\?link=(\S+)/.exec(text(body, "text"))?.[1] ?? "");
  expect(new Set(tokens).size).toBe(2);

  const [token = ""] = tokens;
  for (let preview = 0; preview < 3; preview += 1) {
    expect((await gate.call("GET", `/v1/approval-links/${token}`)).status).toBe(200);
  }
  expect(await stateOf(intent)).toBe("pending_approval");
  const decided = await gate.call("POST", `/v1/approval-links/${token}/approve`, null, {});
  expect(decided.body).toMatchObject({ status: "approved" });
  const other = await gate.call("POST", `/v1/approval-links/${token}/reject`, null, { reason: "no" });
  expect(other.status).toBe(410);
});

test("an approval provider asks the one person it is for and returns their answer", async () => {
  const { intent, row } = await propose();
  const [question] = await about("/phone", row);
  if (question === undefined) throw new Error("not asked");
  expect(question.body).toMatchObject({ protocol: "a2h.v1", intent_id: intent, principal_id: "ana" });
  const [, at = "", v1] = /^t=(\d+),v1=(\w+)$/.exec(String(question.headers["x-gate-signature"])) ?? [];
  expect(v1).toBe(createHmac("sha256", PROVIDER_SECRET).update(`${at}.${question.raw}`).digest("hex"));

  const callback = text(question.body, "callback_url");
  const answer = async (secret: string) => {
    const body = JSON.stringify({
      intent_id: intent,
      gate_approval_interaction_id: question.body["gate_approval_interaction_id"],
      responds_to: question.body["message_id"],
      decision: "APPROVE",
      approved_intent_hash: question.body["approved_intent_hash"],
    });
    const now = Date.now();
    const signature = createHmac("sha256", secret).update(`${now}.${body}`).digest("hex");
    return fetch(callback, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "X-Gate-Provider-Signature": `t=${now},v1=${signature}`,
        "X-Gate-Provider-Delivery-ID": "delivery-1",
      },
      body,
    });
  };
  expect((await answer("guessed")).status).toBe(401);
  expect(await stateOf(intent)).toBe("pending_approval");
  expect((await answer(PROVIDER_SECRET)).status).toBe(200);
  expect(await stateOf(intent)).toBe("approved");
  expect((await answer(PROVIDER_SECRET)).status).toBe(200);
});
