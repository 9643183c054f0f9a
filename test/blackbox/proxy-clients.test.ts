import { ErrorCode, LogLevel, WebClient, type WebClientOptions } from "@slack/web-api";
import axios, { isAxiosError } from "axios";
import { Stripe } from "stripe";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { list, text } from "../support/gate.ts";
import { CREDENTIALS } from "../support/providers.ts";
import { intentOf, type Scene, startScene } from "../support/proxy-server.ts";

/*
 * The libraries that agents are written with, as their makers publish them, with nothing changed but where they connect
 * and which key they show.
 */

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene[Symbol.asyncDispose]());
beforeEach(() => scene.upstream.forget());

async function reject(intent: string): Promise<void> {
  const body = { reason: "not this one" };
  const { status } = await scene.gate.call("POST", `/v1/intents/${intent}/reject`, scene.reviewer.key, body);
  expect(status).toBe(200);
}

/** The next held intent, as the queue lists it. */
async function nextHeld(): Promise<string> {
  const waiting = async () => {
    const { body } = await scene.gate.call("GET", "/v1/approvals", scene.reviewer.key);
    return list(body, "approvals");
  };
  await expect.poll(async () => (await waiting()).length, { timeout: 20_000 }).toBe(1);
  const [row] = await waiting();
  return text(row ?? {}, "intentId");
}

/** Whatever went out: the provider's own credential, and nothing of Gate's. */
function expectClean(secret: string): void {
  expect(scene.upstream.received.length).toBeGreaterThan(0);
  for (const request of scene.upstream.received) {
    expect(request.headers["authorization"]).toBe(`Bearer ${secret}`);
    const all = JSON.stringify([request.target, request.headers, request.body.toString("latin1")]);
    expect(all).not.toContain("gate_sk_");
    expect(Object.keys(request.headers).filter((name) => name.startsWith("x-gate"))).toEqual([]);
  }
}

describe("the stripe library", () => {
  let key = 0;
  const fresh = (): string => `order-${(key += 1)}`;

  /** The library knows no path before `/v1`, but takes a `fetch` of its own. */
  function client(headers: Readonly<Record<string, string>> = {}): Stripe {
    const throughGate = (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const { pathname, search } = new URL(String(url));
      const sent = new Headers(init?.headers);
      for (const [name, value] of Object.entries(headers)) sent.set(name, value);
      return fetch(`${scene.base}/stripe${pathname}${search}`, { ...init, headers: sent });
    };
    return new Stripe(scene.agent.key, {
      httpClient: Stripe.createFetchHttpClient(throughGate as typeof fetch),
      maxNetworkRetries: 0,
      telemetry: false,
    });
  }

  const refund = { charge: "ch_1", amount: 900 };

  test("reads with the account's key in place of the agent's", async () => {
    const charge = await client().charges.retrieve("ch_1");
    expect(charge).toMatchObject({ id: "ch_1", object: "charge", amount: 4200 });
    expect(charge.lastResponse.requestId).toMatch(/^req_/);
    expect(scene.upstream.received).toHaveLength(1);
    expectClean(CREDENTIALS.STRIPE_SECRET);
  });

  test("gets a held refund as a pending object and, once approved, the refund from the same call", async () => {
    const idempotencyKey = fresh();
    const held = await client().refunds.create(refund, { idempotencyKey });
    expect(held.lastResponse.statusCode).toBe(202);
    expect(held).toMatchObject({ status: "pending_approval", intentId: await nextHeld() });
    expect(scene.upstream.received).toHaveLength(0);

    expect(await scene.approveAll()).toBe(1);
    const done = await client().refunds.create(refund, { idempotencyKey });
    expect(done).toMatchObject({ object: "refund", amount: 900, status: "succeeded" });
    expect(done.lastResponse.statusCode).toBe(200);
    const again = await client().refunds.create(refund, { idempotencyKey });
    expect(again.id).toBe(done.id);
    expect(scene.upstream.received).toHaveLength(1);
    expect(scene.upstream.received[0]?.body.toString()).toBe("charge=ch_1&amount=900");
    // The provider knows a repeat by the intent.
    expect(scene.upstream.received[0]?.headers["idempotency-key"]).toMatch(/^gate_/);
    expectClean(CREDENTIALS.STRIPE_SECRET);
  });

  test("that waits gets the refund when it is approved, as if there were no Gate", async () => {
    const pending = client({ "x-gate-wait": "true" }).refunds.create({ ...refund, amount: 901 });
    expect(await scene.approve(await nextHeld())).toBe(200);
    expect(await pending).toMatchObject({ object: "refund", amount: 901, status: "succeeded" });
    expect(scene.upstream.received).toHaveLength(1);
    expectClean(CREDENTIALS.STRIPE_SECRET);
  });

  test("gets a rejected refund as an error with 403, and nothing was sent", async () => {
    const pending = client({ prefer: "wait=60" }).refunds.create({ ...refund, amount: 902 });
    const failed = pending.catch((error: unknown) => error);
    await reject(await nextHeld());
    expect(await failed).toMatchObject({ statusCode: 403, rawType: "write_blocked" });
    expect(scene.upstream.received).toHaveLength(0);
  });

  test("INV-09: is refused another amount under the same idempotency key", async () => {
    const idempotencyKey = fresh();
    await client().refunds.create({ ...refund, amount: 903 }, { idempotencyKey });
    const other = client().refunds.create({ ...refund, amount: 90_300 }, { idempotencyKey });
    await expect(other).rejects.toMatchObject({ statusCode: 422 });
    await scene.approveAll();
    await expect.poll(() => scene.upstream.received.length).toBe(1);
    expect(scene.upstream.received[0]?.body.toString()).toContain("amount=903");
  });

  test("gets the provider's refusal as the provider's own error", async () => {
    const pending = client({ "x-gate-wait": "true" }).refunds.create({ ...refund, amount: 404 });
    const failed = pending.catch((error: unknown) => error);
    const intent = await nextHeld();
    await scene.approve(intent);
    expect(await failed).toMatchObject({ type: "StripeInvalidRequestError", code: "resource_missing" });
    expect((await scene.look(intent))["state"]).toBe("failed");
  });

  test("INV-11: makes one refund in spite of its own retries", async () => {
    const failsOnce = { left: 1 };
    const flaky = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const answer = await fetch(`${scene.base}/stripe${new URL(String(url)).pathname}`, init);
      if (failsOnce.left-- > 0) {
        await answer.body?.cancel();
        throw new TypeError("fetch failed");
      }
      return answer;
    };
    const retrying = new Stripe(scene.agent.key, {
      httpClient: Stripe.createFetchHttpClient(flaky as typeof fetch),
      maxNetworkRetries: 2,
      telemetry: false,
    });
    const held = await retrying.refunds.create({ ...refund, amount: 905 });
    expect(held).toMatchObject({ status: "pending_approval", intentId: await nextHeld() });
    expect(await scene.approveAll()).toBe(1);
    await expect.poll(() => scene.upstream.received.length).toBe(1);
  });
});

describe("the @slack/web-api library", () => {
  function client(options: WebClientOptions = {}, prefix = "chat"): WebClient {
    return new WebClient(scene.agent.key, {
      slackApiUrl: `${scene.base}/${prefix}/api/`,
      retryConfig: { retries: 0 },
      logLevel: LogLevel.ERROR,
      ...options,
    });
  }

  function post(by: WebClient, message: string) {
    const { chat } = by;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Slack's, not a window's.
    return chat.postMessage({ channel: "C1", text: message });
  }

  test("passes a listed read although it is a POST", async () => {
    const { user } = await client().users.info({ user: "U1" });
    expect(user).toEqual({ id: "U1", name: "ada" });
    expectClean(CREDENTIALS.SLACK_SECRET);
  });

  test("that waits posts the message when it is approved", async () => {
    const waits = client({ headers: { "X-Gate-Wait": "true" } });
    const pending = post(waits, "hello");
    await scene.approve(await nextHeld());
    expect(await pending).toMatchObject({ ok: true, channel: "C1", message: { text: "hello" } });
    expect(scene.upstream.received).toHaveLength(1);
    expectClean(CREDENTIALS.SLACK_SECRET);
  });

  test("that does not wait gets an error with 202, and the message is posted once approved", async () => {
    const failed = await post(client(), "later").catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: ErrorCode.HTTPError, statusCode: 202 });
    const intent = await nextHeld();
    expect((failed as { headers: Record<string, string> }).headers["x-gate-intent-id"]).toBe(intent);
    expect(scene.upstream.received).toHaveLength(0);
    await scene.approve(intent);
    await expect.poll(() => scene.upstream.received.length).toBe(1);
  });

  test("INV-11: that retries posts once where the policy recognises repeats", async () => {
    const retryConfig = { retries: 3, minTimeout: 10, maxTimeout: 20 };
    const tries = client({ retryConfig }, "chat-once");
    const failed = await post(tries, "again and again").catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: ErrorCode.HTTPError });
    expect(await scene.approveAll()).toBe(1);
    await expect.poll(() => scene.upstream.received.length).toBe(1);
  });

  test("gets a rejected message as an error with 403", async () => {
    const waits = client({ headers: { Prefer: "wait=60" } });
    const failed = post(waits, "no").catch((error: unknown) => error);
    await reject(await nextHeld());
    expect(await failed).toMatchObject({ code: ErrorCode.HTTPError, statusCode: 403 });
    expect(scene.upstream.received).toHaveLength(0);
  });
});

describe("the axios library", () => {
  const client = () => axios.create({ baseURL: scene.base, headers: { "X-Gate-Key": scene.agent.key } });

  test("needs only another base URL and one header", async () => {
    const { status, data, headers } = await client().post<unknown>("/plain/things?a=1", {
      name: "write-axios",
    });
    expect(status).toBe(200);
    expect(data).toEqual({ name: "write-axios" });
    expect((await scene.look(String(headers["x-gate-intent-id"])))["state"]).toBe("succeeded");
    expect(scene.upstream.received[0]?.target).toBe("/plain/things?a=1");
    expectClean(CREDENTIALS.PLAIN_SECRET);
  });

  test("sends and receives bytes unchanged", async () => {
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, at) => (at * 7) % 256));
    const { data } = await client().put<ArrayBuffer>("/plain/blob", bytes, {
      headers: { "content-type": "application/octet-stream" },
      responseType: "arraybuffer",
    });
    expect(Buffer.from(data).equals(bytes)).toBe(true);
    expect(scene.upstream.received[0]?.body.equals(bytes)).toBe(true);
  });

  test("gets a held write as 202 with the URL to poll, not as an error", async () => {
    const { status, data, headers } = await client().post<Record<string, unknown>>("/held/things", {
      name: "write-ax",
    });
    expect(status).toBe(202);
    const id = await nextHeld();
    expect(data).toMatchObject({ status: "pending_approval", intentId: id, retryAfterSeconds: 30 });
    expect(headers).toMatchObject({ location: `/v1/intents/${id}`, "retry-after": "30" });
    await scene.approveAll();
    const storedStatus = async () =>
      (await client().get<unknown>(String(data["responseUrl"]), bearer())).status;
    await expect.poll(storedStatus).toBe(200);
    const { data: answered } = await client().get<unknown>(String(data["responseUrl"]), bearer());
    expect(answered).toMatchObject({ status: 200, body: '{"name":"write-ax"}', truncated: false });
  });

  const bearer = () => ({
    headers: { Authorization: `Bearer ${scene.agent.key}` },
    validateStatus: () => true,
  });

  test("gets a blocked write as an error with 403 and the reason", async () => {
    const failed = await client()
      .post("/github/repos/acme/app/issues", { title: "forbidden words" })
      .catch((error: unknown) => error);
    expect(isAxiosError(failed) && failed.response?.status).toBe(403);
    expect(isAxiosError(failed) && failed.response?.data).toMatchObject({
      code: "write_blocked",
      reason_code: "blocked_term_detected",
    });
    expect(scene.upstream.received).toHaveLength(0);
  });
});

describe("fetch, as small clients of Salesforce and GitHub use it", () => {
  test("queries and inserts, and the insert's Location leads through Gate", async () => {
    const data = "/sfdc/services/data/v66.0";
    const query = await scene.send(`${data}/query?q=SELECT+Id+FROM+Lead`);
    expect(await query.json()).toMatchObject({ totalSize: 1, records: [{ Name: "SELECT Id FROM Lead" }] });
    expect(query.headers.get("sforce-limit-info")).toBe("api-usage=18/15000");
    expect(query.headers.get("x-gate-intent-id")).toBeNull();
    const lead = JSON.stringify({ LastName: "Lovelace", Company: "write-lead" });
    const headers = { "content-type": "application/json" };
    const insert = await scene.send(`${data}/sobjects/Lead`, { method: "POST", headers, body: lead });
    expect(insert.status).toBe(201);
    const { id } = (await insert.json()) as { readonly id: string };
    expect((await scene.look(intentOf(insert)))["state"]).toBe("succeeded");
    const patch = await scene.send(`${data}/sobjects/Lead/${id}`, { method: "PATCH", headers, body: "{}" });
    expect(patch.status).toBe(204);
    expect(await patch.text()).toBe("");
    expectClean(CREDENTIALS.SFDC_SECRET);
  });

  test("opens an issue, and a list keeps its link to the next page", async () => {
    const issues = "/github/repos/acme/app/issues";
    const first = await scene.send(issues, { headers: { "user-agent": "triage-bot/1.0" } });
    expect(await first.json()).toEqual([{ number: 1, title: "First" }]);
    expect(first.headers.get("link")).toContain('rel="next"');
    const body = JSON.stringify({ title: "It broke" });
    const opened = await scene.send(issues, {
      method: "POST",
      headers: { "user-agent": "triage-bot/1.0" },
      body,
    });
    expect(opened.status).toBe(201);
    expect(await opened.json()).toMatchObject({ number: 2, title: "It broke" });
    expect(scene.upstream.received[1]?.headers["user-agent"]).toBe("triage-bot/1.0");
    expectClean(CREDENTIALS.GITHUB_SECRET);
  });

  test("INV-23: sends the agent's own credential once with the approved repeat, where Gate has none, and stores it nowhere", async () => {
    const own = "Bearer agents-own-token-123456";
    const init = { method: "POST", headers: { authorization: own }, body: "write-own" };
    const held = await scene.send("/own/things", init);
    expect(held.status).toBe(202);
    const intent = intentOf(held);
    expect(await scene.approve(intent)).toBe(200);
    expect(scene.upstream.received).toHaveLength(0);
    const repeat = { ...init, headers: { ...init.headers, "x-gate-intent-id": intent } };
    const sent = await scene.send("/own/things", repeat);
    expect([sent.status, await sent.text()]).toEqual([200, "write-own"]);
    expect(scene.upstream.received.map(({ headers }) => headers["authorization"])).toEqual([own]);
    const again = await scene.send("/own/things", repeat);
    expect([again.status, await again.text()]).toEqual([200, "write-own"]);
    expect(scene.upstream.received).toHaveLength(1);
    expect(JSON.stringify(await scene.look(intent, scene.reviewer.key))).not.toContain("agents-own-token");
  });
});
