import { expect, test } from "vitest";
import { intentDigest, type Bound } from "../../../src/core/intent/intent-digest.ts";
import { decisionOf, T0 } from "./fixtures.ts";

const { facts } = decisionOf("hold");
const BOUND: Bound = {
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

const CHANGES: readonly (readonly [string, Partial<Bound>])[] = [
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
  ["the salt", { salt: "01" }],
];

test.each(CHANGES)("another value is another digest: %s", (_what, change) => {
  expect(intentDigest({ ...BOUND, ...change })).not.toBe(intentDigest(BOUND));
});

test("every member of what is bound is bound", () => {
  const changed = new Set(CHANGES.flatMap(([, change]) => Object.keys(change)));
  expect([...changed].toSorted()).toEqual(Object.keys(BOUND).toSorted());
});

test("the same is the same, whatever order its members were written in", () => {
  const shuffled = Object.fromEntries(Object.entries(BOUND).toReversed()) as unknown as Bound;
  expect(intentDigest(shuffled)).toBe(intentDigest(BOUND));
  expect(intentDigest(BOUND)).toMatch(/^[0-9a-f]{64}$/);
});

test("a value can't move from one member to the next", () => {
  const moved = { ...BOUND, destination: "salesforce.importimport", action: "" };
  expect(intentDigest({ ...BOUND, destination: "salesforce.import", action: "import" })).not.toBe(
    intentDigest(moved),
  );
});
