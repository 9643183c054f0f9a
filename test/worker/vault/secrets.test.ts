import { env } from "cloudflare:workers";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { ok as value } from "../../../src/core/base/result.ts";
import { portsOf } from "../../../src/env.ts";
import { admin, call, register } from "../../support/worker/gate.ts";
import { bindings } from "../../support/worker/bindings.ts";
import { changeRules } from "../../support/worker/rules.ts";

const CREDENTIALS = {
  hook: "env://HOOK_URL",
  unset: "env://NEVER_SET",
  empty: "env://EMPTY_SECRET",
  short: "env://SHORT_SECRET",
  database: "env://DB",
  unbound: "secrets-store://NEVER_BOUND",
  vaulted: "doppler://gate/prd/STRIPE_KEY",
  plain: "env://PLAIN_SECRET",
  single: "env://SINGLE_SECRET",
} as const;

/** Injected secrets must be strong and valid in a header; a channel's need not. */
const DESTINATIONS = `destinations:
  crm.plain: { policies: [p], upstream: "https://crm.example.com", prefix: /crm, credential: plain }
  crm.single: { policies: [p], upstream: "https://other.example.com", prefix: /o, credential: single, inject: basic }
  crm.vaulted: { policies: [p], upstream: "https://third.example.com", prefix: /t, credential: vaulted }
`;

const SECRET = "sk_live_from-the-vault";
const TOKEN = "dp.st.prd.tokentoken";

beforeAll(async () => {
  bindings["HOOK_URL"] = "https://hooks.example.com/secret";
  bindings["EMPTY_SECRET"] = "";
  bindings["SHORT_SECRET"] = "hunter2";
  bindings["PLAIN_SECRET"] = "my-secret-token";
  bindings["SINGLE_SECRET"] = "9fK2-xQ81-no-colon";
  bindings["OTHER_SECRET"] = "nobody names it";
  bindings["VAULT_OPENER"] = TOKEN;
  const credentials = Object.entries(CREDENTIALS).map(([name, ref]) => `  ${name}: { ref: ${ref} }`);
  await changeRules({
    policies: {},
    registry: `${DESTINATIONS}credentials:\n${credentials.join("\n")}\nvaults: { d: { type: doppler, token: env://VAULT_OPENER } }\n`,
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** A vault that answers every question so. */
function vaultAnswers(answer: () => Response) {
  return vi.spyOn(globalThis, "fetch").mockImplementation(async () => answer());
}

const secretAnswer = () => Response.json({ name: "STRIPE_KEY", value: { raw: SECRET, computed: SECRET } });

test("a credential from env:// is the value of the variable it names", async () => {
  expect(await portsOf(env).secret("hook")).toEqual(value("https://hooks.example.com/secret"));
});

test("INV-21: a credential in a vault is fetched for each use", async () => {
  const vaultFetch = vaultAnswers(secretAnswer);
  expect(await portsOf(env).secret("vaulted")).toEqual(value(SECRET));
  expect(await portsOf(env).secret("vaulted")).toEqual(value(SECRET));
  expect(vaultFetch).toHaveBeenCalledTimes(2);
});

test.each(["unset", "empty", "short", "database", "unbound", "vaulted"])(
  "INV-24: a credential that is %s fails, and the log says why without a secret",
  async (name) => {
    vaultAnswers(() => Response.json({ messages: [`${TOKEN} may not read ${SECRET}`] }, { status: 403 }));
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await portsOf(env).secret(name)).toMatchObject({ ok: false });
    const lines = JSON.stringify(logged.mock.calls);
    expect(lines).toContain(name);
    expect(lines).not.toMatch(new RegExp(`${SECRET}|${TOKEN}|hunter2`));
  },
);

test.each(["HOOK_URL", "OTHER_SECRET", "GATE_SECRET", "GATE_ADMIN_KEY", "constructor", "__proto__", ""])(
  "INV-21: a variable that no credential names can't be read: %s",
  async (name) => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await portsOf(env).secret(name)).toMatchObject({ ok: false });
  },
);

test("INV-21: vault check reports for each credential whether it can be fetched and injected, never a value", async () => {
  vaultAnswers(secretAnswer);
  const { status, body, text } = await call("POST", "/v1/vault/check", admin);
  expect(status).toBe(200);
  expect(body.credentials.map(({ name }: { name: string }) => name)).toEqual(Object.keys(CREDENTIALS));
  const problems = Object.fromEntries(
    body.credentials.map(({ name, ok, problem }: { name: string; ok: boolean; problem?: string }) => [
      name,
      ok ? "ok" : problem,
    ]),
  );
  expect(problems).toEqual({
    hook: "ok",
    unset: "not_found",
    empty: "too_short",
    short: "too_short",
    database: "invalid_response",
    unbound: "not_found",
    vaulted: "ok",
    plain: "guessable",
    single: "characters",
  });
  expect(body.credentials[0]).toEqual({ name: "hook", ref: "env://HOOK_URL", ok: true });
  expect(text).not.toMatch(/hooks\.example\.com|hunter2|sk_live|dp\.st|my-secret|9fK2/);
});

test("INV-24: vault check reports a vault's refusal without the vault's words", async () => {
  vaultAnswers(() => Response.json({ messages: [`${TOKEN} may not read ${SECRET}`] }, { status: 403 }));
  const { body, text } = await call("POST", "/v1/vault/check", admin);
  const vaulted = body.credentials.find(({ name }: { name: string }) => name === "vaulted");
  expect(vaulted).toMatchObject({ ok: false, ref: "doppler://gate/prd/STRIPE_KEY", problem: "denied" });
  expect(vaulted.detail).toMatch(/Doppler/);
  expect(text).not.toMatch(/sk_live|dp\.st/);
});

test("vault check fetches at most four secrets in parallel, each once", async () => {
  const many = Array.from({ length: 30 }, (_, at) => `  c${at}: { ref: doppler://gate/prd/KEY_${at} }`);
  await changeRules({
    policies: {},
    registry: `credentials:\n${many.join("\n")}\nvaults: { d: { type: doppler, token: env://VAULT_OPENER } }\n`,
  });
  let open = 0;
  let most = 0;
  const vaultFetch = vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    open += 1;
    most = Math.max(most, open);
    await new Promise((resolve) => setTimeout(resolve, 1));
    open -= 1;
    const name = new URL(new Request(input).url).searchParams.get("name");
    return Response.json({ name, value: { raw: SECRET, computed: SECRET } });
  });
  const { body } = await call("POST", "/v1/vault/check", admin);
  expect(body.credentials.map(({ name }: { name: string }) => name)).toEqual(many.map((_, at) => `c${at}`));
  expect(body.credentials.every(({ ok }: { ok: boolean }) => ok)).toBe(true);
  expect(vaultFetch).toHaveBeenCalledTimes(30);
  expect(most).toBe(4);
});

test("roles: vault check is refused to all but admins, without a request to a vault", async () => {
  const vaultFetch = vaultAnswers(secretAnswer);
  expect((await call("POST", "/v1/vault/check")).status).toBe(401);
  for (const role of ["agent", "runner", "reviewer", "auditor"]) {
    const { key } = await register(role);
    expect((await call("POST", "/v1/vault/check", key)).status, role).toBe(403);
  }
  expect(vaultFetch).not.toHaveBeenCalled();
});

test("vault check without credentials is an empty list", async () => {
  await changeRules({ policies: {}, registry: "people: {}\n" });
  expect((await call("POST", "/v1/vault/check", admin)).body).toEqual({ credentials: [] });
});
