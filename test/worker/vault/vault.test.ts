import { afterEach, describe, expect, test, vi } from "vitest";
import { sendOutgoing } from "../../../src/adapters/outgoing.ts";
import { fetchSecret } from "../../../src/adapters/vault/fetch-secret.ts";
import { parseSecretRef } from "../../../src/core/registry/secret-ref.ts";
import type { HashicorpConnection, VaultConnections } from "../../../src/core/registry/vault-connection.ts";

const SECRET = "sk_live_9f8e7d6c5b4a3210";
const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);

const own = (name: string) => ({ scheme: "env", name }) as const;

const VARIABLES = {
  OP_TOKEN: "eyJ.op.connect-token",
  VAULT_TOKEN: "hvs.static-token",
  APPROLE_SECRET: "6a174c20-f6de-a53c-74d2-6018fcceff64",
  VAULT_JWT: "eyJ.workload.jwt",
  AWS_ID: "AKIDEXAMPLE",
  AWS_KEY: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
  AWS_SESSION: "IQoJb3JpZ2luX2Vj//session==",
  AZURE_SECRET: "a8Q~client+secret&value",
  DOPPLER_TOKEN: "dp.st.prd.tokentoken",
};

const HASHICORP: HashicorpConnection = {
  provider: "hashicorp",
  url: "https://vault.example.com:8200",
  namespace: null,
  kv: 2,
  mounts: [],
  auth: { method: "token", token: own("VAULT_TOKEN") },
  allowPrivate: false,
};

const CONNECTIONS: VaultConnections = {
  "1password": {
    provider: "1password",
    url: "https://connect.example.com",
    token: own("OP_TOKEN"),
    allowPrivate: false,
  },
  hashicorp: HASHICORP,
  aws: {
    provider: "aws",
    region: "eu-west-1",
    accessKeyId: own("AWS_ID"),
    secretAccessKey: own("AWS_KEY"),
    sessionToken: null,
    endpoint: null,
    allowPrivate: false,
  },
  azure: {
    provider: "azure",
    tenant: "72f988bf-86f1-41af-91ab-2d7cd011db47",
    clientId: "11111111-2222-3333-4444-555555555555",
    clientSecret: own("AZURE_SECRET"),
    suffix: "vault.azure.net",
    loginHost: "login.microsoftonline.com",
    allowPrivate: false,
  },
  doppler: {
    provider: "doppler",
    url: "https://api.doppler.com",
    token: own("DOPPLER_TOKEN"),
    allowPrivate: false,
  },
};

function fetched(text: string, connections: VaultConnections = CONNECTIONS, variables: object = VARIABLES) {
  const ref = parseSecretRef(text);
  if (!ref.ok) throw new Error(ref.error);
  return fetchSecret(ref.value, connections, { send: sendOutgoing, variables, now: () => NOW });
}

interface VaultRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers each request in turn; returns the requests. */
function answering(...answers: readonly Response[]): readonly VaultRequest[] {
  const requests: VaultRequest[] = [];
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    requests.push({
      method: request.method,
      url: request.url,
      headers: Object.fromEntries(request.headers),
      body: new TextDecoder().decode(await request.arrayBuffer()),
    });
    expect(init?.redirect).toBe("manual");
    const answer = answers[requests.length - 1];
    if (answer === undefined) throw new Error("asked once too often");
    return answer;
  });
  return requests;
}

const json = (value: unknown, status = 200) => Response.json(value, { status });

const good = { ok: true, value: SECRET };
const bad = (problem: string, words?: RegExp) => ({
  ok: false,
  error: { problem, detail: words === undefined ? expect.any(String) : expect.stringMatching(words) },
});

afterEach(() => vi.restoreAllMocks());

describe("environment and Secrets Store", () => {
  test("a variable of the Worker is read without a request", async () => {
    const requests = answering();
    expect(await fetched("env://STRIPE", {}, { STRIPE: SECRET })).toEqual(good);
    expect(requests).toEqual([]);
  });

  test.each([
    ["is not there", {}, "not_found"],
    ["is there only as every object has it", Object.create({ STRIPE: SECRET }) as object, "not_found"],
    ["is a binding", { STRIPE: { get: async () => SECRET } }, "invalid_response"],
    ["is a number", { STRIPE: 12_345_678 }, "invalid_response"],
  ])("INV-24: a variable that %s is not found", async (_, variables, problem) => {
    expect(await fetched("env://STRIPE", {}, variables)).toEqual(bad(problem));
  });

  const stored = (get: unknown) => fetched("secrets-store://STRIPE", {}, { STRIPE: { get } });

  test("INV-21: a secret of the store is read through its binding for each use", async () => {
    const get = vi.fn(async () => SECRET);
    expect(await stored(get)).toEqual(good);
    expect(await stored(get)).toEqual(good);
    expect(get.mock.calls).toEqual([[], []]);
  });

  test.each([
    ["is missing", async () => Promise.reject(new Error(`Secret "${SECRET}" not found`)), "not_found"],
    ["fails", async () => Promise.reject(new Error(`internal error ${SECRET}`)), "unavailable"],
    ["throws a value that is no Error", async () => Promise.reject(SECRET), "unavailable"],
    [
      "throws at once",
      () => {
        throw new TypeError("KV GET needs a key");
      },
      "unavailable",
    ],
    ["gives no text", async () => ({ SECRET }), "invalid_response"],
    ["gives null", async () => null, "invalid_response"],
    ["gives nothing", async () => undefined, "invalid_response"],
    ["can't be read", "text", "invalid_response"],
  ])("INV-24: a store whose secret %s gives an error without the secret", async (_, get, problem) => {
    const answer = await stored(get);
    expect(answer).toEqual(bad(problem));
    expect(JSON.stringify(answer)).not.toContain(SECRET);
  });

  test("INV-24: a store that never answers is a timeout", async () => {
    vi.useFakeTimers();
    try {
      const waiting = stored(() => new Promise(() => undefined));
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await waiting).toEqual(bad("timeout"));
    } finally {
      vi.useRealTimers();
    }
  });

  test("a missing binding is not replaced by a variable, nor the reverse", async () => {
    expect(await fetched("secrets-store://STRIPE", {}, {})).toEqual(bad("not_found"));
    expect(await fetched("secrets-store://STRIPE", {}, { STRIPE: SECRET })).toEqual(bad("invalid_response"));
  });
});

describe("1Password Connect", () => {
  const VAULT = "ftz4pm2xxwmwrsd7rjqn7grzfz";
  const ITEM = "2fcbqwe9ndg175zg2dzwftvkpa";
  const field = (more: object) => ({ id: "x1", label: "key", type: "CONCEALED", value: SECRET, ...more });
  const item = (more: object = {}) => ({ id: ITEM, title: "Stripe", fields: [field({})], ...more });
  const vaults = () => json([{ id: VAULT, name: "AI-Agents" }]);
  const items = () => json([{ id: ITEM, title: "Stripe" }]);

  test("finds vault and item by name and requests them by id", async () => {
    const requests = answering(vaults(), items(), json(item()));
    expect(await fetched("op://AI-Agents/Stripe/key")).toEqual(good);
    const headers = { authorization: `Bearer ${VARIABLES.OP_TOKEN}`, accept: "application/json" };
    const base = "https://connect.example.com/v1/vaults";
    expect(requests).toEqual([
      { method: "GET", url: `${base}?filter=name%20eq%20%22AI-Agents%22`, headers, body: "" },
      { method: "GET", url: `${base}/${VAULT}/items?filter=title%20eq%20%22Stripe%22`, headers, body: "" },
      { method: "GET", url: `${base}/${VAULT}/items/${ITEM}`, headers, body: "" },
    ]);
  });

  test("requests ids directly, in any case of letters", async () => {
    const requests = answering(json(item()));
    expect(await fetched(`op://${VAULT.toUpperCase()}/${ITEM}/KEY`)).toEqual(good);
    expect(requests.map(({ url }) => url)).toEqual([
      `https://connect.example.com/v1/vaults/${VAULT}/items/${ITEM}`,
    ]);
  });

  const sections = [
    { id: "s1", label: "Live" },
    { id: "s2", label: "Test" },
  ];
  const inSection = (id: string, more: object = {}) => field({ id: `f-${id}`, section: { id }, ...more });

  test.each([
    ["key", item(), good],
    ["x1", item(), good],
    ["KEY", item(), good],
    ["Live/key", item({ sections, fields: [inSection("s1"), inSection("s2", { value: "another" })] }), good],
    ["s1/key", item({ sections, fields: [inSection("s1")] }), good],
    ["key", item({ sections, fields: [field({}), inSection("s1", { value: "another" })] }), good],
    ["key", item({ sections, fields: [inSection("s1")] }), good],
    ["key", item({ fields: [field({ id: "key", label: "a" }), field({ value: "another" })] }), good],
    ["key", item({ fields: [field({}), field({ id: "x2" })] }), bad("invalid_response", /^2 fields .*id/)],
    [
      "key",
      item({ sections, fields: [inSection("s1"), inSection("s2")] }),
      bad("invalid_response", /^2 fields .*id/),
    ],
    [
      "Live/key",
      item({ sections: [...sections, { id: "s3", label: "live" }], fields: [] }),
      bad("invalid_response", /^2 sections/),
    ],
    ["Live/key", item({ sections, fields: [field({}), inSection("s2")] }), bad("not_found", /field/)],
    ["add more/key", item({ fields: [field({ section: { id: "add more" } })] }), good],
    ["Live/key", item({ fields: [field({ section: { id: "s1", label: "Live" } })] }), good],
    ["Live/key", item({ sections, fields: [field({ section: { id: "s1", label: "Live" } })] }), good],
    ["Other/key", item({ sections, fields: [inSection("s1")] }), bad("not_found", /section/)],
    ["other", item(), bad("not_found", /field/)],
    ["constructor", item(), bad("not_found", /field/)],
    ["key", item({ fields: [field({ value: undefined })] }), bad("too_short", /empty/)],
    ["key", item({ fields: [field({ value: 12_345_678 })] }), bad("invalid_response")],
    ["key", item({ fields: [field({ type: "OTP" })] }), bad("invalid_response", /one-time/)],
    ["key", item({ state: "ARCHIVED" }), bad("not_found", /archived/)],
    ["key", item({ fields: "nonsense" }), bad("not_found")],
    ["key", item({ fields: [null, "key", 1] }), bad("not_found")],
    ["key", [], bad("invalid_response")],
  ])("reads the field %s of an item", async (name, answer, expected) => {
    answering(json(answer));
    expect(await fetched(`op://${VAULT}/${ITEM}/${name}`)).toEqual(expected);
  });

  const twice = (member: string, name: string) => [
    { id: VAULT, [member]: name },
    { id: ITEM, [member]: name.toUpperCase() },
  ];

  test.each([
    ["no vault", [json([])], bad("not_found", /vault/)],
    ["vaults of other names", [json([{ id: VAULT, name: "Other" }])], bad("not_found", /vault/)],
    ["two vaults", [json(twice("name", "AI-Agents"))], bad("invalid_response", /^2 vaults/)],
    ["no list of vaults", [json({ vaults: [] })], bad("invalid_response")],
    ["a vault without an id", [json([{ name: "AI-Agents" }])], bad("invalid_response")],
    [
      "an id that is a path",
      [json([{ id: "../../secret/of/another/a", name: "AI-Agents" }])],
      bad("invalid_response"),
    ],
    ["no item", [vaults(), json([])], bad("not_found", /item/)],
    ["two items", [vaults(), json(twice("title", "Stripe"))], bad("invalid_response", /^2 items/)],
  ])("INV-24: reports %s", async (_, answers, expected) => {
    const requests = answering(...answers);
    expect(await fetched("op://AI-Agents/Stripe/key")).toEqual(expected);
    expect(requests).toHaveLength(answers.length);
  });

  test("does not use an archived item of the same title", async () => {
    const listed = json([
      { id: VAULT, title: "Stripe", state: "ARCHIVED" },
      { id: ITEM, title: "Stripe" },
    ]);
    const requests = answering(vaults(), listed, json(item()));
    expect(await fetched("op://AI-Agents/Stripe/key")).toEqual(good);
    expect(requests[2]?.url).toContain(ITEM);
  });
});

describe("HashiCorp Vault and OpenBao", () => {
  const kv2 = (data: object, metadata: object = { version: 3 }) =>
    json({ lease_id: "", data: { data, metadata } });
  const by = (more: Partial<HashicorpConnection>) => ({ hashicorp: { ...HASHICORP, ...more } });
  const headers = { "x-vault-request": "true", accept: "application/json" };

  test("reads KV version 2 with a token", async () => {
    const requests = answering(kv2({ key: SECRET, other: 1 }));
    expect(await fetched("vault://secret/team/stripe#key")).toEqual(good);
    expect(requests).toEqual([
      {
        method: "GET",
        url: "https://vault.example.com:8200/v1/secret/data/team/stripe",
        headers: { ...headers, "x-vault-token": VARIABLES.VAULT_TOKEN },
        body: "",
      },
    ]);
  });

  test("sends version, namespace and escaped path characters", async () => {
    const requests = answering(kv2({ key: SECRET }));
    const answer = await fetched("vault://kv/a@b:c#key?version=3", by({ namespace: "admin/team-a" }));
    expect(answer).toEqual(good);
    expect(requests[0]?.url).toBe("https://vault.example.com:8200/v1/kv/data/a%40b%3Ac?version=3");
    expect(requests[0]?.headers["x-vault-namespace"]).toBe("admin/team-a");
  });

  test("reads KV version 1, which has no versions", async () => {
    const requests = answering(json({ lease_id: "", data: { key: SECRET } }));
    expect(await fetched("vault://kv/team/stripe#key", by({ kv: 1 }))).toEqual(good);
    expect(requests[0]?.url).toBe("https://vault.example.com:8200/v1/kv/team/stripe");
    expect(await fetched("vault://kv/stripe#key?version=2", by({ kv: 1 }))).toEqual(bad("not_configured"));
    expect(requests).toHaveLength(1);
  });

  test.each([
    [["team/kv"], "team/kv/app/stripe", "team/kv/data/app/stripe"],
    [["team", "team/kv"], "team/kv/app", "team/kv/data/app"],
    [["team/kv"], "team/kvx/app", "team/data/kvx/app"],
    [["team/kv"], "team/kv", "team/data/kv"],
    [[], "team/kv/app", "team/data/kv/app"],
  ])("with mounts %j reads %s at %s", async (mounts, path, expected) => {
    const requests = answering(kv2({ key: SECRET }));
    expect(await fetched(`vault://${path}#key`, by({ mounts }))).toEqual(good);
    expect(requests[0]?.url).toBe(`https://vault.example.com:8200/v1/${expected}`);
  });

  const login = (auth: object) =>
    json({ auth: { client_token: "hvs.login-token", lease_duration: 60, ...auth } });
  const approle = by({
    namespace: "team",
    auth: { method: "approle", mount: "approle", roleId: "role-1", secretId: own("APPROLE_SECRET") },
  });

  test("INV-21: signs in by AppRole, reads once and revokes its token", async () => {
    const requests = answering(login({}), kv2({ key: SECRET }), new Response(null, { status: 204 }));
    expect(await fetched("vault://kv/stripe#key", approle)).toEqual(good);
    const all = { ...headers, "x-vault-namespace": "team" };
    const base = "https://vault.example.com:8200/v1";
    expect(requests).toEqual([
      {
        method: "POST",
        url: `${base}/auth/approle/login`,
        headers: { ...all, "content-type": "application/json" },
        body: JSON.stringify({ role_id: "role-1", secret_id: VARIABLES.APPROLE_SECRET }),
      },
      {
        method: "GET",
        url: `${base}/kv/data/stripe`,
        headers: { ...all, "x-vault-token": "hvs.login-token" },
        body: "",
      },
      {
        method: "POST",
        url: `${base}/auth/token/revoke-self`,
        headers: { ...all, "x-vault-token": "hvs.login-token" },
        body: "",
      },
    ]);
  });

  test("signs in by JWT at its own mount", async () => {
    const requests = answering(login({}), kv2({ key: SECRET }), new Response(null, { status: 204 }));
    const auth = { method: "jwt", mount: "ci/jwt", role: "gate", jwt: own("VAULT_JWT") } as const;
    expect(await fetched("vault://kv/stripe#key", by({ auth }))).toEqual(good);
    expect(requests[0]).toMatchObject({
      url: "https://vault.example.com:8200/v1/auth/ci/jwt/login",
      body: JSON.stringify({ role: "gate", jwt: VARIABLES.VAULT_JWT }),
    });
  });

  test.each([
    ["a batch token is stored nowhere", { token_type: "batch" }],
    ["a token for one use is gone", { num_uses: 1 }],
  ])("revokes nothing where %s", async (_, auth) => {
    const requests = answering(login(auth), kv2({ key: SECRET }));
    expect(await fetched("vault://kv/stripe#key", approle)).toEqual(good);
    expect(requests).toHaveLength(2);
  });

  test("revokes the token after a failed read too, and ignores a failed revocation", async () => {
    const requests = answering(login({}), json({ errors: [] }, 404), json({ errors: ["no"] }, 403));
    expect(await fetched("vault://kv/stripe#key", approle)).toEqual(bad("not_found"));
    expect(requests[2]?.url).toContain("revoke-self");
    answering(login({}), kv2({ key: SECRET }), json({ errors: ["no"] }, 403));
    expect(await fetched("vault://kv/stripe#key", approle)).toEqual(good);
  });

  test.each([
    ["refused", json({ errors: ["invalid role or secret ID"] }, 400), "denied"],
    ["forbidden", json({ errors: ["permission denied"] }, 403), "denied"],
    ["without a token", json({ auth: null }), "invalid_response"],
    ["that wants a second factor", login({ client_token: "" }), "invalid_response"],
    [
      "with a token that breaks a header",
      login({ client_token: "hvs.x\r\nX-Vault-Token: y" }),
      "invalid_response",
    ],
  ])("INV-24: reports a sign-in %s", async (_, answer, problem) => {
    const requests = answering(answer);
    expect(await fetched("vault://kv/stripe#key", approle)).toEqual(bad(problem));
    expect(requests).toHaveLength(1);
  });

  const deleted = { deletion_time: "2026-11-01T00:00:00Z", destroyed: false, version: 3 };

  test.each([
    ["deleted", json({ data: { data: null, metadata: deleted } }, 404), bad("not_found", /was deleted/)],
    [
      "destroyed",
      json({ data: { data: null, metadata: { ...deleted, destroyed: true } } }, 404),
      bad("not_found", /was destroyed/),
    ],
    ["not there", json({ errors: [] }, 404), bad("not_found", /no such secret/)],
    ["without the key", kv2({ other: SECRET }), bad("not_found", /key/)],
    ["without a key of its own", kv2({}), bad("not_found", /key/)],
    ["a number", kv2({ constructor: 12_345_678 }), bad("invalid_response", /not text/)],
    ["of KV version 1", json({ data: { constructor: SECRET } }), bad("invalid_response", /version 2/)],
    ["wrapped", json({ data: null, wrap_info: { token: SECRET } }), bad("invalid_response")],
    [
      "leased",
      json({ lease_id: "database/creds/x/1", data: { data: { constructor: SECRET } } }),
      bad("invalid_response", /leased/),
    ],
  ])("INV-24: reports a secret that is %s", async (_, answer, expected) => {
    answering(answer);
    expect(await fetched("vault://kv/stripe#constructor")).toEqual(expected);
  });

  test("INV-24: reports another version than the requested one", async () => {
    answering(kv2({ key: SECRET }, { version: 4 }));
    expect(await fetched("vault://kv/stripe#key?version=3")).toEqual(
      bad("invalid_response", /another version/),
    );
  });
});

describe("AWS Secrets Manager", () => {
  const { aws } = CONNECTIONS;
  const by = (more: object) => (aws === undefined ? {} : { aws: { ...aws, ...more } });

  test("is called once, signed", async () => {
    const requests = answering(json({ Name: "stripe", SecretString: SECRET }));
    expect(await fetched("aws-sm://prod/stripe")).toEqual(good);
    expect(requests).toEqual([
      {
        method: "POST",
        url: "https://secretsmanager.eu-west-1.amazonaws.com/",
        headers: {
          "content-type": "application/x-amz-json-1.1",
          "x-amz-target": "secretsmanager.GetSecretValue",
          "x-amz-date": "20261122T120000Z",
          authorization: expect.stringMatching(
            /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20261122\/eu-west-1\/secretsmanager\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature=[\da-f]{64}$/,
          ),
        },
        body: '{"SecretId":"prod/stripe"}',
      },
    ]);
  });

  test.each([
    ["cn-north-1", "https://secretsmanager.cn-north-1.amazonaws.com.cn/"],
    ["us-gov-west-1", "https://secretsmanager.us-gov-west-1.amazonaws.com/"],
  ])("has its own host in the region %s", async (region, url) => {
    const requests = answering(json({ SecretString: SECRET }));
    expect(await fetched("aws-sm://stripe", by({ region }))).toEqual(good);
    expect(requests[0]?.url).toBe(url);
  });

  test.each(["eu-west-1.evil.example/", "eu-west-1@evil.example", "", "EU-WEST-1", "eu-west-1#"])(
    "INV-22: refuses a region that would form another host: %j",
    async (region) => {
      const requests = answering();
      expect(await fetched("aws-sm://stripe", by({ region }))).toEqual(bad("not_configured"));
      expect(requests).toEqual([]);
    },
  );

  test("sends and signs a temporary key's session token", async () => {
    const requests = answering(json({ SecretString: SECRET }));
    expect(await fetched("aws-sm://stripe", by({ sessionToken: own("AWS_SESSION") }))).toEqual(good);
    expect(requests[0]?.headers["x-amz-security-token"]).toBe(VARIABLES.AWS_SESSION);
    expect(requests[0]?.headers["authorization"]).toContain(";x-amz-security-token;");
  });

  const ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/stripe-AbCdEf";
  const VERSION = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";

  test.each([
    [`aws-sm://${ARN}`, { SecretId: ARN }],
    ["aws-sm://stripe?stage=AWSPREVIOUS", { SecretId: "stripe", VersionStage: "AWSPREVIOUS" }],
    [`aws-sm://stripe?version=${VERSION}`, { SecretId: "stripe", VersionId: VERSION }],
  ])("is asked by %s for exactly that version", async (text, body) => {
    const requests = answering(json({ SecretString: SECRET }));
    expect(await fetched(text)).toEqual(good);
    expect(JSON.parse(requests[0]?.body ?? "")).toEqual(body);
  });

  test("refuses an ARN of another region without a request", async () => {
    const requests = answering();
    expect(await fetched(`aws-sm://${ARN}`, by({ region: "us-east-1" }))).toEqual(bad("not_configured"));
    expect(requests).toEqual([]);
  });

  test.each([
    ["", { SecretString: SECRET }, good],
    ["", { SecretBinary: btoa(SECRET) }, good],
    ["", { SecretBinary: "/v8A" }, bad("invalid_response")],
    ["", { SecretBinary: "not base64" }, bad("invalid_response")],
    ["", {}, bad("invalid_response")],
    ["", { SecretString: null }, bad("invalid_response")],
    ["#key", { SecretString: JSON.stringify({ key: SECRET }) }, good],
    ["#key", { SecretString: JSON.stringify({ key: 12_345_678 }) }, bad("invalid_response")],
    ["#key", { SecretString: JSON.stringify({ other: SECRET }) }, bad("not_found")],
    ["#constructor", { SecretString: "{}" }, bad("not_found")],
    [
      "#key",
      { SecretString: `{"key":"${SECRET}","key":"another-${SECRET}"}` },
      bad("invalid_response", /twice/),
    ],
    [
      "#key",
      { SecretString: `{"key":"${SECRET}","k\\u0065y":"another-${SECRET}"}` },
      bad("invalid_response", /twice/),
    ],
    ["#key", { SecretString: `{"a":{"b":1,"b":2},"key":"${SECRET}"}` }, bad("invalid_response", /twice/)],
    ["#key", { SecretString: `{"key":"${SECRET}","n":9007199254740993}` }, bad("invalid_response", /number/)],
    ["#key", { SecretBinary: btoa(`{"key":"${SECRET}","key":"x"}`) }, bad("invalid_response", /twice/)],
    ["", { SecretString: SECRET, SecretBinary: btoa(`other-${SECRET}`) }, bad("invalid_response")],
    ["#key", { SecretString: SECRET }, bad("invalid_response", /invalid JSON/)],
    ["#key", { SecretString: JSON.stringify([SECRET]) }, bad("invalid_response", /not a JSON object/)],
  ])('INV-24: reads or reports by key "%s" what AWS answers', async (key, answer, expected) => {
    answering(json(answer));
    expect(await fetched(`aws-sm://stripe${key}`)).toEqual(expected);
  });

  test.each([
    ["ResourceNotFoundException", "not_found"],
    ["com.amazonaws.secretsmanager#ResourceNotFoundException", "not_found"],
    ["InvalidRequestException", "not_found"],
    ["AccessDeniedException", "denied"],
    ["InvalidSignatureException", "denied"],
    ["ExpiredTokenException", "denied"],
    ["UnrecognizedClientException", "denied"],
    ["ThrottlingException", "rate_limited"],
    ["InternalServiceError", "unavailable"],
    ["InvalidParameterException", "invalid_response"],
    [`${SECRET}#${SECRET}`, "invalid_response"],
  ])("INV-24: reports the error %s of a 400", async (type, problem) => {
    answering(json({ __type: type, message: `of ${SECRET}` }, 400));
    const answer = await fetched("aws-sm://stripe");
    expect(answer).toEqual(bad(problem));
    expect(JSON.stringify(answer)).not.toContain(SECRET);
  });
});

describe("Azure Key Vault", () => {
  const token = () =>
    json({ token_type: "Bearer", expires_in: 3599, access_token: "eyJ.azure.access-token" });

  test("gets a token by client credentials, then the secret", async () => {
    const requests = answering(
      token(),
      json({ value: SECRET, id: "https://acme.vault.azure.net/secrets/Stripe-Key/1" }),
    );
    expect(await fetched("azkv://acme/Stripe-Key")).toEqual(good);
    expect(requests).toEqual([
      {
        method: "POST",
        url: "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/oauth2/v2.0/token",
        headers: { "content-type": "application/x-www-form-urlencoded", accept: "application/json" },
        body:
          "client_id=11111111-2222-3333-4444-555555555555&scope=https%3A%2F%2Fvault.azure.net%2F.default" +
          "&client_secret=a8Q%7Eclient%2Bsecret%26value&grant_type=client_credentials",
      },
      {
        method: "GET",
        url: "https://acme.vault.azure.net/secrets/Stripe-Key?api-version=2025-07-01",
        headers: { authorization: "Bearer eyJ.azure.access-token", accept: "application/json" },
        body: "",
      },
    ]);
  });

  test("requests a version, and works in another cloud", async () => {
    const { azure } = CONNECTIONS;
    const china =
      azure === undefined
        ? {}
        : { azure: { ...azure, suffix: "vault.azure.cn", loginHost: "login.chinacloudapi.cn" } };
    const requests = answering(token(), json({ value: SECRET }));
    expect(await fetched(`azkv://acme/key/${"0".repeat(32)}`, china)).toEqual(good);
    expect(requests[0]?.body).toContain("scope=https%3A%2F%2Fvault.azure.cn%2F.default");
    expect(requests.map(({ url }) => url)).toEqual([
      "https://login.chinacloudapi.cn/72f988bf-86f1-41af-91ab-2d7cd011db47/oauth2/v2.0/token",
      `https://acme.vault.azure.cn/secrets/key/${"0".repeat(32)}?api-version=2025-07-01`,
    ]);
  });

  test.each([
    ["a sign-in that is refused", [json({ error: "invalid_client" }, 401)], "denied"],
    ["a tenant that is not there", [json({ error: "invalid_request" }, 400)], "denied"],
    ["a sign-in without a token", [json({ token_type: "Bearer" })], "invalid_response"],
    ["a token that breaks a header", [json({ access_token: "token\r\nX: y" })], "invalid_response"],
    ["a secret that may not be read", [token(), json({ error: { code: "Forbidden" } }, 403)], "denied"],
    ["no such secret", [token(), json({ error: { code: "SecretNotFound" } }, 404)], "not_found"],
    ["a secret without a value", [token(), json({ id: "x" })], "invalid_response"],
  ])("INV-24: reports %s", async (_, answers, problem) => {
    const requests = answering(...answers);
    expect(await fetched("azkv://acme/Stripe-Key")).toEqual(bad(problem));
    expect(requests).toHaveLength(answers.length);
  });

  test("INV-22: refuses host settings that lead elsewhere", async () => {
    const requests = answering();
    for (const host of [
      "evil.example/x",
      "evil.example#",
      "a@evil.example",
      "localhost",
      "evil.example:8443",
      "",
    ]) {
      const { azure } = CONNECTIONS;
      const miswritten = azure === undefined ? {} : { azure: { ...azure, suffix: host } };
      expect(await fetched("azkv://acme/key", miswritten)).toEqual(bad("not_configured"));
    }
    expect(requests).toEqual([]);
  });
});

describe("Doppler", () => {
  const value = { raw: "${OTHER}", computed: SECRET };

  test("is called once with project, config and name", async () => {
    const requests = answering(json({ name: "STRIPE_KEY", value }));
    expect(await fetched("doppler://payments/prd_eu/STRIPE_KEY")).toEqual(good);
    expect(requests).toEqual([
      {
        method: "GET",
        url: "https://api.doppler.com/v3/configs/config/secret?project=payments&config=prd_eu&name=STRIPE_KEY",
        headers: { authorization: `Bearer ${VARIABLES.DOPPLER_TOKEN}`, accept: "application/json" },
        body: "",
      },
    ]);
  });

  test.each([
    [{ name: "STRIPE_KEY", value }, good],
    [{ value }, good],
    [{ secret: { name: "STRIPE_KEY", value } }, good],
    [{ success: true, secret: { value } }, good],
    [{ name: "OTHER_KEY", value }, bad("invalid_response", /another secret/)],
    [{ name: "STRIPE_KEY", value: { raw: SECRET, computed: null } }, bad("denied", /restricted/)],
    [{ name: "STRIPE_KEY", value: { raw: SECRET } }, bad("invalid_response")],
    [{ name: "STRIPE_KEY", value: SECRET }, bad("invalid_response")],
    [{ secret: SECRET }, bad("invalid_response")],
    [{}, bad("invalid_response")],
    [[value], bad("invalid_response")],
  ])("INV-24: reads or reports %j", async (answer, expected) => {
    answering(json(answer));
    expect(await fetched("doppler://payments/prd_eu/STRIPE_KEY")).toEqual(expected);
  });
});
