import { describe, expect, test } from "vitest";
import {
  evaluateProposal,
  historyNeeded,
  historyNeededToHold,
} from "../../../../src/core/policy/evaluate.ts";
import { REASON_CODES } from "../../../../src/core/policy/reason-codes.ts";
import { canonicalJson } from "../../../../src/core/base/json.ts";
import {
  AGENT,
  content,
  historyWith,
  NO_PAYLOAD,
  reference,
  requestFor,
  rulesFrom,
} from "../../../support/policy-rules.ts";

const OPEN = "destinations: [crm.import]\nauto_approve_under: 100";

function decide(
  policies: Readonly<Record<string, string>>,
  {
    request = requestFor(),
    agent = AGENT,
    payload = content("hello"),
    history = null,
    registry,
  }: Partial<{
    request: ReturnType<typeof requestFor>;
    agent: typeof AGENT;
    payload: ReturnType<typeof content>;
    history: ReturnType<typeof historyWith> | null;
    registry: string;
  }> = {},
) {
  return evaluateProposal(rulesFrom(policies, registry), agent, request, payload, history);
}

test.each(["constructor", "__proto__", "toString", "../p", "p.yaml", "", "P"])(
  "INV-13: an unknown policy %j is never an approval",
  (policy) => {
    const { outcome, reasonCode } = decide({ p: OPEN }, { request: requestFor({ policy, recordCount: 1 }) });
    expect({ outcome, reasonCode }).toEqual({ outcome: "block", reasonCode: "unknown_policy" });
  },
);

test("INV-13 INV-14: a broken policy blocks proposals that name it, and no others", () => {
  const rules = rulesFrom({ p: OPEN });
  const some = {
    ...rules,
    policy: (id: string) => (id === "bad" ? { broken: "3:1: unknown key" } : rules.policy(id)),
  };
  const outcome = (policy: string) =>
    evaluateProposal(some, AGENT, requestFor({ policy, recordCount: 1 }), content("x"), null);
  expect(outcome("bad")).toMatchObject({ outcome: "block", reasonCode: "policy_broken" });
  expect(outcome("p").outcome).toBe("approve");
  expect(outcome("bad").reason).not.toContain("unknown key");
});

test("INV-02: an agent's allow-lists are checked before any rule, and empty lists allow nothing", () => {
  const request = requestFor({ recordCount: 1 });
  const code = (allowedDestinations: string[] | null, allowedPolicies: string[] | null) =>
    decide({ p: OPEN }, { request, agent: { ...AGENT, allowedDestinations, allowedPolicies } }).reasonCode;
  expect(code(null, null)).toBe("approved_by_policy");
  expect(code(["crm.*"], ["p"])).toBe("approved_by_policy");
  expect(code(["*"], ["*"])).toBe("approved_by_policy");
  expect(code([], null)).toBe("agent_destination_not_allowed");
  expect(code(["crm"], null)).toBe("agent_destination_not_allowed");
  expect(code(["crm.import.more"], null)).toBe("agent_destination_not_allowed");
  expect(code(null, [])).toBe("agent_policy_not_allowed");
  expect(code([], [])).toBe("agent_destination_not_allowed");
});

test("INV-07: a bound destination is evaluated by its own policies, whatever the agent names", () => {
  const policies = {
    strict: "destinations: [crm.import]\nrequire_approval: always",
    p: OPEN,
  };
  const registry = "destinations: { crm.import: { policies: [strict] } }";
  const decision = decide(policies, { registry, request: requestFor({ recordCount: 1 }) });
  expect(decision).toMatchObject({ outcome: "hold", reasonCode: "manual_review_required" });
  expect(decision.policies.map(({ id }) => id)).toEqual(["strict", "p"]);
});

test("INV-07: a policy that the agent names can only make a bound destination stricter", () => {
  const policies = { loose: OPEN, p: 'destinations: [crm.import]\nblock_if_terms: ["hello"]' };
  const registry = "destinations: { crm.import: { policies: [loose] } }";
  const request = requestFor({ recordCount: 1 });
  expect(decide(policies, { registry, request }).reasonCode).toBe("blocked_term_detected");
  expect(decide(policies, { registry, request: { ...request, policy: "loose" } }).outcome).toBe("approve");
  expect(decide(policies, { registry, request: { ...request, policy: "" } }).outcome).toBe("approve");
});

test("INV-07: an environment that a request names only adds strictness", () => {
  const p = `${OPEN}
require_approval: always
environments:
  staging: { require_approval: null }
  production: { block_if_terms: [hello] }`;
  const outcome = (own: string | null, requested?: unknown) => {
    const metadata = requested === undefined ? {} : { environment: requested as string };
    const request = requestFor({ recordCount: 1, metadata });
    return decide({ p }, { request, agent: { ...AGENT, environment: own } }).outcome;
  };
  expect(outcome("staging")).toBe("approve");
  expect(outcome(null)).toBe("hold");
  expect(outcome(null, "staging")).toBe("hold");
  expect(outcome("production", "staging")).toBe("block");
  expect(outcome("staging", "production")).toBe("block");
  // An unknown environment: the policy's own rules apply beside the agent's.
  expect(outcome("staging", "elsewhere")).toBe("hold");
  for (const odd of ["constructor", "__proto__", 7, null, ["staging"], {}]) {
    expect(outcome(null, odd)).toBe("hold");
  }
});

test("INV-07: the larger of the declared and the measured record count is used", () => {
  const rows = JSON.stringify(Array.from({ length: 101 }, (_, id) => ({ id })));
  const p = `${OPEN}\nrequire_approval_over: 100`;
  const code = (recordCount: number | null, payload = content(rows)) =>
    decide({ p }, { request: requestFor({ recordCount }), payload }).reasonCode;
  expect(code(1)).toBe("record_threshold_exceeded");
  expect(code(null)).toBe("record_threshold_exceeded");
  expect(code(101, content("[1]"))).toBe("record_threshold_exceeded");
  expect(code(100, content("[1]"))).toBe("approved_by_policy");
});

test("INV-10: a reference passes only under allow_unmeasured, and never a content rule", () => {
  const request = requestFor({ recordCount: 1 });
  const code = (rules: string) =>
    decide({ p: `${OPEN}\n${rules}` }, { request, payload: reference("leads.csv") }).reasonCode;
  expect(code("")).toBe("payload_unmeasured");
  expect(code("allow_unmeasured: true")).toBe("approved_by_policy");
  for (const rule of [
    "block_if_terms: [alpha]",
    "hold_if_terms: [alpha]",
    "block_if_pii: [card]",
    "hold_if_pii: [card]",
    "require_approval_if_template_error: true",
    "field_checks: [{ path: a, required: true }]",
  ]) {
    expect(code(rule), rule).toBe("payload_not_inspectable");
  }
});

test("INV-10: every content rule holds content that can't be read", () => {
  const gzip = {
    kind: "content" as const,
    bytes: new Uint8Array([31, 139, 8, 0, 1, 2, 3, 4, 5]),
    name: null,
    mediaType: null,
  };
  const request = requestFor({ recordCount: 1 });
  const held = decide({ p: `${OPEN}\nblock_if_terms: [alpha]` }, { request, payload: gzip });
  expect(held).toMatchObject({ outcome: "hold", reasonCode: "payload_not_inspectable", heldByContent: true });
});

test("a shadow policy is recorded and never approves alone", () => {
  const policies = { p: OPEN, strict: "mode: shadow\ndestinations: [crm.import]\nrequire_approval: always" };
  const request = requestFor({ recordCount: 1 });
  const registry = "destinations: { crm.import: { policies: [strict, p] } }";
  const both = decide(policies, { request, registry });
  expect(both.outcome).toBe("approve");
  expect(both.shadow).toMatchObject([
    { policy: { id: "strict" }, outcome: "hold", reasonCode: "manual_review_required" },
  ]);
  expect(both.policies.map(({ id }) => id)).toEqual(["p"]);
  const alone = decide({ p: `mode: shadow\n${OPEN}` }, { request });
  expect(alone).toMatchObject({ outcome: "hold", reasonCode: "only_shadow_policies" });
  expect(alone.shadow[0]?.outcome).toBe("approve");
});

test("of several applicable policies the shortest time, every approver rule and the strictest silence hold", () => {
  const policies = {
    a: `${OPEN}
expiry_minutes: 30
retention_days: 90
on_no_response: defer
approvers: { groups: [finance], require: 2, rejections: 2 }`,
    b: `${OPEN}
expiry_minutes: 45
retention_days: 7
on_no_response: reject
edit: { allow: true }
approvers: { people: [ana], min_assurance: sso, exclude_owner: false }`,
  };
  const registry = "destinations: { crm.import: { policies: [a, b] } }";
  const decision = decide(policies, { registry, request: requestFor({ policy: "", recordCount: 101 }) });
  expect(decision).toMatchObject({
    outcome: "hold",
    expiryMinutes: 30,
    retentionDays: 7,
    onNoResponse: "reject",
    edit: { allow: false },
    approval: {
      require: 2,
      groups: ["finance"],
      people: ["ana"],
      excludeOwner: true,
      minAssurance: "sso",
      // The fewest: what one policy lets a single person stop, another does not keep going.
      rejections: 1,
      quorums: [
        { policy: "a", require: 2, groups: ["finance"], people: [] },
        { policy: "b", require: 1, groups: [], people: ["ana"] },
      ],
    },
  });
});

test("INV-07: a request may shorten its waiting time and never extend it", () => {
  const p = `${OPEN}\nexpiry_minutes: 30`;
  const minutes = (expiresInMinutes: number | null) =>
    decide({ p }, { request: requestFor({ expiresInMinutes }) }).expiryMinutes;
  expect([minutes(5), minutes(30), minutes(600), minutes(null)]).toEqual([5, 30, 30, 30]);
});

test("policies that disagree on the executor are refused", () => {
  const policies = { a: `${OPEN}\nexecution: runner`, p: `${OPEN}\nexecution: gate` };
  const registry = "destinations: { crm.import: { policies: [a] } }";
  const { outcome, reasonCode } = decide(policies, { registry, request: requestFor({ recordCount: 1 }) });
  expect({ outcome, reasonCode }).toEqual({ outcome: "block", reasonCode: "executor_conflict" });
});

test("the first blocking rule gives the reason, else the first holding one, and every rule is traced", () => {
  const p = `destinations: [crm.import]
require_approval: always
require_approval_over: 1
block_if_terms: [hello]
max_value_usd: 1`;
  const decision = decide({ p }, { request: requestFor({ recordCount: 5, estimatedValueUsd: 9 }) });
  expect(decision.reasonCode).toBe("blocked_term_detected");
  const outcomes = decision.trace.map(({ rule, line, outcome }) => [rule, line, outcome]);
  expect(outcomes).toEqual([
    ["destinations", 2, "pass"],
    ["block_if_terms", 5, "block"],
    ["require_approval", 3, "hold"],
    ["max_value_usd", 6, "block"],
    ["require_approval_over", 4, "hold"],
    ["risk", null, "pass"],
  ]);
});

test("the agent learns what would pass only where nothing else stands in the way", () => {
  const thresholds = `${OPEN}\nrequire_approval_over: 100`;
  const remedy = (p: string, text = "hello", recordCount = 500) =>
    decide({ p }, { request: requestFor({ recordCount }), payload: content(text) }).remedy;
  expect(remedy(thresholds)).toBe("At most 100 records.");
  expect(remedy(`${thresholds}\nblock_if_terms: [hello]`)).toBeNull();
  expect(remedy(`${thresholds}\nblock_if_pii: [card]`, "4111 1111 1111 1111", 1)).toBeNull();
  expect(remedy(`${thresholds}\nrequire_approval: always`)).toBeNull();
  expect(remedy(thresholds, "hello", 5)).toBeNull();
});

test("nothing of the payload's content is in the agent's view of the decision", () => {
  const secret = "zq7-confidential";
  const rules = [
    "field_checks: [{ path: a, max: 1 }]",
    "block_if_pii: [email]",
    "require_approval_if_template_error: true",
    "block_if_terms: [zq7]",
  ];
  for (const rule of rules) {
    const payload = content(
      JSON.stringify([{ a: secret, b: `${secret}@example.com`, c: `Hello {{${secret.replace("-", "_")}}}` }]),
    );
    const { reason, remedy } = decide({ p: `${OPEN}\n${rule}` }, { payload });
    expect(`${reason} ${remedy}`).not.toContain("confidential");
  }
});

test("counters are requested only by policies that count, and the default cooldown only before a hold", () => {
  const rules = rulesFrom({
    p: OPEN,
    counting: `${OPEN}
rate_limits: { per_agent_per_hour: 5 }
budgets: [{ window: 60m, max_records: 5 }, { window: 1d, max_intents: 9 }]
block_duplicates_within: 10m
cooldown_after_rejection: 2h`,
  });
  expect(historyNeeded(rules, AGENT, requestFor())).toBeNull();
  expect(historyNeededToHold(rules, AGENT, requestFor())).toEqual({
    windows: [],
    duplicateWithinMs: null,
    rejectedWithinMs: 3_600_000,
  });
  expect(historyNeeded(rules, AGENT, requestFor({ policy: "counting" }))).toEqual({
    windows: [
      { policy: "counting", windowMs: 3_600_000 },
      { policy: "counting", windowMs: 86_400_000 },
    ],
    duplicateWithinMs: 600_000,
    rejectedWithinMs: 7_200_000,
  });
});

test("a counting rule never approves without a count", () => {
  const request = requestFor({ recordCount: 1 });
  for (const rule of [
    "rate_limits: { per_agent_per_hour: 5 }",
    "budgets: [{ window: 1h, max_intents: 5 }]",
    "block_duplicates_within: 10m",
    "cooldown_after_rejection: 1h",
  ]) {
    const { outcome, reasonCode } = decide({ p: `${OPEN}\n${rule}` }, { request });
    expect({ outcome, reasonCode }, rule).toEqual({ outcome: "hold", reasonCode: "history_unavailable" });
    // Counters of another policy or window don't stand in for it.
    const other = historyWith({
      windows: [
        { policy: "q", windowMs: 3_600_000, intents: 0, records: 0, valueUsdCents: 0, freesUpInMs: null },
      ],
    });
    const counted = decide({ p: `${OPEN}\n${rule}` }, { request, history: other });
    expect(counted.outcome, rule).toBe(rule.includes("window") || rule.includes("rate") ? "hold" : "approve");
  }
});

test("a rejected payload stays blocked until the cooldown is over, to the millisecond", () => {
  const code = (ageMs: number, rule = "") =>
    decide(
      { p: `${OPEN}\n${rule}` },
      {
        request: requestFor({ recordCount: 1 }),
        history: historyWith({ rejected: { intentId: "int_9", ageMs } }),
      },
    ).reasonCode;
  expect(code(3_599_999)).toBe("recently_rejected");
  expect(code(3_600_000)).toBe("approved_by_policy");
  expect(code(0, "cooldown_after_rejection: none")).toBe("approved_by_policy");
});

test("a proposal without a payload passes no content rule unless a typed action describes the write", () => {
  const p = `${OPEN}\nblock_if_terms: [refund guaranteed]`;
  const outcome = (metadata: Record<string, string>, profile: string | null) =>
    decide(
      { p },
      { payload: NO_PAYLOAD as never, request: requestFor({ recordCount: 1, metadata, profile }) },
    ).reasonCode;
  expect(outcome({}, null)).toBe("payload_not_inspectable");
  expect(outcome({ body: "All fine" }, null)).toBe("payload_not_inspectable");
  expect(outcome({ ticket_id: "7", body: "All fine" }, "support.reply.v1")).toBe("approved_by_policy");
  expect(outcome({ ticket_id: "7", body: "Refund guaranteed" }, "support.reply.v1")).toBe(
    "blocked_term_detected",
  );
  expect(outcome({ body: "All fine" }, "support.reply.v1")).toBe("invalid_profile_payload");
  expect(outcome({ body: "All fine" }, "made.up.v9")).toBe("invalid_profile_payload");
});

describe("a profile that no policy requires", () => {
  const decided = (policy: string, profile: string | null, metadata: Record<string, string>) =>
    decide({ p: policy }, { request: requestFor({ recordCount: 1, metadata, profile }) });

  test.each([
    ["without its fields", "support.reply.v1", { ticket_id: "7" }, "Give valid values for: body."],
    ["that does not exist", "nope.v9", {}, "Name one of: "],
    ["named as a member of every object", "constructor", {}, "Name one of: "],
  ])("%s is blocked, with what to change", (_, profile, metadata, remedy) => {
    const decision = decided(OPEN, profile, metadata as Record<string, string>);
    expect(decision).toMatchObject({ outcome: "block", reasonCode: "invalid_profile_payload" });
    expect(decision.remedy).toContain(remedy);
    expect(decision.trace.at(-1)).toMatchObject({ policy: "", rule: "profile", outcome: "block" });
  });

  test("with its fields is evaluated as any other", () => {
    expect(decided(OPEN, "support.reply.v1", { ticket_id: "7", body: "Hi" }).outcome).toBe("approve");
  });

  test("that a policy requires is that policy's own rule, and checked once", () => {
    const trace = decided(`${OPEN}\nrequire_profile: support.reply.v1`, "support.reply.v1", {}).trace;
    expect(trace.filter(({ reasonCode }) => reasonCode === "invalid_profile_payload")).toHaveLength(1);
  });
});

test("INV-00: an unknown amount is held, and an amount over the limit blocked", () => {
  const registry =
    "destinations: { crm.import: { amount: { path: amount, unit: major, currency: { path: currency } } } }";
  const p = `${OPEN}\nmax_value_usd: 100`;
  const code = (rows: object[], estimatedValueUsd: number | null = null) =>
    decide(
      { p },
      { registry, request: requestFor({ estimatedValueUsd }), payload: content(JSON.stringify(rows)) },
    ).reasonCode;
  expect(
    code([
      { amount: 40, currency: "USD" },
      { amount: 60, currency: "USD" },
    ]),
  ).toBe("approved_by_policy");
  expect(
    code([
      { amount: 40, currency: "USD" },
      { amount: 60.01, currency: "USD" },
    ]),
  ).toBe("value_over_limit");
  expect(code([{ amount: 40, currency: "USD" }, { currency: "USD" }])).toBe("value_not_measured");
  expect(code([{ amount: 40, currency: "EUR" }])).toBe("value_not_measured");
  expect(code([{ amount: -40, currency: "USD" }])).toBe("value_not_measured");
  // A declared amount can raise the value, never lower it.
  expect(code([{ amount: 40, currency: "USD" }], 101)).toBe("value_over_limit");
});

test("INV-25: a lone surrogate in payload, name or metadata never makes a decision that can't be digested", () => {
  const half = "\\ud800";
  const p = `${OPEN}
require_approval_if_template_error: true
field_checks: [{ path: a, max: 1 }]`;
  for (const text of [`[{"a": "${half}", "b": "Hello {{${half}}}"}]`, `{"${half}": 1}`, half]) {
    expect(() => canonicalJson(decide({ p }, { payload: content(text) }))).not.toThrow();
  }
  for (const odd of ["\ud800", `a.${"\udc00"}`]) {
    for (const request of [
      requestFor({ destination: odd }),
      requestFor({ policy: odd }),
      requestFor({ metadata: { scope: odd } }),
    ]) {
      expect(() =>
        canonicalJson(decide({ p }, { request, agent: { ...AGENT, allowedDestinations: [] } })),
      ).not.toThrow();
    }
  }
});

test("every reason code of these tests is documented", () => {
  const seen = decide({ p: OPEN }, { request: requestFor({ recordCount: 1 }) });
  expect(Object.keys(REASON_CODES)).toContain(seen.reasonCode);
  // A decision is stored and digested, so it must have a canonical form.
  expect(() => canonicalJson(seen)).not.toThrow();
});

test("INV-00: a checked field that also stands in the query or in another spelling makes the value unknown", () => {
  const policies = { p: `${OPEN}\nfield_checks: [{ path: amount, max: 500 }]` };
  const decided = (query: string, body: string, more: { readonly fromTemplate?: true } = {}) => {
    const url = `https://api.example.com/v1${query}`;
    const http = { method: "POST", url, headers: [], slot: null, idempotencyHeader: null, ...more };
    const payload = { ...content(body), mediaType: "application/json" } as ReturnType<typeof content>;
    return decide(policies, { request: { ...requestFor(), http }, payload }).reasonCode;
  };
  expect(decided("", '{"amount":5}')).toBe("approved_by_policy");
  expect(decided("?total=9000", '{"amount":5}')).toBe("approved_by_policy");
  for (const query of ["?amount=9000", "?AMOUNT=9000", "?amount[]=9000", "?x=1;%61mount=9000"]) {
    expect(decided(query, '{"amount":5}'), query).toBe("field_check_failed");
  }
  for (const body of ['{"amount":5,"Amount":9000}', '[{"amount":5,"AMOUNT":9000}]']) {
    expect(decided("", body), body).toBe("field_check_failed");
    expect(decided("?x=1", body), body).toBe("field_check_failed");
  }
  // The operator's own word on where a member of the payload goes.
  expect(decided("?amount=5", '{"amount":5}', { fromTemplate: true })).toBe("approved_by_policy");
});
