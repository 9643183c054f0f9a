import { expect, test } from "vitest";
import { caseSentences } from "../../../cli/approvals/sentence.ts";
import type { JsonObject } from "../../../src/core/base/json.ts";

const VIEW: JsonObject = {
  destination: "sendgrid.send",
  sender_agent_id: "agt_1",
  names: { agt_1: "newsletter-writer" },
  state: "pending_approval",
  reason_code: "template_error_detected",
  estimated_records: 1,
};

const STEP: JsonObject = {
  policy: "outbound-email",
  rule: "require_approval_if_template_error",
  line: 14,
  seen: "{{customer_name}} at line 3 in 1 record",
  outcome: "hold",
  reasonCode: "template_error_detected",
};

const DECISION: JsonObject = {
  outcome: "hold",
  reason_detail: "The payload holds a placeholder that was not filled in.",
  facts: { valueUsdCents: { measured: null, declared: null }, totals: [], recipients: null },
  trace: [STEP],
};

test("the terminal says the two sentences of the page", () => {
  expect(caseSentences({ view: VIEW, decision: DECISION })).toEqual([
    "newsletter-writer wants to send 1 e-mail through sendgrid.send.",
    "Held: a placeholder was not filled in, {{customer_name}}, line 3. (require_approval_if_template_error, line 14)",
  ]);
});

test("what is in another currency is said in it, and an unreadable amount as unknown", () => {
  const view = { ...VIEW, destination: "adyen.payout" };
  const facts = (more: JsonObject) => ({ ...DECISION, facts: { valueUsdCents: {}, ...more } });
  const first = (decision: JsonObject) => caseSentences({ view, decision })[0];
  expect(first(facts({ totals: [{ currency: "JPY", minor: 9_000 }] }))).toContain(
    "pay out ¥9,000 JPY through",
  );
  expect(first(facts({ money: "incomplete", valueUsdCents: { declared: 5 } }))).toContain(
    "an unknown amount",
  );
});

test.each<JsonObject>([
  {},
  { outcome: "hold" },
  { outcome: "hold", trace: "no", facts: [], reason: 7 },
  {
    outcome: "block",
    trace: [{ outcome: "block" }, 5, null],
    facts: { totals: [{ currency: "<b>", minor: "x" }, 3] },
  },
])("a server's odd decision is said without an exception: %j", (decision) => {
  for (const sentence of caseSentences({ view: {}, decision })) expect(sentence).toMatch(/^\S.*\.|\)$/);
});

test("an agent's text ends no line and hides nothing", () => {
  const names = { agt_1: "bot\u001b[2J\nint_1 approved" };
  const spoken = caseSentences({ view: { ...VIEW, names }, decision: {} }).join("");
  expect(spoken).not.toContain("\u001b");
  expect(spoken).not.toContain("\n");
});
