import { createHash, createHmac, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { sendOutgoing } from "../../src/adapters/outgoing.ts";
import { fetchSecret } from "../../src/adapters/vault/fetch-secret.ts";
import { parseSecretRef } from "../../src/core/registry/secret-ref.ts";
import type { SendOutgoing } from "../../src/ports/notifications.ts";
import type { HashicorpAuth, VaultConnections } from "../../src/core/registry/vault-connection.ts";

/*
 * Five vaults over real connections, each as its documentation describes it and strict about it: who leaves out a
 * header, or signs something else than what is sent, gets no secret. AWS's signature is verified by node:crypto from
 * the specification of Signature Version 4, which shares nothing with what makes it.
 */

const SECRET = "sk_live_9f8e7d6c5b4a3210";
const OTHER = "sk_test_0000000000000000";

const VARIABLES = {
  OP_TOKEN: "connect-token-abcdef",
  BAO_TOKEN: "hvs.static-token-abcdef",
  BAO_SECRET_ID: "approle-secret-id-abcdef",
  BAO_JWT: "eyJ.workload-jwt.abcdef",
  AWS_ID: "AKIDEXAMPLE",
  AWS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  AWS_SESSION: "IQoJb3JpZ2luX2Vj//session+token==",
  AZURE_SECRET: "a8Q~client+secret&with=signs",
  DOPPLER_TOKEN: "dp.st.prd.abcdef",
};

const VAULT_ID = "ftz4pm2xxwmwrsd7rjqn7grzfz";
const ITEM_ID = "2fcbqwe9ndg175zg2dzwftvkpa";
const AZURE_TOKEN = "eyJ.azure-access-token.abcdef";

interface VaultRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

interface Answer {
  readonly status: number;
  readonly json?: unknown;
}

const no = (status: number, json: unknown = {}): Answer => ({ status, json });
const yes = (json: unknown): Answer => ({ status: 200, json });

// ─── 1Password Connect ───

function connect({ method, url, headers }: VaultRequest): Answer {
  if (headers["authorization"] !== `Bearer ${VARIABLES.OP_TOKEN}`) {
    return no(401, { status: 401, message: "Invalid bearer token" });
  }
  if (method !== "GET") return no(405);
  // SCIM: one attribute, `eq`, and a JSON string, compared without regard to case.
  const filter = /^(name|title) eq ("(?:[^"\\]|\\.)*")$/.exec(url.searchParams.get("filter") ?? "");
  const wanted = filter?.[2] === undefined ? null : (JSON.parse(filter[2]) as string).toLowerCase();
  if (url.searchParams.has("filter") && wanted === null) return no(400, { message: "Invalid filter" });
  const called = (name: string) => wanted === null || name.toLowerCase() === wanted;
  switch (url.pathname.slice("/connect/v1".length)) {
    case "/vaults":
      return yes(
        [{ id: VAULT_ID, name: "AI-Agents", type: "USER_CREATED" }].filter(({ name }) => called(name)),
      );
    case `/vaults/${VAULT_ID}/items`: {
      const items = [
        { id: ITEM_ID, title: "Stripe", vault: { id: VAULT_ID }, category: "API_CREDENTIAL" },
        { id: "a".repeat(26), title: "Twice" },
        { id: "b".repeat(26), title: "twice" },
      ];
      return yes(items.filter(({ title }) => called(title)));
    }
    case `/vaults/${VAULT_ID}/items/${ITEM_ID}`:
      return yes({
        id: ITEM_ID,
        title: "Stripe",
        sections: [{ id: "live", label: "Live keys" }],
        fields: [
          {
            id: "username",
            type: "STRING",
            purpose: "USERNAME",
            label: "username",
            value: "acme@example.com",
          },
          { id: "f1", type: "CONCEALED", label: "key", value: OTHER },
          { id: "f2", type: "CONCEALED", label: "key", value: SECRET, section: { id: "live" } },
        ],
      });
    default:
      return no(404, { status: 404, message: "not found" });
  }
}

// ─── HashiCorp Vault and OpenBao ───

/** Tokens that the vault would still take. */
const tokens = new Set<string>();

function bao({ method, url, headers, body }: VaultRequest): Answer {
  if (headers["x-vault-request"] !== "true") return no(412, { errors: ["required header is missing"] });
  if (headers["x-vault-namespace"] !== "team/a") return no(404, { errors: ["no handler for route"] });
  const path = url.pathname.slice("/bao/v1/".length);
  const given = body === "" ? {} : (JSON.parse(body) as Record<string, string>);
  const isLogin =
    (path === "auth/approle/login" &&
      given["role_id"] === "gate" &&
      given["secret_id"] === VARIABLES.BAO_SECRET_ID) ||
    (path === "auth/ci/jwt/login" && given["role"] === "gate" && given["jwt"] === VARIABLES.BAO_JWT);
  if (path.endsWith("/login")) {
    if (method !== "POST" || headers["content-type"] !== "application/json") return no(405);
    if (!isLogin) return no(400, { errors: ["invalid role or secret ID"] });
    const token = `hvs.${randomUUID()}`;
    tokens.add(token);
    return yes({ auth: { client_token: token, token_type: "service", lease_duration: 60, num_uses: 0 } });
  }
  const token = headers["x-vault-token"] ?? "";
  if (token !== VARIABLES.BAO_TOKEN && !tokens.has(token)) {
    return no(403, { errors: [`permission denied for ${token}`] });
  }
  if (path === "auth/token/revoke-self") {
    tokens.delete(token);
    return method === "POST" ? { status: 204 } : no(405);
  }
  if (method !== "GET") return no(405);
  switch (path) {
    case "team/kv/data/stripe": {
      const version = Number(url.searchParams.get("version") ?? 3);
      const metadata = {
        version,
        destroyed: version === 1,
        deletion_time: version === 2 ? "2026-11-01T00:00:00Z" : "",
      };
      const data = version === 3 ? { key: SECRET, n: 1 } : null;
      return version <= 3
        ? { status: data === null ? 404 : 200, json: { lease_id: "", data: { data, metadata } } }
        : no(404, { errors: [] });
    }
    case "kv1/stripe":
      return yes({ lease_id: "", lease_duration: 2_764_800, data: { key: SECRET } });
    default:
      return no(404, { errors: [] });
  }
}

// ─── AWS Secrets Manager ───

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string) => createHmac("sha256", key).update(text).digest();

/** "Create a signed AWS API request", step 3. */
function signingKey(secret: string, date: string, region: string, service: string): Buffer {
  return [date, region, service, "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${secret}`) as Buffer;
}

/** Why AWS would not take the request; null: it would. */
function signatureProblem({ method, url, headers, body }: VaultRequest): string | null {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/eu-west-1\/secretsmanager\/aws4_request, SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/.exec(
      headers["authorization"] ?? "",
    );
  if (found === null) return "IncompleteSignatureException";
  const [, id, date = "", signedHeaders = "", signature] = found;
  if (id !== VARIABLES.AWS_ID) return "UnrecognizedClientException";
  const time = headers["x-amz-date"] ?? "";
  const at = Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (!(Math.abs(Date.now() - at) < 5 * 60_000) || !time.startsWith(date)) return "InvalidSignatureException";
  const names = signedHeaders.split(";");
  const must = Object.keys(headers).filter((name) => /^(host|content-type|x-amz-.*)$/.test(name));
  const isSorted = names.join(";") === names.toSorted().join(";");
  if (!isSorted || !must.every((name) => names.includes(name))) return "InvalidSignatureException";
  const canonical = [
    method,
    url.pathname.slice("/aws".length),
    "",
    ...names.map((name) => `${name}:${(headers[name] ?? "").trim().replace(/ +/g, " ")}`),
    "",
    signedHeaders,
    sha256(body),
  ].join("\n");
  const scope = `${date}/eu-west-1/secretsmanager/aws4_request`;
  const toSign = ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n");
  const expected = hmac(signingKey(VARIABLES.AWS_KEY, date, "eu-west-1", "secretsmanager"), toSign).toString(
    "hex",
  );
  if (signature !== expected) return "InvalidSignatureException";
  const session = headers["x-amz-security-token"];
  return session === undefined || session === VARIABLES.AWS_SESSION ? null : "ExpiredTokenException";
}

function aws(request: VaultRequest): Answer {
  const awsError = (type: string, status = 400) =>
    no(status, { __type: type, message: `of ${request.body}` });
  const problem = signatureProblem(request);
  if (problem !== null) return awsError(problem);
  const { method, headers, body } = request;
  if (method !== "POST" || headers["content-type"] !== "application/x-amz-json-1.1") {
    return awsError("UnknownOperationException", 404);
  }
  if (headers["x-amz-target"] !== "secretsmanager.GetSecretValue") {
    return awsError("UnknownOperationException");
  }
  const { SecretId: id, ...more } = JSON.parse(body) as Record<string, string>;
  if (id === "no-policy") return awsError("com.amazonaws.secretsmanager#AccessDeniedException");
  if (id !== "prod/stripe") return awsError("ResourceNotFoundException");
  const isPrevious = more["VersionStage"] === "AWSPREVIOUS";
  return yes({ Name: id, SecretString: JSON.stringify({ key: isPrevious ? OTHER : SECRET, n: 1 }) });
}

// ─── Azure: sign-in and Key Vault ───

function login({ method, url, headers, body }: VaultRequest): Answer {
  if (method !== "POST" || url.pathname !== "/login/acme.example.com/oauth2/v2.0/token") return no(404);
  if (headers["content-type"] !== "application/x-www-form-urlencoded") return no(400);
  const form = new URLSearchParams(body);
  const isRight =
    form.get("client_id") === "client-1" &&
    form.get("client_secret") === VARIABLES.AZURE_SECRET &&
    form.get("grant_type") === "client_credentials" &&
    form.get("scope") === "https://vault.azure.net/.default";
  return isRight
    ? yes({ token_type: "Bearer", expires_in: 3599, access_token: AZURE_TOKEN })
    : no(401, { error: "invalid_client", error_description: `AADSTS7000215: ${body}` });
}

function keyVault({ method, url, headers }: VaultRequest): Answer {
  if (headers["authorization"] !== `Bearer ${AZURE_TOKEN}`) return no(401, { error: "Unauthorized" });
  if (method !== "GET" || url.searchParams.get("api-version") !== "2025-07-01") return no(400);
  switch (url.pathname) {
    case "/keyvault/secrets/Stripe-Key":
      return yes({
        value: SECRET,
        id: "https://acme.vault.azure.net/secrets/Stripe-Key/1",
        attributes: { enabled: true },
      });
    case "/keyvault/secrets/Disabled":
      return no(403, { error: { code: "Forbidden", innererror: { code: "SecretDisabled" } } });
    default:
      return no(404, { error: { code: "SecretNotFound" } });
  }
}

// ─── Doppler ───

function doppler({ method, url, headers }: VaultRequest): Answer {
  if (headers["authorization"] !== `Bearer ${VARIABLES.DOPPLER_TOKEN}`) {
    return no(401, { messages: ["Invalid Auth token"], success: false });
  }
  if (method !== "GET" || url.pathname !== "/doppler/v3/configs/config/secret") return no(404);
  const { project, config, name } = Object.fromEntries(url.searchParams);
  if (project !== "payments" || config !== "prd_eu") return no(404, { messages: ["No such config"] });
  return name === "STRIPE_KEY"
    ? yes({ name, value: { raw: "${shared.STRIPE}", computed: SECRET }, success: true })
    : no(404, { messages: ["Could not find requested secret"], success: false });
}

// ─── The server, and what may go wrong on the way ───

type Oddness = (request: IncomingMessage, response: ServerResponse) => void;

let server: Server;
let base: string;
let awsServer: Server;
/** The AWS endpoint is `/` of a host of its own, which the signature covers. */
let awsBase: string;
let odd: Oddness | null = null;
let requestCount = 0;
let trap: Server;
let trapUrl: string;
const trapped: string[] = [];

const VAULTS: Readonly<Record<string, (request: VaultRequest) => Answer>> = {
  connect,
  bao,
  aws,
  login,
  keyvault: keyVault,
  doppler,
};

async function listen(handler: (request: IncomingMessage, response: ServerResponse) => void) {
  const made = createServer(handler);
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  return [made, `http://127.0.0.1:${(made.address() as AddressInfo).port}`] as const;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  requestCount += 1;
  if (odd !== null) {
    odd(request, response);
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const url = new URL(request.url ?? "/", base);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
  );
  const { status, json } = (VAULTS[url.pathname.split("/")[1] ?? ""] ?? (() => no(404)))({
    method: request.method ?? "",
    url,
    headers,
    body: Buffer.concat(chunks).toString("utf8"),
  });
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" });
  response.end(status === 204 ? undefined : JSON.stringify(json));
}

beforeAll(async () => {
  [server, base] = await listen((request, response) => void serve(request, response));
  [awsServer, awsBase] = await listen((request, response) => {
    request.url = `/aws${request.url}`;
    void serve(request, response);
  });
  [trap, trapUrl] = await listen((request, response) => {
    trapped.push(`${request.url} ${JSON.stringify(request.headers)}`);
    response.end(JSON.stringify({ value: { computed: OTHER } }));
  });
});

afterAll(() => {
  for (const made of [server, awsServer, trap]) {
    made.closeAllConnections();
    made.close();
  }
});

const consoles = () =>
  (["log", "info", "warn", "error", "debug"] as const).map((level) => vi.spyOn(console, level));
let spied: ReturnType<typeof consoles>;

beforeEach(() => {
  odd = null;
  requestCount = 0;
  tokens.clear();
  trapped.length = 0;
  spied = consoles();
});

afterEach(() => {
  for (const spy of spied) expect(spy).not.toHaveBeenCalled();
  vi.restoreAllMocks();
});

const own = (name: string) => ({ scheme: "env", name }) as const;

const APPROLE: HashicorpAuth = {
  method: "approle",
  mount: "approle",
  roleId: "gate",
  secretId: own("BAO_SECRET_ID"),
};

function connections(auth: HashicorpAuth = APPROLE, kv: 1 | 2 = 2): VaultConnections {
  const allowPrivate = true;
  return {
    "1password": { provider: "1password", url: `${base}/connect`, token: own("OP_TOKEN"), allowPrivate },
    hashicorp: {
      provider: "hashicorp",
      url: `${base}/bao`,
      namespace: "team/a",
      kv,
      mounts: ["team/kv"],
      auth,
      allowPrivate,
    },
    aws: {
      provider: "aws",
      region: "eu-west-1",
      accessKeyId: own("AWS_ID"),
      secretAccessKey: own("AWS_KEY"),
      sessionToken: own("AWS_SESSION"),
      endpoint: awsBase,
      allowPrivate,
    },
    azure: {
      provider: "azure",
      tenant: "acme.example.com",
      clientId: "client-1",
      clientSecret: own("AZURE_SECRET"),
      suffix: "vault.azure.net",
      loginHost: "login.microsoftonline.com",
      allowPrivate,
    },
    doppler: { provider: "doppler", url: `${base}/doppler`, token: own("DOPPLER_TOKEN"), allowPrivate },
  };
}

/** Time runs faster for a vault that hangs: ten seconds pass in half a second. */
const SPEED = 20;

interface How {
  readonly by?: VaultConnections;
  readonly variables?: object;
  readonly isHasty?: boolean;
}

/** Azure's two hosts lead to the server above. */
function fetched(text: string, { by = connections(), variables = VARIABLES, isHasty = false }: How = {}) {
  const ref = parseSecretRef(text);
  if (!ref.ok) throw new Error(ref.error);
  const speed = isHasty ? SPEED : 1;
  const begun = Date.now();
  const send: SendOutgoing = (request) =>
    sendOutgoing({
      ...request,
      timeoutMs: request.timeoutMs / speed,
      url: request.url
        .replace("https://acme.vault.azure.net", `${base}/keyvault`)
        .replace("https://login.microsoftonline.com", `${base}/login`),
    });
  return fetchSecret(ref.value, by, { send, variables, now: () => begun + (Date.now() - begun) * speed });
}

const good = { ok: true, value: SECRET };
const bad = (problem: string, words = /./) => ({
  ok: false,
  error: { problem, detail: expect.stringMatching(words) },
});

test("the test's verifier derives AWS's own published signing key", () => {
  const key = signingKey("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam");
  expect(key.toString("hex")).toBe("c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
});

describe("a strict vault server returns the secret that a reference names", () => {
  test.each([
    ["op://AI-Agents/Stripe/Live keys/key", good],
    ["op://ai-agents/stripe/live/KEY", good],
    [`op://${VAULT_ID}/${ITEM_ID}/f2`, good],
    ["op://AI-Agents/Stripe/key", { ok: true, value: OTHER }],
    ["op://AI-Agents/Twice/key", bad("invalid_response", /^2 items/)],
    ["op://AI-Agents/Nothing/key", bad("not_found")],
    ["op://Nothing/Stripe/key", bad("not_found")],
    [`op://${"z".repeat(26)}/Stripe/key`, bad("not_found")],
    ["vault://team/kv/stripe#key", good],
    ["vault://team/kv/stripe#key?version=3", good],
    ["vault://team/kv/stripe#key?version=2", bad("not_found", /deleted/)],
    ["vault://team/kv/stripe#key?version=1", bad("not_found", /destroyed/)],
    ["vault://team/kv/stripe#key?version=4", bad("not_found")],
    ["vault://team/kv/stripe#n", bad("invalid_response", /not text/)],
    ["vault://team/kv/stripe#other", bad("not_found", /key/)],
    ["vault://team/kv/other#key", bad("not_found")],
    ["aws-sm://prod/stripe#key", good],
    ["aws-sm://prod/stripe#key?stage=AWSPREVIOUS", { ok: true, value: OTHER }],
    ["aws-sm://prod/stripe", { ok: true, value: JSON.stringify({ key: SECRET, n: 1 }) }],
    ["aws-sm://prod/stripe#other", bad("not_found")],
    ["aws-sm://prod/other", bad("not_found", /ResourceNotFoundException$/)],
    ["aws-sm://no-policy", bad("denied", /AccessDeniedException$/)],
    ["azkv://acme/Stripe-Key", good],
    ["azkv://acme/Disabled", bad("denied")],
    ["azkv://acme/Other", bad("not_found")],
    ["doppler://payments/prd_eu/STRIPE_KEY", good],
    ["doppler://payments/prd_eu/OTHER_KEY", bad("not_found")],
    ["doppler://payments/dev/STRIPE_KEY", bad("not_found")],
  ])("for %s", async (text, expected) => {
    expect(await fetched(text)).toEqual(expected);
    // After a success and after a failure alike, every login token is revoked.
    expect([...tokens]).toEqual([]);
  });

  test("for HashiCorp's with a token, with a JWT, and from KV version 1", async () => {
    const token = { method: "token", token: own("BAO_TOKEN") } as const;
    const jwt = { method: "jwt", mount: "ci/jwt", role: "gate", jwt: own("BAO_JWT") } as const;
    expect(await fetched("vault://team/kv/stripe#key", { by: connections(token) })).toEqual(good);
    expect(await fetched("vault://team/kv/stripe#key", { by: connections(jwt) })).toEqual(good);
    expect(await fetched("vault://kv1/stripe#key", { by: connections(token, 1) })).toEqual(good);
    expect([...tokens]).toEqual([]);
  });

  test("for AWS's without a session token", async () => {
    const by = connections();
    const lasting = by.aws === undefined ? {} : { aws: { ...by.aws, sessionToken: null } };
    expect(await fetched("aws-sm://prod/stripe#key", { by: lasting })).toEqual(good);
  });
});

const REFS = [
  "op://AI-Agents/Stripe/Live keys/key",
  "vault://team/kv/stripe#key",
  "aws-sm://prod/stripe#key",
  "azkv://acme/Stripe-Key",
  "doppler://payments/prd_eu/STRIPE_KEY",
] as const;

describe("INV-24: a wrong vault credential is reported as denied and not retried", () => {
  const WRONG = "wrong-credential-abcdef";

  test.each(REFS)("for %s", async (text) => {
    const variables = Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, WRONG]));
    const answer = await fetched(text, { variables });
    expect(answer).toEqual(bad("denied"));
    expect(JSON.stringify(answer)).not.toContain(WRONG);
  });

  test.each([
    ["AWS_ID", /UnrecognizedClientException/],
    ["AWS_KEY", /InvalidSignatureException/],
    ["AWS_SESSION", /ExpiredTokenException/],
  ])("for a wrong %s alone", async (name, words) => {
    const answer = await fetched("aws-sm://prod/stripe#key", { variables: { ...VARIABLES, [name]: WRONG } });
    expect(answer).toEqual(bad("denied", words));
    expect(JSON.stringify(answer)).not.toContain(WRONG);
  });
});

const json = { "Content-Type": "application/json" };
const started = (response: ServerResponse, headers = json) => response.writeHead(200, headers);

const ODD: readonly (readonly [string, string, Oddness])[] = [
  ["takes the request and says nothing", "timeout", () => undefined],
  [
    "says its status and no more",
    "timeout",
    (_, response) => {
      started(response).flushHeaders();
    },
  ],
  [
    "never finishes",
    "timeout",
    (_, response) => {
      started(response).write('{"value":{"computed":"');
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    },
  ],
  ["hangs up", "unreachable", (request) => request.socket.destroy()],
  ["is no HTTP", "unreachable", (request) => request.socket.end("SSH-2.0-OpenSSH_9.2\r\n")],
  [
    "hangs up half-way",
    "invalid_response",
    (request, response) => {
      started(response, { ...json, "Content-Length": "1000" } as typeof json).write(`{"value":"${SECRET}`);
      setTimeout(() => request.socket.destroy(), 50);
    },
  ],
  [
    "redirects",
    "invalid_response",
    (_, response) => {
      response.writeHead(308, { Location: `${trapUrl}/` }).end();
    },
  ],
  [
    "shows a page",
    "invalid_response",
    (_, response) => {
      response
        .writeHead(200, { "Content-Type": "text/html" })
        .end(`<html><title>Sign in</title>${SECRET}</html>`);
    },
  ],
  [
    "answers without an end",
    "too_large",
    (_, response) => {
      started(response);
      const chunk = "x".repeat(64 * 1024);
      const more = () => {
        if (!response.destroyed && response.write(chunk)) setImmediate(more);
      };
      response.on("drain", more);
      more();
    },
  ],
  [
    "answers with a bomb",
    "too_large",
    (_, response) => {
      response.writeHead(200, { ...json, "Content-Encoding": "gzip" }).end(BOMB);
    },
  ],
  [
    "is overloaded",
    "rate_limited",
    (_, response) => {
      response.writeHead(429, { ...json, "Retry-After": "60" }).end(`{"message":"${SECRET}"}`);
    },
  ],
  [
    "is sealed",
    "unavailable",
    (_, response) => {
      response.writeHead(503, json).end(`{"errors":["Vault is sealed"]}`);
    },
  ],
];

/** 50 MiB in 50 KiB. */
const BOMB = gzipSync(Buffer.alloc(50 * 1024 * 1024, "x"));

describe("INV-24: over a real connection, a slow, down or odd vault gives a clear error without a secret", () => {
  test.each(ODD)("when it %s: %s", async (_, what, oddness) => {
    const problem = what === "unreachable" ? "unavailable" : what;
    for (const text of REFS) {
      odd = oddness;
      requestCount = 0;
      const answer = await fetched(text, { isHasty: problem === "timeout" });
      expect({ text, answer }).toEqual({ text, answer: bad(problem, /^\S.{15,200}$/) });
      const hidden = [SECRET, OTHER, base, awsBase, trapUrl, ...Object.values(VARIABLES)];
      expect(hidden.filter((word) => JSON.stringify(answer).includes(word))).toEqual([]);
      // Only an unreachable vault is retried, once; an error response or a timeout is not.
      expect({ text, requestCount }).toEqual({ text, requestCount: what === "unreachable" ? 2 : 1 });
      // The one after it is as good as ever.
      odd = null;
      expect(await fetched(text)).toEqual(good);
    }
    expect(trapped).toEqual([]);
  });

  test.each(REFS)("and is called again once after a hang-up: %s", async (text) => {
    odd = (request) => {
      odd = null;
      request.socket.destroy();
    };
    expect(await fetched(text)).toEqual(good);
  });
});
