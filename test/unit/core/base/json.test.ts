import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import numbers from "../../../vectors/jcs/numbers.json" with { type: "json" };
import texts from "../../../vectors/jcs/texts.json" with { type: "json" };
import { digestOf, sha256Hex } from "../../../../src/core/base/digest.ts";
import { canonicalJson, isJsonObject, NotCanonical } from "../../../../src/core/base/json.ts";

function double(hex: string): number {
  return new DataView(hexToBytes(hex).buffer).getFloat64(0);
}

describe("numbers are serialised as in RFC 8785, appendix B", () => {
  test.each(numbers.numbers as [string, string | null][])("the double %s is written %s", (hex, text) => {
    if (text === null) expect(() => canonicalJson(double(hex))).toThrow(NotCanonical);
    else expect(canonicalJson(double(hex))).toBe(text);
  });
});

describe("canonical JSON follows RFC 8785, section 3.2", () => {
  test.each(texts.texts)("$name", ({ in: text, out, hex }) => {
    const canonical = canonicalJson(JSON.parse(text));
    expect(canonical).toBe(out);
    if (hex !== undefined) expect(bytesToHex(new TextEncoder().encode(canonical))).toBe(hex);
  });
});

const values = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>;

describe("canonical JSON has one text for each value", () => {
  test("the text parses to the same value and is its own canonical text", () => {
    fc.assert(
      fc.property(values, (value) => {
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
        expect(canonicalJson(JSON.parse(text))).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test("the order in which members were written does not change the text", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), values), (object) => {
        const turned = Object.fromEntries(Object.entries(object).toReversed());
        expect(canonicalJson(turned)).toBe(canonicalJson(object));
      }),
      { numRuns: 200 },
    );
  });

  test("different values have different texts", () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
        expect(canonicalJson(one) === canonicalJson(other)).toBe(same);
      }),
      { numRuns: 200 },
    );
  });

  test("the digest is computed over the text's UTF-8 bytes", () => {
    expect(digestOf({ b: 1, a: "é" })).toBe(sha256Hex(new TextEncoder().encode('{"a":"é","b":1}')));
  });
});

/** Members in order, by another way than the one under test: built up again, key by key. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => ({ key, member: sorted(member) }));
  return { members: members.toSorted((a, b) => (a.key < b.key ? -1 : 1)) };
}

describe("a value without a canonical text is refused", () => {
  test.each([
    ["NaN", Number.NaN],
    ["an infinity", -Infinity],
    ["a lone high surrogate", "a\ud800"],
    ["a lone low surrogate", "\udc00a"],
    ["surrogates the wrong way round", "\ude00\ud83d"],
    ["a lone surrogate as a key", { "\ud800": 1 }],
    ["nothing at all", undefined],
    ["nothing in a list", [undefined]],
    // eslint-disable-next-line no-sparse-arrays
    ["a hole in a list", [1, , 2]],
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
    ["a big integer", 1n],
    ["deep inside", { a: [{ b: Number.NaN }] }],
  ])("canonicalJson refuses %s", (_what, value) => {
    expect(() => canonicalJson(value)).toThrow(NotCanonical);
  });

  test("a member whose value is undefined is left out, as JSON.stringify does", () => {
    expect(canonicalJson({ b: undefined, a: null })).toBe('{"a":null}');
  });

  test("the error quotes nothing of the refused value", () => {
    expect(() => canonicalJson("secret\ud800")).toThrow(/^a lone surrogate$/);
  });
});

test.each([
  [{}, true],
  [{ a: 1 }, true],
  [[], false],
  [null, false],
  ["{}", false],
  [undefined, false],
])("isJsonObject(%j) is %s", (value, expected) => {
  expect(isJsonObject(value)).toBe(expected);
});
