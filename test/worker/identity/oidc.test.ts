import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { browserAt } from "../../support/worker/browser.ts";
import {
  admin,
  call,
  everythingInD1,
  freeze,
  later,
  ledgerOf,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import {
  AUDIENCE,
  handmade,
  listen,
  newKey,
  requestedUrls,
  serve,
  sign,
  startIssuer,
  type TestIssuer,
} from "../../support/worker/issuer.ts";
import { linkTo } from "../../support/worker/links.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

/*
 * Issuers run by the tests: real keys, real signatures, and the Worker fetching what they publish.
 */

let agent: Principal;
let issuer: TestIssuer;

beforeAll(async () => {
  agent = await register("agent");
});

beforeEach(async () => {
  listen();
  // A new one each time: what the Worker remembers of an issuer is not this one's.
  issuer = await startIssuer();
  await trust({ oidc: [issuer] });
});

interface Trusted {
  readonly oidc?: readonly TestIssuer[];
  readonly access?: TestIssuer;
  readonly people?: string;
  /** More lines of each issuer's entry. */
  readonly more?: string;
}

/** Puts rules in force under which these issuers' word counts. */
async function trust({ oidc = [], access, people, more = "" }: Trusted): Promise<void> {
  const entries = oidc
    .map(({ url }) => `    - { issuer: "${url}", audience: ${AUDIENCE}${more} }`)
    .join("\n");
  const registry =
    people === undefined ? RULES.registry : RULES.registry.replace(/ana: \{.*\n +ben: \{.*\n/, people);
  const signIn = [
    "sign_in:",
    ...(access === undefined
      ? []
      : [`  access: { issuer: "${access.url}", audience: ${AUDIENCE}, jwks: "${access.jwks}" }`]),
    ...(oidc.length === 0 ? [] : ["  oidc:", entries]),
  ];
  await changeRules({ ...RULES, registry: `${registry}\n${signIn.join("\n")}\n` });
}

const whoIs = (token: string) => call("GET", "/v1/session", token);
const held = (destination = "crm.held") => propose(agent, proposal(destination), "pending_approval");
const seconds = () => Math.floor(Date.now() / 1000);

test("a token with a verified address of gate.yaml signs in as that person, at assurance sso", async () => {
  const answer = await whoIs(await issuer.token({ email: "ANA@Example.com" }));
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    role: "reviewer",
    person: "ana",
    groups: ["ops"],
    assurance: "sso",
    via: "token",
    expires_at: null,
  });
  const intent = await held("crm.surely");
  const { key } = await register("reviewer", { person: "ben" });
  expect((await call("POST", `/v1/intents/${intent}/approve`, key)).body.code).toBe("assurance_too_low");
  const approved = await call("POST", `/v1/intents/${intent}/approve`, await issuer.token());
  expect(approved.body.status).toBe("approved");
});

/** Each would be a good token but for one thing. */
const WORTHLESS: readonly (readonly [string, string, () => Promise<string>])[] = [
  ["for another audience", "wrong_audience", () => issuer.token({ aud: "somebody-else" })],
  ["for others", "wrong_audience", () => issuer.token({ aud: ["somebody-else", `${AUDIENCE}-2`] })],
  ["without an audience", "wrong_audience", () => issuer.token({ aud: undefined })],
  ["for an audience that begins like ours", "wrong_audience", () => issuer.token({ aud: `${AUDIENCE}/` })],
  ["of another issuer", "unknown_issuer", () => issuer.token({ iss: "https://evil.example.com" })],
  ["of the issuer with a slash", "unknown_issuer", () => issuer.token({ iss: `${issuer.url}/` })],
  ["of no issuer", "malformed", () => issuer.token({ iss: undefined })],
  ["of a list of issuers", "unknown_issuer", () => issuer.token({ iss: [issuer.url] })],
  ["run out", "expired", () => issuer.token({ exp: seconds() - 31 })],
  ["without an end", "malformed", () => issuer.token({ exp: undefined })],
  ["with an end in words", "malformed", () => issuer.token({ exp: "2099-01-01" })],
  ["not valid yet", "not_yet_valid", () => issuer.token({ nbf: seconds() + 60 })],
  ["without a subject", "malformed", () => issuer.token({ sub: undefined })],
  ["of an empty subject", "malformed", () => issuer.token({ sub: "" })],
  ["of a number", "malformed", () => issuer.token({ sub: 7 })],
  ["of a subject that is no text", "malformed", () => issuer.token({ sub: "\ud800" })],
  ["of a subject as long as a page", "malformed", () => issuer.token({ sub: "x".repeat(501) })],
  ["that asks for an extension", "bad_signature", () => critical()],
  ["signed by another key", "bad_signature", async () => issuerToken((await newKey()).secret)],
  ["under an unpublished key", "bad_signature", () => issuer.token({}, { kid: "no-such-key" })],
  ["under a key that is a path", "bad_signature", () => issuer.token({}, { kid: "../../../etc/passwd" })],
  ["under a key that is a number", "bad_signature", () => issuer.token({}, { kid: 1 as never })],
  [
    "under an address for a key",
    "bad_signature",
    () => issuer.token({}, { kid: "https://evil.example.com/keys" }),
  ],
  ["with its claims exchanged", "bad_signature", () => exchanged({ email: "ben@example.com" })],
  ["with a signature cut short", "bad_signature", async () => (await issuer.token()).slice(0, -4)],
  ["with the signature left out", "bad_signature", async () => (await issuer.token()).replace(/[^.]+$/, "")],
  ["that is not JSON", "malformed", async () => "eyJub3QganNvbg.eyJub3QganNvbg.AAAA"],
  ["of more than 16 KiB", "malformed", () => issuer.token({ groups: "x".repeat(20_000) })],
];

const EVENTS = { "http://schemas.openid.net/event/backchannel-logout": {} };

/** Signed by the issuer, in time, for Gate's audience, and for another use than to say who a person is. */
const OTHER_USES: readonly (readonly [string, string, () => Promise<string>])[] = [
  ["an access token (RFC 9068)", "malformed", () => issuer.token({}, { typ: "at+jwt" })],
  ["an access token in capitals", "malformed", () => issuer.token({}, { typ: "AT+JWT" })],
  ["an access token by its media type", "malformed", () => issuer.token({}, { typ: "application/at+jwt" })],
  ["a logout token", "malformed", () => issuer.token({}, { typ: "logout+jwt" })],
  ["a logout token by its claims alone", "malformed", () => issuer.token({ events: EVENTS })],
  ["a security event", "malformed", () => issuer.token({}, { typ: "secevent+jwt" })],
  ["a proof of possession", "malformed", () => issuer.token({}, { typ: "dpop+jwt" })],
  ["a client's assertion", "malformed", () => issuer.token({}, { typ: "client-authentication+jwt" })],
  ["a token of Gate's own kind", "malformed", () => issuer.token({}, { typ: "gate-order+jwt" })],
  ["a token of an empty type", "malformed", () => issuer.token({}, { typ: "" })],
  ["a token of two types", "malformed", () => issuer.token({}, { typ: ["JWT", "at+jwt"] as never })],
  ["a nested token", "malformed", () => issuer.token({}, { cty: "JWT" })],
  ["a refresh token by its claims", "malformed", () => issuer.token({ typ: "Refresh" })],
  ["an access token by its claims (Keycloak)", "malformed", () => issuer.token({ typ: "Bearer" })],
  ["an access token by its claims (Cognito)", "malformed", () => issuer.token({ token_use: "access" })],
  ["a token for another client", "wrong_audience", () => issuer.token({ azp: "other-client" })],
  ["a token for a list of clients", "wrong_audience", () => issuer.token({ azp: [AUDIENCE] })],
  ["a token for a client without a name", "wrong_audience", () => issuer.token({ azp: "" })],
  ["a token for no client (null)", "wrong_audience", () => issuer.token({ azp: null })],
  [
    "a token for us and others, of no client",
    "wrong_audience",
    () => issuer.token({ aud: [AUDIENCE, "other"] }),
  ],
  [
    "a token for us and others, of another client",
    "wrong_audience",
    () => issuer.token({ aud: [AUDIENCE, "other"], azp: "other" }),
  ],
  [
    "a token of tomorrow",
    "not_yet_valid",
    () => issuer.token({ iat: seconds() + 86_400, exp: seconds() + 90_000 }),
  ],
  ["a token of the next minute", "not_yet_valid", () => issuer.token({ iat: seconds() + 60 })],
  ["a token issued at a word", "malformed", () => issuer.token({ iat: "now" })],
  ["a token with a nonce that is a list", "malformed", () => issuer.token({ nonce: ["a"] })],
  ["a token with an empty nonce", "malformed", () => issuer.token({ nonce: "" })],
];

test.each(OTHER_USES)("INV-03: %s is no proof of who a person is: %s", async (_name, reason, make) => {
  const answer = await whoIs(await make());
  expect([answer.status, answer.body.code, answer.body.reason]).toEqual([401, "invalid_token", reason]);
});

test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
  ["of type JWT", {}, { typ: "JWT" }],
  ["of type jwt", {}, { typ: "jwt" }],
  ["of Keycloak's type ID", { typ: "ID" }, {}],
  ["of Cognito's use id", { token_use: "id" }, {}],
  ["for our client", { azp: AUDIENCE }, {}],
  ["for us and others, of our client", { aud: [AUDIENCE, "other"], azp: AUDIENCE }, {}],
  ["for us in a list", { aud: [AUDIENCE] }, {}],
  ["without a time of issue", { iat: undefined }, {}],
  ["issued 29 seconds ahead", { iat: Math.floor(Date.now() / 1000) + 25 }, {}],
  ["with a nonce", { nonce: "n-0S6_WzA2Mj" }, {}],
])("an ID token %s is accepted", async (_name, more, header) => {
  expect((await whoIs(await issuer.token(more, header))).status).toBe(200);
});

test("a token inside a token is refused, signed by the issuer or not", async () => {
  const inner = await issuer.token();
  const [header = ""] = inner.split(".");
  const nested = [
    header,
    btoa(inner).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""),
    "AAAA",
  ].join(".");
  expect((await whoIs(nested)).body.reason).toBe("malformed");
  // Five parts: an encrypted token (JWE) is read as no token at all.
  expect((await whoIs(`${inner}.AAAA.AAAA`)).status).toBe(401);
});

/** Made by hand, since no library signs it: RFC 7515 section 4.1.11, an extension that the verifier must understand. */
async function critical(): Promise<string> {
  return handmade({ alg: "ES256", kid: issuer.key().kid, crit: ["x"], x: 1 }, await claims(), "AAAA");
}

async function claims(): Promise<Record<string, unknown>> {
  const [, payload = ""] = (await issuer.token()).split(".");
  return JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
}

async function issuerToken(key: Parameters<typeof sign>[1], header = {}): Promise<string> {
  return sign(await claims(), key, { alg: "ES256", kid: issuer.key().kid, ...header });
}

async function exchanged(more: Record<string, unknown>): Promise<string> {
  const [header = "", , signature = ""] = (await issuer.token()).split(".");
  const [, payload = ""] = handmade({}, { ...(await claims()), ...more }).split(".");
  return `${header}.${payload}.${signature}`;
}

test.each(WORTHLESS)("INV-03: a token %s is refused: %s", async (_name, reason, make) => {
  const answer = await whoIs(await make());
  expect(answer.status).toBe(401);
  expect(answer.body).toMatchObject({ code: "invalid_token", reason });
  expect(answer.headers.get("WWW-Authenticate")).toContain("invalid_token");
});

describe("INV-03: a token can't choose how it is verified", () => {
  test.each(["none", "None", "NONE", "nOnE", ""])("by the algorithm `%s`", async (alg) => {
    const payload = await claims();
    for (const signature of ["", "AAAA"]) {
      const answer = await whoIs(handmade({ alg, kid: issuer.key().kid }, payload, signature));
      expect(answer.status).toBe(401);
      expect(answer.body.code).toBe("invalid_token");
    }
  });

  test.each(["HS256", "HS384", "HS512"])(
    "by the issuer's public key used as the secret of %s",
    async (alg) => {
      const { jwk } = issuer.key();
      const spki = btoa(JSON.stringify(jwk));
      const x = Uint8Array.from(atob((jwk.x ?? "").replaceAll("-", "+").replaceAll("_", "/")), (char) =>
        char.charCodeAt(0),
      );
      // HMAC keys of every form in which a public key is at hand; padded, because libraries want a least length.
      const secrets = [
        JSON.stringify(jwk),
        spki,
        `-----BEGIN PUBLIC KEY-----\n${spki}\n-----END PUBLIC KEY-----\n`,
      ];
      for (const secret of [
        ...secrets.map((text) => new TextEncoder().encode(text)),
        new Uint8Array([...x, ...x]),
      ]) {
        const answer = await whoIs(await issuerToken(secret, { alg }));
        expect(answer.body).toMatchObject({ code: "invalid_token", reason: "bad_signature" });
      }
    },
  );

  test("by a key or key address in its own header", async () => {
    const forged = await newKey();
    serve("https://evil.example.com/keys", () => Response.json({ keys: [forged.jwk] }));
    for (const header of [
      { jwk: forged.jwk },
      { jwk: forged.jwk, kid: undefined },
      { jku: "https://evil.example.com/keys" },
      { jku: "https://evil.example.com/keys", kid: forged.kid },
      { x5u: "https://evil.example.com/keys" },
      { x5c: ["AAAA"] },
    ]) {
      const answer = await whoIs(await issuerToken(forged.secret, header));
      expect(answer.body).toMatchObject({ code: "invalid_token", reason: "bad_signature" });
    }
    expect(requestedUrls.filter((url) => url.includes("evil"))).toEqual([]);
  });

  test("by the key of another trusted issuer", async () => {
    const other = await startIssuer();
    await trust({ oidc: [issuer, other] });
    const { kid, secret } = other.key();
    expect((await whoIs(await issuerToken(secret, { kid }))).status).toBe(401);
    expect((await whoIs(await other.token({ sub: "x" }))).status).toBe(200);
  });
});

test("clocks may differ by half a minute, and no more", async () => {
  freeze();
  expect((await whoIs(await issuer.token({ exp: seconds() - 29 }))).status).toBe(200);
  expect((await whoIs(await issuer.token({ nbf: seconds() + 29 }))).status).toBe(200);
});

test("an invalid token creates no account, and no other credential of the request is tried", async () => {
  const before = await ledgerOf("registry");
  const reviewer = await register("reviewer");
  const browser = browserAt("https://gate.test");
  await browser.post("/v1/session", { key: reviewer.key });
  const wrong = await issuer.token({ aud: "somebody-else" });
  expect((await browser.get("/v1/session", { Authorization: `Bearer ${wrong}` })).status).toBe(401);
  const after = await ledgerOf("registry");
  expect(after.slice(before.length).map(({ event }) => event)).toEqual(["reviewer_registered"]);
});

test("without an issuer in gate.yaml every token is refused without a request", async () => {
  const token = await issuer.token();
  await changeRules(RULES);
  const answer = await whoIs(token);
  expect(answer.body).toMatchObject({ code: "invalid_token", reason: "unknown_issuer" });
  expect(requestedUrls).toEqual([]);
});

describe("an address counts only if the issuer verified it", () => {
  test.each([
    ["says it did not", { email_verified: false }, "email_unverified"],
    ["says nothing", { email_verified: undefined }, "email_unverified"],
    ["says so in words", { email_verified: "true" }, "email_unverified"],
    ["says one", { email_verified: 1 }, "email_unverified"],
    ["knows no address", { email: undefined }, "email_missing"],
    ["knows an empty one", { email: "" }, "email_missing"],
    ["gives a list", { email: ["ana@example.com"] }, "email_invalid"],
    ["gives an object", { email: { toString: "ana@example.com" } }, "email_invalid"],
    ["gives a stranger's", { email: "eve@example.com" }, "person_unknown"],
    ["gives a blank more", { email: "ana@example.com " }, "email_invalid"],
    ["gives a line more", { email: "ana@example.com\n" }, "email_invalid"],
    ["gives two", { email: "ana@example.com,eve@example.com" }, "email_invalid"],
    ["gives a letter whose lower case is another's", { email: "an\u212A@example.com" }, "email_invalid"],
    ["gives a lookalike", { email: "\u0430na@example.com" }, "email_invalid"],
    ["gives the name of an object's own", { email: "__proto__" }, "email_invalid"],
  ])("an issuer that %s: the refusal names the claim, and leaves a log line", async (_name, more, code) => {
    const log = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const answer = await whoIs(await issuer.token({ sub: "unverified", ...more }));
    const claim = code === "email_unverified" ? "email_verified" : "email";
    const named = code === "person_unknown" ? {} : { claim };
    expect([answer.status, answer.body.code]).toEqual([403, code]);
    expect(answer.body).toMatchObject(named);
    expect(log).toHaveBeenCalledExactlyOnceWith({
      event: "sign_in_refused",
      message: "sign-in refused",
      problem: code,
      issuer: issuer.url,
      ...named,
    });
  });

  test("an issuer that leaves `email_verified` out, or writes it as a text, where it is trusted", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    for (const [verified, person] of [
      [undefined, "ana"],
      ["true", "ana"],
      [true, "ana"],
      [false, undefined],
      ["false", undefined],
      [0, undefined],
      [null, undefined],
    ] as const) {
      const other = await startIssuer();
      await trust({ oidc: [other], more: ", email_verified: trusted" });
      const { body } = await whoIs(await other.token({ sub: "subject", email_verified: verified }));
      expect(body.person, String(verified)).toBe(person);
      if (person === undefined) continue;
      // Pinned by subject: neither the address nor the claim matters any more.
      const changed = await other.token({ sub: "subject", email: "ben@example.com", email_verified: false });
      expect((await whoIs(changed)).body.person).toBe("ana");
      expect((await whoIs(await other.token({ sub: "another" }))).body.code).toBe("identity_already_linked");
    }
  });

  test("INV-03: an address spelled with the Kelvin sign is not the address spelled with a k", async () => {
    await trust({ oidc: [issuer], people: "ana: { name: A, email: ank@example.com }\n  ben: { name: B }\n" });
    expect((await whoIs(await issuer.token({ email: "an\u212A@example.com" }))).status).toBe(403);
    expect((await whoIs(await issuer.token({ email: "ank@example.com" }))).status).toBe(200);
  });
});

const isOfCredential = (event: string) => event.startsWith("credential_");

describe("INV-03: an account is linked to its person, whatever becomes of the address", () => {
  test("a second account with the same address is refused", async () => {
    const { body } = await whoIs(await issuer.token({ sub: "first" }));
    const taken = await whoIs(await issuer.token({ sub: "second" }));
    expect(taken.status).toBe(403);
    expect(taken.body.code).toBe("identity_already_linked");
    expect((await whoIs(await issuer.token({ sub: "first" }))).body.principal_id).toBe(body.principal_id);
  });

  test("an account whose address moved to a colleague, or is gone, keeps its person", async () => {
    const { body } = await whoIs(await issuer.token({ sub: "first" }));
    for (const more of [{ email: "ben@example.com" }, { email: undefined }, { email_verified: false }]) {
      const again = (await whoIs(await issuer.token({ sub: "first", ...more }))).body;
      expect(again).toMatchObject({ person: "ana", principal_id: body.principal_id });
    }
    const ben = (await whoIs(await issuer.token({ sub: "his own", email: "ben@example.com" }))).body;
    expect(ben.person).toBe("ben");
  });

  test("equal subjects of two issuers are two accounts", async () => {
    const other = await startIssuer();
    await trust({ oidc: [issuer, other] });
    const ana = (await whoIs(await issuer.token({ sub: "1" }))).body;
    const ben = (await whoIs(await other.token({ sub: "1", email: "ben@example.com" }))).body;
    expect([ana.person, ben.person]).toEqual(["ana", "ben"]);
    expect(ana.principal_id).not.toBe(ben.principal_id);
    // One person by two issuers has an account of each.
    expect((await whoIs(await other.token({ sub: "2" }))).body.person).toBe("ana");
  });

  test("after an admin unlinks an account, the person signs in with another as the same principal", async () => {
    const first = (await whoIs(await issuer.token({ sub: "first" }))).body;
    const unlink = () => call("POST", `/v1/agents/${first.principal_id}/unlink-identity`, admin);
    expect((await unlink()).body.unlinked).toBe(true);
    expect((await unlink()).body.unlinked).toBe(false);
    const second = (await whoIs(await issuer.token({ sub: "second" }))).body;
    expect(second.principal_id).toBe(first.principal_id);
    expect((await whoIs(await issuer.token({ sub: "first" }))).body.code).toBe("identity_already_linked");
    // The sealer may publish its signing key at any time.
    const events = (await ledgerOf("registry")).map(({ event }) => event).filter(isOfCredential);
    expect(events.slice(-3)).toEqual(["credential_pinned", "credential_unpinned", "credential_pinned"]);
  });

  test("INV-05: unlinking does not reactivate a suspended or revoked principal", async () => {
    const { principal_id: id } = (await whoIs(await issuer.token({ sub: "first" }))).body;
    const stand = (verb: string) => call("POST", `/v1/agents/${id}/${verb}`, admin);
    await stand("suspend");
    await stand("unlink-identity");
    expect((await whoIs(await issuer.token({ sub: "second" }))).body.code).toBe("agent_inactive");
    await stand("revoke");
    expect((await whoIs(await issuer.token({ sub: "second" }))).body.code).toBe("agent_inactive");
    await stand("unlink-identity");
    const anew = (await whoIs(await issuer.token({ sub: "second" }))).body;
    expect(anew.person).toBe("ana");
    expect(anew.principal_id).not.toBe(id);
    expect((await call("GET", `/v1/agents/${id}`, admin)).body.status).toBe("revoked");
  });

  test("of twenty parallel first requests one creates the account, and all get it", async () => {
    const token = await issuer.token({ sub: "first" });
    const before = (await ledgerOf("registry")).length;
    const answers = await Promise.all(Array.from({ length: 20 }, () => whoIs(token)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.principal_id)).size).toBe(1);
    const events = (await ledgerOf("registry")).slice(before).map(({ event }) => event);
    expect(events.filter((event) => event.startsWith("credential"))).toEqual(["credential_pinned"]);
  });

  test("of ten parallel accounts with one address one is linked", async () => {
    const tokens = await Promise.all(
      Array.from({ length: 10 }, (_, sub) => issuer.token({ sub: `s${sub}` })),
    );
    const before = (await ledgerOf("registry")).length;
    const answers = await Promise.all(tokens.map(whoIs));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([200, ...Array.from({ length: 9 }, () => 403)]);
    const events = (await ledgerOf("registry")).slice(before).map(({ event }) => event);
    expect(events.filter((event) => event.startsWith("credential"))).toEqual(["credential_pinned"]);
  });

  test("a principal that is named like the account does not prevent signing in", async () => {
    await register("reviewer", { name: `ana (${new URL(issuer.url).host})` });
    expect((await whoIs(await issuer.token())).body.person).toBe("ana");
  });

  test("neither address nor account id is on the ledger or in D1", async () => {
    await whoIs(await issuer.token({ sub: "subject-in-clear" }));
    const stored = await everythingInD1();
    expect(stored).not.toContain("subject-in-clear");
    expect(stored).not.toContain("ana@example.com");
  });
});

test("INV-03: a person's key and account are one vote, and a shared display name is none", async () => {
  const intent = await held("crm.pair");
  const { key } = await register("reviewer", { person: "ana" });
  const approve = (by: string) => call("POST", `/v1/intents/${intent}/approve`, by);
  expect((await approve(key)).body.status).toBe("pending_approval");
  expect((await approve(await issuer.token())).body.status).toBe("pending_approval");
  const other = await startIssuer();
  await trust({ oidc: [issuer, other] });
  expect((await approve(await other.token({ sub: "elsewhere" }))).body.status).toBe("pending_approval");
  const ben = await issuer.token({ sub: "b", email: "ben@example.com", name: "Ana Diaz" });
  expect((await approve(ben)).body.status).toBe("approved");
});

test("INV-03: the owner can't approve by another account of theirs", async () => {
  const owned = await register("agent", { owner: "ana@example.com" });
  const intent = await propose(owned, proposal("crm.held"), "pending_approval");
  const answer = await call("POST", `/v1/intents/${intent}/approve`, await issuer.token());
  expect(answer.body.code).toBe("self_approval_forbidden");
});

describe("INV-05: a mandate made with an account", () => {
  let proposer: Principal;

  async function outcome(): Promise<string> {
    return (await call("POST", "/v1/intents", proposer.key, proposal("crm.held"))).body.status;
  }

  async function laid(): Promise<string> {
    proposer = await register("agent");
    const token = await issuer.token();
    const body = { destination: "crm.held", agent_id: proposer.id };
    const answer = await call("POST", "/v1/standing-approvals", token, body);
    expect(answer.status, answer.text).toBe(201);
    expect(await outcome()).toBe("approved");
    return token;
  }

  test("gives no vote while gate.yaml does not trust its issuer", async () => {
    await laid();
    await trust({ oidc: [await startIssuer()] });
    expect(await outcome()).toBe("pending_approval");
    await trust({ oidc: [issuer] });
    expect(await outcome()).toBe("approved");
  });

  test("gives no vote after an admin unlinked the account", async () => {
    const token = await laid();
    const { body } = await whoIs(token);
    expect((await call("POST", `/v1/agents/${body.principal_id}/unlink-identity`, admin)).body.unlinked).toBe(
      true,
    );
    expect(await outcome()).toBe("pending_approval");
    expect((await whoIs(token)).status).toBe(200);
    expect(await outcome()).toBe("approved");
  });
});

test("INV-05: a suspended account is refused at once, and a person removed from gate.yaml as well", async () => {
  const token = await issuer.token();
  const { principal_id: id } = (await whoIs(token)).body;
  await call("POST", `/v1/agents/${id}/suspend`, admin);
  const refused = await call("POST", `/v1/intents/${await held()}/approve`, token);
  expect(refused.status).toBe(403);
  expect(refused.body.code).toBe("agent_inactive");
  await call("POST", `/v1/agents/${id}/reactivate`, admin);
  expect((await whoIs(token)).status).toBe(200);
  const signIn = `sign_in: { oidc: [{ issuer: "${issuer.url}", audience: ${AUDIENCE} }] }`;
  await changeRules({
    policies: {},
    registry: `people: { anna: { name: A, email: ana@example.com } }\n${signIn}\n`,
  });
  // Not even for the address's new owner: the account was another person's.
  expect((await whoIs(token)).body.code).toBe("person_unknown");
});

describe("signing keys of an issuer", () => {
  test("a token under a new key is accepted once the issuer publishes it", async () => {
    freeze();
    expect((await whoIs(await issuer.token())).status).toBe(200);
    await issuer.rotate(true);
    const token = await issuer.token();
    // Although the keys were fetched a moment ago.
    expect((await whoIs(token)).status).toBe(200);
    expect(requestedUrls.filter((url) => url === issuer.jwks)).toHaveLength(2);
  });

  test("a token under a withdrawn key is refused after ten minutes", async () => {
    freeze();
    const stolen = await issuer.token({ exp: seconds() + 3600 });
    expect((await whoIs(stolen)).status).toBe(200);
    await issuer.rotate(false);
    later(10 * 60_000);
    expect((await whoIs(stolen)).body).toMatchObject({ code: "invalid_token", reason: "bad_signature" });
    expect((await whoIs(await issuer.token())).status).toBe(200);
  });

  test("key rotation within 30 s does not blame the issuer, and many sign-ins at once fetch once", async () => {
    freeze();
    await whoIs(await issuer.token());
    await issuer.rotate(false);
    const tokens = await Promise.all(Array.from({ length: 20 }, () => issuer.token()));
    const answers = await Promise.all(tokens.map(whoIs));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(requestedUrls.filter((url) => url === issuer.jwks)).toHaveLength(2);
  });

  test("a token that names no key is verified by new keys as well", async () => {
    freeze();
    await whoIs(await issuer.token({}, { kid: undefined }));
    await issuer.rotate(false);
    expect((await whoIs(await issuer.token({}, { kid: undefined }))).status).toBe(200);
  });

  test("a hundred forged key ids cause three requests in 30 s, and no issuer is blamed for Gate's limit", async () => {
    freeze();
    await whoIs(await issuer.token());
    const tokens = await Promise.all(
      Array.from({ length: 100 }, (_, index) => issuer.token({}, { kid: `forged-${index}` })),
    );
    const refused = [];
    for (const token of tokens) refused.push((await whoIs(token)).body.code);
    expect(refused.slice(0, 3)).toEqual(["invalid_token", "invalid_token", "invalid_token"]);
    expect(new Set(refused.slice(3))).toEqual(new Set(["keys_unavailable"]));
    expect(requestedUrls.filter((url) => url === issuer.jwks)).toHaveLength(4);
    // Others still come in meanwhile.
    expect((await whoIs(await issuer.token())).status).toBe(200);
    later(30_000);
    await issuer.rotate(false);
    expect((await whoIs(await issuer.token())).status).toBe(200);
  });
});

/** Responses in place of keys; none authenticates a caller, and none is a crash. */
const NO_KEYS: readonly (readonly [string, () => Response | Promise<Response>])[] = [
  ["nothing, the connection being refused", () => Promise.reject(new TypeError("connection refused"))],
  ["an error", () => new Response("down", { status: 500 })],
  ["a page", () => new Response("<html>hello</html>", { headers: { "Content-Type": "text/html" } })],
  ["an empty body", () => new Response("")],
  ["JSON that is no key set", () => Response.json({ hello: "world" })],
  ["a list", () => Response.json([])],
  ["keys that are none", () => Response.json({ keys: "all of them" })],
  ["keys that are numbers", () => Response.json({ keys: [1, null, "x"] })],
  ["null", () => Response.json(null)],
  ["more than anybody reads", () => new Response(`{"keys":[${" ".repeat(200_000)}]}`)],
  [
    "a redirect",
    () => new Response(null, { status: 302, headers: { Location: "https://evil.example.com/keys" } }),
  ],
  ["half a JSON", () => new Response('{"keys":[{"kty":"EC"')],
];

test.each(NO_KEYS)("a token is refused while the issuer's keys are %s", async (_name, answer) => {
  const token = await issuer.token();
  serve(issuer.jwks, answer);
  const refused = await whoIs(token);
  expect(refused.status).toBe(503);
  expect(refused.body.code).toBe("keys_unavailable");
  expect(refused.headers.get("Retry-After")).toBe("5");
  expect(requestedUrls.filter((url) => url.includes("evil"))).toEqual([]);
  // Other ways in still work.
  expect((await whoIs(agent.key)).status).toBe(200);
});

test("an issuer that is down is asked again after five seconds, not for every token", async () => {
  freeze();
  const token = await issuer.token();
  let isDown = true;
  const { jwk } = issuer.key();
  serve(issuer.jwks, () => (isDown ? new Response(null, { status: 502 }) : Response.json({ keys: [jwk] })));
  for (let tried = 0; tried < 20; tried += 1) expect((await whoIs(token)).status).toBe(503);
  expect(requestedUrls.filter((url) => url === issuer.jwks)).toHaveLength(1);
  isDown = false;
  later(5_000);
  expect((await whoIs(token)).status).toBe(200);
});

test("cached keys are used while the issuer is down", async () => {
  freeze();
  expect((await whoIs(await issuer.token())).status).toBe(200);
  serve(issuer.jwks, () => new Response(null, { status: 502 }));
  later(9 * 60_000);
  expect((await whoIs(await issuer.token())).status).toBe(200);
  later(60_000);
  expect((await whoIs(await issuer.token())).status).toBe(503);
});

test("a private or weak key among the issuer's is not used", async () => {
  const { jwk, kid } = issuer.key();
  serve(issuer.jwks, () => Response.json({ keys: [{ ...jwk, d: jwk.x }] }));
  expect((await whoIs(await issuer.token())).status).toBe(503);
  const shared = { kty: "oct", k: "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", kid, alg: "HS256" };
  const other = await startIssuer();
  await trust({ oidc: [other] });
  serve(other.jwks, () => Response.json({ keys: [shared] }));
  const forged = await sign(
    {
      iss: other.url,
      aud: AUDIENCE,
      sub: "x",
      exp: seconds() + 60,
      email: "ana@example.com",
      email_verified: true,
    },
    new TextEncoder().encode("secret-secret-secret-secret-secret"),
    { alg: "HS256", kid },
  );
  expect((await whoIs(forged)).body).toMatchObject({ code: "invalid_token", reason: "bad_signature" });
});

describe("only the issuer's own metadata says where its keys are", () => {
  const CONFIGURATION = "/.well-known/openid-configuration";

  test.each([
    [
      "another issuer's configuration",
      (url: string) => ({ issuer: "https://evil.example.com", jwks_uri: `${url}/keys` }),
    ],
    ["one without an issuer", (url: string) => ({ jwks_uri: `${url}/keys` })],
    ["one with a slash more", (url: string) => ({ issuer: `${url}/`, jwks_uri: `${url}/keys` })],
    ["one without keys", (url: string) => ({ issuer: url })],
    ["keys that are no address", (url: string) => ({ issuer: url, jwks_uri: "keys" })],
    ["keys that are a number", (url: string) => ({ issuer: url, jwks_uri: 7 })],
    ["keys over http", (url: string) => ({ issuer: url, jwks_uri: url.replace("https", "http") + "/keys" })],
    [
      "keys at a metadata service",
      (url: string) => ({ issuer: url, jwks_uri: "https://169.254.169.254/keys" }),
    ],
    ["keys on this machine", (url: string) => ({ issuer: url, jwks_uri: "https://localhost/keys" })],
    ["keys in a file", (url: string) => ({ issuer: url, jwks_uri: "file:///etc/passwd" })],
    ["keys in itself", (url: string) => ({ issuer: url, jwks_uri: 'data:application/json,{"keys":[]}' })],
  ])("refused: %s", async (_name, configuration) => {
    serve(issuer.url + CONFIGURATION, () => Response.json(configuration(issuer.url)));
    const refused = await whoIs(await issuer.token());
    expect(refused.status).toBe(503);
    expect(refused.body.code).toBe("keys_unavailable");
    expect(requestedUrls).toEqual([issuer.url + CONFIGURATION]);
  });

  test("a key address in gate.yaml is used without the metadata", async () => {
    await trust({ oidc: [issuer], more: `, jwks: "${issuer.url}/keys"` });
    expect((await whoIs(await issuer.token())).status).toBe(200);
    expect(requestedUrls).toEqual([issuer.jwks]);
  });
});

describe("Cloudflare Access", () => {
  const HTTPS = "https://gate.test";
  const OWN = { Origin: HTTPS, "Sec-Fetch-Site": "same-origin" };
  const vouched = { email_verified: undefined };
  const header = (token: string) => ({ "Cf-Access-Jwt-Assertion": token });

  test("a token's address counts without the email_verified claim, which Access does not issue", async () => {
    await trust({ access: issuer });
    const answer = await browserAt(HTTPS).get("/v1/session", header(await issuer.token(vouched)));
    expect(answer.body).toMatchObject({ person: "ana", assurance: "sso", via: "token" });
  });

  test("its header is ignored where gate.yaml names no Access", async () => {
    const browser = browserAt(HTTPS);
    expect((await browser.get("/v1/session", header(await issuer.token()))).status).toBe(401);
    expect(requestedUrls).toEqual([]);
    const { key } = await register("reviewer");
    await browser.post("/v1/session", { key });
    expect((await browser.get("/v1/session", header("garbage"))).status).toBe(200);
  });

  test("its tokens are refused as bearers, and other bearers in its header", async () => {
    const other = await startIssuer();
    await trust({ access: issuer, oidc: [other] });
    expect((await whoIs(await issuer.token(vouched))).body.reason).toBe("unknown_issuer");
    const answer = await browserAt(HTTPS).get("/v1/session", header(await other.token()));
    expect(answer.body.reason).toBe("unknown_issuer");
  });

  test.each([
    ["garbage", async () => "garbage"],
    ["nothing", async () => ""],
    ["a token for another application", () => issuer.token({ ...vouched, aud: "other" })],
    [
      "a service's token, which names no person",
      () => issuer.token({ ...vouched, sub: "", email: undefined }),
    ],
    [
      "a token without a signature",
      async () => handmade({ alg: "none" }, { iss: issuer.url, aud: AUDIENCE }),
    ],
    ["a huge one", async () => `e${"y".repeat(100_000)}.e.e`],
  ])("%s in its header is refused, and a cookie does not help", async (_name, make) => {
    await trust({ access: issuer });
    const { key } = await register("reviewer");
    const browser = browserAt(HTTPS);
    await browser.post("/v1/session", { key });
    const token = await make();
    const jar = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await browser.get("/v1/session", { ...header(token), Cookie: jar });
    // An empty header is one that is not there.
    expect(answer.status).toBe(token === "" ? 200 : 401);
  });

  test("INV-28: another site can't use an Access session to decide", async () => {
    await trust({ access: issuer });
    const token = await issuer.token(vouched);
    const browser = browserAt(HTTPS);
    const intent = await held();
    const approve = (headers: Record<string, string>) =>
      browser.post(`/v1/intents/${intent}/approve`, {}, { ...header(token), ...headers });
    for (const from of [
      {},
      { Origin: "https://evil.test" },
      { Origin: "null" },
      { "Sec-Fetch-Site": "same-site" },
    ]) {
      expect((await approve(from as Record<string, string>)).body.code).toBe("cross_origin");
    }
    expect((await approve(OWN)).body.status).toBe("approved");
  });

  test("a key in the request takes precedence over its header", async () => {
    await trust({ access: issuer });
    const token = await issuer.token(vouched);
    const headers = { ...header(token), Authorization: `Bearer ${agent.key}` };
    expect((await browserAt(HTTPS).get("/v1/session", headers)).body.principal_id).toBe(agent.id);
  });
});

test("a token whose issuer never answers is refused within a few seconds", async () => {
  // The Worker's own limit, cut short: a test that waits for it would measure time.
  const real = AbortSignal.timeout.bind(AbortSignal);
  vi.spyOn(AbortSignal, "timeout").mockImplementation(() => real(10));
  serve(issuer.jwks, () => new Promise<Response>(() => undefined));
  expect((await whoIs(await issuer.token())).body.code).toBe("keys_unavailable");
});

test("INV-05: a person who lost the reviewer role can't decide by link, token or session", async () => {
  const token = await issuer.token();
  const intent = await held("crm.by-link");
  const link = async () => {
    const path = `/v1/approval-links/${await linkTo(intent, "ana")}/approve`;
    return call("POST", path, undefined, {});
  };
  // A first link makes the account that links of hers act as.
  const first = await held("crm.by-link");
  const path = `/v1/approval-links/${await linkTo(first, "ana")}/approve`;
  expect((await call("POST", path, undefined, {})).status).toBe(200);
  await whoIs(token);
  const { results } = await env.DB.prepare(
    "SELECT principal_id AS id FROM pins WHERE person = 'ana' AND issuer IN ('gate', ?1)",
  )
    .bind(issuer.url)
    .all<{ id: string }>();
  expect(results).toHaveLength(2);
  for (const { id } of results) await call("POST", `/v1/agents/${id}/role`, admin, { role: "auditor" });
  expect((await link()).status).toBe(404);
  expect((await call("POST", `/v1/intents/${intent}/approve`, token)).status).toBe(403);
  expect((await call("GET", `/v1/intents/${intent}`, admin)).body.state).toBe("pending_approval");
});

test("INV-27: tokens are stored nowhere, not even on the ledger", async () => {
  const token = await issuer.token();
  const { body } = await whoIs(token);
  expect(await everythingInD1()).not.toContain(token.split(".")[2]);
  const pins = await env.DB.prepare("SELECT * FROM pins WHERE principal_id = ?1")
    .bind(body.principal_id)
    .all();
  expect(pins.results).toHaveLength(1);
});
