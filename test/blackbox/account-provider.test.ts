import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ACCOUNT_CLIENT, type AccountProvider, startAccountProvider } from "../support/account-provider.ts";
import { temporaryFolder } from "../support/command.ts";
import { type Gate, startGate } from "../support/gate.ts";

/*
 * "A page blames the wrong one": people sign in through a real `oidc-provider` with its defaults, where the e-mail
 * address is at the userinfo endpoint only.
 */

let provider: AccountProvider;
let gate: Gate;
const folder = temporaryFolder();

beforeAll(async () => {
  provider = await startAccountProvider();
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  writeFileSync(
    join(policies, "held.yaml"),
    "id: held\ndestinations: [crm.held]\nrequire_approval: always\n",
  );
  const registry = join(folder.path, "gate.yaml");
  writeFileSync(
    registry,
    `people:
  ana: { name: Ana Diaz, email: ana@example.com }
  ben: { name: Ben Okafor, email: ben@example.com }
credentials: { sso: { ref: env://OIDC_CLIENT_SECRET } }
sign_in:
  oidc:
    - { name: Staff, issuer: "${provider.url}", audience: ${ACCOUNT_CLIENT.id}, client_secret: sso, allow_private: true }
destinations:
  crm.held: { policies: [held] }
`,
  );
  gate = await startGate({
    args: ["--registry", registry, "--policy-dir", policies],
    env: { OIDC_CLIENT_SECRET: ACCOUNT_CLIENT.secret },
  });
});

afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const ACCOUNTS = {
  "ana-1": { email: "ana@example.com", email_verified: true },
  "ben-1": { email: "ben@example.com", email_verified: true },
  unverified: { email: "ana@example.com", email_verified: false },
  silent: { email: "ana@example.com" },
  nameless: {},
  stranger: { email: "eve@example.com", email_verified: true },
} as const;

type Login = keyof typeof ACCOUNTS;

const redirectUri = () => `http://127.0.0.1:${gate.port}/sign-in/callback`;

/** A browser at Gate. */
function browser() {
  const cookies = new Map<string, string>();
  const origin = `http://127.0.0.1:${gate.port}`;
  const visit = async (path: string) => {
    const headers = { Cookie: [...cookies].map((pair) => pair.join("=")).join("; ") };
    const response = await fetch(origin + path, { headers, redirect: "manual" });
    for (const cookie of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (cookie.split(";")[0] ?? "").split("=");
      if (value === "") cookies.delete(name);
      else cookies.set(name, value);
    }
    const { status } = response;
    return { status, location: response.headers.get("Location"), text: await response.text() };
  };
  return {
    cookies,
    visit,
    /** Presses the button, and is sent to the provider. */
    async leave(next = "/cases"): Promise<string> {
      const { text: page } = await visit(`/sign-in?next=${encodeURIComponent(next)}`);
      const button = /href="(\/sign-in\/[0-9a-f]+\?[^"]+)"/.exec(page)?.[1]?.replaceAll("&amp;", "&") ?? "";
      return (await visit(button)).location ?? "";
    },
    /** Comes back from the provider, signed in there. */
    async comeBack(authorization: string, login: Login) {
      const { pathname, search } = await provider.signIn(authorization, login);
      return visit(pathname + search);
    },
    async person(): Promise<unknown> {
      return (JSON.parse((await visit("/v1/session")).text) as { person?: unknown }).person;
    },
  };
}

async function signIn(login: Login) {
  const page = browser();
  const shown = await page.comeBack(await page.leave(), login);
  return { ...page, shown };
}

test("people sign in through oidc-provider with its defaults", async () => {
  provider.start(redirectUri(), ACCOUNTS);
  const { shown, person } = await signIn("ana-1");
  expect([shown.status, await person()]).toEqual([200, "ana"]);
  expect(provider.requested.filter((path) => path === "/me")).toHaveLength(1);
  expect(await (await signIn("ben-1")).person()).toBe("ben");
});

const refusals: readonly (readonly [Login, number, string, string])[] = [
  ["unverified", 403, "email_verified: true", "email_unverified"],
  ["silent", 403, "email_verified: trusted", "email_unverified"],
  ["nameless", 403, "no `email`", "email_missing"],
  ["stranger", 403, "No person under `people`", "person_unknown"],
];

test.each(refusals)(
  "a page names the claim that is missing, and the log has a line: %s",
  async (login, status, words, problem) => {
    provider.start(redirectUri(), ACCOUNTS);
    const before = gate.printed().length;
    const { shown } = await signIn(login);
    expect(shown.status).toBe(status);
    expect(shown.text.replaceAll("&#39;", "'").replaceAll("&quot;", '"')).toContain(words);
    await expect.poll(() => gate.printed().slice(before)).toContain("sign_in_refused");
    await expect.poll(() => gate.printed().slice(before)).toContain(problem);
    expect(gate.printed()).not.toMatch(/(?:ana|eve)@example\.com/);
  },
);

test("a page blames Gate's client secret, not the person, where the provider refuses it", async () => {
  provider.start(redirectUri(), ACCOUNTS, { secret: "another secret" });
  const { shown } = await signIn("ana-1");
  expect(shown.status).toBe(502);
  expect(shown.text).toContain("client_secret");
});

test("a page says that userinfo can't be read, and who is linked signs in all the same", async () => {
  provider.start(redirectUri(), { ...ACCOUNTS, new: ACCOUNTS.stranger }, { down: ["/me"] });
  const { shown } = await signIn("nameless");
  expect(shown.status).toBe(503);
  expect(shown.text).toContain("userinfo");
  expect(await (await signIn("ana-1")).person()).toBe("ana");
});

test("key rotation within 30 s of the last sign-in blames nobody", async () => {
  provider.start(redirectUri(), ACCOUNTS);
  expect(await (await signIn("ana-1")).person()).toBe("ana");
  await provider.rotate();
  expect(await (await signIn("ana-1")).person()).toBe("ana");
});

test("two tabs: finishing one attempt does not break the other, in any order", async () => {
  provider.start(redirectUri(), ACCOUNTS);
  const page = browser();
  const [first, second] = [await page.leave("/cases/first"), await page.leave("/cases/second")];
  for (const [authorization, target] of [
    [second, "/cases/second"],
    [first, "/cases/first"],
  ] as const) {
    const back = await page.comeBack(authorization, "ana-1");
    expect([back.status, back.text.includes(`url=${target}`)]).toEqual([200, true]);
    expect(await page.person()).toBe("ana");
  }
  // Each attempt works once.
  expect([...page.cookies.keys()].filter((name) => name.includes("sign_in"))).toEqual([]);
});

test("many tabs: the browser keeps the last five attempts", async () => {
  provider.start(redirectUri(), ACCOUNTS);
  const page = browser();
  const left: string[] = [];
  for (let tab = 0; tab < 8; tab += 1) left.push(await page.leave());
  expect([...page.cookies.keys()].filter((name) => name.includes("sign_in"))).toHaveLength(5);
  expect((await page.comeBack(left[7] ?? "", "ana-1")).status).toBe(200);
  expect((await page.comeBack(left[0] ?? "", "ana-1")).status).toBe(400);
});
