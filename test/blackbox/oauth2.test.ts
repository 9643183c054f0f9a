import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeJwt, decodeProtectedHeader, exportPKCS8, generateKeyPair } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sendOutgoing } from "../../src/adapters/outgoing.ts";
import { accessTokens } from "../../src/adapters/vault/oauth2/access-tokens.ts";
import { TokenCache } from "../../src/adapters/vault/oauth2/token-cache.ts";
import { fetchSecret } from "../../src/adapters/vault/fetch-secret.ts";
import { parseRegistry } from "../../src/config/registry/parse.ts";
import type { OAuth2Credential } from "../../src/core/registry/credential.ts";
import type { FetchedCredential, VaultFailure } from "../../src/ports/vault.ts";
import type { Result } from "../../src/core/base/result.ts";
import {
  type ReceivedRequest,
  CLIENTS,
  type OAuthServer,
  startOAuthServer,
  SUBJECT,
} from "../support/oauth-server.ts";

/* Access tokens over real connections, from `oidc-provider`. */

let server: OAuthServer;
const variables: Record<string, string> = {
  POST_SECRET: CLIENTS.post.secret,
  BASIC_SECRET: CLIENTS.basic.secret,
  WRONG_SECRET: "w-9fK2xQ81-of-nobody",
};
/** What Gate's clock is ahead of the machine's. Milliseconds. */
let ahead = 0;
let cache = new TokenCache();

beforeAll(async () => {
  server = await startOAuthServer();
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  server.forget();
  cache = new TokenCache();
  ahead = 0;
});

const POST = { client_id: CLIENTS.post.id, secret_ref: "env://POST_SECRET" };
const ASSERTED = { grant: "jwt_bearer", secret_ref: "env://PRIVATE_KEY", subject: SUBJECT };

/** @param written over a credential of the client that authenticates in the form */
function credential(written: Readonly<Record<string, unknown>> = {}): OAuth2Credential {
  const entry = {
    grant: "client_credentials",
    token_url: `${server.url}/token`,
    ...POST,
    allow_private: true,
    ...written,
  };
  const parsed = parseRegistry("gate.yaml", JSON.stringify({ credentials: { x: { oauth2: entry } } }));
  const found = parsed.ok ? parsed.value.credentials.get("x") : undefined;
  if (found?.kind !== "oauth2") throw new Error(JSON.stringify(parsed));
  return found;
}

/** A call to an upstream asks for its credential. */
function request(wanted: OAuth2Credential): Promise<Result<FetchedCredential, VaultFailure>> {
  const deps = { send: sendOutgoing, variables, now: () => Date.now() + ahead };
  return accessTokens(fetchSecret, deps, cache).forCall("x", wanted, {});
}

async function tokenOf(wanted: OAuth2Credential): Promise<FetchedCredential> {
  const found = await request(wanted);
  if (!found.ok) throw new Error(JSON.stringify(found.error));
  return found.value;
}

/** The status of the API for a token. */
async function statusFor(token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${server.url}/services/data/v66.0/query`, { headers })).status;
}

/** Whether this is the end of a token that was requested in the last minute and lasts for so many seconds. */
function lastsFor(expiresAt: number | null, seconds: number): boolean {
  const left = (expiresAt ?? 0) - Date.now();
  return left <= seconds * 1000 && left > (seconds - 60) * 1000;
}

const formOf = ({ body }: ReceivedRequest) => Object.fromEntries(new URLSearchParams(body));

describe("a token that the API accepts is obtained", () => {
  test("by client credentials in the form", async () => {
    const { secret, expiresAt } = await tokenOf(credential({ scope: "api write" }));
    expect(await statusFor(secret)).toBe(200);
    expect(server.tokenRequests.map(formOf)).toEqual([
      {
        grant_type: "client_credentials",
        client_id: CLIENTS.post.id,
        client_secret: CLIENTS.post.secret,
        scope: "api write",
      },
    ]);
    expect(lastsFor(expiresAt, 3600)).toBe(true);
  });

  test("by client credentials in the header, whatever characters they have", async () => {
    const basic = { client_id: CLIENTS.basic.id, secret_ref: "env://BASIC_SECRET" };
    const { secret } = await tokenOf(credential({ ...basic, client_auth: "client_secret_basic" }));
    expect(await statusFor(secret)).toBe(200);
    expect(server.tokenRequests.map(formOf)).toEqual([{ grant_type: "client_credentials" }]);
  });

  test("with the audience that a provider requires", async () => {
    await tokenOf(credential({ audience: "https://api.example.com/" }));
    expect(server.tokenRequests.map(formOf)).toMatchObject([{ audience: "https://api.example.com/" }]);
  });

  test("by an assertion alone, as Salesforce and Google have it, with the claims that they ask for", async () => {
    variables["PRIVATE_KEY"] = server.privateKey;
    const asserted = { ...ASSERTED, client_id: CLIENTS.public.id, audience: server.url, scope: "api" };
    const { secret, alsoMasked } = await tokenOf(
      credential({ ...asserted, token_url: `${server.url}/services/oauth2/token`, key_id: "k-1" }),
    );
    expect(await statusFor(secret)).toBe(200);
    expect(alsoMasked).toEqual([]);
    const [form = {}] = server.tokenRequests.map(formOf);
    expect(Object.keys(form).toSorted()).toEqual(["assertion", "grant_type"]);
    const assertion = form["assertion"] ?? "";
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: "RS256", typ: "JWT", kid: "k-1" });
    const { iat = 0, exp = 0, jti, ...claims } = decodeJwt(assertion);
    expect(claims).toEqual({ iss: CLIENTS.public.id, sub: SUBJECT, aud: server.url, scope: "api" });
    expect([exp - iat, typeof jti]).toEqual([120, "string"]);
  });

  test("by an assertion beside the client's secret", async () => {
    variables["PRIVATE_KEY"] = server.privateKey.replaceAll("\n", String.raw`\n`);
    const { secret } = await tokenOf(credential({ ...ASSERTED, client_secret_ref: "env://POST_SECRET" }));
    expect(await statusFor(secret)).toBe(200);
  });

  test("by a key file of a service account, with the key's id", async () => {
    const file = { type: "service_account", private_key_id: "k-2", private_key: server.privateKey };
    variables["PRIVATE_KEY"] = JSON.stringify(file, null, 2);
    await tokenOf(credential({ ...ASSERTED, client_secret_ref: "env://POST_SECRET" }));
    const [form = {}] = server.tokenRequests.map(formOf);
    expect(decodeProtectedHeader(form["assertion"] ?? "")).toMatchObject({ kid: "k-2" });
  });

  test("by a refresh token of a confidential client, as often as it is asked for", async () => {
    variables["REFRESH"] = await server.refreshToken(CLIENTS.post.id);
    const confidential = credential({
      grant: "refresh_token",
      secret_ref: "env://REFRESH",
      client_secret_ref: "env://POST_SECRET",
    });
    const first = await tokenOf(confidential);
    first.discard();
    const second = await tokenOf(confidential);
    expect([await statusFor(first.secret), await statusFor(second.secret)]).toEqual([200, 200]);
    expect(second.secret).not.toBe(first.secret);
    expect(second.alsoMasked).toEqual([CLIENTS.post.secret, variables["REFRESH"]]);
  });

  test("by a refresh token of a public client", async () => {
    variables["REFRESH"] = await server.refreshToken(CLIENTS.public.id);
    const open = { grant: "refresh_token", client_id: CLIENTS.public.id, secret_ref: "env://REFRESH" };
    expect(await statusFor((await tokenOf(credential(open))).secret)).toBe(200);
  });
});

describe("a refresh token that the provider replaces", () => {
  const rotating = (more = {}) =>
    credential({
      grant: "refresh_token",
      secret_ref: "env://REFRESH",
      client_secret_ref: "env://POST_SECRET",
      ...more,
    });

  test("is refused at its first use, with what to do instead, because Gate stores no token", async () => {
    variables["REFRESH"] = await server.refreshToken(CLIENTS.post.id);
    server.rotate(true);
    const found = await request(rotating());
    expect(found).toMatchObject({ ok: false, error: { problem: "not_configured" } });
    expect(JSON.stringify(found)).toMatch(/turn rotation off.*`rotation: ignore`/);
    expect(JSON.stringify(found)).not.toContain(variables["REFRESH"]);
  });

  test("is ignored where the operator says that the earlier one stays valid", async () => {
    variables["REFRESH"] = await server.refreshToken(CLIENTS.post.id);
    server.rotate(true);
    expect(await statusFor((await tokenOf(rotating({ rotation: "ignore" }))).secret)).toBe(200);
  });

  test("is denied at its second use, where the provider voids it and all that came of it", async () => {
    variables["REFRESH"] = await server.refreshToken(CLIENTS.post.id);
    server.rotate(true);
    const first = await tokenOf(rotating({ rotation: "ignore" }));
    expect(first.discard()).toBe(true);
    expect(await request(rotating({ rotation: "ignore" }))).toMatchObject({ error: { problem: "denied" } });
    expect(await statusFor(first.secret)).toBe(401);
  });
});

describe("a token in memory", () => {
  test("is used until shortly before its end", async () => {
    server.lifetime(100);
    const first = await tokenOf(credential());
    ahead = 60_000;
    const second = await tokenOf(credential());
    expect([second.secret, second.isReused]).toEqual([first.secret, true]);
    ahead = 91_000;
    const third = await tokenOf(credential());
    expect([third.secret === first.secret, third.isReused]).toEqual([false, false]);
    expect(server.tokenRequests).toHaveLength(2);
  });

  test("is used for the configured time where the response names none, and for ten minutes by default", async () => {
    const salesforce = { token_url: `${server.url}/services/oauth2/token` };
    const { expiresAt } = await tokenOf(credential(salesforce));
    expect(lastsFor(expiresAt, 600)).toBe(true);
    const other = await tokenOf(credential({ ...salesforce, lifetime_seconds: 7200 }));
    expect(lastsFor(other.expiresAt, 7200)).toBe(true);
  });

  test("is not used after a clock was set back", async () => {
    await tokenOf(credential());
    ahead = -60_000;
    expect((await tokenOf(credential())).isReused).toBe(false);
  });

  test("is not used with another secret, scope or client", async () => {
    const first = await tokenOf(credential());
    expect((await tokenOf(credential({ scope: "write" }))).secret).not.toBe(first.secret);
    variables["ROTATED"] = CLIENTS.post.secret;
    await tokenOf(credential({ secret_ref: "env://ROTATED" }));
    variables["ROTATED"] = "another-secret-0f9e8d";
    expect(await request(credential({ secret_ref: "env://ROTATED" }))).toMatchObject({
      error: { problem: "denied" },
    });
  });

  test("is one for twenty calls at once, and so is a failure", async () => {
    const twenty = Array.from({ length: 20 }, () => request(credential()));
    const found = await Promise.all(twenty);
    expect(new Set(found.map((each) => each.ok && each.value.secret)).size).toBe(1);
    expect(server.tokenRequests).toHaveLength(1);
    const wrong = credential({ secret_ref: "env://WRONG_SECRET" });
    const failed = await Promise.all(Array.from({ length: 20 }, () => request(wrong)));
    expect(failed.every(({ ok }) => !ok)).toBe(true);
    expect(server.tokenRequests).toHaveLength(2);
  });

  test("is dropped when the upstream refuses it, and a newer one stays", async () => {
    const first = await tokenOf(credential());
    first.discard();
    const second = await tokenOf(credential());
    first.discard();
    const third = await tokenOf(credential());
    expect([second.isReused, third.isReused]).toEqual([false, true]);
    expect(third.secret).toBe(second.secret);
  });
});

const json = (response: ServerResponse, status: number, body: unknown, headers = {}) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
};

const TOKEN = "ya29.an-access-token-f00dcafe";
const issued = (more: Record<string, unknown>) => ({ access_token: TOKEN, token_type: "Bearer", ...more });

const ODD: readonly (readonly [string, (response: ServerResponse) => void, string])[] = [
  ["a page", (response) => response.end("<html>sign in</html>"), "invalid_response"],
  ["nothing", (response) => response.end(), "invalid_response"],
  ["a list", (response) => json(response, 200, [TOKEN]), "invalid_response"],
  ["no token", (response) => json(response, 200, { token_type: "Bearer" }), "invalid_response"],
  [
    "a number for a token",
    (response) => json(response, 200, issued({ access_token: 5 })),
    "invalid_response",
  ],
  ["an empty token", (response) => json(response, 200, issued({ access_token: "" })), "invalid_response"],
  [
    "a token that ends its header",
    (response) => json(response, 200, issued({ access_token: `${TOKEN}\r\nX-A: b` })),
    "invalid_response",
  ],
  [
    "a token of another type",
    (response) => json(response, 200, issued({ token_type: "DPoP" })),
    "invalid_response",
  ],
  ["a token that is over", (response) => json(response, 200, issued({ expires_in: 0 })), "invalid_response"],
  ["a negative lifetime", (response) => json(response, 200, issued({ expires_in: -5 })), "invalid_response"],
  [
    "a lifetime in words",
    (response) => json(response, 200, issued({ expires_in: "1h" })),
    "invalid_response",
  ],
  [
    "a token that stands there twice",
    (response) => json(response, 200, `{"access_token":"${TOKEN}","access_token":"${TOKEN}x"}`),
    "invalid_response",
  ],
  [
    "more than 64 KiB",
    (response) => json(response, 200, issued({ padding: "x".repeat(100_000) })),
    "too_large",
  ],
  ["an error with status 200", (response) => json(response, 200, { error: "invalid_client" }), "denied"],
  ["400 without a reason", (response) => json(response, 400, { message: "no" }), "denied"],
  ["401", (response) => json(response, 401, { error: "invalid_client", error_description: TOKEN }), "denied"],
  ["403", (response) => json(response, 403, "no"), "denied"],
  ["404", (response) => json(response, 404, "no"), "not_found"],
  ["429", (response) => json(response, 429, "no"), "rate_limited"],
  ["500", (response) => json(response, 500, { error: `Traceback ${TOKEN}` }), "unavailable"],
  ["a redirect", (response) => json(response, 302, "", { location: "/elsewhere" }), "invalid_response"],
  ["a connection that ends", (response) => void response.socket?.destroy(), "unavailable"],
];

test.each(ODD)(
  "INV-24: a token endpoint that answers with %s gives a problem, and nothing that it said",
  async (_name, conduct, problem) => {
    server.conduct((_request, response) => {
      conduct(response);
      return true;
    });
    const found = await request(credential());
    expect(found).toMatchObject({ ok: false, error: { problem } });
    expect(JSON.stringify(found)).not.toMatch(/ya29|Traceback|127\.0\.0\.1|K1x7/);
    server.conduct(null);
    ahead += 1_000;
    expect(await statusFor((await tokenOf(credential())).secret)).toBe(200);
  },
);

test("INV-22: a token endpoint's redirect is not followed, with the secret in the form", async () => {
  server.conduct(({ path }, response) => {
    if (path !== "/token") return false;
    json(response, 307, "", { location: `${server.url}/elsewhere` });
    return true;
  });
  expect(await request(credential())).toMatchObject({
    error: { detail: "the token endpoint answered 307; redirects are not followed" },
  });
  expect(server.apiRequests).toEqual([]);
});

test("INV-22: a token endpoint on this machine is refused unless the operator allows it", async () => {
  const elsewhere = { ...credential(), allowPrivate: false };
  expect(await request(elsewhere)).toMatchObject({ ok: false, error: { problem: "refused_address" } });
  expect(server.tokenRequests).toEqual([]);
});

test("INV-24: a token endpoint that never answers is given up, and the next call asks anew", async () => {
  server.conduct(() => true);
  // The clock that the limits are counted by runs out; the connection's own timer has what is left of it.
  const deps = {
    send: sendOutgoing,
    variables,
    now: (() => {
      let readings = 0;
      return () => Date.now() + (readings++ === 0 ? 0 : 14_500);
    })(),
  };
  const found = await accessTokens(fetchSecret, deps, cache).forCall("x", credential(), {});
  expect(found).toMatchObject({ ok: false, error: { problem: "timeout" } });
  server.conduct(null);
  ahead += 16_000;
  expect((await request(credential())).ok).toBe(true);
});

test("INV-24: a token endpoint that is down is unavailable, and works once it is back", async () => {
  const down = createServer();
  await new Promise<void>((resolve) => down.listen(0, "127.0.0.1", resolve));
  const { port } = down.address() as AddressInfo;
  await new Promise((resolve) => down.close(resolve));
  const wanted = credential({ token_url: `http://127.0.0.1:${port}/token` });
  expect(await request(wanted)).toMatchObject({
    error: { problem: "unavailable", detail: "the token endpoint could not be reached" },
  });
  await using back = await startOAuthServer(port);
  ahead += 1_000;
  expect((await request(wanted)).ok).toBe(true);
  expect(back.tokenRequests).toHaveLength(1);
});

describe("INV-24: a secret that opens nothing", () => {
  const REFUSED: readonly (readonly [string, Record<string, unknown>, RegExp])[] = [
    ["of the client", { secret_ref: "env://WRONG_SECRET" }, /\(invalid_client\): client id or client secret/],
    ["of an unknown client", { client_id: "nobody" }, /\(invalid_client\)/],
    ["of another grant", { grant: "refresh_token" }, /\(invalid_client\)|\(invalid_grant\)/],
  ];

  test.each(REFUSED)("is denied with the reason: %s", async (_name, more, detail) => {
    const found = await request(credential(more));
    expect(found).toMatchObject({ ok: false, error: { problem: "denied" } });
    expect(found.ok ? "" : found.error.detail).toMatch(detail);
    expect(JSON.stringify(found)).not.toMatch(/w-9fK2|K1x7/);
  });

  test("is not asked with, where the vault has none", async () => {
    const found = await request(credential({ secret_ref: "env://NOWHERE" }));
    expect(found).toMatchObject({ ok: false, error: { problem: "not_found" } });
    expect(server.tokenRequests).toEqual([]);
  });

  test("signs as somebody else: another key, another subject, another audience", async () => {
    const other = await generateKeyPair("RS256", { extractable: true });
    variables["PRIVATE_KEY"] = server.privateKey;
    variables["OTHER_KEY"] = await exportPKCS8(other.privateKey);
    const asserted = { ...ASSERTED, client_secret_ref: "env://POST_SECRET" };
    for (const more of [
      { secret_ref: "env://OTHER_KEY" },
      { subject: "admin@example.com" },
      { audience: "https://elsewhere.example.com" },
    ]) {
      const found = await request(credential({ ...asserted, ...more }));
      expect(found).toMatchObject({ error: { problem: "denied" } });
      expect(found.ok ? "" : found.error.detail).toMatch(/\(invalid_grant\): key, `client_id`, `subject`/);
    }
  });
});

describe("a private key that can't sign", () => {
  const BAD: readonly (readonly [string, string, RegExp])[] = [
    ["a password", "9fK2-xQ81-no-key-at-all", /no private key: store the PEM/],
    [
      "a key of the older form",
      "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----",
      /openssl pkcs8 -topk8/,
    ],
    [
      "an encrypted key",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----",
      /openssl pkcs8 -topk8/,
    ],
    ["a certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----", /PKCS#8/],
    ["bytes in armour", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----", /no RSA private key/],
    ["a key file without a key", '{"type":"service_account"}', /no private key/],
    ["half a key file", '{"private_key":"', /key file is invalid JSON/],
  ];

  test.each(BAD)(
    "is refused before anything is sent, without being repeated: %s",
    async (_name, key, detail) => {
      variables["PRIVATE_KEY"] = key;
      const found = await request(credential(ASSERTED));
      expect(found).toMatchObject({ ok: false, error: { problem: "invalid_response" } });
      expect(found.ok ? "" : found.error.detail).toMatch(detail);
      expect(JSON.stringify(found)).not.toMatch(/MIIB|9fK2/);
      expect(server.tokenRequests).toEqual([]);
    },
  );

  test("of an elliptic curve is refused", async () => {
    const { privateKey } = await generateKeyPair("ES256", { extractable: true });
    variables["PRIVATE_KEY"] = await exportPKCS8(privateKey);
    expect(await request(credential(ASSERTED))).toMatchObject({
      error: { problem: "invalid_response", detail: "the secret is no RSA private key" },
    });
  });
});
