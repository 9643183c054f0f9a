import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readableTexts } from "../../../../src/core/detection/readable.ts";
import { compileTerms } from "../../../../src/core/detection/terms/terms.ts";
import { NO_HINTS } from "../../../../src/core/registry/measure-hints.ts";
import { parseContent } from "../../../../src/core/proposal/formats/content.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";

const NOTHING = { recordCount: null, estimatedValueUsd: null };

function textsIn(
  text: string,
  name: string | null = null,
  mediaType: string | null = null,
): readonly string[] {
  const payload: Payload = { kind: "content", bytes: new TextEncoder().encode(text), name, mediaType };
  return readableTexts(payload, measure(payload, NO_HINTS, NOTHING));
}

describe("INV-10: every text of a payload is searched", () => {
  test.each<[string, string | null, string[]]>([
    [
      String.raw`{"a\u0062":["c\nd",12.5,true,null,""],"e":{"f":"g"}}`,
      null,
      ["ab", "c\nd", "12.5", "e", "f", "g"],
    ],
    ['{"a":"first","a":"second"}', null, ["a", "first", "a", "second"]],
    ['{"a":"b"}\n{"a":"c"}', null, ["a", "b", "a", "c"]],
    ['id,note\n1,"a ""b"""\n', "x.csv", ["x.csv", "id", "note", "1", 'a "b"']],
    ["a=b+c&d%5B%5D=%C3%A9", null, ["a", "b c", "d[]", "é", "a=b+c&d%5B%5D=%C3%A9"]],
    ["plain text", null, ["plain text"]],
    ["", null, [""]],
  ])("all keys and values of %s are searched", (text, name, texts) => {
    expect(textsIn(text, name)).toEqual(texts);
  });

  test("a table in which a reader of another delimiter finds a quoted cell is searched as one text as well", () => {
    const table = 'a|b\n1|"x,"|refund\nguaranteed|"1"\n';
    expect(textsIn(table.replace('"x,"', '"x"'), null, "text/csv")).not.toContain(table);
    expect(textsIn(table.replace('"x,"', 'x,"y"'), null, "text/csv")).toContain(
      table.replace('"x,"', 'x,"y"'),
    );
  });

  test("names and bodies of multipart parts are searched, nested formats included", () => {
    const body = [
      '--x\r\nContent-Disposition: form-data; name="n"; filename="l.csv"\r\n\r\nid,note\r\n1,hi\r\n',
      '--x\r\nContent-Disposition: form-data; name="j"\r\nContent-Type: application/json\r\n\r\n{"k":"v"}\r\n--x--\r\n',
    ].join("");
    expect(textsIn(body)).toEqual(["n", "l.csv", "id", "note", "1", "hi", "j", "k", "v"]);
  });

  test("a table with broken quotes is also searched as one text", () => {
    const text = 'id,note\n1,"sue\n2,them"x\n';
    expect(textsIn(text, "x.csv")).toContain(text);
  });

  test("prose that parses as a table is also searched as prose", () => {
    const text = "refund,guaranteed\nfor,you\nand,me\n";
    expect(textsIn(text)).toContain(text);
    expect(textsIn(text, "x.csv")).not.toContain(text);
  });

  test("a reference yields only its name, and an empty payload nothing", () => {
    const reference: Payload = { kind: "reference", name: "sue.csv", sha256: null, rows: null };
    expect(readableTexts(reference, measure(reference, NO_HINTS, NOTHING))).toEqual(["sue.csv"]);
    expect(readableTexts({ kind: "none" }, measure({ kind: "none" }, NO_HINTS, NOTHING))).toEqual([]);
  });

  test("a payload that is not of its declared type is searched as text", () => {
    expect(textsIn("we will sue", "a.json")).toContain("we will sue");
    expect(textsIn("we will sue", "a.pdf")).toContain("we will sue");
  });

  test("two hundred thousand texts do not overflow the stack", () => {
    const json = `[${'"a",'.repeat(200_000)}"sue"]`;
    expect(textsIn(json)).toHaveLength(200_001);
  });
});

test("INV-10: a term anywhere in a payload of any format is found", () => {
  const compiled = compileTerms(["refund guaranteed"]);
  if (!compiled.ok) throw new Error(compiled.error.problem);
  const key = fc.string({ unit: fc.constantFrom(..."abc_"), minLength: 1, maxLength: 4 });
  const noise = fc.string({ unit: fc.constantFrom(...'xyz ,;"\n\\{}'), maxLength: 10 });
  const wrap = fc.constantFrom<(k: string, v: string, n: string) => [string, string | null]>(
    (k, v, n) => [JSON.stringify({ [k]: [n, { [k]: `${n} ${v} ${n}` }] }), null],
    (k, v, n) => [JSON.stringify([{ [`${v}`]: n }, k]), "a.json"],
    (k, v, n) => [`${JSON.stringify({ [k]: n })}\n${JSON.stringify({ [k]: v })}`, "a.ndjson"],
    (k, v, n) => [`${k},note\n1,"${`${n} ${v}`.replaceAll('"', '""')}"\n`, "a.csv"],
    (k, v, n) => [new URLSearchParams({ [k]: `${n} ${v}` }).toString(), null],
    (k, v, n) => [`${n}\n${v} ${k}`, "a.txt"],
    (k, v) => [`<a><${k}>${v}</${k}></a>`, "a.xml"],
  );
  fc.assert(
    fc.property(wrap, key, noise, (write, name, around) => {
      const [text, file] = write(name, "Refund GUARANTEED", around);
      expect(compiled.value.find(textsIn(text, file))).toEqual([0]);
    }),
    { numRuns: 1_000 },
  );
});

describe("INV-00: what a reader assembles from pieces is searched, or holds", () => {
  const content = (text: string, mediaType: string) =>
    ({ kind: "content", bytes: new TextEncoder().encode(text), name: null, mediaType }) as const;

  test("XML that defines entities is not decodable", () => {
    const xml = "<!DOCTYPE r [<!ENTITY a 'refund '>]><r>&a;guaranteed</r>";
    expect(parseContent(content(xml, "application/xml")).decodable).toBe(false);
    expect(parseContent(content("<r>refund</r>", "application/xml")).decodable).toBe(true);
  });

  test("a folded line of a calendar is one line", () => {
    const payload = content("BEGIN:VCALENDAR\r\nDESCRIPTION:refund gua\r\n ranteed\r\n", "text/calendar");
    const facts = measure(payload, NO_HINTS, { recordCount: null, estimatedValueUsd: null });
    expect(readableTexts(payload, facts).join("\n")).toContain("refund guaranteed");
  });
});
