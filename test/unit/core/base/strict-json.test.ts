import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../../src/core/base/json.ts";
import { parseStrictJson } from "../../../../src/core/base/strict-json.ts";

const nested = (open: string, close: string, depth: number) => open.repeat(depth) + close.repeat(depth);
const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;

const REFUSED = {
  duplicate_key: [
    '{"a":1,"a":2}',
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '{"\\u0061":1,"a":2}',
    '{"x":{"a":1,"b":2,"a":3}}',
    '[{"a":1},{"a":1,"a":2}]',
    '{"a":{"b":1},"a":{"b":1,"c":2}}',
    '{"a":{"a":1},"a":{"a":1}}',
    '{"":1,"":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"1":1,"1":2}',
    '{"a:b":1,"a:b":2}',
    '{"a\\"":1,"a\\u0022":2}',
    '{"/":1,"\\/":2}',
    '{"😀":1,"\\ud83d\\ude00":2}',
  ],
  too_deep: [
    nested("[", "]", 65),
    objects(65),
    `{"a":${nested("[", "]", 64)}}`,
    "[".repeat(1_000_000),
    "{".repeat(100),
  ],
  lone_surrogate: [
    '"\\ud800"',
    '"\\udc00"',
    '{"\\ud800":1}',
    '{"a":{"b\\udfff":1}}',
    '["ok","\\ud83d"]',
    '"\\ude00\\ud83d"',
    '"\ud800"',
    '{"a":"\ud83d\ud83d\ude00"}',
  ],
  unsafe_number: [
    "9007199254740992",
    "9007199254740993",
    "-9007199254740992",
    "1e999",
    "-1e999",
    '{"a":[],"a":1e999}',
    '{"a":[1,{"b":1e16}]}',
    "1e308",
    "123456789012345678901234567890",
  ],
  malformed: [
    "",
    " ",
    "\ufeff{}",
    "{}\ufeff",
    "{",
    "}",
    "{]",
    "]".repeat(100),
    "nul",
    "undefined",
    "NaN",
    "Infinity",
    "{a:1}",
    "{'a':1}",
    '{"a":1,}',
    "[1,]",
    "[,]",
    '{"a" 1}',
    '{"a":}',
    '{"a"::1}',
    "01",
    "+1",
    ".5",
    "1.",
    "0x10",
    "1_000",
    '"\u0001"',
    '"a\nb"',
    '"\\x41"',
    '"\\u12"',
    '"open',
    '"open\\',
    '"open\\"',
    "// no\n{}",
    "{} {}",
    "1 2",
    "\u00a01",
    "\v1",
    '{"a":1}\u0000',
  ],
} as const;

describe.each(Object.keys(REFUSED) as (keyof typeof REFUSED)[])(
  "INV-25: JSON is refused as %s",
  (problem) => {
    test.each(REFUSED[problem].map((text) => [text.length > 60 ? `${text.slice(0, 60)}…` : text, text]))(
      "the text %j",
      (_name, text) => {
        expect(parseStrictJson(text)).toEqual({ ok: false, error: problem });
      },
    );
  },
);

const TAKEN: readonly (readonly [string, unknown])[] = [
  ["null", null],
  ['""', ""],
  ["0", 0],
  ["-0", -0],
  [" \t\r\n1 ", 1],
  ["9007199254740991", 9_007_199_254_740_991],
  ["-9007199254740991", -9_007_199_254_740_991],
  ["0.1", 0.1],
  ["1e-999", 0],
  ["[]", []],
  ["{}", {}],
  ['{"a":"b:c"}', { a: "b:c" }],
  ['{"a:b":":"}', { "a:b": ":" }],
  ['{"a":"{[:]}","b":"]"}', { a: "{[:]}", b: "]" }],
  ['{"a":"\\"","b":"\\\\"}', { a: '"', b: "\\" }],
  ['{"a\\"b":1}', { 'a"b': 1 }],
  ['{"a":"\\\\","b":":"}', { a: "\\", b: ":" }],
  ['{"a":"\\\\\\"","b":1}', { a: '\\"', b: 1 }],
  ['{"a":1,"A":2}', { a: 1, A: 2 }],
  ['{"a":{"a":{"a":1}}}', { a: { a: { a: 1 } } }],
  ['[{"a":1},{"a":2}]', [{ a: 1 }, { a: 2 }]],
  ['"\\ud83d\\ude00"', "😀"],
  ['"\\u0000"', "\u0000"],
  ['"\ufeff"', "\ufeff"],
  ['{"\\u00e9":1,"e\\u0301":2}', { "\u00e9": 1, "e\u0301": 2 }],
];

describe("INV-25: valid JSON is parsed to the value that it spells", () => {
  test.each(TAKEN)("the text %s", (text, value) => {
    expect(parseStrictJson(text)).toEqual({ ok: true, value });
  });

  test.each(['{"__proto__":{"admin":true}}', '{"constructor":1,"toString":2,"hasOwnProperty":3}'])(
    "members named like those of Object.prototype are plain members: %s",
    (text) => {
      const parsed = parseStrictJson(text);
      if (!parsed.ok) throw new Error(parsed.error);
      expect(canonicalJson(parsed.value)).toBe(
        text.replace(
          '"constructor":1,"toString":2,"hasOwnProperty":3',
          '"constructor":1,"hasOwnProperty":3,"toString":2',
        ),
      );
      expect(Object.getPrototypeOf(parsed.value)).toBe(Object.prototype);
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
    },
  );

  test("sixty-four levels are accepted, and brackets inside strings count as none", () => {
    expect(parseStrictJson(nested("[", "]", 64)).ok).toBe(true);
    expect(parseStrictJson(objects(64)).ok).toBe(true);
    expect(parseStrictJson(JSON.stringify("[".repeat(1000))).ok).toBe(true);
    expect(parseStrictJson(`[${Array.from({ length: 1000 }, () => "[[]]").join(",")}]`).ok).toBe(true);
  });
});

const values = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>;

test("the output of JSON.stringify parses to the same value, however it is spaced", () => {
  fc.assert(
    fc.property(values, fc.constantFrom(undefined, 1, "\t"), (value, space) => {
      fc.pre(isSafe(value));
      const text = JSON.stringify(value, null, space);
      expect(parseStrictJson(text)).toEqual({ ok: true, value: JSON.parse(text) });
    }),
    { numRuns: 300 },
  );
});

test("INV-25: one repeated member is refused at any depth and in any escaped spelling", () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), values, { minKeys: 1 }),
      values,
      fc.boolean(),
      fc.array(fc.constantFrom("list", "object"), { maxLength: 5 }),
      (object, again, escaped, around) => {
        fc.pre(isSafe(object) && isSafe(again));
        const [key = ""] = Object.keys(object);
        const name = escaped ? `"${escapeAll(key)}"` : JSON.stringify(key);
        const doubled = `${JSON.stringify(object).slice(0, -1)},${name}:${JSON.stringify(again)}}`;
        const text = around.reduce(
          (inner, kind) => (kind === "list" ? `[0,${inner}]` : `{"x":${inner}}`),
          doubled,
        );
        expect(parseStrictJson(text)).toEqual({ ok: false, error: "duplicate_key" });
      },
    ),
    { numRuns: 300 },
  );
});

test("INV-25: the parser never throws, whatever the text", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    "\\",
    "\\u",
    "d800",
    "1",
    "e9",
    "null",
    " ",
    "a",
    "\ud800",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 40, size: "max" }), (parts) => {
      const text = parts.join("");
      const parsed = parseStrictJson(text);
      // Stricter than JSON.parse, never laxer.
      if (parsed.ok) expect(JSON.parse(text)).toEqual(parsed.value);
    }),
    { numRuns: 1000 },
  );
});

function escapeAll(text: string): string {
  const units = text.split("").map((unit) => unit.charCodeAt(0).toString(16).padStart(4, "0"));
  return units.map((hex) => `\\u${hex}`).join("");
}

function isSafe(value: unknown): boolean {
  const text = JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "number" && Math.abs(member) > Number.MAX_SAFE_INTEGER ? "unsafe" : member,
  );
  return !text.includes('"unsafe"') && !text.includes("\\ud");
}
