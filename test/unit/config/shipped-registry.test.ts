import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { measure } from "../../../src/core/proposal/measure/measure.ts";
import { isRead } from "../../../src/core/outbound/reads.ts";
import { targetOf } from "../../../src/core/outbound/target.ts";
import type { Destination, Registry } from "../../../src/core/registry/registry.ts";
import { crossCheck } from "../../../src/config/cross-checks.ts";
import { parseRegistry } from "../../../src/config/registry/parse.ts";
import { parsePolicy } from "../../../src/config/policy/parse.ts";
import { SHIPPED_BLOCKS, withBlocks } from "../../support/shipped-registry.ts";

/* The ready-made entries of gate.yaml are comments: nothing but this would notice that they have become wrong. */

const ROOT = new URL("../../../", import.meta.url);

const POLICIES = readdirSync(new URL("policies/", ROOT))
  .filter((file) => file.endsWith(".yaml"))
  .map((file) => {
    const text = readFileSync(new URL(`policies/${file}`, ROOT), "utf8");
    const parsed = parsePolicy(file, text);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    return { file, text, policy: parsed.value };
  });

function registryWith(wanted: readonly string[]): Registry {
  const text = withBlocks(["Credentials", ...wanted]);
  const parsed = parseRegistry("gate.yaml", text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const file = { file: "gate.yaml", text, registry: parsed.value };
  expect(crossCheck(POLICIES, file)).toEqual([]);
  return parsed.value;
}

const ALL = registryWith(SHIPPED_BLOCKS);

function entryOf(name: string): Destination {
  const entry = ALL.destinations.get(name);
  if (entry === undefined) throw new Error(`no ${name}`);
  return entry;
}

test("every documented provider has a ready-made entry", () => {
  expect(SHIPPED_BLOCKS).toEqual([
    "Salesforce",
    "HubSpot",
    "Stripe",
    "Zendesk",
    "Intercom",
    "SendGrid",
    "GitHub",
    "Slack",
    "Twilio",
    "Credentials",
  ]);
});

test.each(SHIPPED_BLOCKS.filter((name) => name !== "Credentials"))(
  "the entry for %s loads on its own",
  (name) => {
    const { destinations } = registryWith([name]);
    const general = destinations.get(`${name.toLowerCase()}.other`);
    expect(general).toMatchObject({
      policies: ["other-writes"],
      executor: "forward",
      upstream: { allowPrivate: false, url: expect.stringMatching(/^https:\/\//) },
      credential: { name: name.toLowerCase() },
    });
  },
);

test("every entry that sends has a credential, and every credential has an entry or a channel", () => {
  const sending = [...ALL.destinations.values()].filter(({ upstream }) => upstream !== null);
  expect(sending.length).toBeGreaterThan(15);
  const used = new Set(sending.map(({ credential }) => credential?.name));
  expect(used).toEqual(new Set([...ALL.credentials.keys()].filter((name) => name !== "slack-url")));
});

test("a write by a general prefix is always held", () => {
  const policy = POLICIES.find(({ policy: { id } }) => id === "other-writes")?.policy;
  for (const { name, policies } of ALL.destinations.values()) {
    if (name.endsWith(".other")) expect(policies).toEqual(["other-writes"]);
  }
  expect(policy?.base.requireApprovalAlways).toBe(true);
  expect(policy?.environments.size).toBe(0);
});

test("an entry whose prefix lies below another's leads to the same host of the provider", () => {
  const entries = [...ALL.destinations.values()].flatMap(({ name, upstream }) =>
    upstream?.prefix ? [{ name, url: upstream.url, prefix: upstream.prefix }] : [],
  );
  const nested = entries.flatMap((inner) =>
    entries
      .filter((outer) => inner.prefix.startsWith(`${outer.prefix}/`))
      .map((outer) => ({ inner, outer, below: inner.prefix.slice(outer.prefix.length) })),
  );
  expect(nested.map(({ inner }) => inner.name)).toEqual([
    "hubspot.delete",
    "stripe.refund",
    "stripe.payout",
    "sendgrid.send",
    "slack.message",
    "twilio.message",
  ]);
  for (const { inner, outer, below } of nested) expect(inner.url).toBe(`${outer.url}${below}`);
});

const READS: readonly (readonly [string, string, string, boolean])[] = [
  ["salesforce.other", "GET", "/services/data/v66.0/query?q=SELECT+Id+FROM+Contact", true],
  ["salesforce.other", "GET", "/services/data/v66.0/sobjects/Contact/003", true],
  ["salesforce.other", "GET", "/services/data/v66.0/tooling/executeAnonymous?anonymousBody=x", false],
  ["salesforce.other", "GET", "/services/apexrest/pay", false],
  ["salesforce.other", "GET", "/services/data/v66.0/sobjects/Contact/003?_HttpMethod=DELETE", false],
  ["salesforce.other", "DELETE", "/services/data/v66.0/sobjects/Contact/003", false],
  ["hubspot.other", "GET", "/crm/v3/objects/contacts", true],
  ["hubspot.other", "POST", "/crm/v3/objects/contacts/search", true],
  ["hubspot.other", "POST", "/crm/v3/objects/contacts", false],
  ["hubspot.other", "POST", "/crm/v3/objects/contacts/batch/archive", false],
  ["stripe.other", "GET", "/v1/charges?limit=3", true],
  ["stripe.other", "POST", "/v1/charges/ch_1", false],
  ["stripe.refund", "GET", "/re_1", true],
  ["zendesk.other", "GET", "/api/v2/tickets/1.json", true],
  ["zendesk.other", "GET", "/api/v2/webhooks/1/signing_secret", false],
  ["zendesk.other", "PUT", "/api/v2/tickets/1", false],
  ["intercom.other", "POST", "/contacts/search", true],
  ["intercom.other", "POST", "/contacts", false],
  ["sendgrid.other", "GET", "/v3/templates", true],
  ["sendgrid.other", "POST", "/v3/templates", false],
  ["github.other", "GET", "/repos/acme/api/issues", true],
  ["github.other", "POST", "/graphql", false],
  ["slack.other", "POST", "/conversations.list", true],
  ["slack.other", "GET", "/chat.postMessage?channel=C1&text=x", false],
  ["slack.other", "POST", "/conversations.list2", false],
  ["slack.other", "GET", "/conversations.archive?channel=C1", false],
  ["twilio.other", "GET", "/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json", true],
  ["twilio.other", "GET", "/2010-04-01/Accounts/AC00000000000000000000000000000000.json", false],
  ["twilio.other", "GET", "/2010-04-01/Accounts.json", false],
  ["twilio.other", "POST", "/2010-04-01/Accounts/AC00000000000000000000000000000000/Messages.json", false],
];

test.each(READS)("the entry %s: %s %s is a listed read: %s", (name, method, written, expected) => {
  const { upstream } = entryOf(name);
  const target = targetOf("", upstream?.url ?? "", written);
  if (!target.ok) throw new Error(target.error);
  const { path, query } = target.value;
  const hasBody = method === "POST";
  expect(isRead({ method, path, query, hasBody }, upstream?.reads ?? [])).toBe(expected);
});

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";

const MEASURED: readonly (readonly [string, string, string, Record<string, unknown>])[] = [
  ["stripe.refund", FORM, "charge=ch_1&amount=900", { money: "measured", records: { effective: 1 } }],
  ["stripe.refund", FORM, "charge=ch_1", { money: "incomplete" }],
  ["stripe.refund", FORM, "charge=ch_1&amount=900&amount=1", { records: { effective: 2 } }],
  ["stripe.payout", FORM, "amount=900&currency=usd", { money: "measured", valueUsdCents: { measured: 900 } }],
  ["stripe.payout", FORM, "amount=900&currency=eur", { money: "foreign_currency" }],
  [
    "salesforce.import",
    JSON_TYPE,
    '{"records":[{"a":1},{"a":2}]}',
    { records: { effective: 2, uncertain: false } },
  ],
  ["salesforce.import", JSON_TYPE, '{"other":[{"a":1},{"a":2}]}', { records: { uncertain: true } }],
  ["hubspot.contacts", JSON_TYPE, '{"inputs":[{"id":"1"},{"id":"2"}]}', { records: { effective: 2 } }],
  [
    "hubspot.contacts",
    JSON_TYPE,
    '{"properties":{"email":"a@example.com"}}',
    { records: { uncertain: true } },
  ],
  [
    "sendgrid.send",
    JSON_TYPE,
    '{"personalizations":[{"to":[{"email":"a@x.example"},{"email":"b@x.example"}],"bcc":[{"email":"c@x.example"}]},{"to":[{"email":"d@x.example"}]}]}',
    { records: { effective: 4, uncertain: false }, recipients: 4 },
  ],
  ["twilio.message", FORM, "To=%2B15551&From=%2B15552&Body=Hi", { records: { effective: 1 }, recipients: 1 }],
  [
    "twilio.message",
    FORM,
    "To=%2B15551&Body=Hi&MediaUrl=https%3A%2F%2Fa.example&MediaUrl=https%3A%2F%2Fb.example",
    { records: { effective: 1 } },
  ],
  [
    "twilio.call",
    FORM,
    "To=%2B15551&From=%2B15552&Url=https%3A%2F%2Fa.example",
    { records: { effective: 1 } },
  ],
  ["zendesk.reply", JSON_TYPE, '{"ticket":{"comment":{"body":"Hi"}}}', { records: { effective: 1 } }],
];

test.each(MEASURED)("the destination %s measures a body of %s: %s", (name, mediaType, text, expected) => {
  const payload = { kind: "content", bytes: new TextEncoder().encode(text), name: null, mediaType } as const;
  const facts = measure(payload, entryOf(name).measure, { recordCount: null, estimatedValueUsd: null });
  for (const [fact, value] of Object.entries(expected)) {
    const found = facts[fact as keyof typeof facts];
    if (typeof value === "object") expect(found).toMatchObject(value as object);
    else expect(found).toBe(value);
  }
});

describe("a destination proposed by API", () => {
  test("sends to one place by one method, and an agent's payload chooses only an id", () => {
    const made = [...ALL.destinations.values()].filter(({ execute }) => execute !== null);
    expect(made.map(({ name, execute }) => [name, execute?.method, execute?.path])).toEqual([
      ["salesforce.import", "POST", "/services/data/v66.0/composite/sobjects"],
      ["hubspot.contacts", "POST", "/crm/v3/objects/contacts/batch/upsert"],
      ["zendesk.reply", "PUT", "/api/v2/tickets/{metadata.ticket:number}"],
      ["intercom.reply", "POST", "/conversations/{metadata.conversation:number}/reply"],
      ["twilio.call", "POST", "/2010-04-01/Accounts/AC00000000000000000000000000000000/Calls.json"],
    ]);
    expect(new Set(made.map(({ executor }) => executor))).toEqual(new Set(["gate"]));
  });
});

test("retries an unknown outcome only where the provider recognises repeats", () => {
  const repeatable = [...ALL.destinations.values()].filter(({ idempotent }) => idempotent);
  expect(repeatable.map(({ name }) => name)).toEqual(["stripe.other", "stripe.refund", "stripe.payout"]);
  for (const { upstream } of repeatable) expect(upstream?.idempotencyHeader).toBe("idempotency-key");
});
