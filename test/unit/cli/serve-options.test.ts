import { describe, expect, test } from "vitest";
import { credentialVariables } from "../../../cli/serve/credentials.ts";
import { parseServeOptions } from "../../../cli/serve/options.ts";
import type { Registry } from "../../../src/core/registry/registry.ts";
import type { SecretRef } from "../../../src/core/registry/secret-ref.ts";
import { EMPTY_REGISTRY, parseRegistry } from "../../../src/config/registry/parse.ts";

describe("the public URL of a server", () => {
  test.each([
    ["https://gate.example.com", "https://gate.example.com"],
    ["https://gate.example.com/", "https://gate.example.com"],
    ["http://127.0.0.1:4000", "http://127.0.0.1:4000"],
  ])("accepts %s", (written, expected) => {
    expect(parseServeOptions(["--public-url", written], "/").publicUrl).toBe(expected);
  });

  test.each([
    "gate.example.com",
    "ftp://gate.example.com",
    "javascript:alert(1)",
    "https://gate.example.com/gate",
    "https://gate.example.com/?a=1",
    "https://gate.example.com/#a",
    "https://user@gate.example.com",
    "",
  ])("refuses %s", (written) => {
    expect(() => parseServeOptions(["--public-url", written], "/")).toThrow(/--public-url/);
  });
});

describe("signing in without a key", () => {
  test("needs the flag and a host that is this machine's alone", () => {
    expect(parseServeOptions([], "/").localSignIn).toBe(false);
    for (const host of ["127.0.0.1", "localhost", "::1"]) {
      expect(parseServeOptions(["--local-sign-in", "--host", host], "/").localSignIn).toBe(true);
    }
  });

  test.each(["0.0.0.0", "::", "192.168.1.2", "gate.example.com", "127.0.0.1.example.com"])(
    "is refused on %s",
    (host) => {
      expect(() => parseServeOptions(["--local-sign-in", "--host", host], "/")).toThrow(/this machine alone/);
    },
  );
});

describe("environment variables that credentials name", () => {
  const registry = (credentials: Readonly<Record<string, SecretRef>>): Registry => ({
    ...EMPTY_REGISTRY,
    credentials: new Map(
      Object.entries(credentials).map(([name, ref]) => [name, { kind: "stored", ref }] as const),
    ),
  });
  const stripe = { scheme: "env", name: "STRIPE_KEY" } as const;

  test("are passed to the runtime, and no others", () => {
    const lines: string[] = [];
    const variables = credentialVariables({ STRIPE_KEY: "sk_1", OTHER: "x" }, new Set(), (line) =>
      lines.push(line),
    );
    const elsewhere = { scheme: "aws-sm", name: "OTHER", key: null, stage: null, version: null } as const;
    variables.collect(registry({ stripe, elsewhere }));
    expect(variables.takeValues()).toEqual({ STRIPE_KEY: "sk_1" });
    expect(lines).toEqual([]);
  });

  test("include those with which access tokens are obtained", () => {
    const text = `credentials: { x: { oauth2: { grant: refresh_token, token_url: https://t.example.com/, client_id: c, secret_ref: env://REFRESH, client_secret_ref: env://CLIENT } } }\n`;
    const parsed = parseRegistry("gate.yaml", text);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    const variables = credentialVariables({ REFRESH: "r-1", CLIENT: "c-1", OTHER: "x" }, new Set(), () => {});
    variables.collect(parsed.value);
    expect(variables.takeValues()).toEqual({ REFRESH: "r-1", CLIENT: "c-1" });
  });

  test("include those that open vaults", () => {
    const lines: string[] = [];
    const environment = { DOPPLER_TOKEN: "dp.st.1", DB: "secret-db", OTHER: "x" };
    const variables = credentialVariables(environment, new Set(["DB"]), (line) => lines.push(line));
    const env = (name: string) => ({ scheme: "env", name }) as const;
    const doppler = { provider: "doppler", url: "https://d.example.com", allowPrivate: false } as const;
    const aws = { provider: "aws", region: "eu-west-1", endpoint: null, allowPrivate: false } as const;
    variables.collect({
      ...EMPTY_REGISTRY,
      vaults: {
        doppler: { ...doppler, token: env("DOPPLER_TOKEN") },
        aws: {
          ...aws,
          accessKeyId: env("AWS_ID"),
          secretAccessKey: env("DB"),
          sessionToken: { scheme: "secrets-store", binding: "OTHER" },
        },
      },
    });
    expect(variables.takeValues()).toEqual({ DOPPLER_TOKEN: "dp.st.1" });
    expect(lines).toEqual([
      "gate.yaml: AWS_ID (the token of a vault) is not set in the environment",
      "gate.yaml: the token of a vault can't use DB, which is Gate's own variable",
    ]);
  });

  test("are reported by name, once, when missing, added late, or Gate's own; values never", () => {
    const lines: string[] = [];
    const environment = { STRIPE_KEY: "", LATE: "secret-late", DB: "secret-db" };
    const variables = credentialVariables(environment, new Set(["DB"]), (line) => lines.push(line));
    const first = registry({ stripe, db: { scheme: "env", name: "DB" } });
    variables.collect(first);
    variables.collect(first);
    expect(variables.takeValues()).toEqual({});
    const edited = registry({ stripe, late: { scheme: "env", name: "LATE" } });
    variables.collect(edited);
    variables.collect(edited);
    expect(lines).toEqual([
      "gate.yaml: STRIPE_KEY (the credential stripe) is not set in the environment",
      "gate.yaml: the credential db can't use DB, which is Gate's own variable",
      "gate.yaml: LATE (the credential late) is read at the next start",
    ]);
    expect(variables.takeValues()).toEqual({});
  });
});
