import { beforeAll, describe, expect, test } from "vitest";
import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { flooding } from "../../support/worker/rules.ts";
import {
  admin,
  proposal,
  call,
  everythingInD1,
  flushed,
  freeze,
  later,
  objectOf,
  ordered,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import type { Answer, Principal } from "../../support/client.ts";

let agent: Principal;
let crowd: readonly Principal[];
let calls = 0;
let reviewer: Principal;
let held: string;
let order: { readonly id: string; readonly token: string };

beforeAll(async () => {
  agent = await register("agent");
  crowd = await Promise.all([register("agent"), register("agent"), register("agent"), register("agent")]);
  reviewer = await register("reviewer");
  held = await propose(agent, proposal("crm.held"), "pending_approval");
  order = await ordered(agent);
});

/** Asserts the form of every error response. */
function expectProblem(answer: Answer, about: string): void {
  expect(answer.status, `${about}: ${answer.text.slice(0, 300)}`).toBeGreaterThanOrEqual(400);
  expect(answer.status, `${about}: ${answer.text.slice(0, 300)}`).toBeLessThan(500);
  expect(answer.headers.get("Content-Type"), about).toBe("application/problem+json");
  const { status, type, title, detail, code, error } = answer.body;
  expect(status, about).toBe(answer.status);
  for (const text of [type, title, detail, code, error]) expect(text, about).toEqual(expect.any(String));
  expect(code, about).toMatch(/^[a-z][a-z_]*$/);
  expectNoInside(answer, about);
}

function expectNoInside(answer: Answer, about: string): void {
  expect(answer.text, about).not.toMatch(
    /\bat .+:\d+:\d+|node_modules|\.ts\b|\/work\/|SELECT |INSERT |D1_ERROR|SQLITE|TypeError|ZodError/,
  );
}

interface Route {
  readonly path: () => string;
  readonly key: () => string;
  /** A body that passes; what is sent is this with one thing wrong. */
  readonly good: () => Record<string, unknown>;
}

/** More proposals than one agent may make in a minute come from several. */
const byCrowd = () => {
  calls += 1;
  return crowd[calls % crowd.length]?.key ?? "";
};
const byAgent = () => agent.key;
const byReviewer = () => reviewer.key;
const byAdmin = () => admin;

const POSTS: Readonly<Record<string, Route>> = {
  "/v1/intents": { path: () => "/v1/intents", key: byCrowd, good: () => everyField() },
  "/v1/propose": { path: () => "/v1/propose", key: byCrowd, good: () => everyField() },
  "/v1/agents/register": {
    path: () => "/v1/agents/register",
    key: byAdmin,
    good: () => ({
      name: "n",
      role: "agent",
      owner: "o",
      allowed_policies: ["a"],
      allowed_destinations: ["a"],
      environment: "e",
      framework: "f",
      metadata: {},
      riskTier: "standard",
    }),
  },
  "/v1/agents/:id/role": {
    path: () => `/v1/agents/${agent.id}/role`,
    key: byAdmin,
    good: () => ({ role: "agent" }),
  },
  "/v1/approve": {
    path: () => "/v1/approve",
    key: byReviewer,
    good: () => ({ proposalId: held, ...decision() }),
  },
  "/v1/reject": {
    path: () => "/v1/reject",
    key: byReviewer,
    good: () => ({ proposalId: held, ...decision() }),
  },
  "/v1/intents/:id/approve": { path: () => `/v1/intents/${held}/approve`, key: byReviewer, good: decision },
  "/v1/intents/:id/reject": { path: () => `/v1/intents/${held}/reject`, key: byReviewer, good: decision },
  "/v1/intents/:id/cancel-approval": {
    path: () => `/v1/intents/${held}/cancel-approval`,
    key: byReviewer,
    good: decision,
  },
  "/v1/intents/:id/withdraw": { path: () => `/v1/intents/${held}/withdraw`, key: byAgent, good: decision },
  "/v1/intents/:id/revoke": { path: () => `/v1/intents/${held}/revoke`, key: byReviewer, good: decision },
  "/v1/intents/:id/resolve": {
    path: () => `/v1/intents/${held}/resolve`,
    key: byReviewer,
    good: () => ({ outcome: "executed", note: "n" }),
  },
  "/v1/intents/:id/execute": {
    path: () => `/v1/intents/${held}/execute`,
    key: byAgent,
    good: () => ({ mode: "runner_exec" }),
  },
  "/v1/deliver": { path: () => "/v1/deliver", key: byAgent, good: () => ({ intentId: held }) },
  "/v1/executions/:id/report": {
    path: () => `/v1/executions/${order.id}/report`,
    key: () => order.token,
    good: () => ({ status: "succeeded", executed_at: Date.now(), retryable: false }),
  },
};

/** With a nonce that never was: however right the rest is, nothing is decided. */
function decision() {
  return { reason: "r", nonce: "non_unknown", decided_at: Date.now(), digest: "0".repeat(64) };
}

function everyField() {
  return {
    ...proposal("crm.small"),
    action: "crm.small",
    estimatedValueUsd: 5,
    sensitivityTags: ["pii"],
    onBehalfOf: "someone",
    principalId: "cust_1",
    idempotencyKey: "never-used",
    expiresIn: "1h",
    metadata: { a: 1 },
    profile: "email.send.v1",
  };
}

const routes = Object.entries(POSTS).map(([name, route]) => ({ name, route }));

const json = (key: string, body: BodyInit | null, more: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json", ...more },
  body,
});

const nest = (open: string, close: string, times: number) => open.repeat(times) + close.repeat(times);

const HOSTILE_BODIES: readonly (readonly [string, BodyInit])[] = [
  ["not JSON", "{"],
  ["half a string", '{"a":"'],
  ["two values", "{} {}"],
  ["a comment", "{} // {}"],
  ["a list", "[]"],
  ["a list of one", "[{}]"],
  ["a text", '"{}"'],
  ["a number", "7"],
  ["null", "null"],
  ["true", "true"],
  ["NaN", '{"a":NaN}'],
  ["a number too large", '{"a":1e400}'],
  ["an integer past 2^53", '{"a":9007199254740993}'],
  ["a member twice", '{"status":"failed","status":"succeeded"}'],
  ["a member twice, once escaped", String.raw`{"status":"failed","st\u0061tus":"succeeded"}`],
  ["a member twice, deep inside", '{"metadata":{"a":[{"b":1,"b":2}]}}'],
  ["a prototype twice", '{"__proto__":{},"__proto__":{}}'],
  ["65 lists deep", `{"metadata":${nest("[", "]", 65)}}`],
  ["60,000 lists deep", nest("[", "]", 30_000)],
  ["60,000 objects, never closed", '{"a":'.repeat(10_000)],
  ["a lone surrogate", String.raw`{"reason":"\ud800"}`],
  ["a lone surrogate in a name", String.raw`{"\udfff":1}`],
  ["bytes that are not UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ["an overlong encoding", new Uint8Array([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d])],
  ["UTF-16", new Uint8Array([0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00])],
  ["null bytes", new Uint8Array(16)],
];

describe("INV-25: hostile bodies", () => {
  test.each(routes)(
    "INV-25: $name answers every hostile body with problem+json and 400",
    async ({ route }) => {
      for (const [what, body] of HOSTILE_BODIES) {
        const answer = await send(route.path(), json(route.key(), body));
        expectProblem(answer, what);
        expect(answer.status, what).toBe(400);
      }
    },
  );

  const VALUES = [
    null,
    true,
    false,
    0,
    -1,
    1.5,
    9e15,
    -9e15,
    "",
    "x",
    "\u0000",
    "../../etc/passwd",
    "'; DROP TABLE ledger; --",
    "a".repeat(5000),
    [],
    [null],
    [[]],
    {},
    { a: { b: null } },
    { __proto__: 1 },
  ];

  test.each(routes)(
    "INV-25: $name answers a wrong type in any field with 4xx",
    async ({ route }) => {
      // A successful call would change the intent that every row names, so each body has a reason to be refused.
      for (const field of Object.keys(route.good())) {
        for (const value of VALUES) {
          const body = { ...route.good(), idempotencyKey: undefined, [field]: value };
          if ("nonce" in body && value === null && field === "nonce") continue;
          if (field === "status" && value === "succeeded") continue;
          const about = `${field}: ${JSON.stringify(value).slice(0, 40)}`;
          const path = route
            .path()
            .replace(
              "/v1/intents",
              route.path() === "/v1/intents" ? "/v1/intents?dry_run=true" : "/v1/intents",
            );
          const answer = await send(
            path.replace("/v1/propose", "/v1/propose?dry_run=true"),
            json(route.key(), JSON.stringify(body)),
          );
          if (answer.status >= 400) expectProblem(answer, about);
          else expect(answer.status, about).toBeLessThan(300);
          expectNoInside(answer, about);
        }
      }
    },
    20_000,
  );

  test.each(routes)(
    "INV-25: $name refuses an odd content type instead of parsing the body",
    async ({ route }) => {
      for (const type of [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "*/*",
        ";",
        "application/json; charset=utf-16",
        "a".repeat(3000),
      ]) {
        const answer = await send(route.path(), json(route.key(), '{"reason":', { "Content-Type": type }));
        expectProblem(answer, type.slice(0, 60));
      }
    },
  );

  test("INV-25: an empty body, with or without a JSON content type, counts as an empty object", async () => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    const bodies: (RequestInit | undefined)[] = [
      json(reviewer.key, ""),
      json(reviewer.key, "   "),
      { method: "POST", headers: { Authorization: `Bearer ${reviewer.key}` } },
    ];
    for (const init of bodies) expect((await send(`/v1/intents/${id}/approve`, init ?? {})).status).toBe(200);
    expectProblem(await send("/v1/intents", json(agent.key, "")), "an empty proposal");
    expect((await send("/v1/intents", json(agent.key, ""))).body.error).toBe(
      "destination and policy are required",
    );
  });
});

describe("INV-26: limits before parsing, authentication before bodies", () => {
  const MIB = 1024 * 1024;

  function stream(bytes: number, onPull: () => void): ReadableStream<Uint8Array> {
    let left = bytes;
    return new ReadableStream({
      pull(controller) {
        onPull();
        if (left <= 0) return controller.close();
        const size = Math.min(left, 64 * 1024);
        left -= size;
        controller.enqueue(new Uint8Array(size).fill(0x20));
      },
    });
  }

  test.each(routes)(
    "INV-26: $name answers a body over its limit with 413, with and without a length",
    async ({ route, name }) => {
      const isProposal = name === "/v1/intents" || name === "/v1/propose";
      const limit = name.endsWith("/report") ? 256 * 1024 : 64 * 1024;
      const big = isProposal ? 22 * MIB : limit + 1024;
      const streamed = await send(
        route.path(),
        json(
          route.key(),
          stream(big, () => {}),
        ),
      );
      expectProblem(streamed, "streamed");
      expect(streamed.status).toBe(413);
      const whole = await send(route.path(), json(route.key(), new Uint8Array(big).fill(0x20)));
      expectProblem(whole, "whole");
      expect(whole.status).toBe(413);
    },
  );

  test("INV-26: a payload over the limit is 413 although the body around it is not", async () => {
    const answer = await call(
      "POST",
      "/v1/intents",
      agent.key,
      proposal("crm.small", { payload: "a".repeat(10 * MIB + 1) }),
    );
    expectProblem(answer, "payload");
    expect(answer.status).toBe(413);
    expect(answer.body.limit_bytes).toBe(10 * MIB);
  });

  test("INV-26: metadata has a limit of its own, because it is stored in one record", async () => {
    const proposeWith = (letters: number) =>
      call("POST", "/v1/intents", agent.key, proposal("crm.small", { metadata: { x: "a".repeat(letters) } }));
    expect((await proposeWith(250 * 1024)).status).toBe(200);
    const answer = await proposeWith(256 * 1024);
    expectProblem(answer, "metadata");
    expect(answer.status).toBe(400);
  });

  test.each([
    ["no key", undefined, 401],
    ["an unknown key", "gate_sk_nobody", 401],
    ["a key of another role", "auditor", 403],
  ])("INV-26: a large body of a request with %s is not read", async (_, key, status) => {
    const bearer = key === "auditor" ? (await register("auditor")).key : key;
    let pulls = 0;
    const headers: Record<string, string> = { "Content-Type": "application/json" };
    if (bearer !== undefined) headers["Authorization"] = `Bearer ${bearer}`;
    const answer = await send("/v1/intents", {
      method: "POST",
      headers,
      body: stream(20 * MIB, () => (pulls += 1)),
    });
    expectProblem(answer, "unread");
    expect(answer.status).toBe(status);
    // Buffers on the way take a few pieces of the 320; the body was not read to its end.
    expect(pulls).toBeLessThan(64);
  });

  test("INV-26: a false Content-Length does not bypass the limit", async () => {
    for (const length of ["0", "-1", "abc", "1e3", "99999999999999999999"]) {
      const answer = await send(
        "/v1/agents/register",
        json(admin, new Uint8Array(65 * 1024), { "Content-Length": length }),
      );
      expectProblem(answer, length);
    }
  });
});

describe("INV-25: odd requests", () => {
  test.each([
    "/",
    "//",
    "/v1",
    "/v1/",
    "/v1//intents",
    "/v1/intents/",
    "/V1/INTENTS",
    "/v1/intents/../agents",
    "/v1/intents/%2e%2e/agents",
    "/v1/%00",
    "/v1/intents/a/b/c",
    "/%E0%A4%A",
    "/v1/approve/",
    "/dashboard.php",
    `/${"a".repeat(10_000)}`,
    "/v1/intents;x=1",
    "/.env",
    "/v1/__proto__",
    "/v1/constructor",
  ])("INV-25: the path %j is answered with a problem or a result, never a crash", async (path) => {
    for (const method of ["GET", "POST", "PUT", "DELETE", "PATCH"]) {
      const answer = await send(path, {
        method,
        headers: { Authorization: `Bearer ${agent.key}`, Accept: "application/json" },
        body: method === "GET" ? null : "{}",
      });
      if (answer.status >= 400) expectProblem(answer, `${method} ${path.slice(0, 40)}`);
      else expect(answer.status).toBe(200);
    }
  });

  test.each([
    "?limit=0",
    "?limit=-1",
    "?limit=abc",
    "?limit=1e2",
    "?limit=5.5",
    "?limit=",
    "?limit=99999999",
    "?status=nothing",
    "?status=approved,",
    "?status=__proto__",
    "?since=yesterday",
    "?until=NaN",
    "?since=1e400",
    "?after=x",
    "?after=%00",
    `?after=${"A".repeat(6000)}`,
    "?since=999999999999999999999",
    "?since=2026",
    "?until=1796032492",
    "?agent=a&agent=b",
    "?status=approved&status=blocked",
    "?limit=1&limit=2",
  ])("INV-25: a list with the query %s is 400", async (query) => {
    const answer = await call("GET", `/v1/intents${query}`, agent.key);
    expectProblem(answer, query.slice(0, 50));
    expect(answer.status).toBe(400);
  });

  test.each([
    `?status=${Array.from({ length: 300 }, () => "blocked,approved").join(",")}`,
    `?destination=${"a".repeat(9000)}`,
    "?destination=%00",
    "?agent=%27%20OR%201=1--",
    "?policy=%FF%FE",
    "?destination=%ED%A0%80",
    "?since=-1e3",
    "?until=275760-09-13T00:00:00Z",
  ])("INV-25: a list with the query %.60s is answered below 500", async (query) => {
    for (const key of [agent.key, reviewer.key]) {
      const answer = await call("GET", `/v1/intents${query}`, key);
      if (answer.status !== 200) expectProblem(answer, query.slice(0, 60));
    }
  });

  test.each([
    ["basic", "Basic Z2F0ZTpnYXRl"],
    ["a bare scheme", "Bearer"],
    ["two keys", "Bearer a b"],
    ["a comma", "Bearer a,b"],
    ["10,000 letters", `Bearer ${"a".repeat(10_000)}`],
    ["a quote", 'Bearer "x"'],
    ["non-ASCII", "Bearer k\u00e9y"],
  ])("INV-25: an Authorization header with %s is 401", async (_, Authorization) => {
    const answer = await send("/v1/intents", { headers: { Authorization } });
    expectProblem(answer, Authorization.slice(0, 40));
    expect(answer.status).toBe(401);
    expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer/);
  });

  test("INV-25: a hundred odd headers change nothing", async () => {
    const headers = new Headers({ Authorization: `Bearer ${agent.key}` });
    for (let at = 0; at < 100; at += 1) headers.append(`X-Odd-${at}`, "x".repeat(500));
    headers.append("X-Odd", "\u00ff");
    headers.append("X-HTTP-Method-Override", "DELETE");
    headers.append("Cookie", "session=admin; __proto__=1");
    headers.append("X-Forwarded-For", "127.0.0.1");
    expect((await send("/v1/policies", { headers })).status).toBe(200);
  });

  test("INV-25: an internal error is a 500 problem without a detail of its cause", async () => {
    const broken = env.DB.prepare.bind(env.DB);
    Object.defineProperty(env.DB, "prepare", {
      configurable: true,
      value: () => {
        throw new Error("D1_ERROR: no such table: principals at /srv/secret/path.ts:1:1");
      },
    });
    const answer = await call("GET", "/v1/agents", reviewer.key);
    Object.defineProperty(env.DB, "prepare", { configurable: true, writable: true, value: broken });
    expect(answer.status).toBe(503);
    expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
    expectNoInside(answer, "503");
    expect(answer.headers.get("Retry-After")).toBe("5");
  });

  test("INV-25: a report dated outside the calendar is refused and leaves the intent readable", async () => {
    const { id, token, intent } = await ordered(agent);
    for (const executed_at of [8_640_000_000_000_001, 9e15, -9e15, 1.5]) {
      expectProblem(
        await call("POST", `/v1/executions/${id}/report`, token, { status: "succeeded", executed_at }),
        String(executed_at),
      );
    }
    expect(await stateOf(intent)).toBe("scheduled");
  });

  test("INV-25: strings that SQL, HTML or a shell would interpret are stored unchanged", async () => {
    const nasty = `'"; DROP TABLE intents; -- <script>alert(1)</script> $(id) \u202e \u0007 {{x}} %s`;
    const { body } = await call(
      "POST",
      "/v1/intents",
      agent.key,
      proposal("crm.small", { onBehalfOf: nasty, metadata: { [nasty]: nasty } }),
    );
    const shown = await call("GET", `/v1/intents/${body.intentId}`, agent.key);
    expect(shown.body.on_behalf_of).toBe(nasty);
    expect(shown.body.metadata).toEqual({ [nasty]: nasty });
    expect(shown.headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(shown.headers.get("Content-Type")).toMatch(/^application\/json/);
  });

  test("INV-25: a member named __proto__ is data like any other", async () => {
    const { status, body } = await send(
      "/v1/intents",
      json(
        agent.key,
        `{"destination":"crm.small","policy":"small","recordCount":1,"payload":{"__proto__":{"polluted":true},"n":1},"metadata":{"__proto__":{"polluted":true}}}`,
      ),
    );
    expect(status).toBe(200);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    const payload = await call("GET", `/v1/intents/${body.intentId}/payload`, agent.key);
    expect(payload.text).toBe('{"__proto__":{"polluted":true},"n":1}');
  });
});

describe("INV-27: secrets at rest and on the wire", () => {
  test("INV-27: no key, token, payload or free text is in D1 or legible in the object's storage", async () => {
    const secrets = {
      payload: "payload-5e1f",
      comment: "comment-77aa",
      result: "result-19bc",
      behalf: "behalf-aa31",
      meta: "meta-03fe",
      note: "note-93fe",
    };
    const one = await register("agent", { metadata: { team: "blue" } });
    const { body } = await call("POST", "/v1/intents", one.key, {
      ...proposal("crm.held"),
      payload: { text: secrets.payload },
      on_behalf_of: secrets.behalf,
      metadata: { why: secrets.meta },
    });
    const { nonce } = (await call("GET", "/v1/nonce", reviewer.key)).body;
    await call("POST", `/v1/intents/${body.intentId}/approve`, reviewer.key, {
      reason: secrets.comment,
      nonce,
    });
    const answer = await call("POST", `/v1/intents/${body.intentId}/execute`, one.key);
    const { executionId, execution_token: token } = answer.body;
    await call("POST", `/v1/executions/${executionId}/report`, token, {
      status: "indeterminate",
      result: { text: secrets.result },
    });
    await call("POST", `/v1/intents/${body.intentId}/resolve`, reviewer.key, {
      outcome: "executed",
      note: secrets.note,
    });
    const { deliveryToken } = (
      await call("POST", "/v1/deliver", agent.key, {
        intentId: await propose(agent, proposal("own.pulled"), "approved"),
      })
    ).body;
    await flushed(body.intentId);

    const stored = await everythingInD1();
    expect(stored).toContain(body.intentId);
    for (const secret of [
      ...Object.values(secrets),
      one.key,
      reviewer.key,
      admin,
      token,
      token.slice(4),
      deliveryToken,
      nonce,
    ]) {
      expect(stored.includes(secret), secret).toBe(false);
    }
    // Bytes as letters, so that what is stored unsealed would be read.
    const legible = (_: string, value: unknown) =>
      value instanceof Uint8Array ? Array.from(value, (byte) => String.fromCharCode(byte)).join("") : value;
    const inStorage = await runInDurableObject(objectOf(body.intentId), (_, { storage }) =>
      JSON.stringify([...storage.kv.list()], legible),
    );
    expect(inStorage).toContain(body.intentId);
    for (const secret of [...Object.values(secrets), one.key, reviewer.key, admin, token, nonce]) {
      expect(inStorage.includes(secret), secret).toBe(false);
    }
  });

  test("INV-27: a key is shown once, when it is created", async () => {
    const one = await register("agent");
    const live = await ordered(one);
    const reads = [
      "/v1/agents",
      `/v1/agents/${one.id}`,
      `/v1/intents/${live.intent}`,
      `/v1/intents/${live.intent}/audit`,
      `/v1/intents/${live.intent}/decision`,
      `/v1/executions/${live.id}`,
      "/v1/metrics",
    ];
    for (const path of reads) {
      const answer = await call("GET", path, admin);
      expect(answer.status, path).toBe(200);
      expect(answer.text.includes(one.key), path).toBe(false);
      expect(answer.text.includes(live.token), path).toBe(false);
    }
  });

  test("INV-27: response fields that would let the proposer approve are null", async () => {
    const { body } = await call("POST", "/v1/intents", agent.key, proposal("crm.held"));
    expect(body).toMatchObject({ approvalLinkToken: null });
    const approved = await call("POST", `/v1/intents/${body.intentId}/approve`, reviewer.key);
    expect(approved.body.deliveryToken).toBeNull();
  });

  test("INV-27: a nonce works once, for its own principal, within five minutes", async () => {
    const other = await register("reviewer");
    const nonceOf = async (by: Principal) => (await call("GET", "/v1/nonce", by.key)).body.nonce as string;
    const use = async (nonce: string) => {
      const id = await propose(agent, proposal("crm.held"), "pending_approval");
      return call("POST", `/v1/intents/${id}/approve`, reviewer.key, { nonce });
    };
    const nonce = await nonceOf(reviewer);
    expect((await use(nonce)).status).toBe(200);
    expect((await use(nonce)).body).toMatchObject({ code: "replay_rejected", reason: "nonce_already_used" });
    expect((await use(`${nonce}x`)).body).toMatchObject({ reason: "nonce_unknown" });
    expect((await use(await nonceOf(other))).body).toMatchObject({ reason: "nonce_unknown" });
    const both = await nonceOf(reviewer);
    const answers = await Promise.all([use(both), use(both), use(both)]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409]);
    const late = await nonceOf(reviewer);
    later(300_000);
    expect((await use(late)).body).toMatchObject({ reason: "nonce_expired" });
  });

  test.each([
    ["now", () => Date.now(), 200],
    ["now, as ISO 8601", () => new Date().toISOString(), 200],
    ["four minutes ago", () => Date.now() - 240_000, 200],
    ["in four minutes", () => Date.now() + 240_000, 200],
    ["six minutes ago", () => Date.now() - 360_000, 409],
    ["in six minutes", () => Date.now() + 360_000, 409],
    ["0", () => 0, 409],
    ["no time", () => "soon", 409],
    ["an empty text", () => "", 400],
    ["seconds instead of milliseconds", () => Math.floor(Date.now() / 1000), 409],
  ])("INV-27: a decision dated %s is accepted or refused by the tolerance", async (_, when, status) => {
    const id = await propose(agent, proposal("crm.held"), "pending_approval");
    const answer = await call("POST", `/v1/intents/${id}/approve`, reviewer.key, { decided_at: when() });
    expect(answer.status).toBe(status);
    if (status === 409) expect(answer.body.code).toBe("replay_rejected");
  });

  test("INV-09: a decision for another digest than the intent's is 409", async () => {
    const { body } = await call("POST", "/v1/intents", agent.key, proposal("crm.held"));
    const approve = (digest: string) =>
      call("POST", `/v1/intents/${body.intentId}/approve`, reviewer.key, { intent_digest: digest });
    expect((await approve("0".repeat(64))).body.code).toBe("digest_mismatch");
    expect(await stateOf(body.intentId)).toBe("pending_approval");
    expect((await approve(body.intent_digest)).status).toBe(200);
  });
});

describe("INV-25: floods", () => {
  test("INV-25: an agent over the flood limit gets 429 with Retry-After, and is let in after it", async () => {
    freeze();
    const flood = await register("agent");
    const within = await Promise.all(
      Array.from({ length: 600 }, () => call("POST", "/v1/intents", flood.key, "{")),
    );
    expect(new Set(within.map(({ status }) => status))).toEqual(new Set([400]));
    for (const body of [proposal("crm.small"), {}, "{"]) {
      const answer = await call("POST", "/v1/propose", flood.key, body);
      expectProblem(answer, "flood");
      expect(answer.status).toBe(429);
      expect(answer.headers.get("Retry-After")).toBe("60");
    }
    await propose(agent, proposal("crm.small"), "approved");
    later(60_000);
    await propose(flood, proposal("crm.small"), "approved");
  });

  test("INV-25: requests counted by other isolates count against the agent here", async () => {
    freeze();
    const flood = await register("agent");
    flooding.add(flood.id);
    const answers: number[] = [];
    for (let at = 0; at < 22; at += 1) {
      answers.push((await call("POST", "/v1/intents", flood.key, {})).status);
    }
    expect(answers).toEqual([...Array.from({ length: 19 }, () => 400), 429, 429, 429]);
  });
});

describe("INV-29: unauthenticated reads", () => {
  test("INV-29: the feed is off by default, and public routes name no one", async () => {
    await register("agent", { name: "jane.roe@example.com", owner: "+1 415 555 0100" });
    expect((await call("GET", "/v1/public/feed")).status).toBe(404);
    for (const path of ["/health", "/.well-known/gate"]) {
      const { status, text } = await call("GET", path);
      expect(status, path).toBe(200);
      expect(text, path).not.toMatch(/jane|415|agt_|int_|gate_sk/);
    }
  });
});
