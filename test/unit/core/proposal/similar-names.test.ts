import { describe, expect, test } from "vitest";
import { NO_HINTS, type MeasureHints } from "../../../../src/core/registry/measure-hints.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";

function measured(text: string, mediaType: string, hints: Partial<MeasureHints>) {
  const payload = { kind: "content", bytes: new TextEncoder().encode(text), name: null, mediaType } as const;
  return measure(payload, { ...NO_HINTS, ...hints }, { recordCount: null, estimatedValueUsd: null });
}

const JSON_TYPE = "application/json";
const FORM = "application/x-www-form-urlencoded";
const USD = { code: "USD" } as const;
const MONEY: Partial<MeasureHints> = { amount: { path: "amount", unit: "minor", currency: USD } };

describe("INV-00: a field name that some parsers take for the measured one", () => {
  test.each([
    ["another case", '{"amount":1,"Amount":90000}', JSON_TYPE],
    ["another case, deeper", '{"amount":1,"more":[{"AMOUNT":90000}]}', JSON_TYPE],
    ["in a line", '{"amount":1}\n{"amount":1,"Amount":90000}', "application/x-ndjson"],
    ["in a column", "amount,Amount\n1,90000", "text/csv"],
    ["another case in a form", "amount=1&AMOUNT=90000", FORM],
    ["a list", "amount=1&amount[]=90000", FORM],
    ["a list with a number", "amount=1&amount%5B0%5D=90000", FORM],
    ["a member", "amount=1&amount[value]=90000", FORM],
    ["a member with a dot", "amount=1&amount.value=90000", FORM],
    ["a blank before it", "amount=1&+amount=90000", FORM],
    ["a zero byte behind it", "amount=1&amount%00=90000", FORM],
  ])("makes the amount unknown: %s", (_what, text, type) => {
    expect(measured(text, type, MONEY).money).toBe("incomplete");
  });

  test("is found by Unicode case folding, as parsers fold", () => {
    const hints: Partial<MeasureHints> = { records: { kind: "path", path: "rows" } };
    expect(measured('{"rows":[1],"row\u017f":[1,2,3]}', JSON_TYPE, hints).records.uncertain).toBe(true);
  });

  test("makes records, recipients and currency unknown as well", () => {
    const text =
      '{"rows":[1],"Rows":[1,2],"to":"ana","TO":"ana,ben","amount":1,"currency":"USD","Currency":"BTC"}';
    const amount = { path: "amount", unit: "minor", currency: { path: "currency" } } as const;
    const facts = measured(text, JSON_TYPE, {
      records: { kind: "path", path: "rows" },
      recipients: "to",
      amount,
    });
    expect(facts).toMatchObject({ money: "incomplete", recipients: null, records: { uncertain: true } });
  });

  test.each([
    ["nothing of the kind", '{"amount":1,"amounts":2,"id":"Amount"}', JSON_TYPE],
    ["the same name in every record", '[{"amount":1},{"amount":2}]', JSON_TYPE],
    ["other fields", "amount=1&total[amount]=3&amounts=2", FORM],
  ])("is not assumed where there is %s", (_what, text, type) => {
    expect(measured(text, type, MONEY).money).toBe("measured");
  });

  test("is not assumed where a path names the field in full", () => {
    const path = "$['lines[0][amount]']";
    const hints: Partial<MeasureHints> = { amount: { path, unit: "minor", currency: USD } };
    expect(measured("lines[0][id]=7&lines[0][amount]=1", FORM, hints).money).toBe("measured");
    expect(measured("lines[0][amount]=1&lines[0][Amount]=2", FORM, hints).money).toBe("incomplete");
  });
});

test("INV-16: a field of forty thousand indices that end in a letter counts as similar, without a stall", () => {
  const text = `amount=1&a${"[1]".repeat(40_000)}x=1`;
  expect(measured(text, FORM, MONEY).money).toBe("incomplete");
});
