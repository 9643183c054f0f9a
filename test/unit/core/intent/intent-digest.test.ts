import { expect, test } from "vitest";
import { intentDigest, type BoundFields } from "../../../../src/core/intent/intent-digest.ts";
import type { HttpWrite } from "../../../../src/core/outbound/http-write.ts";
import { decisionOf, T0 } from "../../../support/intent-fixtures.ts";

const { facts } = decisionOf("hold");
const BOUND: BoundFields = {
  id: "int_1",
  agent: "agt_1",
  destination: "salesforce.import",
  action: "import",
  executor: "runner",
  payloadDigest: "dd",
  payloadName: null,
  facts,
  policies: [
    { id: "crm", hash: "aa" },
    { id: "legal", hash: "bb" },
  ],
  configHash: "cc",
  decideBy: T0,
  http: null,
  salt: "00",
};

const HTTP: HttpWrite = {
  method: "POST",
  url: "https://api.example.com/v1/leads?dry=0",
  headers: [
    ["accept", "application/json"],
    ["content-type", "application/json"],
  ],
  slot: { in: "header", name: "authorization" },
  idempotencyHeader: null,
};
const FORWARDED: BoundFields = { ...BOUND, http: HTTP };

const CHANGES: readonly (readonly [string, Partial<BoundFields>])[] = [
  ["the intent", { id: "int_2" }],
  ["the agent", { agent: "agt_2" }],
  ["the destination", { destination: "salesforce.export" }],
  ["the action", { action: "Import" }],
  ["the executor", { executor: "gate" }],
  ["no executor", { executor: null }],
  ["a byte of the payload", { payloadDigest: "de" }],
  ["no payload", { payloadDigest: null }],
  ["the name of a reference", { payloadName: "a.csv" }],
  ["a measured fact", { facts: { ...facts, bytes: 11 } }],
  ["a fact deep down", { facts: { ...facts, records: { ...facts.records, uncertain: true } } }],
  [
    "a policy's text",
    {
      policies: [
        { id: "crm", hash: "aa" },
        { id: "legal", hash: "b0" },
      ],
    },
  ],
  ["a policy less", { policies: [{ id: "crm", hash: "aa" }] }],
  ["the order of policies", { policies: BOUND.policies.toReversed() }],
  ["the destination's configuration", { configHash: "c0" }],
  ["the time to decide", { decideBy: T0 + 1 }],
  ["a request to send", { http: HTTP }],
  ["the salt", { salt: "01" }],
];

test.each(CHANGES)("INV-09: the intent digest changes with %s", (_what, change) => {
  expect(intentDigest({ ...BOUND, ...change })).not.toBe(intentDigest(BOUND));
});

const REQUESTS: readonly (readonly [string, Partial<HttpWrite>])[] = [
  ["the method", { method: "PUT" }],
  ["the method's case", { method: "post" }],
  ["the host", { url: "https://api.example.org/v1/leads?dry=0" }],
  ["the path", { url: "https://api.example.com/v1/lead?dry=0" }],
  ["the query", { url: "https://api.example.com/v1/leads?dry=1" }],
  ["no query", { url: "https://api.example.com/v1/leads" }],
  [
    "a header's value",
    {
      headers: [
        ["accept", "application/json"],
        ["content-type", "text/csv"],
      ],
    },
  ],
  ["a header less", { headers: [["content-type", "application/json"]] }],
  ["a header more", { headers: [...HTTP.headers, ["x-dry-run", "true"]] }],
  ["no credential", { slot: null }],
  ["the credential under another name", { slot: { in: "header", name: "x-api-key" } }],
  ["the credential in another place", { slot: { in: "query", name: "authorization" } }],
  ["a header by which the provider knows a repeat", { idempotencyHeader: "idempotency-key" }],
];

test.each(REQUESTS)(
  "INV-09: the intent digest of a write that Gate sends changes with %s",
  (_what, change) => {
    const changed = intentDigest({ ...FORWARDED, http: { ...HTTP, ...change } });
    expect(changed).not.toBe(intentDigest(FORWARDED));
  },
);

test("INV-09: every member of the request is covered by the intent digest", () => {
  const changed = new Set(REQUESTS.flatMap(([, change]) => Object.keys(change)));
  expect([...changed].toSorted()).toEqual(Object.keys(HTTP).toSorted());
});

test("INV-09: every member of what is approved is covered by the intent digest", () => {
  const changed = new Set(CHANGES.flatMap(([, change]) => Object.keys(change)));
  expect([...changed].toSorted()).toEqual(Object.keys(BOUND).toSorted());
});

test("the digest does not depend on the order in which members were written", () => {
  const shuffled = Object.fromEntries(Object.entries(BOUND).toReversed()) as unknown as BoundFields;
  expect(intentDigest(shuffled)).toBe(intentDigest(BOUND));
  expect(intentDigest(BOUND)).toMatch(/^[0-9a-f]{64}$/);
});

test("INV-09: a value moved from one member to the next changes the digest", () => {
  const moved = { ...BOUND, destination: "salesforce.importimport", action: "" };
  expect(intentDigest({ ...BOUND, destination: "salesforce.import", action: "import" })).not.toBe(
    intentDigest(moved),
  );
});
