import { describe, expect, test } from "vitest";
import { evaluateProposal } from "../../../../src/core/policy/evaluate.ts";
import { AGENT, content, requestFor, rulesFrom } from "../../../support/policy-rules.ts";

function outcomeOf(bound: string, csv: string): string {
  const policy = `destinations: [crm.import]\nauto_approve_under: 100\nfield_checks: [{path: amount, ${bound}}]`;
  const rules = rulesFrom({ p: policy }, "destinations:\n  crm.import: {policies: [p]}");
  return evaluateProposal(rules, AGENT, requestFor({}), content(csv, "leads.csv"), null).outcome;
}

describe("INV-00: a bound on a cell that readers take for two numbers", () => {
  test.each([
    ["9.000", "max: 100", "block"],
    ["9.000", "max: 9000", "approve"],
    ["9.000", "min: 10", "block"],
    ["9.000", "min: 9", "approve"],
    ["-9.000", "min: -10", "block"],
    ["0.125", "max: 100", "approve"],
    ["9.50", "max: 100", "approve"],
    ["9.0001", "max: 100", "approve"],
    ["1234.500", "max: 2000", "approve"],
  ])("holds for each of them: %s under %s is %s", (cell, bound, outcome) => {
    expect(outcomeOf(bound, `name,amount\na,${cell}\n`)).toBe(outcome);
  });
});

test("INV-00: a check of a column that the first row names twice blocks, since readers keep either", () => {
  expect(outcomeOf("max: 100", "amount,amount\n1,9000\n")).toBe("block");
  expect(outcomeOf("max: 100", "amount,name\n1,9000\n")).toBe("approve");
});
