import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSecretRef, type SecretRef, secretRefText } from "../../../../src/core/registry/secret-ref.ts";

const ID = "hfnjvi6aymbsnfc2xeeoheizda";
const VERSION_ID = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
const AZURE_VERSION = "4387e9f3d6e14c459867679a90fd0f79";
const ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret";

const aws = (more: Partial<Extract<SecretRef, { scheme: "aws-sm" }>>): SecretRef => ({
  scheme: "aws-sm",
  name: "stripe",
  key: null,
  stage: null,
  version: null,
  ...more,
});

const VALID: readonly (readonly [string, SecretRef])[] = [
  ["env://STRIPE_API_KEY", { scheme: "env", name: "STRIPE_API_KEY" }],
  ["env://_X9", { scheme: "env", name: "_X9" }],
  ["env://GATEWAY_KEY", { scheme: "env", name: "GATEWAY_KEY" }],
  ["secrets-store://STRIPE", { scheme: "secrets-store", binding: "STRIPE" }],
  [
    "op://AI-Agents/Stripe/key",
    { scheme: "op", vault: "AI-Agents", item: "Stripe", section: null, field: "key" },
  ],
  [
    "op://My Vault/Stripe v1.2/Live keys/secret_key",
    { scheme: "op", vault: "My Vault", item: "Stripe v1.2", section: "Live keys", field: "secret_key" },
  ],
  [`op://${ID}/${ID}/${ID}`, { scheme: "op", vault: ID, item: ID, section: null, field: ID }],
  ["vault://kv/stripe#key", { scheme: "vault", path: "kv/stripe", key: "key", version: null }],
  [
    "vault://secret/team-a/prod/stripe@v2#api.key?version=12",
    { scheme: "vault", path: "secret/team-a/prod/stripe@v2", key: "api.key", version: 12 },
  ],
  [
    "vault://kv/constructor#__proto__",
    { scheme: "vault", path: "kv/constructor", key: "__proto__", version: null },
  ],
  ["aws-sm://stripe", aws({})],
  ["aws-sm://prod/stripe_live+1=a.b@c-d", aws({ name: "prod/stripe_live+1=a.b@c-d" })],
  ["aws-sm://stripe#secret_key", aws({ key: "secret_key" })],
  ["aws-sm://stripe?stage=AWSPREVIOUS", aws({ stage: "AWSPREVIOUS" })],
  [`aws-sm://stripe#k?version=${VERSION_ID}`, aws({ key: "k", version: VERSION_ID })],
  // Names that services of AWS give the secrets they manage.
  ["aws-sm://rds!db-2c7b#password", aws({ name: "rds!db-2c7b", key: "password" })],
  ["aws-sm://events!connection/crm/4f5e", aws({ name: "events!connection/crm/4f5e" })],
  [`aws-sm://${ARN}:rds!cluster-7-AbCdEf#k`, aws({ name: `${ARN}:rds!cluster-7-AbCdEf`, key: "k" })],
  [`aws-sm://${ARN}:prod/stripe-AbCdEf#k`, aws({ name: `${ARN}:prod/stripe-AbCdEf`, key: "k" })],
  [`aws-sm://${ARN}:/prod/stripe-AbCdEf`, aws({ name: `${ARN}:/prod/stripe-AbCdEf` })],
  [
    "aws-sm://arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a",
    aws({ name: "arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:a" }),
  ],
  [
    "azkv://acme-prod/Stripe-Key",
    { scheme: "azkv", vault: "acme-prod", secret: "Stripe-Key", version: null },
  ],
  [`azkv://acme/k/${AZURE_VERSION}`, { scheme: "azkv", vault: "acme", secret: "k", version: AZURE_VERSION }],
  [
    "doppler://payments/prd_eu/STRIPE_KEY",
    { scheme: "doppler", project: "payments", config: "prd_eu", name: "STRIPE_KEY" },
  ],
];

describe("a secret reference is parsed", () => {
  test.each(VALID)("the reference %s", (text, ref) => {
    expect(parseSecretRef(text)).toEqual({ ok: true, value: ref });
    expect(secretRefText(ref)).toBe(text);
  });
});

/** Values for `X` that lead elsewhere, are ambiguous, or hide from a reader. */
const NEVER_A_PART = [
  "",
  ".",
  "..",
  "%2e%2e",
  "a%2fb",
  "a%",
  "a\\b",
  "a\0b",
  "a\nb",
  "a\r\nHost: x",
  "a\n",
  "\ta",
  "a\u200bb",
  "a\u202eb",
  "é",
  "ａ",
  "\ud800",
  'a"b',
  "a'b",
  "a;b",
  "a&b",
  "{a}",
  "$(a)",
  "a*",
  "<a>",
] as const;

const TEMPLATES = [
  "env://X",
  "secrets-store://X",
  "op://X/item/field",
  "op://vault/X/field",
  "op://vault/item/X",
  "op://vault/item/X/field",
  "op://vault/item/section/X",
  "vault://X/path#key",
  "vault://mount/X#key",
  "vault://mount/a/X/b#key",
  "vault://mount/path#X",
  "aws-sm://X",
  "aws-sm://a/X",
  "aws-sm://a/X/b",
  "aws-sm://a#X",
  "aws-sm://a?stage=X",
  "aws-sm://a?version=X",
  `aws-sm://${ARN}:X`,
  `aws-sm://${ARN}:a/X`,
  "azkv://X/secret",
  "azkv://vault/X",
  "azkv://vault/secret/X",
  "doppler://X/config/NAME",
  "doppler://project/X/NAME",
  "doppler://project/config/X",
] as const;

/** Inside JSON, where no path is walked, dots are a key like any other. */
const KEYS = new Set(["vault://mount/path#X", "aws-sm://a#X", "aws-sm://a?stage=X"]);

describe("INV-22: a secret reference with a second meaning is refused", () => {
  test.each(TEMPLATES)("in %s", (template) => {
    const parts = NEVER_A_PART.filter((part) => !KEYS.has(template) || !/^\.+$/.test(part));
    for (const part of parts) {
      const text = template.replace("X", () => part);
      expect({ text, isOk: parseSecretRef(text).ok }).toEqual({ text, isOk: false });
    }
  });

  test.each([
    // The scheme.
    "",
    "STRIPE_API_KEY",
    "env:STRIPE",
    "env:/STRIPE",
    "ENV://STRIPE",
    " env://STRIPE",
    "env://STRIPE ",
    "https://vault.example.com/v1/secret",
    "op:/vault/item/field",
    "infisical://a/b",
    "constructor://a",
    // Gate's own.
    "env://GATE_SECRET",
    "env://GATE_ADMIN_KEY",
    "env://GATE_",
    "secrets-store://GATE_SECRET",
    "env://lower",
    "env://9LIVES",
    "env://A/B",
    "env://A?x",
    // 1Password.
    "op://vault/item",
    "op://vault/item/section/field/more",
    "op://vault/item/one-time password?attribute=otp",
    "op://vault/item/private key?ssh-format=openssh",
    "op://vault/item/field#x",
    "op:// vault/item/field",
    "op://vault/item /field",
    "op://vault//field",
    "op:///item/field",
    // HashiCorp Vault.
    "vault://mount/path",
    "vault://mount/path#",
    "vault://mount#key",
    "vault://mount/#key",
    "vault:///path#key",
    "vault://mount//path#key",
    "vault://mount/path/#key",
    "vault://mount/path#key#more",
    "vault://mount/path?version=2#key",
    "vault://mount/path#key?version=",
    "vault://mount/path#key?version=0",
    "vault://mount/path#key?version=-1",
    "vault://mount/path#key?version=01",
    "vault://mount/path#key?version=1e3",
    "vault://mount/path#key?version=9999999999",
    "vault://mount/path#key?version=1&version=2",
    "vault://mount/path#key?list=true",
    // AWS.
    "aws-sm:///prod/stripe",
    "aws-sm://prod/stripe/",
    "aws-sm://a//b",
    "aws-sm://a!",
    "aws-sm://a!b!c",
    "aws-sm://A!b",
    "aws-sm://a/b!c",
    "aws-sm://a#",
    "aws-sm://a?stage=",
    "aws-sm://a?stage=A&version=B",
    "aws-sm://a?version=short",
    "aws-sm://a?region=eu-west-1",
    "aws-sm://arn:aws:s3:::bucket",
    "aws-sm://arn:aws:secretsmanager:us-east-1:123:secret:a",
    `aws-sm://${ARN}:`,
    `aws-sm://${ARN}://a`,
    // Azure.
    "azkv://acme.vault.azure.net/secret",
    "azkv://acme:8443/secret",
    "azkv://user@acme/secret",
    "azkv://-acme/secret",
    "azkv://acme-/secret",
    "azkv://ac--me/secret",
    "azkv://ab/secret",
    `azkv://${"a".repeat(25)}/secret`,
    "azkv://acme/my_secret",
    "azkv://acme/secret/latest",
    `azkv://acme/secret/${AZURE_VERSION}/more`,
    "azkv://acme",
    // Doppler.
    "doppler://project/config",
    "doppler://project/config/name",
    "doppler://project/config/NAME/MORE",
  ])("the reference %j", (text) => {
    expect(parseSecretRef(text)).toMatchObject({ ok: false });
  });

  test("a reference longer than 500 characters", () => {
    expect(parseSecretRef(`env://${"A".repeat(494)}`).ok).toBe(true);
    expect(parseSecretRef(`env://${"A".repeat(495)}`).ok).toBe(false);
    expect(parseSecretRef(`op://${"a ".repeat(1_000_000)}`).ok).toBe(false);
  });
});

describe("INV-21: an invalid secret reference is reported without quoting it", () => {
  const PASTED = "Zq7vXw3kPmB9";

  test.each([
    PASTED,
    `env://x${PASTED}`,
    `op://vault/item/field?attribute=${PASTED}`,
    `op://vault/${PASTED}%`,
    `vault://mount/path?${PASTED}`,
    `aws-sm://a?stage=${PASTED}&x`,
    `azkv://vault/${PASTED}!`,
    `doppler://a/b/${PASTED}!`,
    `GATE_${PASTED}`,
    `env://GATE_${PASTED.toUpperCase()}`,
    PASTED.repeat(50),
  ])("the reference %j", (text) => {
    const parsed = parseSecretRef(text);
    expect(parsed.ok).toBe(false);
    const message = parsed.ok ? "" : parsed.error;
    expect(message.length).toBeGreaterThan(20);
    expect(message.toLowerCase()).not.toContain(PASTED.toLowerCase());
  });

  test("a one-time password and Gate's own secret are refused by name", () => {
    expect(parseSecretRef("op://v/i/f?attribute=otp")).toMatchObject({
      error: expect.stringMatching(/one-time/),
    });
    expect(parseSecretRef("env://GATE_SECRET")).toMatchObject({ error: expect.stringMatching(/Gate's own/) });
    expect(parseSecretRef("vault://mount/path")).toMatchObject({
      error: expect.stringMatching(/key is required/),
    });
  });
});

test("INV-22: each secret has one reference text, and a parsed reference prints as that text", () => {
  const character = fc.constantFrom(..."aZ09/#?=&%._- :@+~\\\0é", "version", "stage", "..", "op", ARN, ID);
  const scheme = fc.constantFrom("env", "secrets-store", "op", "vault", "aws-sm", "azkv", "doppler");
  const rest = fc.array(character, { maxLength: 12 }).map((parts) => parts.join(""));
  let taken = 0;
  fc.assert(
    fc.property(scheme, rest, (name, tail) => {
      const text = `${name}://${tail}`;
      const parsed = parseSecretRef(text);
      if (!parsed.ok) return;
      taken += 1;
      expect(secretRefText(parsed.value)).toBe(text);
    }),
    { numRuns: 20_000 },
  );
  expect(taken).toBeGreaterThan(50);
});
