import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findPii, type PiiKind } from "../../../../src/core/detection/pii/pii.ts";

const KINDS: readonly PiiKind[] = ["email", "phone", "card", "ssn", "iban"];

function kindsIn(...texts: string[]): PiiKind[] {
  return [...findPii(texts, KINDS).keys()];
}

describe("personal data is found", () => {
  test.each<[PiiKind, string]>([
    ["email", "write to ann.smith@example.com."],
    ["email", "<bob+news@sub.example.co.uk>"],
    ["email", "ÄNNE@müller.example"],
    ["email", "ann\u200b@exam\u00adple.com"],
    ["email", "ann＠example．com"],
    ["email", "ann @ example.com"],
    ["email", "ann [at] example [dot] com"],
    ["email", "ann(at)example(dot)com"],
    ["email", "ann at example dot com"],
    ["email", "ann%40example.com"],
    ["email", "ann&#64;example.com"],
    ["email", "YW5uQGV4YW1wbGUuY29t"],
    ["email", String.raw`ann\u0040example.com`],
    ["phone", "+49 30 901820"],
    ["phone", "+15551234567"],
    ["phone", "+44 (0)20 7946 0958"],
    ["phone", "0044 20 7946 0958"],
    ["phone", "(212) 555-0123"],
    ["phone", "212-555-0123"],
    ["phone", "1-800-555-0199"],
    ["phone", "212.555.0123"],
    ["phone", "tel:+33123456789"],
    ["phone", "01 23 45 67 89"],
    ["phone", "020 7946 0958"],
    ["phone", "phone: 5552345678"],
    ["phone", "+4\u200b9 30 901\u200b820"],
    ["phone", "+٤٩ ٣٠ ٩٠١٨٢٠٠"],
    ["phone", "+４９ ３０ ９０１８２０"],
    ["card", "d\u00004111 1111 1111 1111\u0000d"],
    ["card", "41\u000011 1111 1111 1111"],
    ["card", "4111111111111111"],
    ["card", "4111 1111 1111 1111"],
    ["card", "4111-1111-1111-1111, 12/27"],
    ["card", "card 5555555555554444 cvc 123"],
    ["card", "3782 822463 10005"],
    ["card", "6011111111111117"],
    ["card", "3530111333300000"],
    ["card", "2223003122003222"],
    ["card", "30569309025904"],
    ["card", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"],
    ["card", "41 11 11 11 11 11 11 11"],
    ["card", "4111\u200b1111\u200b1111\u200b1111"],
    ["card", "４１１１１１１１１１１１１１１１"],
    ["card", "4111%201111%201111%201111"],
    ["card", "4111111111111111 1.5"],
    ["card", "-8 4111111111111111"],
    ["card", "4111 1111 1111 1111 1.5"],
    ["card", "paid 1.5 4111 1111 1111 1111 12ab"],
    ["card", "20261130 4111111111111111 123456"],
    ["card", "2026-03-08 4111 1111 1111 1111"],
    ["card", "$9000\n4111 1111\n1111 1111"],
    ["card", "4111111111111111\u001e1.5"],
    ["card", "4111111111111111٩"],
    ["card", "９4111111111111111"],
    ["card", "<p>4111 1111\n1111 1111</p>"],
    ["card", "Your card 4111-1111-\r\n  1111-1111, thanks"],
    ["card", "4111 1111 1111\u20281111"],
    ["card", "4111\v1111 1111 1111"],
    ["card", "3782\n822463 10005"],
    ["card", "4111 1111\n1111 1111 12/27"],
    ["ssn", "123-45-6789"],
    ["ssn", "SSN 123 45 6789."],
    ["ssn", "ssn: 123456789"],
    ["ssn", "social security number is 123456789"],
    ["ssn", "1 2 3 - 4 5 - 6 7 8 9"],
    ["ssn", "123\u201145\u20116789"],
    ["ssn", "123-\u200b45-6789"],
    ["iban", "DE89370400440532013000"],
    ["iban", "DE89 3704 0044 0532 0130 00 please"],
    ["iban", "gb82 west 1234 5698 7654 32"],
    ["iban", "NO93 8601 1117 947"],
    ["iban", "MT84MALT011000012345MTLCAST001S"],
    ["iban", "D\u200bE89 3704 0044 0532 0130 00"],
  ])("the kind %s in %s", (kind, text) => {
    expect(kindsIn(text)).toContain(kind);
  });

  test("only the requested kinds are counted, and each distinct value once", () => {
    const texts = [
      "ann@example.com ANN@example.com bob@example.com",
      "4111111111111111",
      "4111 1111 1111 1111",
    ];
    expect([...findPii(texts, ["email", "card"])]).toEqual([
      ["email", 2],
      ["card", 1],
    ]);
    expect([...findPii(texts, ["card"])]).toEqual([["card", 1]]);
    expect([...findPii(texts, [])]).toEqual([]);
  });
});

describe("text that is not personal data is not counted", () => {
  test.each([
    "order 1234567890, invoice INV-2026-000123-4567",
    "1.4111111111111111, x4111111111111111, 4111-1111-1111-1111-12ab",
    // A list of four-digit numbers of which four would make a card's; two of eight digits; a number that goes on.
    "rooms:\n1204\n4111\n1111\n1111\n1111\n2310",
    "41111111\n11111111",
    "4111\n1111\n1111\n1111",
    "<td>4111</td><td>1111</td><td>1111</td><td>1111</td>",
    "4111 1111\n1111 1111\n2222 3333",
    "1204 2310 4111 1111 1111 1111 2310 1204",
    "A4111\n1111\n1111\n1111",
    "2026-11-22T08:15:30Z, 22.11.2026 10:15, 11/22/2026",
    "01.02.2026 12 and 2026-11-22 2026-11-23",
    "id 550e8400-e29b-41d4-a716-446655440000",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "IP 192.168.100.200, version 10.15.7, 1.2.3.4",
    "icon@2x.png, package@1.2.3, @media screen, a@b, @ann",
    "4111111111111112 fails the check, 4111111111111111234567 is too long",
    "0.4111111111111111 and 4111111111111111.5",
    "0000000000000000, 1111111111111117, 9999999999999995",
    "1700000000000, 1700000000000000, 1234567890123456",
    "000-12-3456, 666-12-3456, 900-12-3456, 123-00-4567, 123-45-0000",
    "123-45-67890, 1123-45-6789, 123-456-789",
    "DE88370400440532013000, DE8937040044053201300, XX89370400440532013000",
    "GB82 is not an account",
    "x-DE89370400440532013000, DE89370400440532013000-1",
    "+10%, +1, 1+2=3, +15,000",
    "5,551,234,567 rows in 20 files, 212 555 items",
    "lat 45.501689, lon -73.567256",
    "$1,234.56 - $7,890.12",
    "ISBN 978-3-16-148410-0",
    "1 2 3 4 5 6 7 8 9 10 11 12",
    "2024 2025 2026 2027",
    "12 45 67 89 12 34 56",
    "pages 100-200, 300-400",
    "meet at noon, dot your i's",
  ])("the text %s", (text) => {
    expect(kindsIn(text)).toEqual([]);
  });

  test("digits of two separate texts do not form one number", () => {
    expect(kindsIn("4111", "1111", "1111", "1111")).toEqual([]);
  });
});

test("the detector never throws, whatever the text", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom(..."0123456789 -.+()@aDE/%&#;[]\u200b") }),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
      for (const count of findPii(texts, KINDS).values()) expect(count).toBeGreaterThan(0);
    }),
    { numRuns: 1_000 },
  );
});

test("a card number with one wrong digit fails the checksum and is not counted", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 1, max: 9 }), (place, by) => {
      const digits = "4242424242424242";
      const wrong = (Number(digits.charAt(place)) + by) % 10;
      const changed = digits.slice(0, place) + wrong + digits.slice(place + 1);
      expect(kindsIn(changed)).not.toContain("card");
    }),
  );
});

test("INV-16: base64 whose layers decode twice counts as holding personal data of every kind", () => {
  let run = "nobody@nowhere";
  for (let layer = 0; layer < 30; layer++) {
    run = `${btoa(`${run}${"A".repeat((5 - (run.length % 3)) % 3)}`).replaceAll("=", "")}/`;
  }
  expect([...findPii([run], ["card", "iban"]).keys()]).toEqual(["card", "iban"]);
});
