import * as fc from "fast-check";
import { stringify } from "yaml";
import type { Decision } from "../../src/core/policy/decision.ts";
import { evaluateProposal, historyNeededToHold } from "../../src/core/policy/evaluate.ts";
import type { AgentScope, Rules } from "../../src/core/policy/evaluate.ts";
import type { ProposalRequest } from "../../src/core/proposal/request.ts";
import type { History } from "../../src/core/policy/history.ts";
import type { Payload } from "../../src/core/proposal/payload.ts";
import type { Policy } from "../../src/core/policy/policy.ts";
import { parsePolicy } from "../../src/config/policy/parse.ts";
import { parseRegistry } from "../../src/config/registry/parse.ts";
import type { Described, Situation, WrittenPolicy } from "./reference-evaluator.ts";

/*
 * Generated policies, registries and intents. Sizes are small and values few, so that rules meet their limits
 * often: a count is as likely to be the threshold as to be far from it.
 */

const DESTINATIONS = ["salesforce.import", "mail.send", "stripe.refund", "tickets.create"];
const PATTERNS = [...DESTINATIONS, "salesforce.*", "mail.*"];
const POLICY_IDS = ["p1", "p2", "p3"];
const WORDS = ["hello", "world", "refund", "guaranteed", "legal", "action", "alpha", "passport", "today"];
const ODD_WORDS = ["sam@example.com", "4111111111111111", "{{name}}"];
const TERMS = ["refund guaranteed", "legal action", "alpha", "hello world"];
const COUNTS = [0, 1, 2, 3, 100, 101, 1_001, 10_001];
const USD = [0, 1, 50, 500.5, 1_001, 20_000];
const ENVIRONMENTS = ["staging", "production"];
const PROFILE = "support.reply.v1";

const someOf = (values: readonly string[]) => fc.subarray([...values], { minLength: 1 });
const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 3 });
const rarely = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 5 }, { arbitrary, weight: 1 });
const often = <T>(arbitrary: fc.Arbitrary<T>) =>
  fc.oneof({ arbitrary: fc.constant(undefined), weight: 1 }, { arbitrary, weight: 4 });

const ruleFields = {
  allowed_types: rarely(someOf(["json", "csv", "text"])),
  auto_approve_under: often(oneOf(0, 1, 2, 100, 20_000)),
  require_approval_over: maybe(oneOf(0, 1, 2, 100, 1_000)),
  require_approval: rarely(fc.constant("always" as const)),
  require_approval_for: rarely(fc.constant("org_wide" as const)),
  require_approval_if_template_error: rarely(fc.boolean()),
  block_if_terms: rarely(someOf(TERMS)),
  hold_if_terms: rarely(someOf(TERMS)),
  block_if_pii: rarely(someOf(["email", "card"])),
  hold_if_pii: rarely(someOf(["email", "card"])),
  field_checks: rarely(
    fc.array(
      fc.oneof(
        fc.constant({ path: "name", required: true }),
        fc.constant({ path: "name", max_length: 5 }),
        fc.constant({ path: "amount", max: 50 }),
        fc.constant({ path: "missing", required: true }),
      ),
      { minLength: 1, maxLength: 2 },
    ),
  ),
  max_value_usd: rarely(oneOf(...USD)),
  require_approval_over_value_usd: rarely(oneOf(...USD)),
  risk: rarely(
    fc.record({
      hold_at: oneOf("low", "medium", "high", "critical", "never"),
      block_at: oneOf("medium", "high", "critical", "never"),
    }),
  ),
  rate_limits: rarely(fc.record({ per_agent_per_hour: oneOf(1, 2, 5) })),
  budgets: rarely(
    fc.array(
      fc.record(
        {
          max_intents: oneOf(1, 2, 5),
          max_records: oneOf(1, 100, 5_000),
          max_value_usd: oneOf(...USD),
          on_exceed: oneOf("hold", "block"),
        },
        { requiredKeys: ["max_intents"] },
      ),
      { minLength: 1, maxLength: 2 },
    ),
  ),
  block_duplicates_within: rarely(oneOf("10m", "1h")),
  cooldown_after_rejection: rarely(oneOf("none", "30m", "2h")),
  allow_unmeasured: rarely(fc.boolean()),
  require_profile: rarely(fc.constant(PROFILE)),
  expiry_minutes: maybe(oneOf(5, 30, 90)),
  execution_window_minutes: rarely(oneOf(15, 120)),
  on_no_response: rarely(oneOf("reject", "defer", "auto_approve_if_low_risk")),
  require_approvals: rarely(oneOf(1, 2, 3)),
  retention_days: rarely(oneOf(1, 30)),
};

type Fields = Record<string, unknown>;

/** Takes away what can't go together, so that every generated file loads. */
function reconciled(fields: Fields): Fields {
  const result: Fields = { ...fields };
  for (const key of Object.keys(result)) if (result[key] === undefined) delete result[key];
  const budgets = result["budgets"] as Fields[] | undefined;
  if (budgets !== undefined) {
    result["budgets"] = budgets.map((budget, index) => ({ window: index === 0 ? "1h" : "24h", ...budget }));
  }
  const content = ["block_if_terms", "hold_if_terms", "block_if_pii", "hold_if_pii", "field_checks"];
  if (content.some((field) => field in result) || result["require_approval_if_template_error"] === true) {
    delete result["allow_unmeasured"];
  }
  const several = typeof result["require_approvals"] === "number" && result["require_approvals"] > 1;
  if (result["on_no_response"] === "auto_approve_if_low_risk" && (several || "require_approval" in result)) {
    delete result["on_no_response"];
  }
  return result;
}

const written = (id: string): fc.Arbitrary<WrittenPolicy> =>
  fc
    .record({
      fields: fc.record({ destinations: fc.subarray(PATTERNS, { minLength: 3 }), ...ruleFields }),
      mode: rarely(fc.constant("shadow" as const)),
      environments: rarely(
        fc.dictionary(
          oneOf(...ENVIRONMENTS),
          fc.record({
            auto_approve_under: maybe(fc.option(oneOf(0, 1, 100), { nil: null })),
            require_approval: maybe(oneOf("always" as const, null)),
            block_if_terms: rarely(oneOf(["alpha"], null)),
            expiry_minutes: maybe(oneOf(10, 20)),
          }),
        ),
      ),
    })
    .map(({ fields, mode, environments }) => {
      const base = reconciled(fields);
      const policy: Fields = { id, ...base };
      if (mode !== undefined) policy["mode"] = mode;
      if (environments === undefined) return policy as unknown as WrittenPolicy;
      policy["environments"] = Object.fromEntries(
        Object.entries(environments).map(([name, overrides]) => {
          const present = Object.fromEntries(
            Object.entries(overrides).filter(([, value]) => value !== undefined),
          );
          // The two that an override could make impossible.
          if ("allow_unmeasured" in base) delete present["block_if_terms"];
          if (base["on_no_response"] === "auto_approve_if_low_risk") delete present["require_approval"];
          return [name, present];
        }),
      );
      return policy as unknown as WrittenPolicy;
    });

const word = fc.oneof(
  { arbitrary: oneOf(...WORDS), weight: 12 },
  { arbitrary: oneOf(...ODD_WORDS), weight: 1 },
);
/** Words never stand next to themselves: what two equal numbers in a row are is the matcher's own test. */
const sentence = (most: number) =>
  fc
    .array(word, { minLength: 1, maxLength: most })
    .map((words) => words.filter((each, index) => each !== words[index - 1]));
const row = fc.record({
  name: fc.array(oneOf(...WORDS), { minLength: 1, maxLength: 3 }).map((words) => words.join(" ")),
  amount: fc.oneof(
    { arbitrary: oneOf(0, 1, 20.25, 600, 9_000), weight: 8 },
    { arbitrary: fc.constant(null), weight: 1 },
  ),
});
const rows = fc.oneof(
  fc.array(row, { minLength: 2, maxLength: 4 }),
  fc.tuple(row, oneOf(99, 100, 101, 102)).map(([one, times]) => Array.from({ length: times }, () => one)),
);

const payload: fc.Arbitrary<Described> = fc.oneof(
  { arbitrary: fc.constant({ kind: "none" as const }), weight: 1 },
  {
    arbitrary: oneOf("leads.csv", "leads.json").map((name) => ({ kind: "reference" as const, name })),
    weight: 2,
  },
  {
    arbitrary: sentence(8).map((words) => ({ kind: "text" as const, words })),
    weight: 3,
  },
  { arbitrary: rows.map((list) => ({ kind: "json" as const, rows: list })), weight: 3 },
  { arbitrary: rows.map((list) => ({ kind: "csv" as const, rows: list })), weight: 2 },
  { arbitrary: fc.constant({ kind: "binary" as const }), weight: 1 },
);

const scope = fc.option(fc.subarray([...PATTERNS, "*"], { minLength: 1 }), { nil: null, freq: 1 });

const intent = fc.record({
  agent: fc.record({
    destinations: fc.oneof({ arbitrary: fc.constant(null), weight: 8 }, { arbitrary: scope, weight: 1 }),
    policies: fc.oneof(
      { arbitrary: fc.constant(null), weight: 8 },
      { arbitrary: fc.subarray([...POLICY_IDS]), weight: 1 },
    ),
    environment: fc.option(oneOf(...ENVIRONMENTS, "unheard-of", "constructor"), { nil: null, freq: 1 }),
  }),
  request: fc.record({
    destination: fc.oneof(
      { arbitrary: oneOf(...DESTINATIONS), weight: 12 },
      { arbitrary: oneOf("unknown.system", "__proto__", "mail.", "constructor"), weight: 1 },
    ),
    policy: fc.oneof(
      { arbitrary: oneOf(...POLICY_IDS), weight: 12 },
      { arbitrary: oneOf("", "nobody", "constructor", "__proto__", "../p1", "broken"), weight: 1 },
    ),
    recordCount: fc.option(oneOf(...COUNTS), { nil: null, freq: 2 }),
    valueUsd: fc.option(oneOf(...USD), { nil: null, freq: 2 }),
    tags: fc.subarray(["financial", "pii", "health", "legal", "other"], { maxLength: 2 }),
    scope: fc.option(oneOf("org_wide", "team"), { nil: null, freq: 1 }),
    environment: fc.option(oneOf(...ENVIRONMENTS, "toString"), { nil: null, freq: 1 }),
    profile: fc.oneof(
      { arbitrary: fc.constant(null), weight: 4 },
      { arbitrary: oneOf(PROFILE, "email.send.v1"), weight: 1 },
    ),
    fields: fc.record(
      {
        ticket_id: oneOf("t1", "t2"),
        body: sentence(5).map((list) => list.join(" ")),
      },
      { requiredKeys: [] },
    ),
    expires: fc.option(oneOf(1, 10, 60, 600), { nil: null, freq: 1 }),
  }),
  payload,
  history: fc.option(
    fc.record({
      intents: oneOf(0, 0, 1, 2, 5),
      records: oneOf(0, 50, 4_999),
      valueUsd: oneOf(0, 50, 999),
      duplicateAgo: fc.option(oneOf(1, 10, 59), { nil: null, freq: 1 }),
      rejectedAgo: fc.option(oneOf(1, 30, 60), { nil: null, freq: 1 }),
    }),
    { nil: null, freq: 3 },
  ),
});

const registry = fc.record({
  unbound: fc.oneof(
    { arbitrary: fc.constant("allow" as const), weight: 6 },
    { arbitrary: fc.constant("block" as const), weight: 1 },
  ),
  destinations: fc.dictionary(
    oneOf(...DESTINATIONS),
    fc
      .record({
        policies: maybe(fc.subarray(["p1", "p2", "broken"], { minLength: 1, maxLength: 2 })),
        records: maybe(oneOf("auto" as const, "single" as const)),
        amount: maybe(fc.constant({ path: "amount", unit: "major", currency: "USD" })),
        risk_weight: rarely(oneOf(0, 30, 60, 100)),
      })
      .map((entry) => Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined))),
    { maxKeys: 2 },
  ),
});

/** One set of rules and several intents under it: loading costs far more than deciding. */
export const scenarios = (intents: number): fc.Arbitrary<readonly Situation[]> =>
  fc
    .record({
      policies: fc.tuple(...POLICY_IDS.map((id) => written(id))),
      registry,
      intents: fc.array(intent, { minLength: intents, maxLength: intents }),
    })
    .map(({ policies, registry: { unbound, destinations }, intents: list }) =>
      list.map((each) => ({ policies, broken: ["broken"], unbound, destinations, ...each })),
    );

/** The rules of a situation, through the real parsers. */
export function load({ policies, broken, unbound, destinations }: Situation): Rules {
  const known = new Map<string, Policy | { readonly broken: string }>();
  for (const policy of policies) {
    const text = stringify(policy);
    const parsed = parsePolicy(`${policy.id}.yaml`, text);
    if (!parsed.ok) throw new Error(`${JSON.stringify(parsed.error)}\n${text}`);
    known.set(policy.id, parsed.value);
  }
  for (const id of broken) known.set(id, { broken: "2:1: unknown key" });
  const parsed = parseRegistry("gate.yaml", stringify({ unbound_destinations: unbound, destinations }));
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return { registry: parsed.value, policy: (id) => known.get(id) };
}

export function inputOf(situation: Situation, rules: Rules) {
  const { request: proposed, agent: scoped, history: past } = situation;
  const metadata: Record<string, string> = { ...proposed.fields };
  if (proposed.scope !== null) metadata["scope"] = proposed.scope;
  if (proposed.environment !== null) metadata["environment"] = proposed.environment;
  const request: ProposalRequest = {
    destination: proposed.destination,
    policy: proposed.policy,
    action: proposed.destination,
    recordCount: proposed.recordCount,
    estimatedValueUsd: proposed.valueUsd,
    sensitivityTags: proposed.tags,
    onBehalfOf: null,
    principalId: null,
    metadata,
    profile: proposed.profile,
    expiresInMinutes: proposed.expires,
  };
  const agent: AgentScope = {
    id: "agt_1",
    allowedDestinations: scoped.destinations,
    allowedPolicies: scoped.policies,
    environment: scoped.environment,
  };
  const need = historyNeededToHold(rules, agent, request);
  const history: History | null =
    past === null
      ? null
      : {
          windows: (need?.windows ?? []).map(({ policy, windowMs }) => ({
            policy,
            windowMs,
            intents: past.intents,
            records: past.records,
            valueUsdCents: past.valueUsd * 100,
            freesUpInMs: 60_000,
          })),
          duplicateOf: earlier("int_first", past.duplicateAgo),
          rejected: earlier("int_rejected", past.rejectedAgo),
          duplicateWithinMs: need?.duplicateWithinMs ?? null,
          rejectedWithinMs: need?.rejectedWithinMs ?? null,
        };
  return { request, agent, payload: bytesOf(situation.payload), history };
}

export function decided(situation: Situation, rules: Rules): Decision {
  const { request, agent, payload: sent, history } = inputOf(situation, rules);
  return evaluateProposal(rules, agent, request, sent, history);
}

function earlier(intentId: string, minutesAgo: number | null) {
  return minutesAgo === null ? null : { intentId, ageMs: minutesAgo * 60_000 };
}

function bytesOf(described: Described): Payload {
  const content = (text: string, name: string | null): Payload => ({
    kind: "content",
    bytes: new TextEncoder().encode(text),
    name,
    mediaType: null,
  });
  switch (described.kind) {
    case "none":
      return { kind: "none" };
    case "reference":
      return { kind: "reference", name: described.name, sha256: null, rows: null };
    case "text":
      return content(described.words.join(" "), "note.txt");
    case "json":
      return content(
        JSON.stringify(
          described.rows.map(({ name, amount }) => (amount === null ? { name } : { name, amount })),
        ),
        null,
      );
    case "csv":
      return content(
        `name,amount\n${described.rows.map(({ name, amount }) => `${name},${amount ?? ""}`).join("\n")}\n`,
        "data.csv",
      );
    case "binary":
      return {
        kind: "content",
        bytes: new Uint8Array([0, 159, 146, 150, 0, 1, 2, 3, 255, 254]),
        name: null,
        mediaType: null,
      };
  }
}
