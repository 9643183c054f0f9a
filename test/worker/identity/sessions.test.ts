import { env } from "cloudflare:workers";
import { beforeAll, expect, test } from "vitest";
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
import type { Principal } from "../../support/client.ts";

const HTTPS = "https://gate.test";
const HTTP = "http://gate.test";
const COOKIE = "__Host-gate_session";
const HOUR_MS = 60 * 60_000;

let agent: Principal;

beforeAll(async () => {
  agent = await register("agent");
});

async function signedIn(key: string, browser = browserAt(HTTPS)): Promise<Browser> {
  const answer = await browser.post("/v1/session", { key });
  if (answer.status !== 200) throw new Error(answer.text);
  return browser;
}

/** The status of the session: 200, or 401 when it ended. */
const standing = async (browser: Browser) => (await browser.get("/v1/session")).status;

const held = () => propose(agent, proposal("crm.held"), "pending_approval");

test("INV-28: a session cookie is unreadable to scripts, not sent by other sites, and not settable by a sibling host", async () => {
  const reviewer = await register("reviewer", { person: "ana" });
  const secure = browserAt(HTTPS);
  const answer = await secure.post("/v1/session", { key: reviewer.key });
  expect(answer.status).toBe(200);
  const [cookie = "", ...others] = secure.setCookies();
  expect(others).toEqual([]);
  expect(cookie).toMatch(/^__Host-gate_session=gses_[A-Za-z0-9_-]{43}; /);
  for (const attribute of ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"]) {
    expect(cookie.split("; ")).toContain(attribute);
  }
  expect(cookie).not.toMatch(/Domain/i);

  // Plain http, on one's own machine: browsers refuse the prefix there.
  const local = browserAt(HTTP);
  await local.post("/v1/session", { key: reviewer.key });
  const [plain = ""] = local.setCookies();
  expect(plain).toMatch(/^gate_session=gses_/);
  expect(plain.split("; ")).toEqual(expect.arrayContaining(["HttpOnly", "SameSite=Strict", "Path=/"]));
  expect(plain).not.toMatch(/Secure/);

  // A neighbour's subdomain could set a cookie without the prefix: over https it is not read.
  const token = local.cookies.get("gate_session") ?? "";
  expect((await secure.get("/v1/session", { Cookie: `gate_session=${token}` })).status).toBe(401);
  expect((await local.get("/v1/session", { Cookie: `gate_session=${token}` })).status).toBe(200);
});

test("INV-27: a session's token is in its cookie and nowhere else", async () => {
  const reviewer = await register("reviewer");
  const browser = browserAt(HTTPS);
  const answer = await browser.post("/v1/session", { key: reviewer.key });
  const token = browser.cookies.get(COOKIE) ?? "none";
  expect(answer.text).not.toContain("gses_");
  const stored = await everythingInD1();
  expect(stored).not.toContain(token);
  expect(stored).not.toContain(reviewer.key);
});

test("GET /v1/session says who is signed in and until when", async () => {
  freeze();
  const { id, key } = await register("reviewer", { person: "ana" });
  const browser = await signedIn(key);
  const until = new Date(Date.now() + 8 * HOUR_MS).toISOString();
  const { body } = await browser.get("/v1/session");
  expect(body).toMatchObject({
    principal_id: id,
    role: "reviewer",
    person: "ana",
    groups: ["ops"],
    assurance: "key",
    via: "session",
    expires_at: until,
  });
  const byKey = (await call("GET", "/v1/session", agent.key)).body;
  expect(byKey).toMatchObject({ role: "agent", person: null, groups: [], via: "key", expires_at: null });
});

test("roles: reviewers, auditors and admins have sessions, agents and runners don't", async () => {
  for (const [role, status] of [
    ["reviewer", 200],
    ["auditor", 200],
    ["admin", 200],
    ["agent", 403],
    ["runner", 403],
  ] as const) {
    const { key } = await register(role);
    const browser = browserAt(HTTPS);
    expect((await browser.post("/v1/session", { key })).status, role).toBe(status);
    expect(await standing(browser), role).toBe(status === 200 ? 200 : 401);
  }
  const root = await signedIn(admin);
  expect((await root.get("/v1/session")).body).toMatchObject({ principal_id: "admin", role: "admin" });
});

test("INV-27: D1 has no digest of the deployment's admin key, which may be a guessable word", async () => {
  await signedIn(admin);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(admin));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  expect(await everythingInD1()).not.toContain(hex);
});

test.each([
  ["no key", {}, 400],
  ["a key that is a list", { key: ["x"] }, 400],
  ["an empty key", { key: "" }, 400],
  ["a key as long as a book", { key: "x".repeat(513) }, 400],
  ["an unknown key", { key: "gate_rk_nobody" }, 401],
  ["the token of a session", { key: "gses_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }, 401],
])("no session opens with %s", async (_name, body, status) => {
  const browser = browserAt(HTTPS);
  expect((await browser.post("/v1/session", body)).status).toBe(status);
  expect(browser.setCookies()).toEqual([]);
});

test.each([
  ["an unknown token", `${COOKIE}=gses_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`],
  ["an empty one", `${COOKIE}=`],
  ["a quote", `${COOKIE}=" OR 1=1 --`],
  ["a long one", `${COOKIE}=${"x".repeat(8000)}`],
  ["broken escapes", `${COOKIE}=%E0%A4%A`],
  ["no name", "=x;;;==;"],
])("a cookie with %s is treated as no session, without an error", async (_name, cookie) => {
  const answer = await browserAt(HTTPS).get("/v1/session", { Cookie: cookie });
  expect(answer.status).toBe(401);
  expect(answer.body.code).toBe("unauthorized");
});

test("INV-05: a session ends when its principal is suspended, and stays ended after reactivation", async () => {
  const reviewer = await register("reviewer");
  const browser = await signedIn(reviewer.key);
  const intent = await held();
  await call("POST", `/v1/agents/${reviewer.id}/suspend`, admin);
  expect(await standing(browser)).toBe(401);
  expect((await browser.post(`/v1/intents/${intent}/approve`)).status).toBe(401);
  await call("POST", `/v1/agents/${reviewer.id}/reactivate`, admin);
  expect(await standing(browser)).toBe(401);
  expect((await browser.post("/v1/session", { key: reviewer.key })).status).toBe(200);
});

test("INV-05: no session opens for a suspended or revoked key", async () => {
  for (const verb of ["suspend", "revoke"]) {
    const reviewer = await register("reviewer");
    await call("POST", `/v1/agents/${reviewer.id}/${verb}`, admin);
    const browser = browserAt(HTTPS);
    expect((await browser.post("/v1/session", { key: reviewer.key })).body.code, verb).toBe("agent_inactive");
    expect(browser.cookies.size).toBe(0);
  }
});

test("INV-05: a session ends with the key it was opened with", async () => {
  const reviewer = await register("reviewer");
  const browser = await signedIn(reviewer.key);
  const rotated = await call("POST", `/v1/agents/${reviewer.id}/rotate-key`, admin);
  expect(await standing(browser)).toBe(401);
  // A session of the new key is another one.
  await signedIn(rotated.body.api_key, browser);
  expect(await standing(browser)).toBe(200);
});

test("INV-05: a session has its principal's current role", async () => {
  const reviewer = await register("reviewer");
  const browser = await signedIn(reviewer.key);
  await call("POST", `/v1/agents/${reviewer.id}/role`, admin, { role: "auditor" });
  expect((await browser.get("/v1/session")).body.role).toBe("auditor");
  expect((await browser.post(`/v1/intents/${await held()}/approve`)).status).toBe(403);
  await call("POST", `/v1/agents/${reviewer.id}/role`, admin, { role: "agent" });
  expect(await standing(browser)).toBe(401);
});

test("a session ends after eight hours even if in use, and its row is deleted", async () => {
  freeze();
  const reviewer = await register("reviewer");
  const browser = await signedIn(reviewer.key);
  later(8 * HOUR_MS - 1);
  expect(await standing(browser)).toBe(200);
  later(1);
  expect(await standing(browser)).toBe(401);
  await signedIn(reviewer.key);
  const rows = await env.DB.prepare("SELECT expires_at FROM sessions").all<{ expires_at: number }>();
  expect(rows.results.every((row) => row.expires_at > Date.now())).toBe(true);
});

test("signing out ends the session for every copy of the cookie", async () => {
  const reviewer = await register("reviewer");
  const browser = await signedIn(reviewer.key);
  const stolen = browser.cookies.get(COOKIE) ?? "";
  const own = { Origin: HTTPS, "Sec-Fetch-Site": "same-origin" };
  expect((await browser.send("DELETE", "/v1/session", own)).status).toBe(204);
  expect(browser.cookies.has(COOKIE)).toBe(false);
  expect((await browser.get("/v1/session", { Cookie: `${COOKIE}=${stolen}` })).status).toBe(401);
  expect((await browser.send("DELETE", "/v1/session", own)).status).toBe(204);
});

test("INV-28: signing in makes a new session, so a token planted before is worthless", async () => {
  const [attacker, victim] = await Promise.all([register("reviewer"), register("reviewer")]);
  const planted = (await signedIn(attacker.key)).cookies.get(COOKIE) ?? "";
  const browser = browserAt(HTTPS);
  browser.cookies.set(COOKIE, planted);
  await signedIn(victim.key, browser);
  expect(browser.cookies.get(COOKIE)).not.toBe(planted);
  expect((await browser.get("/v1/session")).body.principal_id).toBe(victim.id);
  expect((await browser.get("/v1/session", { Cookie: `${COOKIE}=${planted}` })).status).toBe(401);

  // A token that was never one does not become one.
  const made = browserAt(HTTPS);
  made.cookies.set(COOKIE, "gses_chosen-by-an-attacker");
  await signedIn(victim.key, made);
  expect((await made.get("/v1/session", { Cookie: `${COOKIE}=gses_chosen-by-an-attacker` })).status).toBe(
    401,
  );
});

test("one key has at most fifty sessions, the newest", async () => {
  const reviewer = await register("reviewer");
  freeze();
  const first = await signedIn(reviewer.key);
  for (let opened = 1; opened < 50; opened += 1) {
    later(1);
    await signedIn(reviewer.key);
  }
  expect(await standing(first)).toBe(200);
  later(1);
  const last = await signedIn(reviewer.key);
  expect(await standing(first)).toBe(401);
  expect(await standing(last)).toBe(200);
});

/** Headers of a state change, and whether a session may make it so. */
const FROM: readonly (readonly [string, Record<string, string>, boolean])[] = [
  ["a page of ours", { Origin: HTTPS, "Sec-Fetch-Site": "same-origin" }, true],
  ["a page of ours, in a browser that says only the origin", { Origin: HTTPS }, true],
  ["a page of ours, in a browser that says only the site", { "Sec-Fetch-Site": "same-origin" }, true],
  // Something that ends TLS in front shows the browser another scheme than Gate sees.
  ["a page of ours behind a proxy", { Origin: "https://else.test", "Sec-Fetch-Site": "same-origin" }, true],
  ["a request without origin headers", {}, false],
  ["another site", { Origin: "https://evil.test", "Sec-Fetch-Site": "cross-site" }, false],
  ["another site, in an old browser", { Origin: "https://evil.test" }, false],
  ["a neighbour", { Origin: "https://other.gate.test", "Sec-Fetch-Site": "same-site" }, false],
  ["a neighbour, in an old browser", { Origin: "https://other.gate.test" }, false],
  ["our name over http", { Origin: HTTP }, false],
  ["our name at another port", { Origin: "https://gate.test:8443" }, false],
  ["our name as the start of another", { Origin: "https://gate.test.evil.test" }, false],
  ["our name in capitals", { Origin: "HTTPS://GATE.TEST" }, false],
  ["a sandboxed frame", { Origin: "null" }, false],
  ["a sandboxed frame of another site", { Origin: "null", "Sec-Fetch-Site": "cross-site" }, false],
  ["our origin, and the browser says otherwise", { Origin: HTTPS, "Sec-Fetch-Site": "cross-site" }, false],
  ["the address bar", { "Sec-Fetch-Site": "none" }, false],
  ["two origins", { Origin: `${HTTPS}, https://evil.test` }, false],
  ["a referrer of ours alone", { Referer: `${HTTPS}/cases` }, false],
];

test.each(FROM)(
  "INV-28: a state change with a session from %s: %o, %s",
  async (_from, headers, isAllowed) => {
    const reviewer = await register("reviewer");
    const browser = await signedIn(reviewer.key);
    const intent = await held();
    const answer = await browser.post(`/v1/intents/${intent}/approve`, {}, headers);
    expect(answer.status).toBe(isAllowed ? 200 : 403);
    if (!isAllowed) expect(answer.body.code).toBe("cross_origin");
    const { body } = await call("GET", `/v1/intents/${intent}`, admin);
    expect(body.state).toBe(isAllowed ? "approved" : "pending_approval");
    // Signing out is a change, too; looking is none.
    expect((await browser.get("/v1/session", headers)).status).toBe(200);
    expect((await browser.send("DELETE", "/v1/session", headers)).status).toBe(isAllowed ? 204 : 403);
  },
);

test("INV-28: another site can't sign a browser in; programs without an Origin can", async () => {
  const { key } = await register("reviewer");
  const browser = browserAt(HTTPS);
  for (const headers of [
    { Origin: "https://evil.test" },
    { Origin: "null" },
    { Origin: "https://evil.test", "Sec-Fetch-Site": "cross-site" },
    { "Sec-Fetch-Site": "same-site" },
  ] as const) {
    const answer = await browser.post("/v1/session", { key }, headers as Record<string, string>);
    expect(answer.body.code).toBe("cross_origin");
    expect(browser.cookies.size).toBe(0);
  }
  expect((await browser.post("/v1/session", { key }, {})).status).toBe(200);
});

test("a request with a bearer and a session is judged by the bearer alone", async () => {
  const [reviewer, auditor] = await Promise.all([register("reviewer"), register("auditor")]);
  const browser = await signedIn(reviewer.key);
  const intent = await held();
  // A cookie adds nothing to a key that may not, and mends none that is wrong.
  const approve = (authorization: string) =>
    browser.post(`/v1/intents/${intent}/approve`, {}, { Authorization: authorization, Origin: HTTPS });
  expect((await approve(`Bearer ${auditor.key}`)).status).toBe(403);
  for (const wrong of ["Bearer nobody", "Bearer ", "Basic cmV2aWV3ZXI6", "Bearer a b", "gate_rk_x"]) {
    expect((await approve(wrong)).status, wrong).toBe(401);
  }
  // And it takes nothing away: a key needs no origin, even beside a cookie.
  const evil = { Authorization: `Bearer ${reviewer.key}`, Origin: "https://evil.test" };
  expect((await browser.post(`/v1/intents/${intent}/approve`, {}, evil)).status).toBe(200);
});

test("INV-03: a session and the key it was opened with are one vote", async () => {
  const intent = await propose(agent, proposal("crm.pair"), "pending_approval");
  const [one, two] = await Promise.all([
    register("reviewer", { person: "ana" }),
    register("reviewer", { person: "ben" }),
  ]);
  const browser = await signedIn(one.key);
  expect((await browser.post(`/v1/intents/${intent}/approve`)).body.status).toBe("pending_approval");
  expect((await call("POST", `/v1/intents/${intent}/approve`, one.key)).body.status).toBe("pending_approval");
  expect((await call("POST", `/v1/intents/${intent}/approve`, two.key)).body.status).toBe("approved");
});

test("INV-07: a session opened with a key has assurance key and not more", async () => {
  const reviewer = await register("reviewer", { person: "ana" });
  const browser = await signedIn(reviewer.key);
  const intent = await propose(agent, proposal("crm.surely"), "pending_approval");
  const answer = await browser.post(`/v1/intents/${intent}/approve`, { assurance: "sso" });
  expect(answer.status).toBe(403);
  expect(answer.body.code).toBe("assurance_too_low");
});

test("registering a reviewer without a person in gate.yaml returns a warning about quorums", async () => {
  const registered = async (more: Record<string, unknown>) =>
    (
      await call("POST", "/v1/agents/register", admin, {
        name: `w-${Math.random()}`,
        role: "reviewer",
        ...more,
      })
    ).body;
  expect((await registered({})).warning).toMatch(/person of its own/);
  expect((await registered({ person: "carl" })).warning).toMatch(/person of its own/);
  expect(await registered({ person: "ana" })).not.toHaveProperty("warning");
  expect(await registered({ person: "Ben@Example.com" })).not.toHaveProperty("warning");
  expect(await registered({ role: "agent" })).not.toHaveProperty("warning");
});
