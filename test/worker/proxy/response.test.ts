import { beforeAll, describe, expect, test } from "vitest";
import { executeWrite } from "../../../src/app/execution/execute-write.ts";
import { err } from "../../../src/core/base/result.ts";
import {
  admin,
  call,
  eventsOf,
  everythingInD1,
  flushed,
  objectOf,
  register,
} from "../../support/worker/gate.ts";
import { ports } from "../../support/worker/receiver.ts";
import {
  approved,
  CREDENTIAL,
  heldThrough,
  setSentScene,
  UPSTREAM,
  upstream,
} from "../../support/worker/sent-writes.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let stranger: Principal;
let ana: Principal;
let ben: Principal;
let auditor: Principal;
let runner: Principal;

beforeAll(async () => {
  await setSentScene();
  agent = await register("agent");
  stranger = await register("agent");
  ana = await register("reviewer", { person: "ana" });
  ben = await register("reviewer", { person: "ben" });
  auditor = await register("auditor");
  runner = await register("runner");
});

const response = (intent: string, key = agent.key, query = "") =>
  call("GET", `/v1/intents/${intent}/response${query}`, key);

/** A write that was held, approved and answered so. */
async function answered(
  made: () => Response,
  state: "succeeded" | "failed" | "indeterminate" = "succeeded",
): Promise<string> {
  upstream(made);
  const intent = await heldThrough(agent, { path: "/sent/refunds" });
  await approved(intent, ben, state);
  return intent;
}

describe("the stored response of a write that Gate sent", () => {
  test("is returned as bytes with the upstream's status and headers", async () => {
    const intent = await answered(() => Response.json({ id: "re_1" }, { status: 201 }));
    const { status, headers, text } = await response(intent);
    expect(status).toBe(200);
    expect(text).toBe('{"id":"re_1"}');
    expect(Object.fromEntries(headers)).toMatchObject({
      "content-type": "application/json",
      "content-disposition": "attachment",
      "content-security-policy": "sandbox",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
      "x-gate-intent-id": intent,
      "x-gate-upstream-status": "201",
      "x-gate-truncated": "false",
      "x-gate-response-digest": expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("is returned as JSON where that is requested by header or query", async () => {
    const intent = await answered(() => new Response("déjà vu", { headers: { "X-Request-Id": "req_1" } }));
    const asJson = await response(intent, agent.key, "?format=json");
    expect(asJson.body).toMatchObject({
      intent_id: intent,
      status: 200,
      body: "déjà vu",
      encoding: "utf-8",
      truncated: false,
      received_at: expect.stringMatching(/^2\d{3}-.*Z$/),
      sha256: (await response(intent)).headers.get("X-Gate-Response-Digest"),
    });
    expect(asJson.body.headers).toContainEqual(["x-request-id", "req_1"]);
    expect((await response(intent, agent.key, "?format=raw")).text).toBe("déjà vu");
    const bad = await response(intent, agent.key, "?format=html");
    expect([bad.status, bad.body.code]).toEqual([400, "invalid_request"]);
  });

  test("is base64 in JSON where it is not text, with the same bytes", async () => {
    const bytes = Uint8Array.of(0xff, 0xfe, 0, 1, 2);
    const intent = await answered(() => new Response(bytes));
    expect([...(await response(intent)).bytes]).toEqual([...bytes]);
    const { body } = await response(intent, agent.key, "?format=json");
    expect([body.encoding, body.body]).toEqual(["base64", "//4AAQI="]);
  });

  test("exists when it is empty and when the upstream refused", async () => {
    const empty = await answered(() => new Response(null, { status: 204 }));
    const none = await response(empty);
    expect([none.status, none.text, none.headers.get("X-Gate-Upstream-Status")]).toEqual([200, "", "204"]);
    const no = await answered(() => new Response("card declined", { status: 402 }), "failed");
    expect((await response(no)).text).toBe("card declined");
    const odd = await answered(() => new Response("bad gateway", { status: 502 }), "indeterminate");
    expect((await response(odd)).headers.get("X-Gate-Upstream-Status")).toBe("502");
  });

  test("INV-28: is never rendered by a browser", async () => {
    const page = "<script>alert(document.cookie)</script>";
    const intent = await answered(() => new Response(page, { headers: { "Content-Type": "text/html" } }));
    const { headers, text } = await response(intent, ben.key);
    expect(text).toBe(page);
    expect(headers.get("Content-Type")).toBe("application/octet-stream");
    expect(headers.get("Content-Security-Policy")).toBe("sandbox");
    expect(headers.get("Content-Disposition")).toBe("attachment");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  });

  test("INV-21: never contains the credential, in any representation", async () => {
    const intent = await answered(
      () => new Response(`you sent ${CREDENTIAL}`, { headers: { "X-Request-Id": CREDENTIAL } }),
    );
    const responses = [
      await response(intent),
      await response(intent, admin, "?format=json"),
      await call("GET", `/v1/intents/${intent}`, admin),
      await call("GET", `/v1/intents/${intent}/decision`, admin),
      await call("GET", `/v1/intents/${intent}/evidence`, admin),
      await call("GET", `/cases/${intent}`, ben.key),
    ];
    for (const { text, headers, status } of responses) {
      expect(status).toBe(200);
      expect(text + JSON.stringify([...headers])).not.toContain(CREDENTIAL);
    }
  });

  test("INV-06: is 404 for another agent", async () => {
    upstream(() => new Response("done"));
    const intent = await heldThrough(agent, { path: "/sent-by-ana/refunds" });
    await approved(intent, ana, "succeeded");
    const statusFor = async (key: string) => (await response(intent, key)).status;
    expect(await statusFor(agent.key)).toBe(200);
    expect(await statusFor(ana.key)).toBe(200);
    expect(await statusFor(auditor.key)).toBe(200);
    expect(await statusFor(admin)).toBe(200);
    expect(await statusFor(stranger.key)).toBe(404);
    expect(await statusFor(runner.key)).toBe(404);
    const other = await response(intent, ben.key);
    expect([other.status, other.body.code]).toEqual([403, "not_eligible"]);
  });

  test.each(["int_nowhere", `int_${"A".repeat(43)}`, "%2e%2e", "__proto__"])(
    "INV-25: of an unknown intent is 404, never 5xx: %s",
    async (id) => {
      const { status, headers } = await response(id);
      expect(status).toBe(404);
      expect(headers.get("Content-Type")).toBe("application/problem+json");
    },
  );
});

describe("a missing response has a reason", () => {
  const why = async (intent: string) => {
    const { status, body } = await response(intent);
    return [status, body.code, body.state, body.detail];
  };

  test("the intent is pending or rejected", async () => {
    const intent = await heldThrough(agent, { path: "/sent/refunds" });
    expect(await why(intent)).toEqual([
      404,
      "no_response",
      "pending_approval",
      "The intent is pending approval; nothing was sent.",
    ]);
    await call("POST", `/v1/intents/${intent}/reject`, ben.key, { reason: "no" });
    expect(await why(intent)).toEqual([404, "no_response", "rejected", "The write was never sent."]);
  });

  test("the intent is approved, but only the agent can send it", async () => {
    const intent = await heldThrough(agent, { path: "/repeated/refunds" });
    await approved(intent, ben, "approved");
    const [, code, state, detail] = await why(intent);
    expect([code, state]).toEqual(["no_response", "approved"]);
    expect(detail).toContain("when the agent repeats its request");
  });

  test("INV-11: the write was sent and the outcome is unknown; no earlier response stands in", async () => {
    upstream(() => new Response("come back later", { status: 503 }));
    const intent = await heldThrough(agent, { path: "/sent-once/refunds" });
    await approved(intent, ben, "indeterminate");
    expect((await response(intent)).text).toBe("come back later");
    // The provider knows a repeat, so there is another attempt, and no answer to that.
    const again = ports().intents.find(intent);
    const failure = {
      problem: "timeout",
      source: "exchange",
      detail: "no answer in time",
      sent: true,
    } as const;
    const silent = async () => err(failure);
    expect(
      again === null ? null : await executeWrite(again, { ...ports(), callUpstream: silent }),
    ).toMatchObject({
      kind: "unknown",
    });
    expect(await objectOf(intent).response()).toBeNull();
    const [status, code, state, detail] = await why(intent);
    expect([status, code, state]).toEqual([404, "no_response", "indeterminate"]);
    expect(detail).toContain("not known");
  });

  test("the intent is erased, and so is the request", async () => {
    const intent = await answered(() => new Response("done"));
    await call("POST", `/v1/intents/${intent}/erase`, admin, { reason: "asked for" });
    expect(await why(intent)).toEqual([
      404,
      "no_response",
      "succeeded",
      "The stored response was erased with the intent.",
    ]);
    expect((await call("GET", `/v1/intents/${intent}`, admin)).body.http).toBeNull();
  });

  test("the write is not Gate's to send", async () => {
    const body = { destination: "crm.small", policy: "small", payload: "x", recordCount: 1 };
    const { intentId } = (await call("POST", "/v1/intents", agent.key, body)).body;
    expect((await why(intentId))[3]).toContain("its executor has the response");
  });
});

describe("the request that Gate sends", () => {
  const SECRET_PATH = "/customers/cus_only-in-the-url/refunds?note=only-in-the-query";

  test("INV-21: is shown as sent, without its credential, to those who may see the payload", async () => {
    const intent = await heldThrough(agent, { path: `/sent-by-ana${SECRET_PATH}` });
    for (const key of [agent.key, ana.key, auditor.key, admin]) {
      const { http } = (await call("GET", `/v1/intents/${intent}`, key)).body;
      expect(http).toMatchObject({
        method: "POST",
        url: `${UPSTREAM}${SECRET_PATH}`,
        credential_in: { in: "header", name: "authorization" },
        repeat_header: null,
        sent_by: "gate",
      });
      expect(http.headers).toContainEqual(["content-type", "application/json"]);
      expect(JSON.stringify(http)).not.toContain(agent.key);
    }
    const { text, body } = await call("GET", `/v1/intents/${intent}`, ben.key);
    expect(body.http).toBeNull();
    const decision = await call("GET", `/v1/intents/${intent}/decision`, ben.key);
    const page = await call("GET", `/cases/${intent}`, ben.key);
    for (const shown of [text, decision.text, page.text]) expect(shown).not.toContain("only-in-the");
    expect((await call("GET", `/v1/intents/${intent}/decision`, ana.key)).body.ask.http.url).toContain(
      "only-in-the-query",
    );
  });

  test("is shown with the headers that Gate adds and the sender", async () => {
    const arrived = upstream(() => new Response("done"));
    const intent = await heldThrough(agent, { path: "/sent-once/refunds" });
    const { http } = (await call("GET", `/v1/intents/${intent}`, ben.key)).body;
    expect(http.repeat_header[0]).toBe("idempotency-key");
    await approved(intent, ben, "succeeded");
    expect(arrived.map(({ headers }) => headers.get("Idempotency-Key"))).toContain(http.repeat_header[1]);

    const repeated = await heldThrough(agent, { path: "/repeated/refunds" });
    const { http: own } = (await call("GET", `/v1/intents/${repeated}`, ben.key)).body;
    expect([own.sent_by, own.credential_in]).toEqual(["agent", null]);
  });

  test("INV-09: equals the one that arrives: method, URL, headers and body", async () => {
    const arrived = upstream(() => new Response("done"));
    const headers = { "Stripe-Version": "2026-01-01", Accept: "text/plain" };
    const wanted = { path: `/sent${SECRET_PATH}`, method: "PUT", body: "a=1", headers };
    const intent = await heldThrough(agent, wanted);
    const { http } = (await call("GET", `/v1/intents/${intent}`, ben.key)).body;
    await approved(intent, ben, "succeeded");
    // An earlier test's write may be tried again meanwhile.
    const [got, ...more] = arrived.filter(({ url }) => url === http.url);
    expect(more).toEqual([]);
    expect([got?.method, got?.url, got?.text]).toEqual([http.method, http.url, "a=1"]);
    for (const [name, value] of http.headers) expect(got?.headers.get(name), name).toBe(value);
    expect(got?.headers.get("Authorization")).toBe(`Bearer ${CREDENTIAL}`);
  });

  test("is in no list, no row of D1 and no ledger entry", async () => {
    upstream(() => new Response("only-in-the-answer", { headers: { "X-Request-Id": "only-in-the-header" } }));
    const intent = await heldThrough(agent, { path: `/sent${SECRET_PATH}`, body: "only-in-the-body" });
    await approved(intent, ben, "succeeded");
    await flushed(intent);
    expect(await everythingInD1()).not.toContain("only-in-the");
    for (const path of ["/v1/intents", "/v1/approvals", `/v1/intents/${intent}/audit`, "/cases"]) {
      expect((await call("GET", path, ben.key)).text, path).not.toContain("only-in-the");
    }
    expect(await eventsOf(intent)).toContain("execution_succeeded");
  });
});

describe("counts of reads through the proxy", () => {
  test("are shown to the agent for its own, to people for all or one agent, and not to runners", async () => {
    const { reads } = ports();
    const now = Date.now();
    await Promise.all([
      reads.count(agent.id, "crm.sent", now),
      reads.count(agent.id, "crm.sent", now),
      reads.count(stranger.id, "crm.repeated", now),
    ]);
    const day = new Date(now).toISOString().slice(0, 10);
    const its = { day, agent_id: agent.id, destination: "crm.sent", count: 2 };
    const strangers = { day, agent_id: stranger.id, destination: "crm.repeated", count: 1 };
    const seen = async (key: string, query = "") => (await call("GET", `/v1/reads${query}`, key)).body.reads;
    expect(await seen(agent.key)).toEqual([its]);
    expect(await seen(agent.key, `?agent=${stranger.id}`)).toEqual([its]);
    for (const key of [ben.key, auditor.key, admin]) {
      expect(await seen(key)).toEqual(expect.arrayContaining([its, strangers]));
      expect(await seen(key, `?agent=${stranger.id}`)).toEqual([strangers]);
    }
    expect((await call("GET", "/v1/reads", runner.key)).status).toBe(403);
    expect(await seen(ben.key, "?agent=' OR 1=1 --")).toEqual([]);
  });
});
