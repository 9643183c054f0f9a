import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../src/core/base/json.ts";
import { canonicalText } from "../../../sdk/typescript/canonical.ts";
import { GateOptionError } from "../../../sdk/typescript/gate.ts";
import { argumentsKey } from "../../../sdk/typescript/guard-call.ts";

interface Vectors {
  readonly keys: readonly {
    readonly name: string;
    readonly destination: string;
    readonly action: string | null;
    readonly arguments: readonly unknown[];
    readonly canonical: string;
    readonly key: string;
  }[];
}

const VECTORS = JSON.parse(
  readFileSync(new URL("../../vectors/guard-keys.json", import.meta.url), "utf8"),
) as Vectors;

test.each(VECTORS.keys)("the key of a vector: $name", async (vector) => {
  const { destination, action, arguments: args, canonical, key } = vector;
  expect(canonicalText([destination, action ?? destination, args], "arguments")).toBe(canonical);
  expect(await argumentsKey(destination, action ?? destination, args)).toBe(key);
});

test("the canonical text is the server's, of any JSON without large integers", () => {
  const isSafe = (text: string) => !/\d{16}|e\+/.test(text);
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const text = canonicalJson(value);
      fc.pre(isSafe(text) && text.isWellFormed());
      expect(canonicalText(value, "value")).toBe(text);
    }),
    { seed: 15 },
  );
});

describe("a value without a canonical form is a TypeError that names its place", () => {
  class Money {
    readonly amount = 5;
  }
  const circle: unknown[] = [];
  circle.push({ self: circle });
  const deep = Array.from({ length: 70 }).reduce<unknown>((inner) => [inner], 1);

  test.each<[string, unknown, RegExp]>([
    ["NaN", [{ amount: Number.NaN }], /^arguments\[0\]\.amount is NaN/],
    ["an infinity", [1, Number.NEGATIVE_INFINITY], /^arguments\[1\] is -Infinity/],
    ["an integer that others round", [2 ** 53], /^arguments\[0\] is an integer beyond 2\^53/],
    ["a float that is such an integer", [1e21], /beyond 2\^53/],
    ["a BigInt", [{ ids: [1n] }], /^arguments\[0\]\.ids\[0\] is a bigint/],
    ["a function", [() => 1], /^arguments\[0\] is a function/],
    ["a function that JSON would call", [{ toJSON: () => 1 }], /^arguments\[0\]\.toJSON is a function/],
    ["a symbol", [Symbol("x")], /^arguments\[0\] is a symbol/],
    ["undefined in a list", [undefined, 1], /^arguments\[0\] is undefined/],
    // oxlint-disable-next-line no-sparse-arrays -- what is tested
    ["a hole in a list", [, 1], /^arguments\[0\] is undefined/],
    ["a date", [new Date(0)], /^arguments\[0\] is a Date/],
    ["a map", [new Map([["a", 1]])], /^arguments\[0\] is a Map/],
    ["bytes", [new Uint8Array(2)], /^arguments\[0\] is a Uint8Array/],
    ["an instance of a class", [new Money()], /^arguments\[0\] is a Money/],
    ["a lone surrogate", ["\ud800"], /^arguments\[0\] has a lone surrogate/],
    ["a name with a lone surrogate", [{ "\udc00": 1 }], /a name in arguments\[0\] has a lone surrogate/],
    ["a circle", circle, /contains itself/],
    ["a deep value", deep, /nested too deeply/],
  ])("%s", (_, value, message) => {
    expect(() => canonicalText(value, "arguments")).toThrow(GateOptionError);
    expect(() => canonicalText(value, "arguments")).toThrow(message);
  });

  test("while objects without a prototype, and of another order, are the same value", () => {
    const bare = Object.assign(Object.create(null) as object, { b: 1, a: undefined, c: null });
    expect(canonicalText(bare, "x")).toBe('{"b":1,"c":null}');
    expect(canonicalText({ c: null, b: 1 }, "x")).toBe('{"b":1,"c":null}');
  });
});
