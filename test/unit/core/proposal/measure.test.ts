import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { NO_HINTS, type MeasureHints } from "../../../../src/core/registry/measure-hints.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";
import { compileTerms } from "../../../../src/core/detection/terms/terms.ts";
import { readableTexts } from "../../../../src/core/detection/readable.ts";
import { records, selectValues } from "../../../../src/core/proposal/measure/select.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";
import { bytesOf, type VectorPayload } from "../../../support/measure-vectors.ts";
import vectors from "../../../vectors/measure/facts.json" with { type: "json" };

interface Vector {
  readonly name: string;
  readonly payload: VectorPayload;
  readonly hints: MeasureHints;
  readonly facts: {
    readonly type: string;
    readonly records: number | null;
    readonly uncertain?: boolean;
    readonly contradiction?: boolean;
    readonly decodable?: boolean;
    readonly money?: string;
    readonly usdCents?: number | null;
    readonly totals?: readonly unknown[];
    readonly recipients?: number | null;
    readonly doubts?: unknown;
  };
}

type Content = Payload & { readonly kind: "content" };

const FORM = "application/x-www-form-urlencoded";
const NOTHING = { recordCount: null, estimatedValueUsd: null };

function content(
  text: string | Uint8Array,
  name: string | null = null,
  mediaType: string | null = null,
): Content {
  return {
    kind: "content",
    bytes: typeof text === "string" ? new TextEncoder().encode(text) : text,
    name,
    mediaType,
  };
}

function payloadOf({ payload }: Vector): Content {
  return { kind: "content", bytes: bytesOf(payload), name: payload.name, mediaType: payload.mediaType };
}

describe("INV-16: a form of more than 10,000 fields", () => {
  const HINTS: MeasureHints = {
    records: { kind: "auto" },
    amount: { path: "amount", unit: "major", currency: { code: "USD" } },
    recipients: "to",
  };
  const form = (fields: number) =>
    content(`amount=1&to=a%40x.example&note=refund+guaranteed${"&a=".repeat(fields - 3)}`, null, FORM);

  test("has as many records as fields, and none of its facts is known", () => {
    const facts = measure(content(`amount=1${"&a=".repeat(10_000)}`, null, FORM), HINTS, NOTHING);
    expect(facts).toMatchObject({ type: "form", decodable: false, money: "incomplete", recipients: null });
    expect(facts.records).toMatchObject({ measured: 10_001, uncertain: true });
    const unknown = { because: "too_many_fields", readings: [] };
    expect(facts.doubts).toEqual({
      records: unknown,
      money: unknown,
      recipients: unknown,
      content: unknown,
    });
  });

  test("at 10,000 fields is measured, and beyond it only searched", () => {
    for (const [fields, isKnown] of [
      [10_000, true],
      [10_001, false],
    ] as const) {
      const payload = form(fields);
      const facts = measure(payload, HINTS, NOTHING);
      expect([facts.decodable, facts.doubts?.content === undefined]).toEqual([isKnown, isKnown]);
      const terms = compileTerms(["refund guaranteed"]);
      expect(terms.ok && terms.value.find(readableTexts(payload, facts))).toEqual([0]);
    }
  });

  test("in a part of a multipart body leaves the body unreadable", () => {
    const part = `--b\r\ncontent-disposition: form-data; name="f"\r\ncontent-type: ${FORM}\r\n\r\na=${"&a=".repeat(10_000)}\r\n--b--\r\n`;
    const facts = measure(content(part, null, "multipart/form-data; boundary=b"), NO_HINTS, NOTHING);
    expect(facts).toMatchObject({ decodable: false, records: { measured: 10_001, uncertain: true } });
  });
});

test("INV-16: ten thousand parts without an end of headers are refused as multipart after one pass", () => {
  const part = `--x\r\n${"a".repeat(200)}\r\n`;
  const bytes = new TextEncoder().encode(`${part.repeat(9_999)}--x--\r\n`);
  const payload = {
    kind: "content",
    bytes,
    name: null,
    mediaType: "multipart/form-data; boundary=x",
  } as const;
  const facts = measure(payload, NO_HINTS, { recordCount: null, estimatedValueUsd: null });
  expect([facts.typeContradiction, facts.records.measured]).toEqual([true, null]);
});

describe("INV-00: a payload is measured", () => {
  test.each(vectors as unknown as Vector[])("as the vector says: $name", (vector) => {
    const facts = measure(payloadOf(vector), vector.hints, NOTHING);
    const wanted = vector.facts;
    expect({
      type: facts.type,
      records: facts.records.measured,
      uncertain: facts.records.uncertain,
      contradiction: facts.typeContradiction,
      decodable: facts.decodable,
      money: facts.money,
      usdCents: facts.valueUsdCents.measured,
      recipients: facts.recipients,
      doubts: facts.doubts,
    }).toEqual({
      type: wanted.type,
      records: wanted.records,
      uncertain: wanted.uncertain ?? false,
      contradiction: wanted.contradiction ?? false,
      decodable: wanted.decodable ?? true,
      money: wanted.money ?? "none",
      usdCents: wanted.usdCents ?? null,
      recipients: wanted.recipients ?? null,
      doubts: wanted.doubts,
    });
    if (wanted.totals !== undefined) expect(facts.totals).toEqual(wanted.totals);
  });
});

describe("declared beside measured numbers", () => {
  test.each([
    [1, 3],
    [3, 3],
    [10, 10],
    [null, 3],
  ])("%j declared and 3 measured give %j", (recordCount, effective) => {
    const facts = measure(content("[1,2,3]"), NO_HINTS, { recordCount, estimatedValueUsd: null });
    expect(facts.records).toEqual({ declared: recordCount, measured: 3, effective, uncertain: false });
  });

  test("a payload without records uses the declared count", () => {
    const facts = measure(content("hello"), NO_HINTS, { recordCount: 7, estimatedValueUsd: null });
    expect(facts.records).toEqual({ declared: 7, measured: null, effective: 7, uncertain: false });
  });

  test("a reference has only the type of its name and the larger declared count", () => {
    const facts = measure(
      { kind: "reference", name: "leads.csv", sha256: null, rows: 847 },
      { ...NO_HINTS, records: { kind: "single" } },
      { recordCount: 50, estimatedValueUsd: null },
    );
    expect(facts).toMatchObject({
      payload: "reference",
      type: "csv",
      decodable: false,
      records: { declared: 847, measured: null, effective: 847 },
    });
  });

  test("an absent payload has no content", () => {
    expect(measure({ kind: "none" }, NO_HINTS, NOTHING)).toMatchObject({
      payload: "none",
      type: null,
      bytes: 0,
    });
  });

  test.each([
    [1.1, 110],
    [19.99, 1999],
    [0, 0],
    [0.001, 1],
    [1e300, Number.MAX_SAFE_INTEGER],
  ])("a declared value of %d dollars is %d cents, rounded up", (estimatedValueUsd, cents) => {
    const facts = measure({ kind: "none" }, NO_HINTS, { recordCount: null, estimatedValueUsd });
    expect(facts.valueUsdCents.declared).toBe(cents);
  });
});

describe("the payload type by name and media type", () => {
  test.each([
    ["a.CSV", null, "csv"],
    ["a.csv ", null, "csv"],
    ["a.tar.gz", null, "gz"],
    ["a.7z", null, "7z"],
    ["report.2026", null, "text"],
    ["a", "text/csv; header=present", "csv"],
    ["a", "application/octet-stream", "text"],
    ["a.csv", "text/plain", "csv"],
    ["a.txt", "text/csv", "text"],
    ["a", "image/png", "png"],
    ["a", "text/html", "text"],
  ])("of %s with media type %j is %s", (name, mediaType, type) => {
    expect(measure(content("hello", name, mediaType), NO_HINTS, NOTHING)).toMatchObject({
      type,
      typeContradiction: false,
    });
  });
});

describe("measuring arbitrary bytes", () => {
  const hints: MeasureHints = {
    records: { kind: "path", path: "$.a[*]" },
    amount: { path: "a.b", unit: "major", currency: { path: "$..c" } },
    recipients: "to",
  };
  const names = fc.constantFrom(
    null,
    "a.csv",
    "a.json",
    "a.ndjson",
    "a.txt",
    "a.xml",
    "a.pdf",
    "a.xlsx",
    "a.zip",
    "a",
  );
  const types = fc.constantFrom(
    null,
    "text/csv",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain; charset=utf-16",
    "; ; =",
  );

  test("never throws and gives the same result twice", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc
        .string({ unit: fc.constantFrom(...'{}[]":,\\\n\r;\t-x=&<% 1a') })
        .map((text) => new TextEncoder().encode(text)),
      fc.json().map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(bytes, names, types, (raw, name, mediaType) => {
        for (const use of [hints, NO_HINTS]) {
          const payload = content(raw, name, mediaType);
          const facts = measure(payload, use, NOTHING);
          records(payload, facts, use);
          expect(facts).toEqual(measure(content(raw, name, mediaType), use, NOTHING));
          expect(JSON.parse(JSON.stringify(facts))).toEqual(facts);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test("counts exactly the rows of a well-formed table and returns its cells", () => {
    const cell = fc.string({ unit: fc.constantFrom(...'ab1" ,;\n\r\t'), maxLength: 8 });
    const row = fc.tuple(cell, cell, cell);
    const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 20 }),
        fc.constantFrom(",", ";", "\t"),
        fc.constantFrom("\n", "\r\n"),
        (rows, delimiter, lineBreak) => {
          const lines = [["id", "name", "note"], ...rows].map((each) => each.map(quote).join(delimiter));
          const payload = content(lines.join(lineBreak), "a.csv");
          const facts = measure(payload, NO_HINTS, NOTHING);
          const filled = rows.filter((each) => each.some((text) => text.trim() !== ""));
          const read = records(payload, facts, NO_HINTS);
          const measured = facts.records.measured ?? -1;
          expect(measured).toBeGreaterThanOrEqual(filled.length);
          // A reader with another delimiter finds rows in a quoted cell of several lines.
          if (/[\n\r]/.test(lines.join(""))) return;
          expect(read).toEqual({ ok: true, value: filled.map(([id, name, note]) => ({ id, name, note })) });
          // A cell of blanks in quotes is counted, if not read: the larger count is the safe one.
          expect(facts.records.measured ?? -1).toBeGreaterThanOrEqual(filled.length);
          // So is the number of lines, to a reader that does not see the quotes of this delimiter.
          const breaks =
            rows
              .flat()
              .join("")
              .match(/[\n\r]/g)?.length ?? 0;
          expect(facts.records.measured ?? -1).toBeLessThanOrEqual(rows.length + breaks);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("INV-16: finishes a quarter of a million repetitions of one element in time", () => {
    const recipientsAtX: MeasureHints = { ...NO_HINTS, recipients: "x" };
    for (const [piece, count] of [
      ["x=1&", 250_001],
      ['{"x":1}\n', 250_000],
      ["x,y\n", 249_999],
    ] as const) {
      const text = piece.repeat(250_000) + (piece.endsWith("&") ? "x=1" : "");
      expect(measure(content(text), recipientsAtX, NOTHING).records.measured).toBe(count);
    }
  });

  test("INV-00: counts at least as many rows as any reader when quoting is broken", () => {
    const line = fc.string({ unit: fc.constantFrom(...'ab",1'), minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 10 }), (lines) => {
        const facts = measure(content(["id,name", ...lines].join("\n"), "a.csv"), NO_HINTS, NOTHING);
        if (!facts.records.uncertain) return;
        const filled = lines.filter((each) => /[ab1]/.test(each)).length;
        expect(facts.records.measured ?? -1).toBeGreaterThanOrEqual(filled);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("selecting values and records", () => {
  test.each([
    ['[{"a":1},{}]', "json", "a", [1, undefined]],
    ['{"a":{"b":[{"c":1},{"c":2}]}}', "json", "a.b.c", [1, 2]],
    ['{"a":1}\n{"b":2}', "ndjson", "a", [1, undefined]],
    ["First Name,v1.2\nAnn,x\nBob,y", "csv", "First Name", ["Ann", "Bob"]],
    ["First Name,v1.2\nAnn,x\nBob,y", "csv", "v1.2", ["x", "y"]],
    ["a,b\n1\n2,3", "csv", "b", [undefined, "3"]],
    ["x=1&x=2&y=3", "form", "y", ["3"]],
    ['{"__proto__":{"a":1},"constructor":2}', "json", "constructor", [2]],
    ["{}", "json", "constructor", [undefined]],
    ["{}", "json", "__proto__", [undefined]],
    ["[]", "json", "length", []],
  ])("in %s as %s at %s", (text, type, path, values) => {
    expect(selectValues(text, type, path)).toEqual({ ok: true, value: values });
  });

  test.each([
    ["hello", "json", "a"],
    ["hello", "text", "a"],
    ['{"a":1,"a":2}', "json", "a"],
    ["{}", "json", "$["],
    ["{}", "json", ""],
  ])("in %s as %s at %j is refused", (text, type, path) => {
    expect(selectValues(text, type, path).ok).toBe(false);
  });

  test("uses the destination's path for records, else those of the format", () => {
    const payload = content('{"rows":[{"id":1},{"id":2}]}');
    const atRows: MeasureHints = { ...NO_HINTS, records: { kind: "path", path: "rows" } };
    const facts = measure(payload, atRows, NOTHING);
    expect(records(payload, facts, atRows)).toEqual({ ok: true, value: [{ id: 1 }, { id: 2 }] });
    expect(records(payload, facts, NO_HINTS)).toEqual({
      ok: true,
      value: [{ rows: [{ id: 1 }, { id: 2 }] }],
    });
  });

  test("yields no records for a text, a reference, or a payload that is not of its declared type", () => {
    for (const payload of [content("hello"), content("nope", "a.json"), { kind: "none" } as const]) {
      expect(records(payload, measure(payload, NO_HINTS, NOTHING), NO_HINTS).ok).toBe(false);
    }
  });
});
