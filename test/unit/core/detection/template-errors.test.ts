import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findTemplateErrors } from "../../../../src/core/detection/template-errors.ts";
import { NO_HINTS } from "../../../../src/core/registry/measure-hints.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";

function errorsIn(text: string, name: string | null = null): ReturnType<typeof findTemplateErrors> {
  const payload: Payload = { kind: "content", bytes: new TextEncoder().encode(text), name, mediaType: null };
  return findTemplateErrors(
    payload,
    measure(payload, NO_HINTS, { recordCount: null, estimatedValueUsd: null }),
  );
}

describe("an unresolved placeholder is found", () => {
  test.each([
    ["Hello {{customer_name}},", "{{customer_name}}"],
    ["Hello {{ customer.name | title }},", "{{ customer.name | title }}"],
    ["Hello {{{name}}},", "{{{name}}}"],
    ["{{#if vip}}", "{{#if vip}}"],
    ["Hello {name},", "{name}"],
    ["see https://example.com/orders/{order_id}", "{order_id}"],
    ["Hello %name%,", "%name%"],
    ["Hello %FIRST_NAME%!", "%FIRST_NAME%"],
    ["Hello <%= user.name %>", "<%= user.name %>"],
    ["Hello ${name}", "${name}"],
    ["Hello ${user.firstName}", "${user.firstName}"],
    ["Hello [[name]]", "[[name]]"],
    ["{% if vip %}", "{% if vip %}"],
    ["Hello undefined,", "undefined"],
    ["Hi null!", "null"],
    ["Dear NaN,", "NaN"],
    ["Dear Mr. undefined,", "undefined"],
    ["Dear None\nthank you", "None"],
    ["GOOD MORNING undefined undefined,", "undefined undefined"],
    ["Thanks, undefined", "undefined"],
    ["Dear [object Object],", "[object Object]"],
    ["Hëllo {{prénom}}", "{{prénom}}"],
  ])("the text %s has one", (text, placeholder) => {
    expect(errorsIn(text)).toEqual([{ placeholder, where: "line 1", records: 1 }]);
  });
});

describe("an unresolved placeholder is found where a reader of HTML or Markdown shows it", () => {
  test.each([
    ["Hello &lbrace;&lbrace;name&rbrace;&rbrace;,", "{{name}}"],
    ["Hello &#123;&#0000123;name&#x7d&#125", "{{name}}"],
    ["Hello {<b>{name}</b>},", "{{name}}"],
    ["Hello {{<!-- x -->name}},", "{{name}}"],
    [String.raw`Hello \{\{name\}\},`, "{{name}}"],
    ["Hello &percnt;name&percnt;,", "%name%"],
  ])("the text %s shows one", (text, placeholder) => {
    expect(errorsIn(text).map((error) => error.placeholder)).toContain(placeholder);
  });

  test.each([
    String.raw`the set \{x\} and the sets \{\{x\}, \{y\}\}`,
    "<code>a &lt; b &amp;&amp; c</code> <b>{</b> braces <i>}</i>",
    "R&D {1, 2} &copy; 2026",
  ])("the text %s shows none", (text) => {
    expect(errorsIn(text)).toEqual([]);
  });
});

describe("text that only resembles a placeholder is not reported", () => {
  test.each([
    "",
    "100% sure, 50% of 20% off, 5%off, 10%-20%",
    "https://example.com/a%20b%20c?x=%E2%80%99%C3%A9cole%20fin",
    "[a link](https://example.com) and ![a picture](x.png)",
    "function f() { return {}; } if (a) { b }",
    "body { color: red } a{color:red} .x{}",
    "style={{ color: 'red' }}",
    "import {useState} from 'react'",
    "\\frac{a}{b} \\textbf{bold} x^{n} a_{i}",
    "write `{{name}}` and it is filled in",
    "```\nHello {{name}} ${name}\n```",
    "LIKE '%name%'",
    "open %APPDATA% or %PATH%",
    "[[1,2],[3,4]] and [[ -f x ]] and [[nodiscard]]",
    "{550e8400-e29b-41d4-a716-446655440000}",
    "Hello Nan, hello Null, dear Nil,",
    "the value is undefined, or null, or NaN",
    "thanks for none of it; hello, undefined behaviour is a topic",
    "a set {1, 2, 3} and {a, b}",
    "%d of %s at %Y-%m-%d %H:%M",
    "3 < 5 % 2 > 1",
  ])("the text %s has none", (text) => {
    expect(errorsIn(text)).toEqual([]);
  });

  test("the braces of JSON itself are not placeholders", () => {
    expect(errorsIn('{"a":{"b":[[1],[2]],"c":{}},"d":null,"greeting":"hi"}')).toEqual([]);
    expect(errorsIn('[{"greeting":null},{"greeting":"undefined"}]')).toEqual([]);
  });
});

describe("a finding says where the placeholder is and how many records have one", () => {
  test("by JSON path, with the items of one array as one finding", () => {
    const messages = [
      { to: "a", body: "Hi {{name}}, {{name}}" },
      { to: "b", body: "Hi Ann" },
      { to: "c", body: "Hi {{name}}", "odd key": ["%code%"] },
    ];
    expect(errorsIn(JSON.stringify({ messages }))).toEqual([
      { placeholder: "{{name}}", where: "$.messages[*].body", records: 2 },
      { placeholder: "%code%", where: "$.messages[*]['odd key'][*]", records: 1 },
    ]);
  });

  test("by record, where each line of NDJSON is one", () => {
    expect(errorsIn('{"b":"Hi {x}"}\n{"b":"Hi {x}"}\n{"b":"Hi"}')).toEqual([
      { placeholder: "{x}", where: "$.b", records: 2 },
    ]);
  });

  test("by CSV column, with its name or its number", () => {
    expect(errorsIn("to,body\na@example.com,Hi {{name}}\nb@example.com,Hi {{name}}\n", "a.csv")).toEqual([
      { placeholder: "{{name}}", where: "body", records: 2 },
    ]);
    expect(errorsIn("a@example.com,Hi {{name}}\nb@example.com,Hi Bob\n", "a.csv")).toEqual([
      { placeholder: "{{name}}", where: "column 2", records: 1 },
    ]);
  });

  test("by line of a text, at the first occurrence", () => {
    expect(errorsIn("Hello,\n\nyour code is %code%.\n%code% it is, {{name}}")).toEqual([
      { placeholder: "%code%", where: "line 3", records: 1 },
      { placeholder: "{{name}}", where: "line 4", records: 1 },
    ]);
  });

  test("by form field or by part name", () => {
    expect(errorsIn("to=ann&body=Hi+%7B%7Bname%7D%7D")).toEqual([
      { placeholder: "{{name}}", where: "body", records: 1 },
    ]);
    const part = 'Content-Disposition: form-data; name="note"\r\n\r\nHi {{name}}';
    expect(errorsIn(`--x\r\n${part}\r\n--x--\r\n`)).toEqual([
      { placeholder: "{{name}}", where: "note", records: 1 },
    ]);
  });
});

test("a broken template that repeats itself gives a short list of findings", () => {
  const text = Array.from({ length: 5_000 }, (_, index) => `{{name_${index}}}`).join("\n");
  expect(errorsIn(text)).toHaveLength(100);
});

test("a payload Gate has not seen gives no finding", () => {
  const reference: Payload = { kind: "reference", name: "{{name}}.csv", sha256: null, rows: null };
  const facts = measure(reference, NO_HINTS, { recordCount: null, estimatedValueUsd: null });
  expect(findTemplateErrors(reference, facts)).toEqual([]);
});

test("the detector never throws, whatever the text", () => {
  const text = fc.string({ unit: fc.constantFrom(...'{}[]%<>=$`"\\:,\n undefiHo1') });
  fc.assert(
    fc.property(text, fc.constantFrom(null, "a.csv", "a.json", "a.ndjson", "a.txt"), (source, name) => {
      for (const { records } of errorsIn(source, name)) expect(records).toBeGreaterThan(0);
    }),
    { numRuns: 2_000 },
  );
});
