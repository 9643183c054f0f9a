import { readFileSync, writeFileSync } from "node:fs";
import { sample } from "fast-check";
import { stringify } from "yaml";
import { inputOf, load, scenarios } from "./random-policies.ts";
import { referenceVerdict } from "./reference-evaluator.ts";
import { answerTo, rulesOf } from "./policy-vectors.ts";
import type { VectorCase, VectorFile, VectorPayload } from "./policy-vectors.ts";
import type { Payload } from "../../src/core/proposal/payload.ts";

/*
 * Writes test/vectors/policies/*.json anew. Only for a change of what is decided, which is a change for every
 * existing user: the difference belongs into the changelog.
 *
 *   node test/support/write-policy-vectors.ts
 */

const SEED = 20_261_122;
const RULE_SETS = 60;
const INTENTS = 5;
/** Larger payloads say nothing that small ones don't, and make the file unreadable. */
const MAX_PAYLOAD_BYTES = 600;

function generated(): readonly VectorFile[] {
  return sample(scenarios(INTENTS), { seed: SEED, numRuns: RULE_SETS }).flatMap((situations) => {
    const [first] = situations;
    if (first === undefined) return [];
    const set = {
      policies: Object.fromEntries(first.policies.map((policy) => [policy.id, stringify(policy)])),
      registry: stringify({ unbound_destinations: first.unbound, destinations: first.destinations }),
    };
    // A broken policy is a matter of files, not of these vectors.
    if (set.registry.includes("broken")) return [];
    const loaded = load({ ...first, broken: [] });
    const cases = situations.flatMap((situation): VectorCase[] => {
      if (situation.request.policy === "broken") return [];
      const { request, agent, payload, history } = inputOf(situation, loaded);
      const written = payloadFor(payload);
      if (written.kind === "content" && written.base64.length > MAX_PAYLOAD_BYTES) return [];
      const input = { agent, ask: request, payload: written, history };
      const expected = answerTo(rulesOf(set), input);
      const agreed = referenceVerdict(situation);
      if (agreed.code !== expected.reason_code) throw new Error(JSON.stringify(situation));
      return [{ ...input, expect: expected }];
    });
    return cases.length === 0 ? [] : [{ ...set, cases }];
  });
}

function payloadFor(payload: Payload): VectorPayload {
  switch (payload.kind) {
    case "none":
      return payload;
    case "reference":
      return { kind: "reference", name: payload.name };
    case "content":
      return { kind: "content", base64: Buffer.from(payload.bytes).toString("base64"), name: payload.name };
  }
}

/** The shipped policies' own stories, in the same form. */
function shipped(): readonly VectorFile[] {
  const root = new URL("../../", import.meta.url);
  const text = (path: string) => readFileSync(new URL(path, root), "utf8");
  const ids = ["crm-low-risk", "support-reply", "finance-high-risk", "outbound-email"];
  const set = {
    policies: Object.fromEntries(ids.map((id) => [id, text(`policies/${id}.yaml`)])),
    registry:
      "destinations:\n  zendesk.reply: { policies: [support-reply], records: single }\n  gmail.send: { policies: [outbound-email], records: single }\n",
  };
  const reference = (name: string): VectorPayload => ({ kind: "reference", name });
  const content = (words: string): VectorPayload => ({
    kind: "content",
    base64: Buffer.from(words).toString("base64"),
    name: null,
  });
  const stories: readonly [
    destination: string,
    policy: string,
    payload: VectorPayload,
    records: number | null,
  ][] = [
    ["salesforce.import", "crm-low-risk", reference("leads.csv"), 847],
    ["salesforce.import", "crm-low-risk", reference("leads.csv"), 50],
    ["unknown.system", "crm-low-risk", reference("leads.csv"), 847],
    ["netsuite.payout", "finance-high-risk", reference("payout_batch.csv"), null],
    ["unknown.system", "finance-high-risk", reference("payout_batch.csv"), null],
    ["zendesk.reply", "support-reply", content("Your order left our warehouse this morning."), null],
    ["zendesk.reply", "support-reply", content("No worries: refund guaranteed!"), null],
    ["gmail.send", "outbound-email", content("Hello {{customer_name}},\n\nyour report is here."), 312],
  ];
  const agent = { id: "agt_1", allowedDestinations: null, allowedPolicies: null, environment: null };
  const cases = stories.map(([destination, policy, payload, recordCount]) => {
    const request = {
      destination,
      policy,
      action: destination,
      recordCount,
      estimatedValueUsd: null,
      sensitivityTags: [],
      onBehalfOf: null,
      principalId: null,
      metadata: {},
      profile: null,
      expiresInMinutes: null,
    };
    const input = { agent, ask: request, payload, history: null };
    return { ...input, expect: answerTo(rulesOf(set), input) };
  });
  return [{ ...set, cases }];
}

for (const [name, sets] of [
  ["generated", generated()],
  ["shipped", shipped()],
] as const) {
  const file = new URL(`../vectors/policies/${name}.json`, import.meta.url);
  writeFileSync(file, `${JSON.stringify(sets, null, 1)}\n`);
  console.log(`${name}.json: ${sets.length} rule sets, ${sets.flatMap(({ cases }) => cases).length} cases`);
}
