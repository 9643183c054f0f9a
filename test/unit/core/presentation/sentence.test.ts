import { describe, expect, test } from "vitest";
import { amountText, dollars } from "../../../../src/core/presentation/amounts.ts";
import { plainText } from "../../../../src/core/presentation/parts.ts";
import { caseSentence, type DescribedCase, writeTitle } from "../../../../src/core/presentation/sentence.ts";
import { toneOf } from "../../../../src/core/presentation/phase-words.ts";
import { PHASES } from "../../../../src/core/intent/phase.ts";

const described = (more: Partial<DescribedCase>): DescribedCase => ({
  agent: "newsletter-writer",
  editor: null,
  phase: "pending_approval",
  destination: "sendgrid.send",
  method: null,
  records: 1,
  valueCents: null,
  hasFacts: true,
  totals: [],
  recipients: null,
  ...more,
});

const sentence = (more: Partial<DescribedCase>) => plainText(caseSentence(described(more)));

test.each<[Partial<DescribedCase>, string]>([
  [{}, "newsletter-writer wants to send 1 e-mail through sendgrid.send."],
  [
    { recipients: 2400 },
    "newsletter-writer wants to send 1 e-mail to 2,400 recipients through sendgrid.send.",
  ],
  [{ phase: "rejected" }, "newsletter-writer wanted to send 1 e-mail through sendgrid.send."],
  [
    { destination: "salesforce.import", records: 847 },
    "newsletter-writer wants to import 847 records into salesforce.import.",
  ],
  [
    { destination: "salesforce.import", records: null },
    "newsletter-writer wants to import an unknown number of records into salesforce.import.",
  ],
  [
    { destination: "hubspot.delete", records: 60 },
    "newsletter-writer wants to delete 60 records from hubspot.delete.",
  ],
  [
    { destination: "stripe.refund", valueCents: 90_000 },
    "newsletter-writer wants to refund $900.00 through stripe.refund.",
  ],
  [
    { destination: "stripe.refund" },
    "newsletter-writer wants to refund an unknown amount through stripe.refund.",
  ],
  [
    {
      destination: "adyen.payout",
      records: 2,
      totals: [
        { currency: "EUR", minor: 1_250_000 },
        { currency: "JPY", minor: 9_000 },
      ],
    },
    "newsletter-writer wants to pay out €12,500.00 EUR and ¥9,000 JPY in 2 records through adyen.payout.",
  ],
  [
    { destination: "github.other", records: 3 },
    "newsletter-writer wants to write 3 records to github.other.",
  ],
  [
    { destination: "github.other", method: "PATCH" },
    "newsletter-writer wants to send a PATCH request with 1 record through github.other.",
  ],
  [
    { editor: "Ana Diaz" },
    "newsletter-writer wants to send 1 e-mail through sendgrid.send, as Ana Diaz wrote it.",
  ],
])("a case is one sentence: %j", (more, expected) => {
  expect(sentence(more)).toBe(expected);
});

test("an amount that only the case's record has is not called unknown", () => {
  const text = sentence({ destination: "stripe.refund", hasFacts: false });
  expect(text).toBe("newsletter-writer wants to refund an amount through stripe.refund.");
});

test("a DELETE is not called what the destination's name promises", () => {
  expect(sentence({ method: "DELETE" })).toBe(
    "newsletter-writer wants to send a DELETE request with 1 record through sendgrid.send.",
  );
  expect(sentence({ method: "DELETE", destination: "crm.delete", records: 2 })).toContain("delete 2 records");
});

test("names stay apart from the words around them, whatever they contain", () => {
  const parts = caseSentence(described({ agent: "bot wants to send nothing. Ana" }));
  expect(parts[0]).toEqual({ kind: "name", text: "bot wants to send nothing. Ana" });
  expect(plainText(writeTitle(described({})))).toBe("Send 1 e-mail through sendgrid.send");
});

describe("amounts in their currency", () => {
  test.each([
    [90_000, "USD", "$900.00 USD"],
    [1, "EUR", "€0.01 EUR"],
    [9_000, "JPY", "¥9,000 JPY"],
    [1_250, "KWD", "1.250 KWD"],
    [0, "CHF", "0.00 CHF"],
    [-5, "EUR", "€-0.05 EUR"],
    [Number.MAX_SAFE_INTEGER, "USD", "$90,071,992,547,409.91 USD"],
    // Shares its sign with the US dollar.
    [100, "CAD", "1.00 CAD"],
  ])("%d minor units of %s are %s", (minor, currency, expected) => {
    expect(amountText(minor, currency)).toBe(expected);
  });

  test("US dollars alone need no code", () => {
    expect([0, 5, 100_050].map(dollars)).toEqual(["$0.00", "$0.05", "$1,000.50"]);
  });
});

test("what waits, what is done and what is over have tones of their own", () => {
  expect(Object.groupBy(PHASES, toneOf)).toMatchObject({
    wait: ["pending_approval"],
    doubt: ["indeterminate"],
    ok: ["approved", "scheduled", "claimed", "succeeded"],
  });
  expect(toneOf("a newer phase")).toBe("idle");
});
