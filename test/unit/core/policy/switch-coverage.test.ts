import { expect, test } from "vitest";
import { coversKnown, targetMeant } from "../../../../src/core/policy/switch-coverage.ts";

test.each<[string, string, boolean]>([
  ["stripe.refunds", "stripe.refunds", true],
  ["stripe.*", "stripe.refunds", true],
  ["stripe.refunds", "stripe.*", true],
  ["stripe.*", "stripe.eu.*", true],
  ["stripe.eu.*", "stripe.*", true],
  ["stripe", "stripe.refunds", false],
  ["stripe", "stripe.*", false],
  ["stripe.*", "stripe", false],
  ["stripe.refund", "stripe.refunds", false],
  ["strip.*", "stripe.refunds", false],
  ["anything", "*", false],
])("a switch for %s and the known name %s: covered is %s", (target, known, expected) => {
  expect(coversKnown(target, known)).toBe(expected);
});

test.each<[string, string | null]>([
  ["stripe", "stripe.*"],
  ["stripe.refunds.*", "stripe.refunds"],
  ["stripe.refnds", "stripe.refunds"],
  ["Stripe.Refunds", "stripe.refunds"],
  ["sripe.*", "stripe.*"],
  ["salesforce", "salesforce.*"],
  ["nothing-like-it", null],
])("a target that stops nothing, %s, meant %s", (target, meant) => {
  expect(targetMeant(target, ["stripe.refunds", "salesforce.*", "*"])).toBe(meant);
});
