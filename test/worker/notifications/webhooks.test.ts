import { createHmac } from "node:crypto";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { standardHeaders } from "../../../src/app/notifications/standard-webhooks.ts";
import {
  admin,
  call,
  everythingInD1,
  flushed,
  later,
  ledgerOf,
  MINUTE_MS,
  ordered,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import {
  hanging,
  Internet,
  logOf,
  registerHook,
  stopQueue,
  runNotifications,
  type Received,
} from "../../support/worker/receiver.ts";
import type { Answer, Principal } from "../../support/client.ts";

let agent: Principal;
let reviewer: Principal;
let internet: Internet;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
});

beforeEach(async () => {
  stopQueue();
  internet = new Internet();
  await runNotifications();
});

afterEach(async () => {
  const { body } = await call("GET", "/v1/webhooks", admin);
  for (const { id } of body.webhooks) await call("DELETE", `/v1/webhooks/${id}`, admin);
});

const HOUR_MS = 60 * MINUTE_MS;

/** Verification by a receiver, as the Standard Webhooks specification describes it. */
function verifies({ headers, text }: Received, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`;
  const wanted = `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
  return (headers["webhook-signature"] ?? "").split(" ").includes(wanted);
}

async function held(): Promise<string> {
  const intent = await propose(agent, proposal("crm.held"), "pending_approval");
  await flushed(intent);
  return intent;
}

async function decideOn(intent: string, decision: "approve" | "reject" | "cancel-approval") {
  const body = decision === "approve" ? {} : { reason: "told so by a test" };
  const answer = await call("POST", `/v1/intents/${intent}/${decision}`, reviewer.key, body);
  if (answer.status !== 200) throw new Error(answer.text);
  await flushed(intent);
}

describe("INV-30: outgoing webhooks", () => {
  test("INV-30: a delivery verifies with the Standard Webhooks library and by hand", async () => {
    const url = internet.at();
    const { id, secret } = await registerHook(url, ["intent.approval_requested"]);
    const intent = await held();
    await runNotifications();
    const [got, ...more] = internet.to(url);
    if (got === undefined) throw new Error("nothing came");
    expect(more).toEqual([]);
    expect(new Webhook(secret).verify(got.text, got.headers)).toEqual(got.body);
    expect(verifies(got, secret)).toBe(true);
    expect(() => new Webhook(secret).verify(`${got.text} `, got.headers)).toThrow(/signature/);
    expect(() =>
      new Webhook(`whsec_${btoa("another key of 24 bytes!")}`).verify(got.text, got.headers),
    ).toThrow();
    const entry = (await ledgerOf(intent)).find(({ event }) => event === "approval_requested");
    expect(got.body).toEqual({
      type: "intent.approval_requested",
      timestamp: new Date(entry?.at ?? 0).toISOString(),
      data: {
        intent_id: intent,
        seq: 3,
        event: "approval_requested",
        actor: "gate",
        agent_id: agent.id,
        destination: "crm.held",
        policy: "held",
        entry_hash: entry?.entry_hash,
        details: JSON.parse(entry?.body ?? ""),
      },
    });
    expect(await logOf(id)).toMatchObject([
      {
        id: got.headers["webhook-id"],
        event: "intent.approval_requested",
        intent_id: intent,
        state: "delivered",
        attempts: 1,
        status: 204,
      },
    ]);
  });

  test("INV-27 INV-30: a webhook's secret, URL and messages are nowhere in D1 in clear", async () => {
    const url = internet.at();
    const answer = await call("POST", "/v1/webhooks", admin, { url, description: "Our own dashboard" });
    const everything = await everythingInD1();
    for (const secret of [
      answer.body.secret,
      answer.body.secret.slice(6),
      "in-the-address",
      "dashboard",
      url,
    ]) {
      expect(everything).not.toContain(secret);
    }
    expect(everything).toContain(answer.body.id);
    const again = await call("GET", `/v1/webhooks/${answer.body.id}`, admin);
    expect(again.body).toMatchObject({ url, description: "Our own dashboard", enabled: true, events: ["*"] });
    expect(JSON.stringify([again.body, (await call("GET", "/v1/webhooks", admin)).body])).not.toContain(
      "whsec_",
    );
  });

  test.each([
    "http://example.com/hook",
    "https://127.0.0.1/hook",
    "https://0x7f.1/hook",
    "https://[::ffff:169.254.169.254]/hook",
    "https://metadata.google.internal/hook",
    "https://user:secret@example.com/hook",
    "https://localhost",
    "ftp://example.com",
    "nonsense",
    "",
    7,
    null,
    { href: "https://example.com" },
    `https://example.com/${"a".repeat(3_000)}`,
  ])("INV-22 INV-30: a webhook whose URL is not a public https URL is refused: %j", async (url) => {
    const intent = await propose(agent, proposal("crm.held"), "pending_approval");
    for (const answer of [
      await call("POST", "/v1/webhooks", admin, { url }),
      await call("POST", "/v1/webhooks/register", agent.key, { intentId: intent, url, secret: "s" }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
      expect(answer.text).not.toContain("user:secret");
    }
  });

  test.each([
    { events: [] },
    { events: ["intent.nonsense"] },
    { events: ["approved"] },
    { events: ["intent.constructor"] },
    { events: ["intent.__proto__"] },
    { events: ["gate.*"] },
    { events: "intent.approved" },
    { events: Array.from({ length: 51 }, () => "*") },
    { description: "x".repeat(501) },
    { secret: "of my own" },
    { allow_private: true },
  ])("a registration with another mistake is refused: %j", async (more) => {
    const answer = await call("POST", "/v1/webhooks", admin, { url: internet.at(), ...more });
    expect([answer.status, answer.body.code]).toEqual([400, "invalid_request"]);
  });

  test("registrations are on the ledger, without their secrets", async () => {
    const { id } = await registerHook(internet.at());
    await call("POST", `/v1/webhooks/${id}/rotate-secret`, admin);
    await call("DELETE", `/v1/webhooks/${id}`, admin);
    const rows = (await ledgerOf("registry")).filter(({ body }) => body.includes(id));
    expect(rows.map(({ event, body }) => [event, JSON.parse(body)])).toEqual([
      ["webhook_registered", { webhook: id, events: ["*"] }],
      ["webhook_secret_rotated", { webhook: id }],
      ["webhook_removed", { webhook: id }],
    ]);
  });

  test("a hundred webhooks are accepted, in parallel too, and the next one is refused", async () => {
    const answers: Answer[] = [];
    // Not all at once: they share the registry's one chain, where each waits for its turn.
    while (answers.length < 104) {
      const body = { url: "https://many.example.com" };
      answers.push(
        ...(await Promise.all(Array.from({ length: 8 }, () => call("POST", "/v1/webhooks", admin, body)))),
      );
    }
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
      Array.from({ length: 4 }, () => [409, "too_many_webhooks"]),
    );
    expect((await call("GET", "/v1/webhooks", admin)).body.count).toBe(100);
  });

  test("events go to the webhooks whose filter names them", async () => {
    const urls = [internet.at(), internet.at(), internet.at(), internet.at()];
    await registerHook(urls[0] ?? "", ["*"]);
    await registerHook(urls[1] ?? "", ["intent.*"]);
    await registerHook(urls[2] ?? "", ["intent.approved", "intent.rejected", "*"]);
    await registerHook(urls[3] ?? "", ["intent.execution_requested"]);
    const { intent } = await ordered(agent);
    await flushed(intent);
    await runNotifications();
    const all = ["intent.proposed", "intent.policy_checked", "intent.approved", "intent.execution_requested"];
    const got = urls.map((url) =>
      internet
        .to(url)
        .map(({ body }) => body.type)
        .toSorted(),
    );
    expect(got).toEqual([all.toSorted(), all.toSorted(), all.toSorted(), ["intent.execution_requested"]]);
  });

  test("after a rotation both keys sign for a day, then only the new one", async () => {
    const url = internet.at();
    const { id, secret: before } = await registerHook(url, ["intent.proposed"]);
    const { secret: now } = (await call("POST", `/v1/webhooks/${id}/rotate-secret`, admin)).body;
    await flushed((await ordered(agent)).intent);
    await runNotifications();
    later(25 * HOUR_MS);
    await flushed((await ordered(agent)).intent);
    await runNotifications();
    const [first, second] = internet.to(url);
    if (first === undefined || second === undefined) throw new Error("too little came");
    expect([verifies(first, before), verifies(first, now)]).toEqual([true, true]);
    expect([verifies(second, before), verifies(second, now)]).toEqual([false, true]);
  });

  test("a test delivery is sent at once and signed, and is no event of an intent", async () => {
    const url = internet.at();
    const { id, secret } = await registerHook(url, ["intent.approved"]);
    const answer = await call("POST", `/v1/webhooks/${id}/test`, admin);
    expect(answer.status).toBe(202);
    await runNotifications();
    const [got] = internet.to(url);
    if (got === undefined) throw new Error("nothing came");
    expect(verifies(got, secret)).toBe(true);
    expect(got.headers["webhook-id"]).toBe(answer.body.delivery_id);
    expect(got.body).toMatchObject({ type: "gate.test", data: { webhook_id: id } });
  });
});

test("INV-30: the vector of Standard Webhooks is reproduced, and a malformed secret signs nothing", () => {
  const message = { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", at: 1_614_265_330_999, body: '{"test": 2432232314}' };
  const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  expect(standardHeaders(message, [secret])).toEqual({
    "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
    "webhook-timestamp": "1614265330",
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
  });
  expect(standardHeaders(message, [secret, "of my own"])).toBeNull();
});

describe("INV-30: the receiver's answer", () => {
  const once = async (answer: () => Response) => {
    const url = internet.at(answer);
    const { id } = await registerHook(url, ["intent.proposed"]);
    const { intent } = await ordered(agent);
    await flushed(intent);
    await runNotifications();
    return { url, id };
  };

  test.each([
    [500, "it answered 500"],
    [404, "it answered 404"],
    [400, "it answered 400"],
    [301, "it answered 301; redirects are not followed"],
    [307, "it answered 307; redirects are not followed"],
    [503, "it answered 503"],
  ])(
    "INV-30: of status %i is no success: the delivery is repeated with the same id",
    async (status, problem) => {
      const { url, id } = await once(
        () => new Response("secret words", { status, headers: { Location: "https://127.0.0.1/" } }),
      );
      expect(await logOf(id)).toMatchObject([{ state: "pending", attempts: 1, status, problem }]);
      await runNotifications();
      expect(internet.to(url)).toHaveLength(1);
      later(7_000);
      await runNotifications();
      const [first, second, ...more] = internet.to(url);
      expect(more).toEqual([]);
      expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
      expect(second?.text).toBe(first?.text);
      expect(internet.received.map(({ url: requested }) => requested)).not.toContain("https://127.0.0.1/");
    },
  );

  test("INV-30: is retried ten times over three days, then given up, and can be replayed", async () => {
    let works = false;
    const { url, id } = await once(() => new Response(null, { status: works ? 200 : 500 }));
    for (let hours = 0; hours < 24 * 10; hours += 1) {
      await runNotifications();
      later(HOUR_MS);
    }
    expect(await logOf(id)).toMatchObject([{ state: "failed", attempts: 10, problem: "it answered 500" }]);
    expect(internet.to(url)).toHaveLength(10);
    expect(new Set(internet.to(url).map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    works = true;
    const [{ id: delivery }] = (await logOf(id)) as [{ id: string }];
    const replayed = await call("POST", `/v1/webhooks/${id}/deliveries/${delivery}/replay`, admin);
    expect([replayed.status, replayed.body.state]).toEqual([202, "pending"]);
    await runNotifications();
    expect(await logOf(id)).toMatchObject([{ state: "delivered", attempts: 1, status: 200 }]);
  });

  test("INV-30: 429 delays the next attempt as long as it asks", async () => {
    const { url, id } = await once(
      () => new Response(null, { status: 429, headers: { "Retry-After": "600" } }),
    );
    expect(await logOf(id)).toMatchObject([{ state: "pending", status: 429 }]);
    later(599_000);
    await runNotifications();
    expect(internet.to(url)).toHaveLength(1);
    later(2_000);
    await runNotifications();
    expect(internet.to(url)).toHaveLength(2);
  });

  test("INV-30: 410 ends the webhook: no more deliveries, and it shows why", async () => {
    const { url, id } = await once(() => new Response(null, { status: 410 }));
    expect((await call("GET", `/v1/webhooks/${id}`, admin)).body).toMatchObject({
      enabled: false,
      disabled_reason: "gone",
    });
    await flushed((await ordered(agent)).intent);
    later(HOUR_MS);
    await runNotifications();
    expect(internet.to(url)).toHaveLength(1);
    expect((await call("POST", `/v1/webhooks/${id}/test`, admin)).body.code).toBe("webhook_not_in_use");
  });

  test("INV-30: a webhook deleted meanwhile gets no more deliveries", async () => {
    const { url, id } = await once(() => new Response(null, { status: 500 }));
    await flushed((await ordered(agent)).intent);
    await call("DELETE", `/v1/webhooks/${id}`, admin);
    later(HOUR_MS);
    await runNotifications();
    expect(internet.to(url)).toHaveLength(1);
    expect((await call("GET", `/v1/webhooks/${id}`, admin)).body.code).toBe("webhook_not_found");
    expect((await call("GET", `/v1/webhooks/${id}/deliveries`, admin)).status).toBe(404);
  });

  test("INV-30: without an end is read up to a limit", async () => {
    const { id } = await once(() => {
      const endless = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(16_384)),
      });
      return new Response(endless, { status: 200 });
    });
    expect(await logOf(id)).toMatchObject([{ state: "delivered" }]);
  });

  test("INV-30: that never comes, and a host that does not exist, delay no other webhook", async () => {
    const [slow, gone, well] = [internet.at(hanging), "https://nobody.example.com/", internet.at()];
    const hooks = await Promise.all([slow, gone, well].map((url) => registerHook(url, ["intent.*"])));
    await flushed((await ordered(agent)).intent);
    await flushed((await ordered(agent)).intent);
    const impatient = AbortSignal.timeout.bind(AbortSignal);
    AbortSignal.timeout = () => impatient(300);
    const working = runNotifications();
    try {
      await expect.poll(() => internet.to(well).length).toBe(8);
      // It still waits for the one that hangs.
      expect(internet.to(slow).length).toBeLessThanOrEqual(2);
    } finally {
      await working;
      AbortSignal.timeout = impatient;
    }
    const [slowLog, goneLog] = await Promise.all(hooks.map(({ id }) => logOf(id)));
    expect(slowLog?.map(({ problem }) => problem)).toContain("it did not answer in time");
    expect(goneLog?.map(({ problem }) => problem)).toContain("it could not be reached");
  });
});

describe("the reference contract's webhook of one intent", () => {
  const sign = (intent: string, url: string, key = agent.key, more = {}) =>
    call("POST", "/v1/webhooks/register", key, {
      intentId: intent,
      url,
      secret: "s3cret of the agent",
      ...more,
    });

  test.each([
    ["approve", "approved", "approved"],
    ["reject", "rejected", "rejected"],
    ["cancel-approval", "approval_cancelled", "cancelled"],
  ] as const)("INV-30: sends %s once, as %s", async (decision, event, ledgerEvent) => {
    const url = internet.at();
    const intent = await held();
    const answer = await sign(intent, url);
    expect([answer.status, answer.body]).toEqual([
      200,
      { registered: true, webhookId: expect.stringMatching(/^whk_/), intentId: intent, url },
    ]);
    await decideOn(intent, decision);
    await runNotifications();
    // Revoking an approved intent later sends no second callback.
    await call("POST", `/v1/intents/${intent}/revoke`, reviewer.key, { reason: "no" });
    await flushed(intent);
    await runNotifications();
    const [got, ...more] = internet.to(url);
    if (got === undefined) throw new Error("nothing came");
    expect(more).toEqual([]);
    expect(got.body).toMatchObject({
      intentId: intent,
      event,
      ledgerEvent,
      actor: reviewer.id,
      attempt: 1,
      deliveryId: got.headers["x-gate-delivery-id"],
    });
    // Ids of persons: a reviewer without one is their own.
    expect([got.body.approver, got.body.rejector]).toEqual([
      event === "approved" ? reviewer.id : undefined,
      event === "rejected" ? reviewer.id : undefined,
    ]);
    const [, time, signature] =
      /^t=(\d+),v1=([\da-f]{64})$/.exec(got.headers["x-gate-signature"] ?? "") ?? [];
    expect(signature).toBe(
      createHmac("sha256", "s3cret of the agent").update(`${time}.${got.text}`).digest("hex"),
    );
    expect(Object.keys(got.headers)).not.toContain("x-gate-secret");
    expect(JSON.stringify(got)).not.toContain("s3cret");
  });

  test("treats withdrawn, expired and revoked as cancelled", async () => {
    const urls = [internet.at(), internet.at(), internet.at()];
    const intents = [await held(), await held(), await held()];
    await Promise.all(intents.map((intent, at) => sign(intent, urls[at] ?? "")));
    await call("POST", `/v1/intents/${intents[0]}/withdraw`, agent.key);
    await call("POST", `/v1/intents/${intents[1]}/revoke`, reviewer.key, { reason: "no" });
    later(31 * MINUTE_MS);
    await Promise.all(intents.map(flushed));
    await runNotifications();
    expect(urls.map((url) => internet.to(url).map(({ body }) => [body.event, body.ledgerEvent]))).toEqual([
      [["approval_cancelled", "withdrawn"]],
      [["approval_cancelled", "revoked"]],
      [["approval_cancelled", "expired"]],
    ]);
  });

  test("registered after the decision is sent at once", async () => {
    const url = internet.at();
    const intent = await propose(agent, proposal("crm.small"), "approved");
    await flushed(intent);
    await runNotifications();
    await sign(intent, url);
    await runNotifications();
    expect(internet.to(url).map(({ body }) => body.event)).toEqual(["approved"]);
  });

  test("registered again replaces the earlier one", async () => {
    const [first, second] = [internet.at(), internet.at()];
    const intent = await held();
    await sign(intent, first);
    await sign(intent, second);
    await decideOn(intent, "approve");
    await runNotifications();
    expect([internet.to(first).length, internet.to(second).length]).toEqual([0, 1]);
  });

  test("without a secret gets one from Gate, which makes both signatures", async () => {
    const url = internet.at();
    const intent = await held();
    const { secret } = (await sign(intent, url, agent.key, { secret: null })).body;
    expect(secret).toMatch(/^whsec_/);
    await decideOn(intent, "approve");
    await runNotifications();
    const [got] = internet.to(url);
    if (got === undefined) throw new Error("nothing came");
    expect(verifies(got, secret)).toBe(true);
    const [, time, signature] =
      /^t=(\d+),v1=([\da-f]{64})$/.exec(got.headers["x-gate-signature"] ?? "") ?? [];
    expect(signature).toBe(createHmac("sha256", secret).update(`${time}.${got.text}`).digest("hex"));
  });

  test("is tried five times within a quarter of an hour, each attempt with its number", async () => {
    const url = internet.at(() => new Response(null, { status: 500 }));
    const intent = await held();
    await sign(intent, url);
    await decideOn(intent, "approve");
    for (let minutes = 0; minutes < 30; minutes += 1) {
      await runNotifications();
      later(MINUTE_MS);
    }
    const got = internet.to(url);
    expect(got.map(({ body }) => body.attempt)).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(got.map(({ body }) => body.deliveryId)).size).toBe(1);
  });

  test("INV-06: for another agent's intent is 404", async () => {
    const stranger = await register("agent");
    const intent = await held();
    const [other, unknown] = [
      await sign(intent, internet.at(), stranger.key),
      await sign(`int_${"A".repeat(43)}`, internet.at(), stranger.key),
    ];
    expect([other.status, other.body.code]).toEqual([404, "intent_not_found"]);
    expect([unknown.status, unknown.body]).toEqual([404, other.body]);
  });

  test("INV-05: of a suspended agent is not sent any more", async () => {
    const owner = await register("agent");
    const url = internet.at();
    const intent = await propose(owner, proposal("crm.held"), "pending_approval");
    await sign(intent, url, owner.key);
    await call("POST", `/v1/agents/${owner.id}/suspend`, admin);
    await call("POST", `/v1/intents/${intent}/reject`, reviewer.key, { reason: "no" });
    await flushed(intent);
    await runNotifications();
    expect(internet.to(url)).toEqual([]);
  });

  test("INV-27: has its secret and URL nowhere in D1 in clear", async () => {
    await sign(await held(), internet.at());
    const everything = await everythingInD1();
    expect(everything).not.toContain("s3cret of the agent");
    expect(everything).not.toContain("in-the-address");
  });
});

test("webhooks sealed under an earlier secret of the deployment are still readable", async () => {
  const { d1Webhooks } = await import("../../../src/adapters/d1/webhooks.ts");
  const { registryChain } = await import("../../../src/adapters/d1/registry-chain.ts");
  const { keysInForce } = await import("../../../src/core/base/key-derivation.ts");
  const earlier = btoa("an earlier secret of 32 bytes...");
  const chain = registryChain(env.DB, () => new Uint8Array(32));
  const { id, secret } = await registerHook(internet.at());
  const hooks = (...secrets: [string, ...string[]]) =>
    d1Webhooks(env.DB, chain, () => keysInForce(secrets, "webhook-secret"));
  expect(await hooks(earlier, env.GATE_SECRET).secrets(id, Date.now())).toEqual([secret]);
  expect(await hooks(earlier).secrets(id, Date.now())).toEqual([]);
  expect(await hooks(earlier).find(id)).toMatchObject({
    url: "",
    disabled: "sealed_under_an_unknown_secret",
  });
});
