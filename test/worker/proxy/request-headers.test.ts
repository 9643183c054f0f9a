import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { call, register, send } from "../../support/worker/gate.ts";
import { bindings } from "../../support/worker/bindings.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import {
  approved,
  CREDENTIAL,
  through,
  upstream,
  type Arrived,
  type Wanted,
} from "../../support/worker/sent-writes.ts";
import type { Principal } from "../../support/client.ts";

const UPSTREAM = "https://mail.example.com";

const DESTINATIONS = `
  crm.mail: { policies: [small], upstream: "${UPSTREAM}", prefix: /mail, credential: up, records: single, reads: [{ method: GET, path: /v3/* }, { method: POST, path: /v3/* }], headers: [X-Tenant, X-Amz-Target], drop_headers: [X-Tracking] }
  crm.silent: { policies: [silent], upstream: "${UPSTREAM}", prefix: /silent, credential: up, records: single }
  crm.own: { policies: [small], upstream: "${UPSTREAM}", prefix: /own, records: single }
  crm.keyed: { policies: [small], upstream: "${UPSTREAM}", prefix: /keyed, credential: up, records: single, inject: { header: X-Vendor, format: "Key {secret}" } }
`;

let agent: Principal;
let reviewer: Principal;
let arrived: Arrived[];

beforeAll(async () => {
  bindings["UP_KEY"] = CREDENTIAL;
  agent = await register("agent");
  reviewer = await register("reviewer");
  const people = RULES.registry.slice(0, RULES.registry.indexOf("\ndestinations:"));
  const registry = `${people}\ndestinations:${DESTINATIONS}credentials: { up: { ref: env://UP_KEY } }\n`;
  await changeRules({ policies: RULES.policies, registry });
});

beforeEach(() => {
  arrived = upstream(() => Response.json({ ok: true }));
});

const write = (headers: Wanted["headers"] = {}, prefix = "/mail") =>
  through(agent, { path: `${prefix}/v3/mail/send`, headers });

describe("a write with a header that the provider may act on", () => {
  test.each([
    ["On-Behalf-Of", "subuser-7"],
    ["X-Dry-Run", "true"],
    ["Content-Profile", "billing"],
    ["Depth", "infinity"],
    ["Prefer", "resolution=merge-duplicates"],
    ["SOAPAction", "urn:DeleteAll"],
    ["X-Never-Heard-Of", "1"],
  ])("INV-09: is held with %s shown to the reviewer, and sent with it once approved", async (name, value) => {
    const held = await write({ [name]: value });
    expect([held.status, arrived.length]).toEqual([202, 0]);
    const { intentId } = held.body;
    const { body } = await call("GET", `/v1/intents/${intentId}`, reviewer.key);
    expect(body).toMatchObject({ reason_code: "header_not_listed" });
    expect(JSON.stringify(body)).toContain(name.toLowerCase());
    expect(
      JSON.stringify((await call("GET", `/v1/intents/${intentId}/decision`, reviewer.key)).body),
    ).toContain(`${name.toLowerCase()}: ${value}`);
    await approved(intentId, reviewer, "succeeded");
    expect(arrived[0]?.headers.get(name)).toBe(value);
  });

  test("passes where the operator lists the header, and the upstream gets it", async () => {
    const sent = await write({ "X-Tenant": "7" });
    expect([sent.status, arrived[0]?.headers.get("X-Tenant")]).toEqual([200, "7"]);
    expect(sent.headers.get("X-Gate-Dropped-Headers")).toBeNull();
  });

  test("passes without the header where the operator drops it, and the answer names it", async () => {
    const sent = await write({ "X-Tracking": "7" });
    expect([sent.status, arrived[0]?.headers.has("X-Tracking")]).toEqual([200, false]);
    expect(sent.headers.get("X-Gate-Dropped-Headers")).toBe("x-tracking");
  });

  test("INV-09: is bound to the header's value", async () => {
    const [one, other] = await Promise.all(
      ["a", "b"].map((value) =>
        through(agent, { path: "/mail/v3/x", body: "{}", headers: { Depth: value } }),
      ),
    );
    const digestOf = async (id: string) =>
      (await call("GET", `/v1/intents/${id}`, agent.key)).body.intent_digest;
    expect(await digestOf(one?.body.intentId)).not.toBe(await digestOf(other?.body.intentId));
    await approved(one?.body.intentId, reviewer, "succeeded");
    expect(arrived.map(({ headers }) => headers.get("Depth"))).toEqual(["a"]);
  });

  test("INV-08: is not approved by a standing approval that covers the same write without it", async () => {
    const granted = await call("POST", "/v1/standing-approvals", reviewer.key, { destination: "crm.silent" });
    expect(granted.status).toBe(201);
    const plain = await write({}, "/silent");
    const held = await write({ "On-Behalf-Of": "subuser-7" }, "/silent");
    expect({ plain: plain.status, held: held.status }).toEqual({ plain: 200, held: 202 });
    const { body } = await call("GET", `/v1/intents/${held.body.intentId}/decision`, reviewer.key);
    expect(JSON.stringify(body)).toContain("header_not_listed");
  });

  test.each([
    ["X-HTTP-Method-Override", "DELETE"],
    ["X-MS-HTTP-Method", "DELETE"],
    ["X-Original-URL", "/v3/other"],
    ["X-Rewrite-URL", "/v3/other"],
    ["X-Forwarded-Host", "evil.example"],
    ["X-Forwarded-Prefix", "/v3"],
  ])(
    "INV-22: is refused with %s, which chooses another request, and the refusal names it",
    async (name, value) => {
      for (const method of ["POST", "GET"]) {
        const path = "/mail/v3/mail/send";
        const refused = await through(agent, {
          path,
          method,
          headers: { [name]: value },
          ...(method === "GET" && { body: null }),
        });
        expect([refused.status, refused.body.code, refused.body.header]).toEqual([
          400,
          "headers_refused",
          name.toLowerCase(),
        ]);
        expect(refused.body.message).toContain(name.toLowerCase());
      }
      expect(arrived).toHaveLength(0);
    },
  );

  test("INV-23: passes with the host that a proxy in front of Gate repeats, which is not forwarded", async () => {
    const sent = await write({ "X-Forwarded-Host": "gate.test", "X-Forwarded-For": "192.0.2.1" });
    expect([sent.status, arrived[0]?.headers.has("X-Forwarded-Host")]).toEqual([200, false]);
  });

  test("passes without the telemetry of an SDK, and the answer names what was dropped", async () => {
    const headers = { "X-Stainless-Lang": "js", "X-Stripe-Client-User-Agent": "{}", Cookie: "a=b" };
    const sent = await write(headers);
    expect(sent.status).toBe(200);
    const dropped = sent.headers.get("X-Gate-Dropped-Headers")?.split(", ");
    expect(dropped).toEqual(["cookie", "x-stainless-lang", "x-stripe-client-user-agent"]);
    for (const name of dropped ?? []) expect(arrived[0]?.headers.has(name)).toBe(false);
  });

  test("names dropped headers in refusals and in held answers as well", async () => {
    const held = await write({ Depth: "1", Cookie: "a=b" });
    expect(held.headers.get("X-Gate-Dropped-Headers")).toBe("cookie");
    const refused = await through(agent, {
      path: "/mail/v3/x",
      headers: { Cookie: "a=b", "Content-Encoding": "gzip" },
    });
    expect([refused.status, refused.headers.get("X-Gate-Dropped-Headers")]).toEqual([415, "cookie"]);
  });
});

describe("a listed read", () => {
  const read = (headers: Wanted["headers"] = {}) =>
    through(agent, { path: "/mail/v3/stats", method: "GET", body: null, headers });

  test("passes with harmless headers, and the answer names what Gate asks for otherwise", async () => {
    const sent = await read({
      Accept: "application/json",
      "Accept-Encoding": "gzip",
      "If-None-Match": '"1"',
    });
    expect(sent.status).toBe(200);
    expect(sent.headers.get("X-Gate-Intent-Id")).toBeNull();
    expect(sent.headers.get("X-Gate-Dropped-Headers")).toBe("accept-encoding");
  });

  test.each([
    ["On-Behalf-Of", "subuser-7"],
    ["X-Amz-Target", "Table.Delete"],
    ["SOAPAction", "urn:Delete"],
    ["X-RestLi-Method", "DELETE"],
  ])("with %s is not a read", async (name, value) => {
    const held = await read({ [name]: value });
    expect(held.headers.get("X-Gate-Intent-Id")).toMatch(/^int_/);
    // Only the listed one goes on by policy, as a write.
    expect(held.status).toBe(name === "X-Amz-Target" ? 200 : 202);
  });
});

describe("a listed read that chooses its operation elsewhere than by method and path is not a read", () => {
  const FORM = { "Content-Type": "application/x-www-form-urlencoded" };

  test.each([
    ["a blank before the override in the query", "GET", "/mail/v3/x?+_method=DELETE", null, {}],
    ["a GraphQL mutation over GET", "GET", "/mail/v3/graphql?query=mutation%7Ba%7D", null, {}],
    ["an override in a form", "POST", "/mail/v3/search", "q=1&_method=DELETE", FORM],
    ["an override in JSON", "POST", "/mail/v3/search", '{"_method":"DELETE"}', {}],
    ["a batch", "POST", "/mail/v3/$batch", "{}", {}],
    ["SOAP", "POST", "/mail/v3/search", "<a/>", { "Content-Type": "text/xml" }],
  ])("with %s", async (_, method, path, body, headers) => {
    const sent = await through(agent, { path, method, body, headers });
    expect(sent.headers.get("X-Gate-Intent-Id")).toMatch(/^int_/);
  });

  test("and passes with the same body where there is none of it", async () => {
    for (const [body, headers] of [
      ["q=1&a=b", FORM],
      ['{"q":"x"}', {}],
    ] as const) {
      const sent = await through(agent, { path: "/mail/v3/search", body, headers });
      expect([sent.status, sent.headers.get("X-Gate-Intent-Id")]).toEqual([200, null]);
    }
    expect(arrived.map(({ text }) => text)).toEqual(["q=1&a=b", '{"q":"x"}']);
  });

  test("and its compressed body is refused, because it can't be looked into", async () => {
    const headers = { ...FORM, "Content-Encoding": "gzip" };
    const sent = await through(agent, { path: "/mail/v3/search", body: "q=1", headers });
    expect([sent.status, sent.body.code]).toEqual([415, "content_coding_refused"]);
  });
});

describe("INV-23: a key of Gate's where SDKs put the provider's", () => {
  test.each([
    ["any scheme", "/mail", (key: string) => ({ Authorization: `token ${key}` })],
    ["a scheme with a dash", "/mail", (key: string) => ({ Authorization: `Klaviyo-API-Key ${key}` })],
    ["no scheme", "/mail", (key: string) => ({ Authorization: key })],
    ["a parameter", "/mail", (key: string) => ({ Authorization: `Token token="${key}"` })],
    ["an API key's header", "/mail", (key: string) => ({ "X-Api-Key": key })],
    ["another", "/mail", (key: string) => ({ "Api-Key": key })],
    ["a vendor's", "/mail", (key: string) => ({ "X-Shopify-Access-Token": key })],
    ["the header that inject names", "/keyed", (key: string) => ({ "X-Vendor": key })],
    ["the same with its scheme", "/keyed", (key: string) => ({ "X-Vendor": `Key ${key}` })],
    ["two headers", "/mail", (key: string) => ({ "X-Api-Key": key, Authorization: `token ${key}` })],
  ])("is found behind %s, and not forwarded", async (_, prefix, headers) => {
    const sent = await send(`${prefix}/v3/mail/send`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...(headers(agent.key) as Record<string, string>) },
      body: "{}",
    });
    expect(sent.status).toBe(200);
    expect(JSON.stringify([...(arrived[0]?.headers ?? [])])).not.toContain(agent.key);
  });

  test("two different keys are refused, because it is not known who is calling", async () => {
    const other = await register("agent");
    const sent = await send("/mail/v3/stats", {
      headers: { "X-Api-Key": agent.key, Authorization: `Bearer ${other.key}` },
    });
    expect([sent.status, sent.body.code]).toEqual([401, "unauthorized"]);
  });

  test("a refusal has a message, as SDKs print it", async () => {
    const { body } = await send("/mail/v3/stats", {});
    expect(body.message).toBe(body.detail);
    expect(body.error_description).toBe(body.detail);
  });
});
