import { beforeAll, expect, test } from "vitest";
import { browserAt } from "../../support/worker/browser.ts";
import {
  admin,
  call,
  everythingInD1,
  ledgerOf,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import { restartWorker } from "../../support/worker/bindings.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";

/*
 * `--local-sign-in`: on a machine of one's own people sign in by name. The Worker reads that setting when it
 * starts.
 */

beforeAll(() => restartWorker({ LOCAL_SIGN_IN: "true" }));

const HERE = "http://127.0.0.1:4000";

const as = (person: string) => new URLSearchParams({ person, next: "/cases" });

test("a browser on the machine signs in as any person of gate.yaml, at assurance key", async () => {
  for (const origin of [HERE, "http://localhost:4000", "http://[::1]:4000", "http://127.8.9.10"]) {
    const browser = browserAt(origin);
    expect((await browser.get("/sign-in")).text).toContain("Ana Diaz (ana)");
    const answer = await browser.post("/sign-in", as("ana"));
    expect([answer.status, answer.headers.get("Location")], origin).toEqual([303, "/cases"]);
    expect((await browser.get("/v1/session")).body, origin).toMatchObject({
      person: "ana",
      groups: ["ops"],
      role: "reviewer",
      assurance: "key",
      via: "session",
    });
  }
  const pins = (await ledgerOf("registry")).filter(({ event }) => event === "credential_pinned");
  expect(pins).toHaveLength(1);
});

test("INV-28: signing in by name is refused under any other host name than the machine's own", async () => {
  for (const origin of [
    "http://gate.test",
    "https://gate.example.com",
    "http://192.168.1.5:4000",
    "http://0.0.0.0:4000",
    "http://localhost.evil.test:4000",
    "http://127.0.0.1.evil.test:4000",
    "http://evil.test:4000",
    "http://localhost.:4000",
  ]) {
    const browser = browserAt(origin);
    expect((await browser.get("/sign-in")).text, origin).not.toContain("Ana Diaz");
    expect((await browser.post("/sign-in", as("ana"))).status, origin).toBe(403);
    expect(browser.cookies.size, origin).toBe(0);
  }
});

test("INV-28: signing in by name is refused through a tunnel or proxy that names the machine as host", async () => {
  const browser = browserAt(HERE);
  await browser.post("/sign-in", as("ana"));
  for (const [name, value] of [
    ["Forwarded", "for=203.0.113.7"],
    ["X-Forwarded-For", "203.0.113.7"],
    ["X-Forwarded-Host", "tunnel.example.com"],
    ["X-Forwarded-Proto", "https"],
    ["X-Real-IP", "203.0.113.7"],
    ["Via", "1.1 tunnel"],
  ] as const) {
    expect((await browser.get("/v1/session", { [name]: value })).status, name).toBe(401);
    const own = { Origin: HERE, "Sec-Fetch-Site": "same-origin", [name]: value };
    expect((await browser.post("/sign-in", as("ben"), own)).status, name).toBe(403);
  }
  expect((await browser.get("/v1/session")).body.person).toBe("ana");
});

test("INV-28: another site can't sign a browser on the machine in by name", async () => {
  const browser = browserAt(HERE);
  for (const headers of [
    {},
    { Origin: "https://evil.test" },
    { Origin: "http://127.0.0.1:5000" },
    { Origin: "null" },
  ]) {
    expect((await browser.post("/sign-in", as("ana"), headers as Record<string, string>)).status).toBe(403);
  }
  expect(browser.cookies.size).toBe(0);
});

test.each(["carl", "", "__proto__", "constructor", "ANA", "ana@example.com", "admin"])(
  "signing in by name as %j, who is not in gate.yaml, is refused",
  async (person) => {
    const browser = browserAt(HERE);
    expect((await browser.post("/sign-in", as(person))).status).toBe(403);
    expect(browser.cookies.size).toBe(0);
  },
);

test("a session by name ends under another host name of the machine, and once the person is removed", async () => {
  const browser = browserAt(HERE);
  await browser.post("/sign-in", as("ben"));
  const cookie = `gate_session=${browser.cookies.get("gate_session")}`;
  expect((await browserAt("http://gate.test").get("/v1/session", { Cookie: cookie })).status).toBe(401);
  expect((await browser.get("/v1/session")).status).toBe(200);
  await changeRules({ policies: {}, registry: "people: { ana: { name: Ana } }\n" });
  expect((await browser.get("/v1/session")).status).toBe(401);
  await changeRules(RULES);
});

test("INV-05: a suspended person can't sign in by name", async () => {
  const browser = browserAt(HERE);
  await browser.post("/sign-in", as("ben"));
  const { principal_id: id } = (await browser.get("/v1/session")).body;
  await call("POST", `/v1/agents/${id}/suspend`, admin);
  expect((await browser.get("/v1/session")).status).toBe(401);
  expect((await browser.post("/sign-in", as("ben"))).status).toBe(403);
  expect((await browser.get("/v1/session")).status).toBe(401);
});

test("INV-03: a person by name and by key is one person, without assurance sso", async () => {
  const agent = await register("agent");
  const browser = browserAt(HERE);
  await browser.post("/sign-in", as("ana"));
  const intent = await propose(agent, proposal("crm.pair"), "pending_approval");
  const { key } = await register("reviewer", { person: "ana" });
  expect((await browser.post(`/v1/intents/${intent}/approve`)).body.status).toBe("pending_approval");
  expect((await call("POST", `/v1/intents/${intent}/approve`, key)).body.status).toBe("pending_approval");
  const surely = await propose(agent, proposal("crm.surely"), "pending_approval");
  expect((await browser.post(`/v1/intents/${surely}/approve`)).body.code).toBe("assurance_too_low");
  expect(await everythingInD1()).not.toContain("Ana Diaz");
});
