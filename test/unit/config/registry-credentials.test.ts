import { describe, expect, test } from "vitest";
import { secretRefText } from "../../../src/core/registry/secret-ref.ts";
import { openersOf } from "../../../src/core/registry/vault-connection.ts";
import { parseRegistry } from "../../../src/config/registry/parse.ts";
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
])("a credential is read as it is written: %s", (written) => {
  const { credentials } = read(`${VAULTS}credentials: { stripe: { ref: "${written}" } }\n`);
  const ref = credentials.get("stripe");
  expect(ref === undefined ? null : secretRefText(ref)).toBe(written);
});

test("a deployment's own secrets need no vault", () => {
  expect(
    read("credentials: { a: { ref: env://A_KEY }, b: { ref: secrets-store://B } }").credentials.size,
  ).toBe(2);
});

test.each(VALID_VAULTS)("a vault is read, with what is left out: %s", (written, expected) => {
  expect(read(`vaults: { v: ${written} }\n`).vaults).toEqual(expected);
});

test("what opens the vaults is known by name", () => {
  expect(openersOf(read(VAULTS).vaults).map(secretRefText)).toEqual([
    "env://OP_TOKEN",
    "secrets-store://VAULT_TOKEN",
    "env://AWS_ID",
    "env://AWS_KEY",
    "env://AZURE_SECRET",
    "env://DOPPLER_TOKEN",
  ]);
});

test.each(INVALID_CREDENTIALS)("refuses %s", (_name, text, message) => {
  expect(problems(text)).toMatch(message);
});

describe("INV-21: a secret that was written where its place belongs", () => {
  test.each(MISPLACED_SECRETS)("is refused at its place and not repeated: %s", (text) => {
    const said = problems(text);
    expect(said).toMatch(/^\d+:\d+: /);
    expect(said).not.toContain(MISPLACED_SECRET);
  });
});

test("INV-21: nor is it repeated where it has a line of its own", () => {
  const said = problems("credentials:\n  x: { ref: env://X }\n  y:\n    ref: hunter2-hunter2");
  expect(said).toMatch(/^4:10: /);
  expect(said).not.toContain("hunter2");
});

test("where secrets are is no part of what approvals of a destination hold for", () => {
  const destination = "destinations: { a.b: { upstream: https://a.example.com, credential: x } }\n";
  const hash = (text: string) => read(text + destination).destinations.get("a.b")?.configHash;
  const first = hash("credentials: { x: { ref: env://X_KEY } }\n");
  expect(first).toMatch(/./);
  expect(hash(`${VAULTS}credentials: { x: { ref: op://a/b/c } }\n`)).toBe(first);
});
