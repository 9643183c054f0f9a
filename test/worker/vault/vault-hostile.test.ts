import { afterEach, describe, expect, test, vi } from "vitest";
import { sendOutgoing } from "../../../src/adapters/outgoing.ts";
import { fetchSecret } from "../../../src/adapters/vault/fetch-secret.ts";
import { parseSecretRef } from "../../../src/core/registry/secret-ref.ts";
import type {
  Outgoing,
  OutgoingAnswer,
  OutgoingProblem,
  SendOutgoing,
} from "../../../src/ports/notifications.ts";
import type { VaultConnections } from "../../../src/core/registry/vault-connection.ts";

const SECRET = "sk_live_9f8e7d6c5b4a3210";
const LOGIN_TOKEN = "login-token-0123456789";
const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);

const own = (name: string) => ({ scheme: "env", name }) as const;

const VARIABLES = {
  OP_TOKEN: "connect-token-abcdef",
  APPROLE_SECRET: "approle-secret-id-abcdef",
  AWS_ID: "AKIDEXAMPLE",
  AWS_KEY: "aws-secret-access-key-abcdef",
  AWS_SESSION: "aws-session-token-abcdef",
  AZURE_SECRET: "azure-client-secret-abcdef",
  DOPPLER_TOKEN: "dp.st.prd.abcdef",
};

const NEVER_SHOWN = [SECRET, LOGIN_TOKEN, ...Object.values(VARIABLES)];

/** Every vault at one address, or at the ones that are its provider's. */
function connectionsAt(address: string | null, allowPrivate = false): VaultConnections {
  return {
    "1password": {
      provider: "1password",
      url: address ?? "https://connect.example.com",
      token: own("OP_TOKEN"),
      allowPrivate,
    },
    hashicorp: {
      provider: "hashicorp",
      url: address ?? "https://vault.example.com",
      namespace: "team",
      kv: 2,
      mounts: [],
      auth: { method: "approle", mount: "approle", roleId: "role-1", secretId: own("APPROLE_SECRET") },
      allowPrivate,
    },
    aws: {
      provider: "aws",
      region: "eu-west-1",
      accessKeyId: own("AWS_ID"),
      secretAccessKey: own("AWS_KEY"),
      sessionToken: own("AWS_SESSION"),
      endpoint: address,
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
    doppler: {
      provider: "doppler",
      url: address ?? "https://api.doppler.com",
      token: own("DOPPLER_TOKEN"),
      allowPrivate,
    },
  };
}

const CONNECTIONS = connectionsAt(null);

const VAULT = "ftz4pm2xxwmwrsd7rjqn7grzfz";
const ITEM = "2fcbqwe9ndg175zg2dzwftvkpa";

/** Per vault: a reference, and the answers that lead to the secret. */
const PROVIDERS = {
  "1password": {
    ref: "op://AI-Agents/Stripe/key",
    steps: [
      [{ id: VAULT, name: "AI-Agents" }],
      [{ id: ITEM, title: "Stripe" }],
      { id: ITEM, fields: [{ id: "key", label: "key", value: SECRET }] },
    ],
  },
  hashicorp: {
    ref: "vault://kv/stripe#key",
    steps: [{ auth: { client_token: LOGIN_TOKEN, num_uses: 1 } }, { data: { data: { key: SECRET } } }],
  },
  aws: { ref: "aws-sm://stripe", steps: [{ SecretString: SECRET }] },
  azure: { ref: "azkv://acme/key", steps: [{ access_token: LOGIN_TOKEN }, { value: SECRET }] },
  doppler: { ref: "doppler://project/config/NAME", steps: [{ value: { computed: SECRET } }] },
} as const;

type Provider = keyof typeof PROVIDERS;

const EACH = Object.keys(PROVIDERS) as Provider[];
const EACH_STEP = EACH.flatMap((provider) =>
  PROVIDERS[provider].steps.map((_, step) => [provider, step] as const),
);

function fetched(
  provider: Provider,
  { connections = CONNECTIONS, send = sendOutgoing as SendOutgoing, now = () => NOW } = {},
) {
  const ref = parseSecretRef(PROVIDERS[provider].ref);
  if (!ref.ok) throw new Error(ref.error);
  return fetchSecret(ref.value, connections, { send, variables: VARIABLES, now });
}

/** Answers as the provider does, up to a step; -1: to the end. */
function misbehaving(
  provider: Provider,
  step: number,
  odd: (request: Request) => Promise<Response> | Response,
) {
  let at = -1;
  return vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    at += 1;
    return at >= step && step >= 0
      ? odd(new Request(input, init))
      : Response.json(PROVIDERS[provider].steps[at]);
  });
}

/** Everything that was sent, and the secret, as a careless error page would echo it. */
async function echo(request: Request): Promise<string> {
  const headers = JSON.stringify([...request.headers]);
  return `${request.url} ${headers} ${new TextDecoder().decode(await request.arrayBuffer())} ${SECRET} ${NEVER_SHOWN.join(" ")}`;
}

const ODD: readonly (readonly [string, string, (request: Request) => Promise<Response> | Response])[] = [
  ["says 401", "denied", async (request) => new Response(await echo(request), { status: 401 })],
  [
    "says 403",
    "denied",
    async (request) => Response.json({ errors: [await echo(request)] }, { status: 403 }),
  ],
  ["says 429", "rate_limited", async (request) => new Response(await echo(request), { status: 429 })],
  [
    "says 500",
    "unavailable",
    async (request) => Response.json({ message: await echo(request) }, { status: 500 }),
  ],
  ["says 503", "unavailable", () => new Response("<html>sealed</html>", { status: 503 })],
  ["says 418", "invalid_response", () => new Response("{}", { status: 418 })],
  ["says 204", "invalid_response", () => new Response(null, { status: 204 })],
  ["says 201 with the secret", "invalid_response", () => Response.json({ value: SECRET }, { status: 201 })],
  [
    "redirects",
    "invalid_response",
    () => new Response(null, { status: 307, headers: { Location: "https://169.254.169.254/" } }),
  ],
  [
    "shows a page",
    "invalid_response",
    async (request) =>
      new Response(`<html>${await echo(request)}</html>`, { headers: { "Content-Type": "text/html" } }),
  ],
  [
    "breaks off",
    "invalid_response",
    () => new Response(`{"value":"${SECRET}`, { headers: { "Content-Type": "application/json" } }),
  ],
  [
    "says nothing",
    "invalid_response",
    () => new Response("", { headers: { "Content-Type": "application/json" } }),
  ],
  [
    "names each member twice",
    "invalid_response",
    async (request) => {
      const twice = ["value", "access_token", "SecretString", "data", "id"].map(
        (name) => `"${name}":"${SECRET}"`,
      );
      return new Response(
        `{${[...twice, ...twice].join(",")},"echo":${JSON.stringify(await echo(request))}}`,
      );
    },
  ],
  ["says null", "invalid_response", () => Response.json(null)],
  ["says only the secret", "invalid_response", () => Response.json(SECRET)],
  ["says a number", "invalid_response", () => Response.json(12_345_678)],
  [
    "is gone",
    "unavailable",
    async (request) => Promise.reject(new TypeError(`can't connect: ${await echo(request)}`)),
  ],
  ["throws a value that is no Error", "unavailable", () => Promise.reject(SECRET)],
];

afterEach(() => vi.restoreAllMocks());

describe("INV-24: a vault that is down, denies or answers oddly gives a clear error without a secret", () => {
  test.each(EACH_STEP)("%s, request %i", async (provider, step) => {
    const consoles = (["log", "info", "warn", "error", "debug", "trace"] as const).map((level) =>
      vi.spyOn(console, level),
    );
    for (const [how, problem, odd] of ODD) {
      const sent = misbehaving(provider, step, odd);
      const answer = await fetched(provider);
      expect({ how, answer }).toEqual({
        how,
        answer: { ok: false, error: { problem, detail: expect.stringMatching(/^\S.{15,200}$/) } },
      });
      const shown = JSON.stringify(answer);
      for (const hidden of [...NEVER_SHOWN, "?", "https:"]) {
        expect({ how, shows: shown.includes(hidden) ? hidden : null }).toEqual({ how, shows: null });
      }
      // A response is never retried; a connection failure is, once.
      expect({ how, times: sent.mock.calls.length }).toEqual({ how, times: step + (isGone(how) ? 2 : 1) });
      sent.mockRestore();
    }
    for (const spied of consoles) expect(spied).not.toHaveBeenCalled();
  });

  const isGone = (how: string) => how === "is gone" || how === "throws a value that is no Error";

  test.each(EACH_STEP.filter(([provider, step]) => !(provider === "azure" && step === 0)))(
    "%s, request %i: not found",
    async (provider, step) => {
      misbehaving(provider, step, () => new Response("404 page not found", { status: 404 }));
      expect(await fetched(provider)).toMatchObject({ ok: false, error: { problem: "not_found" } });
    },
  );

  test.each(EACH_STEP)(
    "%s, request %i: an array in place of an object, and the reverse",
    async (provider, step) => {
      for (const odd of [[], [[]], {}, { value: {}, data: [], auth: [], fields: {}, items: [] }]) {
        misbehaving(provider, step, () => Response.json(odd));
        const answer = await fetched(provider);
        expect(answer).toMatchObject({
          ok: false,
          error: { problem: expect.stringMatching(/invalid_response|not_found/) },
        });
        vi.restoreAllMocks();
      }
    },
  );
});

test.each(EACH)("INV-21: %s is asked for each use, because no secret is cached", async (provider) => {
  const { steps } = PROVIDERS[provider];
  let at = 0;
  const sent = vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    at += 1;
    return Response.json(steps[(at - 1) % steps.length]);
  });
  for (const times of [1, 2, 3]) {
    expect(await fetched(provider)).toEqual({ ok: true, value: SECRET });
    expect(sent).toHaveBeenCalledTimes(times * steps.length);
  }
});

describe("INV-22: vaults are called at public addresses by https", () => {
  const LOCAL = [
    "http://vault.example.com",
    "https://127.0.0.1:8200",
    "https://2130706433",
    "https://0x7f.1",
    "https://10.0.0.1",
    "https://169.254.169.254",
    "https://[::1]",
    "https://[::ffff:10.0.0.1]",
    "https://localhost",
    "https://vault.internal",
    "https://vault",
    "https://user:pass@vault.example.com",
  ] as const;

  test.each(EACH.filter((provider) => provider !== "azure"))(
    "%s at a private or malformed address is refused",
    async (provider) => {
      const sent = vi.spyOn(globalThis, "fetch");
      for (const address of LOCAL) {
        const answer = await fetched(provider, { connections: connectionsAt(address) });
        expect({ address, answer }).toMatchObject({
          address,
          answer: { error: { problem: "refused_address" } },
        });
        expect(JSON.stringify(answer)).not.toContain("pass");
      }
      expect(sent).not.toHaveBeenCalled();
    },
  );

  test.each(["internal.", "nip.io", "svc.cluster.local"])(
    "an Azure vault under the suffix %s is refused",
    async (suffix) => {
      const { azure } = CONNECTIONS;
      const sent = misbehaving("azure", 1, () => Response.json({ value: SECRET }));
      const answer = await fetched("azure", {
        connections: azure === undefined ? {} : { azure: { ...azure, suffix } },
      });
      expect(answer).toMatchObject({
        error: { problem: expect.stringMatching(/refused_address|not_configured/) },
      });
      for (const [input] of sent.mock.calls) expect(String(input)).toContain("login.microsoftonline.com");
    },
  );

  test.each(["1password", "hashicorp", "aws", "doppler"] as const)(
    "%s at a private address is called where the operator allows it",
    async (provider) => {
      const sent = misbehaving(provider, -1, () => new Response());
      const connections = connectionsAt("http://10.0.0.5:8080", true);
      expect(await fetched(provider, { connections })).toEqual({ ok: true, value: SECRET });
      for (const [input] of sent.mock.calls) expect(String(input)).toMatch(/^http:\/\/10\.0\.0\.5:8080\//);
    },
  );

  test.each([
    "https://vault.example.com/?x=",
    "https://vault.example.com#",
    "vault.example.com",
    "",
    "nonsense",
  ])("an address that a path can't be appended to is refused: %j", async (address) => {
    const sent = vi.spyOn(globalThis, "fetch");
    for (const provider of ["1password", "hashicorp", "aws", "doppler"] as const) {
      const answer = await fetched(provider, { connections: connectionsAt(address) });
      expect(answer).toMatchObject({ error: { problem: "not_configured" } });
    }
    expect(sent).not.toHaveBeenCalled();
  });

  test("a mount, tenant or role with dot segments is refused", async () => {
    const sent = vi.spyOn(globalThis, "fetch");
    const { azure, hashicorp } = CONNECTIONS;
    if (azure === undefined || hashicorp === undefined) throw new Error("both are there");
    for (const dots of ["..", ".", "", "a/../b", "a//b"]) {
      const auth = { method: "approle", mount: dots, roleId: "r", secretId: own("APPROLE_SECRET") } as const;
      const answer = await fetched("hashicorp", { connections: { hashicorp: { ...hashicorp, auth } } });
      expect(answer).toMatchObject({ error: { problem: "not_configured" } });
    }
    for (const tenant of ["..", ".", ""]) {
      const answer = await fetched("azure", { connections: { azure: { ...azure, tenant } } });
      expect(answer).toMatchObject({ error: { problem: "not_configured" } });
    }
    expect(sent).not.toHaveBeenCalled();
  });
});

describe("the secret that opens a vault", () => {
  test.each(EACH)("%s without a connection is not configured", async (provider) => {
    const sent = vi.spyOn(globalThis, "fetch");
    expect(await fetched(provider, { connections: {} })).toMatchObject({
      error: { problem: "not_configured" },
    });
    expect(sent).not.toHaveBeenCalled();
  });

  const UNUSABLE = [
    ["is missing", undefined],
    ["is empty", ""],
    ["is too short", "short"],
    ["ends in a line break", `${VARIABLES.OP_TOKEN}\n`],
    ["holds another header", "token\r\nX-Injected: yes"],
    ["is a binding", { get: async () => "text-from-a-binding" }],
  ] as const;

  test.each(UNUSABLE)("INV-24: a secret that %s is not sent", async (_, value) => {
    const sent = vi.spyOn(globalThis, "fetch");
    for (const provider of EACH) {
      const ref = parseSecretRef(PROVIDERS[provider].ref);
      if (!ref.ok) throw new Error(ref.error);
      const variables = Object.fromEntries(Object.keys(VARIABLES).map((name) => [name, value]));
      const answer = await fetchSecret(ref.value, CONNECTIONS, {
        send: sendOutgoing,
        variables,
        now: () => NOW,
      });
      expect(answer).toMatchObject({
        ok: false,
        error: {
          problem: "not_configured",
          detail: expect.stringMatching(/^the credential of .* \(env:\/\/[A-Z_]+\) /),
        },
      });
      expect(JSON.stringify(answer)).not.toContain("oken");
    }
    expect(sent).not.toHaveBeenCalled();
  });

  test.each([
    ["1password", "OP_TOKEN", "tökén-übér"],
    ["1password", "OP_TOKEN", "токен-доступа"],
    ["doppler", "DOPPLER_TOKEN", "токен-доступа"],
    ["aws", "AWS_ID", "tökén-übér"],
    ["aws", "AWS_ID", "токен-доступа"],
    ["aws", "AWS_SESSION", "токен-доступа"],
    ["aws", "AWS_SESSION", "two words"],
  ] as const)("INV-21: %s's %s is refused where no header can hold it: %s", async (provider, name, value) => {
    const sent = vi.spyOn(globalThis, "fetch");
    const ref = parseSecretRef(PROVIDERS[provider].ref);
    if (!ref.ok) throw new Error(ref.error);
    const variables = { ...VARIABLES, [name]: value };
    const answer = await fetchSecret(ref.value, CONNECTIONS, {
      send: sendOutgoing,
      variables,
      now: () => NOW,
    });
    expect(answer).toMatchObject({ ok: false, error: { problem: "not_configured" } });
    expect(JSON.stringify(answer)).not.toContain(value);
    expect(sent).not.toHaveBeenCalled();
  });
});

describe("INV-21: a secret that can't be injected or masked is refused", () => {
  const KIB_64 = 64 * 1024;

  test.each([
    ["empty", "", "too_short"],
    ["of seven characters", "1234567", "too_short"],
    ["that ends in a line feed", `${SECRET}\n`, "invalid_response"],
    ["that holds a header", `${SECRET}\r\nHost: evil.example`, "invalid_response"],
    ["that holds a carriage return", `sk\r${SECRET}`, "invalid_response"],
    ["that holds NUL", `${SECRET}\0`, "invalid_response"],
    ["of half a character", `${SECRET}\ud800`, "invalid_response"],
    ["that was no text", `${SECRET}\ufffd`, "invalid_response"],
    ["over 64 KiB", "x".repeat(KIB_64 + 1), "too_large"],
    ["over 64 KiB as bytes only", "é".repeat(KIB_64 / 2 + 1), "too_large"],
  ])("a secret %s", async (_, value, problem) => {
    misbehaving("doppler", 0, () => {
      const headers = { "Content-Type": "application/json" };
      return new Response(JSON.stringify({ value: { computed: value } }), { headers });
    });
    const answer = await fetched("doppler");
    expect(answer).toMatchObject({ ok: false, error: { problem } });
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    const ref = { scheme: "env", name: "STRIPE" } as const;
    const deps = { send: sendOutgoing, variables: { STRIPE: value }, now: () => NOW };
    expect(await fetchSecret(ref, {}, deps)).toMatchObject({ ok: false, error: { problem } });
  });

  test.each([
    ["of eight characters", "12345678"],
    ["with blanks at its ends, which are its own", " a secret "],
    ["that is a password in another script", "пароль-für-日本"],
    ["of 64 KiB, escaped to the last", '"'.repeat(KIB_64)],
  ])("but a secret %s is returned", async (_, value) => {
    misbehaving("doppler", 0, () => Response.json({ value: { computed: value } }));
    expect(await fetched("doppler")).toEqual({ ok: true, value });
  });

  test("an answer over 1 MiB is not read to its end", async () => {
    misbehaving("doppler", 0, () =>
      Response.json({ note: "é".repeat(1024 * 1024), value: { computed: SECRET } }),
    );
    expect(await fetched("doppler")).toMatchObject({ ok: false, error: { problem: "too_large" } });
  });

  test.each(["text/html; charset=utf-8", "text/plain", ""])(
    "JSON with the content type %j is read",
    async (type) => {
      misbehaving("doppler", 0, () => {
        const text = new TextEncoder().encode(JSON.stringify({ value: { computed: SECRET } }));
        return new Response(text, { headers: type === "" ? {} : { "Content-Type": type } });
      });
      expect(await fetched("doppler")).toEqual({ ok: true, value: SECRET });
    },
  );

  test("an answer with many other members is searched", async () => {
    misbehaving("doppler", 0, () =>
      Response.json({ note: "x".repeat(900_000), value: { computed: SECRET } }),
    );
    expect(await fetched("doppler")).toEqual({ ok: true, value: SECRET });
  });
});

/** Plays the sender: how long each answer takes, and what it is. */
function slowly(...answers: readonly (readonly [number, unknown])[]) {
  let clock = NOW;
  const sent: Outgoing[] = [];
  const send: SendOutgoing = async (request) => {
    const [takesMs, answer] = answers[sent.length] ?? [0, "unreachable"];
    sent.push(request);
    clock += takesMs;
    if (typeof answer === "string") return { ok: false, error: answer as OutgoingProblem };
    return { ok: true, value: answer as OutgoingAnswer };
  };
  return { send, now: () => clock, sent };
}

const jsonAnswer = (value: unknown, text = JSON.stringify(value)) => ({
  status: 200,
  headers: new Headers({ "Content-Type": "application/json" }),
  text,
});

describe("INV-24: a slow vault", () => {
  const [vaults, items, item] = PROVIDERS["1password"].steps;

  test("has ten seconds for one answer and fifteen for all", async () => {
    const { sent, ...slow } = slowly(
      [6_000, jsonAnswer(vaults)],
      [6_000, jsonAnswer(items)],
      [2_000, jsonAnswer(item)],
    );
    expect(await fetched("1password", slow)).toEqual({ ok: true, value: SECRET });
    expect(sent.map(({ timeoutMs }) => timeoutMs)).toEqual([10_000, 9_000, 3_000]);
  });

  test("is not called when no time is left", async () => {
    const { sent, ...slow } = slowly([8_000, jsonAnswer(vaults)], [7_000, jsonAnswer(items)]);
    expect(await fetched("1password", slow)).toMatchObject({ error: { problem: "timeout" } });
    expect(sent).toHaveLength(2);
  });

  test.each(EACH)("%s is not called again after a timeout", async (provider) => {
    const { sent, ...slow } = slowly([10_000, "timeout"]);
    expect(await fetched(provider, slow)).toMatchObject({ error: { problem: "timeout" } });
    expect(sent).toHaveLength(1);
  });

  test("that sends its answer too slowly is a timeout, not an invalid response", async () => {
    const { sent: _, ...slow } = slowly([10_000, jsonAnswer(null, '{"value":{"comp')]);
    expect(await fetched("doppler", slow)).toMatchObject({ error: { problem: "timeout" } });
    const { sent: _quick, ...quick } = slowly([10, jsonAnswer(null, '{"value":{"comp')]);
    expect(await fetched("doppler", quick)).toMatchObject({ error: { problem: "invalid_response" } });
  });
});

describe("a broken connection to a vault is retried once", () => {
  test.each(EACH)("%s", async (provider) => {
    const answers = PROVIDERS[provider].steps.flatMap((step) => [
      [0, "unreachable"] as const,
      [0, jsonAnswer(step)] as const,
    ]);
    const { sent, ...broken } = slowly(...answers);
    expect(await fetched(provider, broken)).toEqual({ ok: true, value: SECRET });
    expect(sent).toHaveLength(answers.length);
    const { sent: never, ...gone } = slowly();
    expect(await fetched(provider, gone)).toMatchObject({ error: { problem: "unavailable" } });
    expect(never).toHaveLength(2);
  });
});
