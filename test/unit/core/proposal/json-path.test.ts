import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../../../src/core/base/json.ts";
import { evaluateJsonPath } from "../../../../src/core/proposal/measure/json-path.ts";
import { parseJsonPath } from "../../../../src/core/proposal/measure/parse-json-path.ts";

function at(path: string, document: Json): readonly (Json | undefined)[] {
  const parsed = parseJsonPath(path);
  if (!parsed.ok) throw new Error(parsed.error);
  const found = evaluateJsonPath(parsed.value, document);
  if (!found.ok) throw new Error(found.error);
  return found.value;
}

/** The shapes of RFC 9535's examples, in words of our own. */
const SHOP: Json = {
  shop: {
    items: [
      { kind: "tea", maker: "Ann", name: "Green", price: 8.95 },
      { kind: "coffee", maker: "Bob", name: "Dark", price: 12.99 },
      { kind: "coffee", maker: "Cy", name: "Light", code: "x-1", price: 8.99 },
      { kind: "coffee", maker: "Di", name: "Gold", code: "x-2", price: 22.99 },
    ],
    cart: { colour: "red", price: 399 },
  },
  limit: 10,
};

describe("JSON paths follow RFC 9535", () => {
  test.each<[string, readonly (Json | undefined)[]]>([
    ["$.shop.items[*].maker", ["Ann", "Bob", "Cy", "Di"]],
    ["$..maker", ["Ann", "Bob", "Cy", "Di"]],
    ["$.shop..price", [8.95, 12.99, 8.99, 22.99, 399]],
    ["$..items[2].name", ["Light"]],
    ["$..items[-1].name", ["Gold"]],
    ["$..items[0,1].name", ["Green", "Dark"]],
    ["$..items[:2].name", ["Green", "Dark"]],
    ["$..items[1:3].name", ["Dark", "Light"]],
    ["$.shop.items[::2].name", ["Green", "Light"]],
    ["$.shop.items[::-1].name", ["Gold", "Light", "Dark", "Green"]],
    ["$.shop.items[5:1:-2].name", ["Gold"]],
    ["$.shop.items[::0].name", []],
    ["$.shop.items[?@.code].name", ["Light", "Gold"]],
    ["$.shop.items[?!@.code].name", ["Green", "Dark"]],
    ["$.shop.items[?@.price < 10].name", ["Green", "Light"]],
    ["$.shop.items[?@.price < $.limit && @.kind == 'coffee'].name", ["Light"]],
    ['$.shop.items[?@.price >= 12.99 || @.kind == "tea"].name', ["Green", "Dark", "Gold"]],
    ["$.shop.items[?(@.kind == 'tea' || @.code) && @.price < 9].name", ["Green", "Light"]],
    ["$.shop.items[?length(@.name) == 5].name", ["Green", "Light"]],
    ["$.shop[?count(@.*) == 4].length", [undefined]],
    ["$.shop.items[?count(@.*) == 5].name", ["Light", "Gold"]],
    ["$.shop.items[?value(@..code) == 'x-2'].name", ["Gold"]],
    ["$['shop']['cart']['colour']", ["red"]],
    ['$["shop"].cart["price"]', [399]],
    ["$ .shop [ 'cart' ] .price", [399]],
    ["$.shop.cart.*", ["red", 399]],
    ["$['limit','nothing']", [10, undefined]],
    ["$.shop.items[9].name", [undefined]],
    ["$.shop.items[?@.nothing == @.other].name", ["Green", "Dark", "Light", "Gold"]],
    ["$.shop.items[?@.price > 'a'].name", []],
    ["$.shop.items[?@.kind != 'coffee'].name", ["Green"]],
  ])("the selector %s yields the expected values", (path, values) => {
    expect(at(path, SHOP)).toEqual(values);
  });

  test("strings are read with their escapes, in both kinds of quotes", () => {
    const document = { "a'b": 1, 'a"b': 2, "a\\b": 3, "☺": 4, "": 5, "a.b": 6 };
    expect(at(String.raw`$['a\'b','a"b']`, document)).toEqual([1, 2]);
    expect(at(String.raw`$["a'b","a\"b","a\\b"]`, document)).toEqual([1, 2, 3]);
    expect(at(String.raw`$['\u263a']`, document)).toEqual([4]);
    expect(at("$.☺", document)).toEqual([4]);
    expect(at("$['','a.b']", document)).toEqual([5, 6]);
  });

  test("arrays and objects are compared as a whole", () => {
    const document = [
      { a: [1, { b: 2 }], c: [1, { b: 2 }] },
      { a: {}, c: [] },
    ];
    expect(at("$[?@.a == @.c]", document)).toEqual([document[0]]);
  });

  test("members of Object.prototype are not members", () => {
    expect(at("$.constructor", {})).toEqual([undefined]);
    expect(at("$.toString.name", {})).toEqual([undefined]);
  });
});

describe("INV-00: a path without a value is reported as missing, not skipped", () => {
  test.each<[string, Json, readonly (Json | undefined)[]]>([
    ["$[*].a", [{ a: 1 }, {}, 5, null], [1, undefined, undefined, undefined]],
    ["$[*].a.b", [{ a: { b: 1 } }, { a: 2 }, {}], [1, undefined, undefined]],
    ["a", [{ a: 1 }, {}], [1, undefined]],
    ["a.b", { a: [{ b: 1 }, [{ b: 2 }, {}]] }, [1, 2, undefined]],
    ["a", {}, [undefined]],
    ["a[*].b", { a: [{ b: 1 }, {}] }, [1, undefined]],
  ])("the path %s in %j", (path, document, values) => {
    expect(at(path, document)).toEqual(values);
  });
});

describe("a malformed path is an error with its position", () => {
  test.each([
    "",
    "$.",
    "$..",
    "$[",
    "$[]",
    "$['a",
    "$[01]",
    "$[-0]",
    "$[9007199254740993]",
    "$.a b",
    "$[?]",
    "$[?@.a ==]",
    "$[?@.a = 1]",
    "$[?1]",
    "$[?(@.a]",
    "$[?@.* == 1]",
    "$[?length(@.*) == 1]",
    "$[?match(@.a, 'a.*')]",
    "$[?search(@.a, '(a+)+$')]",
    "$[?unknown(@.a) == 1]",
    `$[?${"(".repeat(100)}@.a${")".repeat(100)}]`,
    `$${".a".repeat(600)}`,
    String.raw`$['\q']`,
  ])("the path %s", (path) => {
    const parsed = parseJsonPath(path);
    expect(parsed.ok).toBe(false);
    if (!parsed.ok) expect(parsed.error).toMatch(/character/);
  });

  test("any text is a path or an error, never a throw", () => {
    const text = fc.string({ unit: fc.constantFrom(..."$.@[]'\"*?:,()!=<>&|\\ ab01-_") });
    fc.assert(
      fc.property(text, fc.jsonValue(), (path, document) => {
        const parsed = parseJsonPath(path);
        if (parsed.ok) expect(evaluateJsonPath(parsed.value, document as Json).ok).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});

test("INV-16: a path that visits too many nodes is an error", () => {
  const wide: Json = Array.from({ length: 60 }, () => Array.from({ length: 60 }, () => [1, 2, 3]));
  const parsed = parseJsonPath("$..*..*..*..*..*..*");
  expect(parsed.ok && evaluateJsonPath(parsed.value, [wide, wide, wide])).toMatchObject({ ok: true });
  const quadratic = parsed.ok ? parseJsonPath("$[?count($..*) == 1]") : parsed;
  const long: Json = Array.from({ length: 20_000 }, (_, index) => index);
  expect(quadratic.ok && evaluateJsonPath(quadratic.value, long)).toMatchObject({ ok: false });
});
