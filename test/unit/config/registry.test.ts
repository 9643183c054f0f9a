import { expect, test } from "vitest";
import { crossCheck } from "../../../src/config/cross-checks.ts";
import { EMPTY_LOCAL_REGISTRY, EMPTY_REGISTRY, parseRegistry } from "../../../src/config/registry/parse.ts";
import { parsePolicy } from "../../../src/config/policy/parse.ts";
import { CONTRADICTIONS, FULL, INVALID_REGISTRIES } from "../../support/registry-files.ts";

function registry(text: string) {
  const parsed = parseRegistry("gate.yaml", text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

test("every key of the registry is read", () => {
  const { people, groups, destinations, credentials, unboundDestinations } = registry(FULL);
  expect(unboundDestinations).toBe("block");
  expect(people.get("ana")).toEqual({
    id: "ana",
    name: "Ana Diaz",
    email: "ana@example.com",
    slack: null,
  });
  expect(groups.get("finance")).toEqual(new Set(["ana", "ben"]));
  expect(credentials.get("stripe")).toEqual({
    kind: "stored",
    ref: { scheme: "env", name: "STRIPE_KEY" },
  });
  expect(destinations.get("stripe.refund")).toMatchObject({
    policies: ["pay"],
    measure: {
      records: { kind: "path", path: "$.lines" },
      amount: { path: "lines.amount", unit: "minor", currency: { path: "currency" } },
      recipients: "lines.to",
    },
    executor: "gate",
    claimRequired: true,
    proofRequired: false,
    idempotent: true,
    riskWeight: 40,
    upstream: { url: "https://api.stripe.com", prefix: "/stripe", allowPrivate: false },
    credential: { name: "stripe", injection: { kind: "bearer" } },
  });
  expect(destinations.get("zendesk.reply")).toMatchObject({
    measure: { records: { kind: "single" }, amount: null, recipients: null },
    runners: ["vpc-1"],
  });
});

test.each(INVALID_REGISTRIES)("a registry is refused for %s", (_name, text, message) => {
  const parsed = parseRegistry("gate.yaml", `${text}\n`);
  const messages = parsed.ok ? "" : parsed.error.map((problem) => problem.message).join("\n");
  expect(messages).toMatch(message);
});

test("INV-22: a private address is accepted where the operator wrote allow_private", () => {
  const text = 'destinations: { a.b: { upstream: "http://10.0.0.5:8080", allow_private: true } }';
  expect(registry(text).destinations.get("a.b")?.upstream?.allowPrivate).toBe(true);
});

test("INV-13: unbound destinations without a setting follow the deployment's default, and are refused without one", () => {
  const text = "destinations: {}\n";
  expect(registry(text).unboundDestinations).toBe("block");
  const local = parseRegistry("gate.yaml", text, "allow");
  expect(local.ok && local.value.unboundDestinations).toBe("allow");
  const written = parseRegistry("gate.yaml", "unbound_destinations: block\n", "allow");
  expect(written.ok && written.value.unboundDestinations).toBe("block");
  expect([EMPTY_REGISTRY.unboundDestinations, EMPTY_LOCAL_REGISTRY.unboundDestinations]).toEqual([
    "block",
    "allow",
  ]);
});

test("INV-09: a destination's configuration hash changes with its entry, and with nothing else", () => {
  const hash = (entry: string, rest = "") =>
    registry(`destinations: { a.b: ${entry} }\n${rest}`).destinations.get("a.b")?.configHash;
  expect(hash("{ records: auto }")).toBe(hash("{}", "people: { a: { name: A } }\n"));
  for (const other of [
    "{ records: single }",
    "{ policies: [x] }",
    "{ risk_weight: 0 }",
    "{ idempotent: true }",
  ]) {
    expect(hash(other)).not.toBe(hash("{}"));
  }
});

test("destinations named like members of Object.prototype are ordinary entries", () => {
  const { destinations } = registry("destinations: { constructor: { risk_weight: 1 } }\n");
  expect(destinations.get("constructor")?.riskWeight).toBe(1);
  expect(destinations.get("toString")).toBeUndefined();
});

test.each(CONTRADICTIONS)(
  "rules are refused across files for %s",
  (_name, policyText, registryText, message) => {
    const parsed = parsePolicy("pay.yaml", policyText);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    const problems = crossCheck([{ file: "pay.yaml", text: policyText, policy: parsed.value }], {
      file: "gate.yaml",
      text: registryText,
      registry: registry(registryText),
    });
    expect(
      problems
        .map(({ file, line, column, message: text }) => `${file}:${line}:${column}: ${text}`)
        .join("\n"),
    ).toMatch(message);
  },
);
