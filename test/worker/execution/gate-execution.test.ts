import { exports } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { sha256Hex } from "../../../src/core/base/digest.ts";
import { orderId } from "../../../src/core/intent/execution.ts";
import {
  admin,
  call,
  eventsOf,
  everythingInD1,
  fresh,
  later,
  MINUTE_MS,
  objectOf,
  propose,
  register,
  stateOf,
  until,
} from "../../support/worker/gate.ts";
import { bindings } from "../../support/worker/bindings.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

/* Intents proposed by API whose request Gate makes from a template and sends itself. */

const KEY = "sk-live-4fQ9xZ2mB7";
const HOST = "https://pay.example.com";

const REGISTRY = `${RULES.registry.trimEnd()}
  crm.paid-out:
    policies: [small]
    upstream: ${HOST}/v1
    credential: pay
    timeout_seconds: 1
    execute: { method: POST, path: "/charges/{payload.charge}/refunds?account={metadata.account}", content_type: application/json }
  crm.held-out: { policies: [held], upstream: "${HOST}", credential: pay, inject: { header: X-Api-Key }, execute: { method: POST, path: /refunds } }
  crm.edited-out: { policies: [editable], upstream: "${HOST}", credential: pay, execute: { method: PATCH, path: "/rows/{payload.row}" } }
  crm.repeatable-out: { policies: [small], upstream: "${HOST}", idempotent: true, idempotency_header: Idempotency-Key, execute: { method: PUT, path: /rows } }
  crm.bare-out: { policies: [small], upstream: "${HOST}", execute: { method: DELETE, path: "/rows/{metadata.row}" } }
  crm.form-out: { policies: [small], upstream: "${HOST}", execute: { method: POST, path: /form, content_type: application/x-www-form-urlencoded } }
  crm.slow-out: { policies: [small], upstream: "${HOST}", execute: { method: POST, path: /slow } }
  crm.keyless-out: { policies: [small], upstream: "${HOST}", credential: gone, execute: { method: POST, path: /rows } }
credentials:
  pay: { ref: env://PAY_KEY }
  gone: { ref: env://NOT_THERE }
`;

interface Arrived {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

let arrived: Arrived[] = [];
let answer: (request: Arrived, signal: AbortSignal | null) => Response | Promise<Response>;
let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  bindings["PAY_KEY"] = KEY;
  await changeRules({ policies: RULES.policies, registry: REGISTRY });
  agent = await register("agent");
  reviewer = await register("reviewer");
});

beforeEach(() => {
  arrived = [];
  answer = () => Response.json({ id: "re_1" }, { status: 201, headers: { "Request-Id": "req_77" } });
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, { ...init, signal: null });
    const { method, url, headers } = request;
    const got = { method, url, headers: Object.fromEntries(headers), text: await request.text() };
    arrived.push(got);
    return answer(got, init?.signal ?? null);
  });
});

function refund(more: Record<string, unknown> = {}) {
  return {
    destination: "crm.paid-out",
    policy: "small",
    payload: JSON.stringify({ charge: fresh("ch"), amount: 900, note: "5 €  \u00a0 as agreed" }),
    metadata: { account: "acct 1" },
    ...more,
  };
}

/** A reviewer's change of what waits. */
async function edit(intent: string, payload: string) {
  const { body } = await call("GET", `/v1/intents/${intent}`, reviewer.key);
  const change = { payload, digest: body.intent_digest, reason: "the other one" };
  return call("POST", `/v1/intents/${intent}/edit`, reviewer.key, change);
}

async function ended(intent: string, state: string): Promise<void> {
  await until(async () => {
    const now = await stateOf(intent);
    if (now !== state) throw new Error(`${now}, not ${state}`);
  });
}

async function resultOf(intent: string, attempt = 1) {
  return (await call("GET", `/v1/executions/${orderId(intent, attempt)}`, admin)).body.result;
}

test("INV-09: an approved proposal becomes one request with its exact bytes, the credential, and a report on the ledger", async () => {
  const request = refund();
  const intent = await propose(agent, request, "approved");
  await ended(intent, "succeeded");
  const { charge } = JSON.parse(request.payload);
  expect(arrived).toHaveLength(1);
  expect(arrived[0]).toMatchObject({
    method: "POST",
    url: `${HOST}/v1/charges/${charge}/refunds?account=acct%201`,
    text: request.payload,
    headers: {
      authorization: `Bearer ${KEY}`,
      "content-type": "application/json",
      "accept-encoding": "identity",
      "user-agent": "zehrava-gate",
    },
  });
  expect(await eventsOf(intent)).toEqual([
    "proposed",
    "policy_checked",
    "approved",
    "execution_requested",
    "execution_claimed",
    "execution_succeeded",
  ]);
  const body = '{"id":"re_1"}';
  expect(await resultOf(intent)).toEqual({
    http_status: 201,
    response_bytes: body.length,
    response_sha256: sha256Hex(body),
    truncated: false,
    provider_reference: "req_77",
  });
});

test("INV-09: a held proposal is sent as held, once it is approved and not before", async () => {
  const payload = JSON.stringify({ row: fresh("row") });
  const intent = await propose(
    agent,
    { destination: "crm.held-out", policy: "held", payload },
    "pending_approval",
  );
  expect(arrived).toEqual([]);
  const approved = await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});
  expect(approved.status).toBe(200);
  await ended(intent, "succeeded");
  expect(arrived).toHaveLength(1);
  expect(arrived[0]).toMatchObject({ url: `${HOST}/refunds`, text: payload });
  expect(arrived[0]?.headers).toMatchObject({ "x-api-key": KEY });
  expect(arrived[0]?.headers).not.toHaveProperty("authorization");
  expect((await eventsOf(intent)).slice(-4)).toEqual([
    "approved",
    "execution_requested",
    "execution_claimed",
    "execution_succeeded",
  ]);
});

test("INV-11: a rejected proposal is never sent", async () => {
  const payload = JSON.stringify({ row: fresh("row") });
  const intent = await propose(
    agent,
    { destination: "crm.held-out", policy: "held", payload },
    "pending_approval",
  );
  await call("POST", `/v1/intents/${intent}/reject`, reviewer.key, { reason: "no" });
  await exports.Sender.send(intent);
  expect(await stateOf(intent)).toBe("rejected");
  expect(arrived).toEqual([]);
});

test("INV-04: no other caller gets an order for a write that Gate sends", async () => {
  answer = () => new Response("no", { status: 422 });
  const intent = await propose(agent, refund(), "approved");
  const ordered = await call("POST", `/v1/intents/${intent}/execute`, agent.key);
  expect(ordered.status).toBe(409);
  expect(ordered.body).toMatchObject({ code: "wrong_executor" });
  await ended(intent, "failed");
  expect((await call("POST", `/v1/intents/${intent}/execute`, agent.key)).body).toMatchObject({
    code: "wrong_executor",
  });
});

describe("INV-11: the upstream's answer is recorded", () => {
  const ANSWERS: readonly (readonly [number, string])[] = [
    [200, "succeeded"],
    [204, "succeeded"],
    [400, "failed"],
    [401, "failed"],
    [409, "failed"],
    [429, "failed"],
    [307, "failed"],
    [301, "indeterminate"],
    [500, "indeterminate"],
    [502, "indeterminate"],
    [503, "indeterminate"],
  ];

  test.each(ANSWERS)("status %d: %s after one request", async (status, state) => {
    answer = () =>
      new Response(null, { status, headers: { Location: `${HOST}/elsewhere`, "Retry-After": "1" } });
    const intent = await propose(agent, refund(), "approved");
    await ended(intent, state);
    await exports.Sender.send(intent);
    await objectOf(intent).onDeadline();
    expect(await stateOf(intent)).toBe(state);
    expect(await resultOf(intent)).toMatchObject({ http_status: status });
    expect(arrived).toHaveLength(1);
  });

  test("INV-11: an upstream that never answers makes the outcome indeterminate after one request", async () => {
    answer = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(new Error("aborted")));
      });
    const intent = await propose(agent, refund(), "approved");
    await exports.Sender.send(intent);
    await ended(intent, "indeterminate");
    await exports.Sender.send(intent);
    expect(await resultOf(intent)).toEqual({ problem: "timeout" });
    expect(arrived).toHaveLength(1);
  });

  test("an upstream slower than a queue batch is heard to the end", async () => {
    answer = () => new Promise((resolve) => setTimeout(() => resolve(new Response("done")), 2_000));
    const request = { destination: "crm.slow-out", policy: "small", payload: { row: fresh("row") } };
    const intent = await propose(agent, request, "approved");
    await until(() => {
      if (arrived.length === 0) throw new Error("not yet");
    });
    // The queue alone has it sent.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await ended(intent, "succeeded");
    expect(arrived).toHaveLength(1);
  });

  test("INV-11: a connection that breaks off makes the outcome indeterminate", async () => {
    answer = () => {
      throw new TypeError("network connection lost");
    };
    const intent = await propose(agent, refund(), "approved");
    await ended(intent, "indeterminate");
    expect(arrived).toHaveLength(1);
  });

  test("a response that breaks off gives the outcome of its status", async () => {
    answer = () => {
      const body = new ReadableStream({
        pull(controller) {
          controller.enqueue(new TextEncoder().encode('{"id":'));
          controller.error(new Error("lost"));
        },
      });
      return new Response(body, { status: 200 });
    };
    const intent = await propose(agent, refund(), "approved");
    await ended(intent, "succeeded");
    expect(await resultOf(intent)).toMatchObject({ http_status: 200, truncated: true });
  });

  test("INV-11: a busy upstream is asked again with the same idempotency key where it recognises repeats", async () => {
    answer = () => new Response(null, { status: arrived.length < 3 ? 429 : 200 });
    const payload = JSON.stringify({ row: fresh("row") });
    const intent = await propose(
      agent,
      { destination: "crm.repeatable-out", policy: "small", payload },
      "approved",
    );
    await until(() => {
      if (arrived.length === 0) throw new Error("not yet");
    });
    for (let again = 0; again < 4; again += 1) {
      later(5 * 60_000);
      await until(async () => {
        if ((await stateOf(intent)) === "claimed") throw new Error("on its way");
      });
      await exports.Sender.send(intent);
    }
    await ended(intent, "succeeded");
    const keys = new Set(arrived.map(({ headers }) => headers["idempotency-key"]));
    expect(arrived).toHaveLength(3);
    expect([...keys]).toEqual([expect.stringMatching(/\S{10,}/)]);
    expect(new Set(arrived.map(({ text }) => text))).toEqual(new Set([payload]));
  });
});

test("INV-11: of many parallel senders one sends", async () => {
  const intents = await Promise.all(Array.from({ length: 5 }, () => propose(agent, refund(), "approved")));
  await Promise.all(intents.flatMap((id) => Array.from({ length: 8 }, () => exports.Sender.send(id))));
  for (const intent of intents) await ended(intent, "succeeded");
  expect(arrived).toHaveLength(intents.length);
  expect(new Set(arrived.map(({ url }) => url)).size).toBe(intents.length);
});

test("INV-11: a repeat under one key is no second request, and another payload under it is refused", async () => {
  const request = refund({ idempotency_key: fresh("order") });
  const intent = await propose(agent, request, "approved");
  await ended(intent, "succeeded");
  const again = await call("POST", "/v1/intents", agent.key, request);
  expect(again.body.intentId).toBe(intent);
  const other = await call("POST", "/v1/intents", agent.key, {
    ...refund(),
    idempotency_key: request["idempotency_key" as never],
  });
  expect(other.status).toBe(422);
  expect(arrived).toHaveLength(1);
});

test("INV-11: a repeat is recognised although the registry's template changed meanwhile", async () => {
  const request = {
    destination: "crm.held-out",
    policy: "held",
    payload: "{}",
    idempotency_key: fresh("order"),
  };
  const intent = await propose(agent, request, "pending_approval");
  await changeRules({
    policies: RULES.policies,
    registry: REGISTRY.replace("path: /refunds", "path: /refunds/v2"),
  });
  const again = await call("POST", "/v1/intents", agent.key, request);
  expect(again.body.intentId).toBe(intent);
  // The approval binds the configuration at the time of the proposal.
  await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});
  await exports.Sender.send(intent);
  expect(arrived).toEqual([]);
  await changeRules({ policies: RULES.policies, registry: REGISTRY });
});

const UNSENDABLE: readonly (readonly [string, Record<string, unknown>])[] = [
  ["a place that nothing fills", refund({ metadata: {} })],
  ["a place filled with a path", refund({ payload: '{"charge":"../../admin"}' })],
  ["a place filled with a dot segment", refund({ payload: '{"charge":".."}' })],
  ["a payload with the member twice", refund({ payload: '{"charge":"a","charge":"b"}' })],
  ["a payload that is no JSON", refund({ payload: "charge=a" })],
  ["a payload of another type", refund({ payload: "a,b\n1,2", payload_media_type: "text/csv" })],
  ["a name of a file", refund({ payload: "./refund.json" })],
  ["JSON for a form", { destination: "crm.form-out", policy: "small", payload: { a: 1 } }],
];

test.each(UNSENDABLE)(
  "a proposal that can't become a request is blocked, and nothing is sent: %s",
  async (_name, request) => {
    const blocked = await call("POST", "/v1/intents", agent.key, request);
    expect(blocked.body).toMatchObject({ status: "blocked" });
    const { body } = await call("GET", `/v1/intents/${blocked.body.intentId}/decision`, admin);
    expect(JSON.stringify(body)).toContain("no_request_to_send");
    await exports.Sender.send(blocked.body.intentId);
    expect(arrived).toEqual([]);
  },
);

test("a request without a body has neither body nor content type", async () => {
  const row = fresh("row");
  const intent = await propose(
    agent,
    { destination: "crm.bare-out", policy: "small", recordCount: 1, metadata: { row } },
    "approved",
  );
  await ended(intent, "succeeded");
  expect(arrived).toMatchObject([{ method: "DELETE", url: `${HOST}/rows/${row}`, text: "" }]);
  expect(arrived[0]?.headers).not.toHaveProperty("content-type");
});

test("a form payload is sent as a form", async () => {
  const payload = "amount=900&currency=usd";
  const intent = await propose(agent, { destination: "crm.form-out", policy: "small", payload }, "approved");
  await ended(intent, "succeeded");
  expect(arrived[0]).toMatchObject({
    text: payload,
    headers: { "content-type": "application/x-www-form-urlencoded" },
  });
});

test("INV-09: an edited payload becomes another request, and the first is never sent", async () => {
  const first = fresh("row");
  const second = fresh("row");
  const request = {
    destination: "crm.edited-out",
    policy: "editable",
    payload: JSON.stringify({ row: first }),
  };
  const intent = await propose(agent, request, "pending_approval");
  const payload = JSON.stringify({ row: second });
  const edited = await edit(intent, payload);
  expect(edited.status).toBe(200);
  const other = await register("reviewer");
  const successor = edited.body.successor.intentId;
  expect(successor).not.toBe(intent);
  expect((await call("POST", `/v1/intents/${successor}/approve`, other.key, {})).status).toBe(200);
  await ended(successor, "succeeded");
  await exports.Sender.send(intent);
  expect(arrived).toMatchObject([{ method: "PATCH", url: `${HOST}/rows/${second}`, text: payload }]);
});

test("an edit that can't become a request is refused, and the first intent stays pending", async () => {
  const request = {
    destination: "crm.edited-out",
    policy: "editable",
    payload: JSON.stringify({ row: fresh("row") }),
  };
  const intent = await propose(agent, request, "pending_approval");
  const edited = await edit(intent, '{"row":"../rows"}');
  expect(edited.status).toBe(422);
  expect(await stateOf(intent)).toBe("pending_approval");
});

test("INV-24: a write whose credential is missing is sent once the credential is there", async () => {
  const payload = JSON.stringify({ row: fresh("row") });
  const intent = await propose(
    agent,
    { destination: "crm.keyless-out", policy: "small", payload },
    "approved",
  );
  await exports.Sender.send(intent);
  expect(arrived).toEqual([]);
  expect(["scheduled", "claimed"]).toContain(await stateOf(intent));
  bindings["NOT_THERE"] = KEY;
  await ended(intent, "scheduled");
  // A failed attempt is not repeated at once.
  later(MINUTE_MS);
  await exports.Sender.send(intent);
  await ended(intent, "succeeded");
  expect(arrived).toHaveLength(1);
  delete bindings["NOT_THERE"];
});

test("INV-05: a write stopped by a kill switch is sent once after the switch is lifted", async () => {
  const target = { scope: "destination", target: "crm.held-out" };
  const payload = JSON.stringify({ row: fresh("row") });
  const intent = await propose(
    agent,
    { destination: "crm.held-out", policy: "held", payload },
    "pending_approval",
  );
  await call("POST", "/v1/switches", admin, { ...target, reason: "incident" });
  await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});
  await exports.Sender.send(intent);
  expect(arrived).toEqual([]);
  await call("POST", "/v1/switches/lift", admin, target);
  await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});
  await exports.Sender.send(intent);
  await ended(intent, "succeeded");
  expect(arrived).toHaveLength(1);
});

test("INV-21: credential, URL and response are not in D1, and the agent sees no credential", async () => {
  answer = ({ headers }) =>
    Response.json({ you_sent: headers["authorization"] }, { headers: { "X-Echo": KEY } });
  const request = refund();
  const intent = await propose(agent, request, "approved");
  await ended(intent, "succeeded");
  const everything = await everythingInD1();
  expect(everything).toContain(intent);
  for (const hidden of [KEY, "pay.example.com", "you_sent", JSON.parse(request.payload).charge]) {
    expect(everything).not.toContain(hidden);
  }
  const shown = [
    await call("GET", `/v1/intents/${intent}`, agent.key),
    await call("GET", `/v1/intents/${intent}/audit`, agent.key),
    await call("GET", `/v1/executions/${orderId(intent, 1)}`, agent.key),
  ];
  for (const { text, status } of shown) {
    expect(status).toBe(200);
    expect(text).not.toContain(KEY);
  }
});
