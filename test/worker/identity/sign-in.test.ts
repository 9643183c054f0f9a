import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sha256Hex } from "../../../src/core/base/digest.ts";
import { type Browser, browserAt } from "../../support/worker/browser.ts";
import {
  admin,
  call,
  everythingInD1,
  freeze,
  later,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import {
  AUDIENCE,
  listen,
  newKey,
  requestedUrls,
  serve,
  sign,
  startIssuer,
  type TestIssuer,
} from "../../support/worker/issuer.ts";
import { bindings } from "../../support/worker/bindings.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";

const HTTPS = "https://gate.test";
const SESSION = "__Host-gate_session";
const ATTEMPT = "__Host-gate_sign_in_";

/** Name and value of the cookie of the browser's only sign-in attempt. */
function attemptIn(browser: Browser): readonly [string, string] {
  const [found = ["", ""] as const] = [...browser.cookies].filter(([name]) => name.startsWith(ATTEMPT));
  return found;
}
const MINUTE_MS = 60_000;

const form = (fields: Record<string, string>) => new URLSearchParams(fields);

const whoIs = async (browser: Browser) => (await browser.get("/v1/session")).body;

/** The target of a redirect. */
const location = (answer: { readonly headers: Headers }) => answer.headers.get("Location");

describe("signing in with a key on the page", () => {
  let key: string;
  let id: string;

  beforeAll(async () => {
    ({ id, key } = await register("reviewer", { person: "ana" }));
  });

  test("leads to the requested page, which names the person", async () => {
    const browser = browserAt(HTTPS);
    const shown = await browser.get("/sign-in?next=/cases/int_1");
    expect(shown.status).toBe(200);
    expect(shown.headers.get("Content-Security-Policy")).toMatch(/default-src 'none'.*form-action 'self'/);
    expect(shown.text).toContain('name="next" value="/cases/int_1"');
    const answer = await browser.post("/sign-in", form({ key: ` ${key}\r\n`, next: "/cases/int_1" }));
    expect([answer.status, location(answer)]).toEqual([303, "/cases/int_1"]);
    expect(await whoIs(browser)).toMatchObject({ principal_id: id, person: "ana", via: "session" });
    // A signed-in person is redirected at once.
    expect(location(await browser.get("/sign-in?next=/cases"))).toBe("/cases");
  });

  test("refuses a wrong key, an agent's and a suspended one, without showing it again", async () => {
    const suspended = await register("reviewer");
    await call("POST", `/v1/agents/${suspended.id}/suspend`, admin);
    const rows = [
      ["gate_rk_of-nobody", 401],
      ["", 401],
      ["x".repeat(600), 401],
      [(await register("agent")).key, 403],
      [(await register("runner")).key, 403],
      [suspended.key, 403],
    ] as const;
    for (const [wrong, status] of rows) {
      const browser = browserAt(HTTPS);
      const answer = await browser.post("/sign-in", form({ key: wrong, next: "/" }));
      expect(answer.status, wrong).toBe(status);
      expect(answer.headers.get("Content-Type")).toContain("text/html");
      if (wrong !== "") expect(answer.text).not.toContain(wrong);
      expect(browser.cookies.size, wrong).toBe(0);
    }
  });

  test.each([
    ["a form twice", "key=a&key=b", "application/x-www-form-urlencoded", 400],
    ["JSON", "{}", "application/json", 415],
    ["a file", "x", "multipart/form-data; boundary=x", 415],
    ["too much", `key=${"x".repeat(70_000)}`, "application/x-www-form-urlencoded", 413],
  ])("refuses %s with its own status", async (_name, body, type, status) => {
    const { exports } = await import("cloudflare:workers");
    const headers = { "Content-Type": type, Origin: HTTPS };
    const answer = await exports.default.fetch(
      new Request(`${HTTPS}/sign-in`, { method: "POST", headers, body }),
    );
    expect(answer.status).toBe(status);
  });

  test("INV-28: is refused to another site's form, and so is signing out", async () => {
    const browser = browserAt(HTTPS);
    for (const headers of [
      {},
      { Origin: "https://evil.test" },
      { Origin: "null" },
      { "Sec-Fetch-Site": "cross-site" },
    ]) {
      const requestHeaders = headers as Record<string, string>;
      expect((await browser.post("/sign-in", form({ key }), requestHeaders)).status).toBe(403);
      expect(browser.cookies.size).toBe(0);
    }
    await browser.post("/sign-in", form({ key }));
    for (const headers of [{}, { Origin: "https://evil.test" }]) {
      expect((await browser.post("/sign-out", form({}), headers as Record<string, string>)).status).toBe(403);
    }
    expect((await whoIs(browser)).principal_id).toBe(id);
    expect(location(await browser.post("/sign-out", form({})))).toBe("/sign-in");
    expect(browser.cookies.size).toBe(0);
  });

  test("INV-28: is never done by a GET, nor is signing out", async () => {
    const browser = browserAt(HTTPS);
    await browser.get(`/sign-in?key=${key}`);
    expect(browser.cookies.size).toBe(0);
    await browser.post("/sign-in", form({ key }));
    expect((await browser.get("/sign-out")).status).toBe(404);
    expect((await whoIs(browser)).principal_id).toBe(id);
  });

  test("offers no signing in by name where the operator did not allow it", async () => {
    for (const origin of [HTTPS, "http://localhost:4000", "http://127.0.0.1:4000"]) {
      const browser = browserAt(origin);
      expect((await browser.get("/sign-in")).text).not.toContain("Ana Diaz");
      const answer = await browser.post("/sign-in", form({ person: "ana" }));
      expect(answer.status).toBe(403);
      expect(browser.cookies.size).toBe(0);
    }
  });

  test("reloads from Gate's own page when the browser withheld its strict cookie", async () => {
    const browser = browserAt(HTTPS);
    await browser.post("/sign-in", form({ key }));
    const elsewhere = { "Sec-Fetch-Site": "cross-site", Cookie: "x=y" };
    const first = await browser.get("/sign-in?next=%2Fcases%2Fint_1", elsewhere);
    expect(first.text).toContain('content="0; url=/sign-in?next=%2Fcases%2Fint_1"');
    const second = await browser.get("/sign-in?next=%2Fcases%2Fint_1", { "Sec-Fetch-Site": "same-origin" });
    expect(location(second)).toBe("/cases/int_1");
  });

  /** The requested target, and the redirect. */
  const NEXT: readonly (readonly [string, string])[] = [
    ["/cases/int_1?tab=a&b=c#votes", "/cases/int_1?tab=a&b=c#votes"],
    ["/case?link=alk_abc", "/case?link=alk_abc"],
    ["/cases/\u00e9", "/cases/%C3%A9"],
    ["", "/"],
    ["cases", "/"],
    ["?x", "/"],
    ["#x", "/"],
    ["https://evil.test/", "/"],
    ["https:/cases", "/"],
    ["//evil.test", "/"],
    ["///evil.test", "/"],
    ["/\\evil.test", "/"],
    ["\\\\evil.test", "/"],
    ["/\t/evil.test", "/"],
    ["/\n/evil.test", "/"],
    ["/\r\nSet-Cookie: a=b", "/"],
    ["/\u0000/evil.test", "/"],
    ["\t//evil.test", "/"],
    [" //evil.test", "/"],
    ["/.//evil.test", "/"],
    ["/..//evil.test", "/"],
    ["/a/..//evil.test", "/"],
    ["/%2e//evil.test", "/"],
    ["/./evil.test", "/evil.test"],
    ["/@evil.test", "/@evil.test"],
    ["/%09/evil.test", "/%09/evil.test"],
    ["/%2f%2fevil.test", "/%2f%2fevil.test"],
    ["/https://evil.test", "/https://evil.test"],
    ["javascript:alert(1)", "/"],
    ["data:text/html,x", "/"],
    ["/\u2028/evil.test", "/%E2%80%A8/evil.test"],
    ["/\uff0fevil.test", "/%EF%BC%8Fevil.test"],
    [`/${"x".repeat(1499)}`, `/${"x".repeat(1499)}`],
    [`/${"x".repeat(1500)}`, "/"],
    [`/${"\u00e9".repeat(500)}`, "/"],
  ];

  test.each(NEXT)("INV-28: redirects only to Gate's own pages: %j", async (next, expected) => {
    const browser = browserAt(HTTPS);
    const answer = await browser.post("/sign-in", form({ key, next }));
    expect(answer.status).toBe(303);
    expect(location(answer)).toBe(expected);
    expect(new URL(location(answer) ?? "", HTTPS).origin).toBe(HTTPS);
    // Signed in already, and by the link alone.
    const again = await browser.get(`/sign-in?next=${encodeURIComponent(next)}`);
    expect(new URL(location(again) ?? "", HTTPS).origin).toBe(HTTPS);
  });

  test("INV-28: shows the link's return path as text, not as markup", async () => {
    const next = `/"><script>alert(1)</script>`;
    const { text } = await browserAt(HTTPS).get(`/sign-in?next=${encodeURIComponent(next)}`);
    expect(text).not.toContain("<script");
  });
});

describe("signing in with a provider", () => {
  let issuer: TestIssuer;
  /** Requests to the provider's token endpoint. */
  let redeemed: { readonly body: URLSearchParams; readonly authorization: string | null }[] = [];

  beforeAll(() => {
    bindings["TEST_CLIENT_SECRET"] = "client secret: 50%";
  });

  beforeEach(async () => {
    listen();
    issuer = await startIssuer();
    redeemed = [];
    await trust();
  });

  afterEach(async () => {
    await changeRules(RULES);
  });

  async function trust(people = ""): Promise<void> {
    const registry = people === "" ? RULES.registry : RULES.registry.replace("Ana Diaz", people);
    await changeRules({
      ...RULES,
      registry: `${registry}
credentials: { sso: { ref: env://TEST_CLIENT_SECRET } }
sign_in:
  oidc:
    - { name: "Acme <b>SSO</b>", issuer: "${issuer.url}", audience: ${AUDIENCE}, client_secret: sso }
    - { name: tokens only, issuer: "https://tokens.example.com", audience: ${AUDIENCE} }
`,
    });
  }

  /** From the button to the provider: the parameters of the authorization request. */
  async function leave(browser: Browser, next = "/cases/int_1"): Promise<URLSearchParams> {
    const { text } = await browser.get(`/sign-in?next=${encodeURIComponent(next)}`);
    const button = /href="(\/sign-in\/[0-9a-f]+\?[^"]+)"/.exec(text)?.[1]?.replaceAll("&amp;", "&");
    if (button === undefined) throw new Error(`no button: ${text}`);
    const answer = await browser.get(button);
    const to = new URL(location(answer) ?? "nowhere:");
    expect(to.origin + to.pathname).toBe(`${issuer.url}/authorize`);
    return to.searchParams;
  }

  /** Sets the provider's response for a code, valid by default. */
  function answerCode(nonce: string, more: Record<string, unknown> = {}, token?: Promise<string>): void {
    serve(`${issuer.url}/token`, async (request) => {
      redeemed.push({
        // Not `text()`: the runtime warns of every body whose type it does not take for text.
        body: new URLSearchParams(new TextDecoder().decode(await request.arrayBuffer())),
        authorization: request.headers.get("Authorization"),
      });
      const idToken = await (token ?? issuer.token({ nonce, ...more }));
      return Response.json({ access_token: "at-secret", token_type: "Bearer", id_token: idToken });
    });
  }

  const callback = (state: string, more = "&code=abc") => `/sign-in/callback?state=${state}${more}`;

  async function throughProvider(browser: Browser, next?: string) {
    const query = await leave(browser, next);
    answerCode(query.get("nonce") ?? "");
    return browser.get(callback(query.get("state") ?? ""), { "Sec-Fetch-Site": "cross-site" });
  }

  test("opens a session of assurance sso and leads to the requested page", async () => {
    const browser = browserAt(HTTPS);
    const answer = await throughProvider(browser);
    expect(answer.status).toBe(200);
    // Not a redirect: browsers would send the strict cookie with none that a provider began.
    expect(answer.text).toContain('content="0; url=/cases/int_1"');
    expect(await whoIs(browser)).toMatchObject({
      person: "ana",
      assurance: "sso",
      via: "session",
      role: "reviewer",
    });
    expect(attemptIn(browser)).toEqual(["", ""]);
    expect(browser.cookies.get(SESSION)).toMatch(/^gses_/);
    const agent = await register("agent");
    const intent = await propose(agent, proposal("crm.surely"), "pending_approval");
    expect((await browser.post(`/v1/intents/${intent}/approve`)).body.status).toBe("approved");
  });

  test("proves the code with PKCE and authenticates with the client secret", async () => {
    const browser = browserAt(HTTPS);
    const query = await leave(browser);
    expect(Object.fromEntries(query)).toMatchObject({
      response_type: "code",
      client_id: AUDIENCE,
      redirect_uri: `${HTTPS}/sign-in/callback`,
      scope: "openid email",
      code_challenge_method: "S256",
    });
    for (const name of ["state", "nonce", "code_challenge"]) expect(query.get(name)).toMatch(/^[\w-]{43}$/);
    answerCode(query.get("nonce") ?? "");
    await browser.get(callback(query.get("state") ?? ""));
    const [sent] = redeemed;
    expect(redeemed).toHaveLength(1);
    const verifier = sent?.body.get("code_verifier") ?? "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
    const challenge = btoa(String.fromCharCode(...new Uint8Array(digest)));
    expect(challenge.replaceAll("+", "-").replaceAll("/", "_").replace("=", "")).toBe(
      query.get("code_challenge"),
    );
    expect(sent?.body.get("code")).toBe("abc");
    expect(sent?.body.get("redirect_uri")).toBe(`${HTTPS}/sign-in/callback`);
    // RFC 6749 section 2.3.1: both parts form-encoded.
    const basic = atob(sent?.authorization?.replace("Basic ", "") ?? "").split(":");
    const unescaped = basic.map((part) => decodeURIComponent(part.replaceAll("+", " ")));
    expect(unescaped).toEqual([AUDIENCE, "client secret: 50%"]);
    expect(sent?.body.has("client_secret")).toBe(false);
  });

  test("sends the client secret in the body where the provider takes it only there", async () => {
    serve(`${issuer.url}/.well-known/openid-configuration`, () =>
      Response.json({
        issuer: issuer.url,
        jwks_uri: issuer.jwks,
        authorization_endpoint: `${issuer.url}/authorize`,
        token_endpoint: `${issuer.url}/token`,
        id_token_signing_alg_values_supported: ["ES256"],
        token_endpoint_auth_methods_supported: ["client_secret_post"],
      }),
    );
    await throughProvider(browserAt(HTTPS));
    expect(redeemed[0]?.body.get("client_secret")).toBe("client secret: 50%");
    expect(redeemed[0]?.authorization).toBeNull();
  });

  test("INV-27: keeps the browser's state sealed, short-lived and for the callback alone", async () => {
    const browser = browserAt(HTTPS);
    const query = await leave(browser);
    const [cookie = ""] = browser.setCookies();
    expect(cookie.split("; ")).toEqual(
      expect.arrayContaining(["HttpOnly", "Secure", "SameSite=Lax", "Path=/", "Max-Age=600"]),
    );
    const [, attempt] = attemptIn(browser);
    const readable = attempt.split(".").map((part) => {
      try {
        return atob(part.replaceAll("-", "+").replaceAll("_", "/"));
      } catch {
        return "";
      }
    });
    expect(readable.join()).not.toContain(query.get("nonce"));
    expect(readable.join()).not.toContain(query.get("state"));
    // It is no session.
    expect((await browser.get("/v1/session")).status).toBe(401);
    expect((await browser.get("/v1/session", { Cookie: `${SESSION}=${attempt}` })).status).toBe(401);
  });

  test("INV-28: shows no client secret, code answer or address on a page or in a table", async () => {
    const browser = browserAt(HTTPS);
    const { text } = await throughProvider(browser);
    const stored = await everythingInD1();
    for (const hidden of ["client secret", "at-secret", "ana@example.com", "account-1"]) {
      expect(text).not.toContain(hidden);
      expect(stored).not.toContain(hidden);
    }
  });

  test("INV-28: accepts an attempt once, in the browser that began it, and for ten minutes", async () => {
    freeze();
    const browser = browserAt(HTTPS);
    const query = await leave(browser);
    const [name, attempt] = attemptIn(browser);
    const path = callback(query.get("state") ?? "");
    answerCode(query.get("nonce") ?? "");

    // Another browser, sent here with the victim's, or the attacker's, code (login CSRF).
    expect((await browserAt(HTTPS).get(path)).status).toBe(400);
    const other = browserAt(HTTPS);
    await leave(other);
    expect((await other.get(path)).status).toBe(400);
    expect(redeemed).toEqual([]);

    expect((await browser.get(path)).status).toBe(200);
    // With the cookie put back.
    const replayed = browserAt(HTTPS);
    replayed.cookies.set(name, attempt);
    expect((await replayed.get(path)).status).toBe(400);
    expect(replayed.cookies.size).toBe(0);
    expect(redeemed).toHaveLength(1);

    const late = browserAt(HTTPS);
    const slow = await leave(late);
    later(10 * MINUTE_MS);
    answerCode(slow.get("nonce") ?? "");
    expect((await late.get(callback(slow.get("state") ?? ""))).status).toBe(400);
  });

  test("accepts one of ten parallel callbacks of one attempt", async () => {
    const browser = browserAt(HTTPS);
    const query = await leave(browser);
    answerCode(query.get("nonce") ?? "");
    const [name, attempt] = attemptIn(browser);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        browserAt(HTTPS).get(callback(query.get("state") ?? ""), { Cookie: `${name}=${attempt}` }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 400),
    ]);
    expect(redeemed).toHaveLength(1);
  });

  test.each([
    ["no state", ""],
    ["an empty state", "state="],
    ["another state", "state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"],
  ])("INV-28: refuses a callback with %s", async (_name, state) => {
    const browser = browserAt(HTTPS);
    const query = await leave(browser);
    answerCode(query.get("nonce") ?? "");
    expect((await browser.get(`/sign-in/callback?${state}&code=abc`)).status).toBe(400);
    expect(browser.cookies.has(SESSION)).toBe(false);
    expect(redeemed).toEqual([]);
  });

  test.each([["garbage"], ["a.b.c.d.e"], [""], ["eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIn0..AAAA.AAAA.AAAA"]])(
    "INV-28: refuses an attempt cookie that Gate did not seal: %j",
    async (attempt) => {
      const name = ATTEMPT + sha256Hex("x").slice(0, 16);
      const answer = await browserAt(HTTPS).get(callback("x"), { Cookie: `${name}=${attempt}` });
      expect(answer.status).toBe(400);
    },
  );

  /** The provider's callback, and the status it ends in; `answer`: its token endpoint's response. */
  const BAD: readonly (readonly [
    string,
    number,
    { query?: string; answer?: () => Response | Promise<Response> },
  ])[] = [
    ["a refusal by the person", 403, { query: "&error=access_denied&error_description=<script>" }],
    ["no code", 400, { query: "" }],
    ["two codes", 400, { query: "&code=a&code=b" }],
    ["another provider's name", 400, { query: "&code=abc&iss=https%3A%2F%2Fevil.example.com" }],
    ["a token beside the code", 400, { query: "&code=abc&id_token=x" }],
    [
      "a code that does not count",
      400,
      { answer: () => Response.json({ error: "invalid_grant" }, { status: 400 }) },
    ],
    ["an error of its own", 503, { answer: () => new Response("oops", { status: 500 }) }],
    ["no connection", 503, { answer: () => Promise.reject(new TypeError("refused")) }],
    ["a page", 502, { answer: () => new Response("<html>") }],
    ["no token", 502, { answer: () => Response.json({ access_token: "a", token_type: "Bearer" }) }],
    [
      "a redirect",
      502,
      {
        answer: () => new Response(null, { status: 302, headers: { Location: "https://evil.example.com" } }),
      },
    ],
  ];

  test.each(BAD)("refuses an answer of the provider with %s: %i", async (_name, status, bad) => {
    const browser = browserAt(HTTPS);
    const query = await leave(browser);
    answerCode(query.get("nonce") ?? "");
    const { answer } = bad;
    if (answer !== undefined) serve(`${issuer.url}/token`, answer);
    const back = await browser.get(callback(query.get("state") ?? "", bad.query));
    expect(back.status).toBe(status);
    expect(back.text).not.toContain("<script");
    expect(browser.cookies.has(SESSION)).toBe(false);
    expect(requestedUrls.filter((url) => url.includes("evil"))).toEqual([]);
  });

  /** Tokens that the provider's own token endpoint gives; the connection to it is no proof. */
  const BAD_TOKENS: readonly (readonly [string, number, (nonce: string) => Promise<string>])[] = [
    ["for another attempt", 401, () => issuer.token({ nonce: "another" })],
    ["for no attempt", 401, () => issuer.token()],
    ["for another client", 401, (nonce) => issuer.token({ nonce, aud: "other" })],
    [
      "for several, by another",
      401,
      (nonce) => issuer.token({ nonce, aud: [AUDIENCE, "other"], azp: "other" }),
    ],
    ["of another issuer", 401, (nonce) => issuer.token({ nonce, iss: "https://evil.example.com" })],
    ["run out", 401, (nonce) => issuer.token({ nonce, exp: 1 })],
    ["signed by another key", 401, (nonce) => forged(nonce)],
    ["of an unverified address", 403, (nonce) => issuer.token({ nonce, email_verified: false })],
    ["of a stranger", 403, (nonce) => issuer.token({ nonce, email: "eve@example.com" })],
  ];

  async function forged(nonce: string): Promise<string> {
    const exp = Math.floor(Date.now() / 1000) + 60;
    const payload = {
      iss: issuer.url,
      aud: AUDIENCE,
      sub: "x",
      iat: exp - 60,
      exp,
      nonce,
      email_verified: true,
    };
    const { kid } = issuer.key();
    return sign({ ...payload, email: "ana@example.com" }, (await newKey()).secret, { alg: "ES256", kid });
  }

  test.each(BAD_TOKENS)("refuses a provider's token %s: %i", async (_name, status, make) => {
    const browser = browserAt(HTTPS);
    const query = await leave(browser);
    const nonce = query.get("nonce") ?? "";
    answerCode(nonce, {}, make(nonce));
    const back = await browser.get(callback(query.get("state") ?? ""));
    expect(back.status).toBe(status);
    expect(browser.cookies.has(SESSION)).toBe(false);
  });

  test("reports a provider that is down or has an unusable address", async () => {
    const configuration = `${issuer.url}/.well-known/openid-configuration`;
    const id = (text: string) => /href="(\/sign-in\/[0-9a-f]+)/.exec(text)?.[1] ?? "";
    const path = id((await browserAt(HTTPS).get("/sign-in")).text);
    serve(configuration, () => new Response(null, { status: 500 }));
    expect((await browserAt(HTTPS).get(path)).status).toBe(503);
    freeze();
    for (const endpoint of ["javascript:alert(1)", "http://evil.example.com", "nowhere", 7, undefined]) {
      // Past the pause after a failure, and past what is remembered.
      later(11 * MINUTE_MS);
      serve(configuration, () => Response.json({ issuer: issuer.url, authorization_endpoint: endpoint }));
      const answer = await browserAt(HTTPS).get(path);
      expect(answer.status).toBe(503);
      expect(location(answer)).toBeNull();
    }
  });

  test("offers a button only for providers with a client, and starts only those", async () => {
    const { text } = await browserAt(HTTPS).get("/sign-in");
    expect(text).toContain("Acme &lt;b&gt;SSO&lt;/b&gt;");
    expect(text).not.toContain("tokens only");
    for (const path of ["0000000000000000", "__proto__", "x".repeat(1000)]) {
      expect((await browserAt(HTTPS).get(`/sign-in/${path}`)).status).toBe(404);
    }
  });

  test("is unavailable without the client secret, and does not say why", async () => {
    const browser = browserAt(HTTPS);
    const query = await leave(browser);
    answerCode(query.get("nonce") ?? "");
    const secret = bindings["TEST_CLIENT_SECRET"];
    delete bindings["TEST_CLIENT_SECRET"];
    const answer = await browser.get(callback(query.get("state") ?? ""));
    bindings["TEST_CLIENT_SECRET"] = secret;
    expect(answer.status).toBe(503);
    expect(answer.text).not.toContain("TEST_CLIENT_SECRET");
    expect(redeemed).toEqual([]);
  });

  test("INV-28: returns only to Gate's own pages, whatever the link to the provider said", async () => {
    const browser = browserAt(HTTPS);
    const { text } = await browser.get("/sign-in");
    const path = /href="(\/sign-in\/[0-9a-f]+)/.exec(text)?.[1] ?? "";
    const to = new URL(location(await browser.get(`${path}?next=%2F%2Fevil.test`)) ?? "");
    answerCode(to.searchParams.get("nonce") ?? "");
    const answer = await browser.get(callback(to.searchParams.get("state") ?? ""));
    expect(answer.text).toContain('content="0; url=/"');
    expect(answer.text).not.toContain("evil.test");
  });

  test("INV-05: ends its session when the account is suspended or unlinked or its issuer removed", async () => {
    const browser = browserAt(HTTPS);
    await throughProvider(browser);
    const { principal_id: id } = await whoIs(browser);
    await call("POST", `/v1/agents/${id}/unlink-identity`, admin);
    expect((await browser.get("/v1/session")).status).toBe(401);

    await throughProvider(browser);
    await call("POST", `/v1/agents/${id}/suspend`, admin);
    expect((await browser.get("/v1/session")).status).toBe(401);
    expect((await throughProvider(browser)).status).toBe(403);
    await call("POST", `/v1/agents/${id}/reactivate`, admin);

    await throughProvider(browser);
    expect((await browser.get("/v1/session")).status).toBe(200);
    await changeRules(RULES);
    expect((await browser.get("/v1/session")).status).toBe(401);
  });

  test("INV-05: ends its session when the person is removed from gate.yaml", async () => {
    const browser = browserAt(HTTPS);
    await throughProvider(browser);
    const signIn = `sign_in: { oidc: [{ issuer: "${issuer.url}", audience: ${AUDIENCE} }] }`;
    await changeRules({ policies: {}, registry: `people: { ben: { name: Ben } }\n${signIn}\n` });
    expect((await browser.get("/v1/session")).status).toBe(401);
  });
});
