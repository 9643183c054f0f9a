import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Facts } from "../../../../src/core/proposal/facts.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";
import { NO_HINTS } from "../../../../src/core/registry/measure-hints.ts";
import { indentJson } from "../../../../src/core/presentation/payload/json-lines.ts";
import { payloadLayout } from "../../../../src/core/presentation/payload/layout.ts";
import { foundTerms, markedText } from "../../../../src/core/presentation/payload/marks.ts";
import { hasRightToLeft } from "../../../../src/core/presentation/payload/right-to-left.ts";
import { startWithin } from "../../../../src/core/presentation/payload/weight.ts";
import type { TraceStep } from "../../../../src/core/policy/decision.ts";

function factsOf(text: string, name: string): Facts {
  const bytes = new TextEncoder().encode(text);
  return measure({ kind: "content", bytes, name, mediaType: null }, NO_HINTS, {
    recordCount: null,
    estimatedValueUsd: null,
  });
}

const layout = (text: string, name: string) => payloadLayout(text, factsOf(text, name), 10_000);

describe("indented JSON", () => {
  test("has the same value, whatever was indented", () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        // The line breaks after `\n` in strings are the layout's own.
        const { text, isWhole } = indentJson(json, Number.POSITIVE_INFINITY);
        expect(isWhole).toBe(true);
        expect(JSON.parse(text.replaceAll(/\\n\n */g, String.raw`\n`))).toEqual(JSON.parse(json));
      }),
    );
  });

  test("keeps numbers as they are written, and decodes strings", () => {
    const { text } = indentJson(String.raw`{"a":1.10,"b":1e3,"c":"\u0072efund","d":[],"e":{}}`, 1_000);
    expect(text).toBe('{\n  "a": 1.10,\n  "b": 1e3,\n  "c": "refund",\n  "d": [],\n  "e": {}\n}');
  });

  test("breaks a letter's lines behind their escapes", () => {
    const { text } = indentJson(String.raw`{"body":"Hello {{name}},\n\nbye\n","path":"C:\\new"}`, 1_000);
    expect(text).toBe('{\n  "body": "Hello {{name}},\\n\n    \\n\n    bye\\n",\n  "path": "C:\\\\new"\n}');
  });

  test("ends where it is told, and says so", () => {
    const { text, isWhole } = indentJson(JSON.stringify(Array.from({ length: 1_000 }, () => "x")), 100);
    expect([text.length, isWhole]).toEqual([100, false]);
  });

  test("takes twice the steps for twice the text", () => {
    const deep = (size: number) => `[${`{"a":"${"x".repeat(50)}"},`.repeat(size)}1]`;
    for (const size of [1_000, 2_000]) {
      expect(indentJson(deep(size), Number.POSITIVE_INFINITY).text.split("\n")).toHaveLength(size * 3 + 3);
    }
  });
});

describe("a layout shows nothing that a reader of the bytes would not see", () => {
  test.each([
    ["two members of one name", '{"amount":1,"amount":900}', "leads.json"],
    ["a number that readers round", '{"id":90071992547409931}', "x.json"],
    ["two JSON values", '{"a":1} {"b":2}', "x.json"],
  ])("%s: as sent, and why", (_, text, name) => {
    expect(layout(text, name)).toEqual({ kind: "text", because: expect.any(String) });
  });

  test("a CSV with two readings is shown as sent", () => {
    const text = `a;b;c;d;e\n1;2;3;4;"x,y\n${"n,a@x\n".repeat(50)}"`;
    expect(layout(text, "leads.csv")).toMatchObject({
      kind: "text",
      because: expect.stringContaining("CSV"),
    });
  });

  test("a CSV with rows of several widths is no table", () => {
    expect(layout("a,b,c\n1,2,3\n4,5\n6,7,8\n", "leads.csv").kind).toBe("text");
  });

  test("a form with bytes that are no text is shown as sent", () => {
    expect(layout("a=%ff&b=2", "x.form").kind).toBe("text");
  });

  test("what has no layout is text, without a reason", () => {
    expect(layout("just words", "note.txt")).toEqual({ kind: "text", because: null });
  });
});

test("a cell that is no plain number takes the sum of its column away, and its row is named", () => {
  const rows = Array.from({ length: 60 }, (_, at) => (at === 30 ? 'EVIL,"$900,000"' : "A,1")).join("\n");
  expect(layout(`who,amount\n${rows}\n`, "x.csv")).toMatchObject({
    table: { sums: [null, null], unsummed: [null, 31] },
  });
});

test("a CSV is its first and last rows with the sums of its columns of numbers", () => {
  const rows = Array.from({ length: 847 }, (_, n) => `${n + 1},p${n}@x.example,"Acme, Inc.",${n}.50`);
  const shown = layout(`id,email,company,value\n${rows.join("\n")}\n`, "leads.csv");
  expect(shown).toMatchObject({
    kind: "table",
    table: {
      header: ["id", "email", "company", "value"],
      width: 4,
      rows: 847,
      sums: [null, null, null, "358,704.50"],
    },
  });
  if (shown.kind !== "table") throw new Error("no table");
  expect(shown.table.first).toHaveLength(8);
  expect(shown.table.last.map(([id]) => id)).toEqual(["845", "846", "847"]);
});

test("a column with a cell of two readings has no sum", () => {
  expect(layout("item,price\na,1.50\nb,9.000\n", "x.csv")).toMatchObject({ table: { sums: [null, null] } });
});

test("the fields of a form are decoded as servers do", () => {
  expect(layout("charge=ch_1&amount=90000&note=a%20b+c", "x.form")).toEqual({
    kind: "fields",
    fields: [
      ["charge", "ch_1"],
      ["amount", "90000"],
      ["note", "a b c"],
    ],
  });
});

describe("marks", () => {
  const step = (seen: string): TraceStep => ({
    policy: "p",
    rule: "hold_if_terms",
    line: 1,
    seen,
    outcome: "hold",
    reasonCode: "held_term_detected",
  });

  test("cover placeholders and terms, and leave the text as it is", () => {
    const text = "Hello {{name}}, a Free  Trial for {{name}}.";
    const pieces = markedText(text, ["free trial"], true);
    expect(pieces.filter(({ isMarked }) => isMarked).map((piece) => piece.text)).toEqual([
      "{{name}}",
      "Free  Trial",
      "{{name}}",
    ]);
    expect(pieces.map((piece) => piece.text).join("")).toBe(text);
  });

  test("lose nothing of any text, whatever is looked for", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string({ minLength: 1 })), (text, terms) => {
        expect(
          markedText(text, terms, true)
            .map((piece) => piece.text)
            .join(""),
        ).toBe(text);
      }),
    );
  });

  test("look for what the rules found", () => {
    expect(foundTerms([step('"price increase", "a.b*", and 2 more')])).toEqual(["price increase", "a.b*"]);
    expect(markedText("a.b* aXb", ["a.b*"], false).filter(({ isMarked }) => isMarked)).toHaveLength(1);
  });
});

test("a start within a weight is never cut inside a character, and never heavier on the page", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.nat(200), (text, bytes) => {
      const start = startWithin(text, bytes);
      expect(text.startsWith(start)).toBe(true);
      expect(start.length === text.length || start.isWellFormed() || !text.isWellFormed()).toBe(true);
      const escaped = start.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
      expect(new TextEncoder().encode(escaped).length).toBeLessThanOrEqual(Math.max(bytes, 0));
    }),
  );
});

test("letters that run from right to left are found", () => {
  expect([hasRightToLeft("סכום 5;900000"), hasRightToLeft("مبلغ"), hasRightToLeft("Grüße 日本")]).toEqual([
    true,
    true,
    false,
  ]);
});
