import { describe, expect, test } from "vitest";
import type { TraceStep } from "../../../../src/core/policy/decision.ts";
import { REASON_CODES } from "../../../../src/core/policy/reason-codes.ts";
import { plainText } from "../../../../src/core/presentation/parts.ts";
import { reasonWords } from "../../../../src/core/presentation/reason-words.ts";
import { whyOf } from "../../../../src/core/presentation/why.ts";

const step = (more: Partial<TraceStep>): TraceStep => ({
  policy: "outbound-email",
  rule: "require_approval_if_template_error",
  line: 14,
  seen: null,
  outcome: "hold",
  reasonCode: "template_error_detected",
  ...more,
});

function why(reason: string, trace: readonly TraceStep[], isPayloadVisible = true) {
  const [first] = trace;
  const reasonCode = first?.reasonCode ?? "manual_review_required";
  const shown = whyOf({ reasonCode, outcome: "hold", decision: { reason, trace }, isPayloadVisible });
  return { ...shown, text: plainText(shown.parts) };
}

const TEMPLATE = "The payload holds a placeholder that was not filled in.";

describe("why it is held", () => {
  test("names the placeholder and its place to those who may read the payload", () => {
    const trace = [step({ seen: "{{customer_name}} at line 3 in 1 record" })];
    const { text, rule, others } = why(TEMPLATE, trace);
    expect(text).toBe("Held: a placeholder was not filled in, {{customer_name}}, line 3.");
    expect(rule).toMatchObject({ policy: "outbound-email", line: 14 });
    expect(others).toBe(0);
    expect(why(TEMPLATE, trace, false).text).toBe("Held: a placeholder was not filled in.");
  });

  test("names several placeholders as the rule found them", () => {
    const seen = "{{a}} at line 1 in 2 records; {{b}} at line 2 in 1 record";
    expect(why(TEMPLATE, [step({ seen })]).text).toBe(`Held: a placeholder was not filled in, ${seen}.`);
  });

  test("marks what is quoted, so that a page shows it as the payload's own", () => {
    const { parts } = why(TEMPLATE, [step({ seen: "{{<b>}} at line 3 in 1 record" })]);
    expect(parts.filter(({ kind }) => kind === "quote").map(({ text }) => text)).toEqual([
      "{{<b>}}",
      "line 3",
    ]);
  });

  test.each([
    [
      "value_over_threshold",
      "The policy finance-high-risk wants a person to look at more than $500.",
      "Held: the amount is over the $500 that finance-high-risk lets pass.",
    ],
    [
      "record_threshold_exceeded",
      "More records than the 100 that the policy crm-low-risk lets pass without review.",
      "Held: more records than the 100 that crm-low-risk lets pass.",
    ],
    ["payload_unmeasured", "Only the payload's name was sent.", "Held: only the payload's name was sent."],
    ["a_newer_code", "JSON is odd.", "Held: JSON is odd."],
  ])("says %s in a sentence", (reasonCode, reason, expected) => {
    expect(why(reason, [step({ reasonCode })]).text).toBe(expected);
  });

  test("counts the other rules that object, and survives an erasure", () => {
    expect(
      why(TEMPLATE, [step({}), step({ reasonCode: "held_pii_detected" }), step({ outcome: "pass" })]).others,
    ).toBe(1);
    const erased = whyOf({
      reasonCode: "held_pii_detected",
      outcome: "hold",
      decision: null,
      isPayloadVisible: true,
    });
    expect(plainText(erased.parts)).toBe("Held: personal data that needs review is in the payload.");
  });
});

test("every reason code has its few words", () => {
  for (const code of Object.keys(REASON_CODES)) expect(reasonWords(code), code).not.toContain("_");
});
