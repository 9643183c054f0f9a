import { describe, expect, test } from "vitest";
import { secretRefsOf } from "../../../src/core/registry/credential.ts";
import { secretRefText } from "../../../src/core/registry/secret-ref.ts";
import { vaultAuthRefs } from "../../../src/core/registry/vault-connection.ts";
import { parseRegistry } from "../../../src/config/registry/parse.ts";
import { inFile, VALID_OAUTH2 } from "../../support/oauth2-files.ts";
import {
  INVALID_CREDENTIALS,
  MISPLACED_SECRET,
  MISPLACED_SECRETS,
  VALID_VAULTS,
  VAULTS,
} from "../../support/credential-files.ts";

function read(text: string) {
  const parsed = parseRegistry("gate.yaml", text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

function problems(text: string): string {
  const parsed = parseRegistry("gate.yaml", `${text}\n`);
  if (parsed.ok) return "";
  return parsed.error.map(({ line, column, message }) => `${line}:${column}: ${message}`).join("\n");
}

test.each([
  "env://STRIPE_KEY",
  "secrets-store://STRIPE_KEY",
  "op://Gate/Stripe live/api/key",
  "vault://kv/gate/stripe#key?version=3",
  "aws-sm://gate/stripe#key?stage=AWSPREVIOUS",
  "azkv://gate-vault/stripe",
  "doppler://gate/prd/STRIPE_KEY",
])("a credential's reference is stored as written: %s", (written) => {
  const { credentials } = read(`${VAULTS}credentials: { stripe: { ref: "${written}" } }\n`);
  const credential = credentials.get("stripe");
  expect(credential?.kind).toBe("stored");
  expect(credential === undefined ? null : secretRefsOf(credential).map(secretRefText)).toEqual([written]);
});

test.each(VALID_OAUTH2)("a source of access tokens is read, with its defaults: %s", (written, expected) => {
  expect(read(`${inFile(written)}\n`).credentials.get("x")).toEqual(expected);
});

test("the stored secrets of every grant are known", () => {
  const found = VALID_OAUTH2.map(([, credential]) => secretRefsOf(credential).map(secretRefText).join(" "));
  expect(found).toEqual([
    "env://A",
    "env://A",
    "env://KEY",
    "env://KEY env://A",
    "env://R",
    "env://R env://A",
  ]);
});

test("the deployment's own secrets need no vault connection", () => {
  expect(
    read("credentials: { a: { ref: env://A_KEY }, b: { ref: secrets-store://B } }").credentials.size,
  ).toBe(2);
});

test.each(VALID_VAULTS)("a vault connection is read, with its defaults: %s", (written, expected) => {
  expect(read(`vaults: { v: ${written} }\n`).vaults).toEqual(expected);
});

test("the secrets that open vaults are known by name", () => {
  expect(vaultAuthRefs(read(VAULTS).vaults).map(secretRefText)).toEqual([
    "env://OP_TOKEN",
    "secrets-store://VAULT_TOKEN",
    "env://AWS_ID",
    "env://AWS_KEY",
    "env://AZURE_SECRET",
    "env://DOPPLER_TOKEN",
  ]);
});

test.each(INVALID_CREDENTIALS)("credentials and vaults are refused for %s", (_name, text, message) => {
  expect(problems(text)).toMatch(message);
});

describe("INV-21: a secret written in place of its reference is refused", () => {
  test.each(MISPLACED_SECRETS)("with its line and without repeating it: %s", (text) => {
    const message = problems(text);
    expect(message).toMatch(/^\d+:\d+: /);
    expect(message).not.toContain(MISPLACED_SECRET);
  });
});

test("INV-21: a secret on a line of its own is refused and not repeated in the message", () => {
  const message = problems("credentials:\n  x: { ref: env://X }\n  y:\n    ref: hunter2-hunter2");
  expect(message).toMatch(/^4:10: /);
  expect(message).not.toContain("hunter2");
});

test("references are no part of a destination's configuration hash, so moving a secret voids no approval", () => {
  const destination = "destinations: { a.b: { upstream: https://a.example.com, credential: x } }\n";
  const hash = (text: string) => read(text + destination).destinations.get("a.b")?.configHash;
  const first = hash("credentials: { x: { ref: env://X_KEY } }\n");
  expect(first).toMatch(/./);
  expect(hash(`${VAULTS}credentials: { x: { ref: op://a/b/c } }\n`)).toBe(first);
});
