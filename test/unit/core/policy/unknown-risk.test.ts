import { describe, expect, test } from "vitest";
import type { Decision } from "../../../../src/core/policy/decision.ts";
import { evaluateProposal } from "../../../../src/core/policy/evaluate.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";
import { AGENT, content, requestFor, rulesFrom } from "../../../support/policy-rules.ts";

const MONEY = "amount: {path: amount, unit: major, currency: {path: currency}}";

/** Decided by a policy whose only rule beside the default ones approves one record. */
function decide(
  destination: string,
  entry: string,
  payload: Payload,
  rule = "auto_approve_under: 1",
): Decision {
  const registry = `destinations:\n  ${destination}: {policies: [p], ${entry}}`;
  const rules = rulesFrom({ p: `destinations: [${destination}]\n${rule}` }, registry);
  return evaluateProposal(rules, AGENT, requestFor({ destination }), payload, null);
}

function json(value: unknown): Payload {
  return content(JSON.stringify(value), "write.json");
}

describe("INV-00: a fact that is unknown weighs in the risk as the worst that it can be", () => {
  test.each([
    ["known", { amount: 900_000, currency: "USD" }, "high_financial_value"],
    ["of two readings", { amount: "900.000", currency: "USD" }, "unknown_financial_value"],
    ["missing", { currency: "USD" }, "unknown_financial_value"],
    ["in another currency", { amount: 900_000, currency: "EUR" }, "unknown_financial_value"],
  ])("a large amount is held for its risk when it is %s", (_, body, factor) => {
    const { outcome, reasonCode, risk } = decide("stripe.refund", MONEY, json(body));
    expect({ outcome, reasonCode, score: risk.score }).toEqual({
      outcome: "hold",
      reasonCode: "risk_needs_review",
      score: 60,
    });
    expect(risk.factors).toContain(factor);
  });

  test("a small amount that is known is approved", () => {
    expect(decide("stripe.refund", MONEY, json({ amount: 5, currency: "USD" })).outcome).toBe("approve");
  });

  test("content that Gate can't read may name what only sensitive records have", () => {
    const unreadable: Payload = {
      kind: "content",
      bytes: new Uint8Array([0x1f, 0x8b, 8, 0, 1, 2, 3]),
      name: "card.gz",
      mediaType: null,
    };
    const sent = decide("stripe.refund", "records: single", unreadable);
    expect(sent).toMatchObject({ outcome: "hold", reasonCode: "risk_needs_review" });
    expect(sent.risk.factors).toContain("unreadable_content");
  });

  test("an unknown fact is held as content, whichever rule held it: silence and standing approvals pass it over", () => {
    const held = (body: unknown) => decide("crm.import", MONEY, json(body), "require_approval: always");
    const reason = { outcome: "hold", reasonCode: "manual_review_required" };
    expect(held({ amount: "9.000", currency: "USD" })).toMatchObject({ ...reason, heldByContent: true });
    expect(held({ currency: "USD" })).toMatchObject({ ...reason, heldByContent: true });
    expect(held({ amount: 9, currency: "USD" })).toMatchObject({ ...reason, heldByContent: false });
  });

  test("records that can't be counted are not of low risk, which silence would approve", () => {
    const workbook = content("PK\u0003\u0004", "rows.xlsx");
    const { risk } = decide("crm.import", "records: auto", workbook);
    expect(risk.factors).toContain("unknown_record_count");
    expect(risk.level).not.toBe("low");
  });
});
