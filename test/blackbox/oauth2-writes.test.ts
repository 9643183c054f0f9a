import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Principal } from "../support/client.ts";
import { freePort, run, temporaryFolder } from "../support/command.ts";
import { type Gate, startGate } from "../support/gate.ts";
import { CLIENTS, type OAuthServer, startOAuthServer, SUBJECT } from "../support/oauth-server.ts";

/*
 * Writes of agents to an API like Salesforce's, whose tokens the real server obtains from `oidc-provider`. Every
 * destination has a credential of its own, so that no test meets another's token.
 */

const LEAD = "/services/data/v66.0/sobjects/Lead";
const QUERY = "/services/data/v66.0/query?q=SELECT+Id+FROM+Lead";

let server: OAuthServer;
let gate: Gate;
let agent: Principal;
let reviewer: Principal;
/** A token endpoint that comes up later. */
let latePort = 0;
let refreshToken = "";

const folder = temporaryFolder();

beforeAll(async () => {
  server = await startOAuthServer();
  latePort = await freePort();
  refreshToken = await server.refreshToken(CLIENTS.post.id);
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  const passes = "auto_approve_under: 1000000\nallow_unmeasured: true\nrisk: { hold_at: never }";
  const holds = "require_approval: always\nexpiry_minutes: 60\nexecution_window_minutes: 60";
  for (const [id, rules] of Object.entries({ passes, held: holds })) {
    writeFileSync(join(policies, `${id}.yaml`), `id: ${id}\ndestinations: [salesforce.*]\n${rules}\n`);
  }
  const registry = join(folder.path, "gate.yaml");
  writeFileSync(registry, registryText());
  gate = await startGate({
    args: ["--policy-dir", policies, "--registry", registry],
    env: {
      SFDC_SECRET: CLIENTS.post.secret,
      WRONG_SECRET: "w-9fK2xQ81-of-nobody",
      PRIVATE_KEY: server.privateKey,
      REFRESH_TOKEN: refreshToken,
    },
  });
  [agent, reviewer] = await Promise.all([gate.register("agent"), gate.register("reviewer")]);
});

afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

beforeEach(() => server.forget());

function registryText(): string {
  const tokens = (more: string, url = `${server.url}/services/oauth2/token`) =>
    `{ oauth2: { token_url: "${url}", allow_private: true, ${more} } }`;
  const client = (secret: string, more = "") =>
    `grant: client_credentials, client_id: "${CLIENTS.post.id}", secret_ref: env://${secret}${more}`;
  const credentials = {
    sfdc: tokens(client("SFDC_SECRET")),
    short: tokens(client("SFDC_SECRET", ", lifetime_seconds: 1")),
    many: tokens(client("SFDC_SECRET", ", scope: api")),
    revoked: tokens(client("SFDC_SECRET", ", scope: write")),
    "revoked-read": tokens(client("SFDC_SECRET", ", lifetime_seconds: 3600")),
    forbidden: tokens(client("SFDC_SECRET", ", lifetime_seconds: 3601")),
    again: tokens(client("SFDC_SECRET", ', scope: "api write"')),
    wrong: tokens(client("WRONG_SECRET")),
    late: tokens(client("SFDC_SECRET"), `http://127.0.0.1:${latePort}/token`),
    signed: tokens(
      `grant: jwt_bearer, client_id: "${CLIENTS.public.id}", secret_ref: env://PRIVATE_KEY, subject: "${SUBJECT}"`,
    ),
    refreshed: tokens(
      `grant: refresh_token, client_id: "${CLIENTS.post.id}", secret_ref: env://REFRESH_TOKEN, client_secret_ref: env://SFDC_SECRET`,
    ),
  };
  const to = `upstream: "${server.url}", allow_private: true, records: single, reads: [{ method: GET, path: /services/data/v66.0/query }]`;
  const entry = (name: string, prefix: string, policy: string, credential: string, more = "") =>
    `  salesforce.${name}: { policies: [${policy}], prefix: ${prefix}, credential: ${credential}, ${to}${more} }`;
  return [
    "unbound_destinations: block",
    "credentials:",
    ...Object.entries(credentials).map(([name, written]) => `  ${name}: ${written}`),
    "destinations:",
    entry("other", "/sfdc", "passes", "sfdc"),
    entry("held", "/held", "held", "short"),
    entry("many", "/many", "passes", "many"),
    entry("revoked", "/revoked", "passes", "revoked"),
    entry("revoked-read", "/revoked-read", "passes", "revoked-read"),
    entry("forbidden", "/forbidden", "passes", "forbidden"),
    entry(
      "again",
      "/again",
      "held",
      "again",
      ", idempotent: true, idempotency_header: Idempotency-Key, headers: [x-none]",
    ),
    entry("wrong", "/wrong", "passes", "wrong"),
    entry("late", "/late", "held", "late"),
    entry("signed", "/signed", "passes", "signed"),
    entry("refreshed", "/refreshed", "passes", "refreshed"),
    "",
  ].join("\n");
}

let leads = 0;

function through(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`http://127.0.0.1:${gate.port}${path}`, {
    ...init,
    headers: { "x-gate-key": agent.key, "content-type": "application/json", ...(init.headers as object) },
  });
}

function write(prefix: string, headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify({ LastName: `Diaz ${(leads += 1)}` });
  return through(`${prefix}${LEAD}`, { method: "POST", body, headers });
}

const read = (prefix: string) => through(`${prefix}${QUERY}`);

async function held(prefix: string): Promise<string> {
  const answer = await write(prefix);
  expect(answer.status).toBe(202);
  return ((await answer.json()) as { intentId: string }).intentId;
}

async function approve(intent: string): Promise<void> {
  expect((await gate.call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {})).status).toBe(200);
}

async function stateOf(intent: string): Promise<unknown> {
  return (await gate.call("GET", `/v1/intents/${intent}`, agent.key)).body.state;
}

const tokensSent = () => server.apiRequests.map(({ authorization }) => authorization);

describe("a write to Salesforce at /sfdc", () => {
  test("goes out with a token that Gate obtained, and its answer comes back", async () => {
    const answer = await write("/sfdc");
    expect([answer.status, await answer.json()]).toMatchObject([201, { success: true }]);
    expect(server.accepted).toHaveLength(1);
    expect(tokensSent()[0]).toMatch(/^Bearer \S{20,}$/);
    expect(server.tokenRequests).toHaveLength(1);
  });

  test.each(["/signed", "/refreshed"])("and so with the other grants: %s", async (prefix) => {
    expect((await write(prefix)).status).toBe(201);
    expect((await read(prefix)).status).toBe(200);
    expect([server.accepted.length, server.tokenRequests.length]).toEqual([2, 1]);
  });

  test("INV-21: an echo of the token or of a client's secret is masked", async () => {
    const answer = await read("/sfdc");
    const text = await answer.text();
    expect(answer.status).toBe(200);
    const token = tokensSent()[0]?.replace("Bearer ", "") ?? "";
    expect(token).toMatch(/\S{20,}/);
    expect(text).not.toContain(token);
    expect(text).not.toContain(CLIENTS.post.secret);
    expect(text).toContain('"totalSize":0');
  });
});

test("a held write that was approved after the token ended goes out with a new one, once", async () => {
  expect((await read("/held")).status).toBe(200);
  const [first = ""] = tokensSent();
  const intent = await held("/held");
  // Gate uses this token for a second. The provider, which runs in this process, sees two hours pass.
  await pause(1_000);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * 3_600_000 });
  try {
    expect((await fetchWith(first)).status).toBe(401);
    server.forget();
    await approve(intent);
    await expect.poll(() => stateOf(intent), { timeout: 20_000 }).toBe("succeeded");
  } finally {
    vi.useRealTimers();
  }
  expect(server.apiRequests.map(({ method }) => method)).toEqual(["POST"]);
  expect(server.accepted).toHaveLength(1);
  expect(tokensSent()).not.toContain(first);
});

function fetchWith(authorization: string): Promise<Response> {
  return fetch(`${server.url}${QUERY}`, { headers: { authorization } });
}

test("twenty writes at once are one request for a token and twenty leads", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => write("/many")));
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
  expect(server.accepted).toHaveLength(20);
  expect(new Set(tokensSent()).size).toBe(1);
  expect(server.tokenRequests).toHaveLength(1);
});

describe("a token that was revoked before its end", () => {
  test("INV-11: fails the write that met it, which is not sent again, and the next one goes out", async () => {
    await read("/revoked");
    const [first = ""] = tokensSent();
    await server.revoke(first.replace("Bearer ", ""));
    const refused = await write("/revoked");
    expect(refused.status).toBe(401);
    expect(await refused.json()).toEqual([
      { message: "Session expired or invalid", errorCode: "INVALID_SESSION_ID" },
    ]);
    const intent = refused.headers.get("x-gate-intent-id") ?? "";
    expect(await stateOf(intent)).toBe("failed");
    expect((await write("/revoked")).status).toBe(201);
    expect(server.apiRequests.filter(({ method }) => method === "POST")).toHaveLength(2);
    expect(server.accepted.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  test("sends a read once more with a new one", async () => {
    await read("/revoked-read");
    const [first = ""] = tokensSent();
    await server.revoke(first.replace("Bearer ", ""));
    server.forget();
    expect((await read("/revoked-read")).status).toBe(200);
    expect([server.apiRequests.length, server.tokenRequests.length]).toEqual([2, 1]);
  });

  test("is not what every 401 means: an agent that repeats such a call causes no sign-in for each", async () => {
    await read("/forbidden");
    server.forget();
    server.conduct(({ path }, response) => {
      if (path.endsWith("/token")) return false;
      response.writeHead(401).end();
      return true;
    });
    for (let sent = 0; sent < 10; sent += 1) expect((await read("/forbidden")).status).toBe(401);
    expect([server.apiRequests.length, server.tokenRequests.length]).toEqual([11, 1]);
  });

  test("INV-11: lets Gate send the write again where the provider recognises repeats", async () => {
    await read("/again");
    const [first = ""] = tokensSent();
    const intent = await held("/again");
    await server.revoke(first.replace("Bearer ", ""));
    await approve(intent);
    await expect.poll(() => stateOf(intent), { timeout: 30_000 }).toBe("succeeded");
    const writes = server.apiRequests.filter(({ method }) => method === "POST");
    expect(writes).toHaveLength(2);
    expect(server.accepted.filter(({ method }) => method === "POST")).toHaveLength(1);
    expect(new Set(writes.map(({ body }) => body)).size).toBe(1);
  });
});

describe("INV-24: without a token nothing is sent", () => {
  test("a wrong client secret is 503 for a write and a read, and the log says why", async () => {
    for (const answer of [await write("/wrong"), await read("/wrong")]) {
      expect(answer.status).toBe(503);
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({
        code: "credential_unavailable",
        sent: false,
        problem: "denied",
      });
      expect(text).toMatch(/\(invalid_client\): client id or client secret is wrong/);
      expect(text).not.toMatch(/w-9fK2|127\.0\.0\.1:\d+\/services/);
    }
    expect(server.apiRequests).toEqual([]);
    await expect
      .poll(() => gate.printed())
      .toMatch(/^\{"event":"credential_unavailable",.*wrong.*invalid_client.*\}$/m);
  });

  test("a held write waits for a token endpoint that is down, and goes out once it is back", async () => {
    const intent = await held("/late");
    await approve(intent);
    await expect
      .poll(async () => {
        const { body } = await gate.call("GET", `/v1/intents/${intent}/audit`, agent.key);
        return JSON.stringify(body);
      })
      .toContain("execution_claim_undone");
    expect(server.apiRequests).toEqual([]);
    // The same provider's tokens, from the endpoint that came up.
    await using back = await startRelay(latePort);
    await expect.poll(() => stateOf(intent), { timeout: 45_000 }).toBe("succeeded");
    expect(back.count()).toBeGreaterThan(0);
    expect(server.accepted).toHaveLength(1);
  });
});

async function startRelay(port: number): Promise<AsyncDisposable & { count(): number }> {
  const { createServer } = await import("node:http");
  let count = 0;
  const relay = createServer(async (message, response) => {
    count += 1;
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const body = Buffer.concat(chunks).toString();
    const granted = await fetch(`${server.url}/token`, { method: "POST", headers, body });
    response.writeHead(granted.status, { "content-type": "application/json" });
    response.end(await granted.text());
  });
  await new Promise<void>((resolve) => relay.listen(port, "127.0.0.1", resolve));
  return {
    count: () => count,
    async [Symbol.asyncDispose]() {
      relay.closeAllConnections();
      await new Promise((resolve) => relay.close(resolve));
    },
  };
}

test("INV-21: vault check obtains a token for each credential, and prints its end, the reason, and no secret", async () => {
  const { code, out } = await run(["vault", "check"], {
    env: { GATE_ENDPOINT: `http://127.0.0.1:${gate.port}`, GATE_API_KEY: gate.adminKey },
  });
  expect(code).toBe(1);
  const at = `${server.url}/services/oauth2/token`;
  const lines = out.trimEnd().split("\n");
  expect(lines).toHaveLength(11);
  expect(lines[0]).toMatch(
    /^ok {4}sfdc \(env:\/\/SFDC_SECRET, client_credentials at .*\/services\/oauth2\/token\): a token until 20\d\d-\d\d-\d\dT[\d:.]+Z$/,
  );
  expect(lines).toContainEqual(
    expect.stringContaining(`ok    signed (env://PRIVATE_KEY, jwt_bearer at ${at})`),
  );
  expect(lines).toContainEqual(
    expect.stringMatching(
      /^FAIL {2}wrong \(env:\/\/WRONG_SECRET, .*\): denied: the token endpoint answered 401 \(invalid_client\)/,
    ),
  );
  expect(lines).toContainEqual(
    expect.stringMatching(/^FAIL {2}late \(.*\): unavailable: the token endpoint could not be reached$/),
  );
  // What it obtained is for no call.
  expect(server.tokenRequests.length).toBe(10);
  expect(server.apiRequests).toEqual([]);
});

test("INV-21: no token and no secret is in what the server prints or stores", async () => {
  const tokens = tokensSent().map((sent) => sent.replace("Bearer ", ""));
  await write("/sfdc");
  const [token = ""] = tokensSent()
    .slice(tokens.length)
    .map((sent) => sent.replace("Bearer ", ""));
  expect(token).toMatch(/\S{20,}/);
  for (const secret of [token, CLIENTS.post.secret, refreshToken, "w-9fK2xQ81"]) {
    expect(gate.printed()).not.toContain(secret);
  }
});
