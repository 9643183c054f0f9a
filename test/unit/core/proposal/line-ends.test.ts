import { describe, expect, test } from "vitest";
import type { Facts } from "../../../../src/core/proposal/facts.ts";
import { columnName } from "../../../../src/core/proposal/formats/column-name.ts";
import { csvShape } from "../../../../src/core/proposal/formats/csv.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";

/** Ends a line in Python's `splitlines`, and for most others is text. */
const DISPUTED = [
  ["VT", "\v"],
  ["FF", "\f"],
  ["FS", "\u{1c}"],
  ["GS", "\u{1d}"],
  ["RS", "\u{1e}"],
  ["NEL", "\u{85}"],
  ["LS", "\u{2028}"],
  ["PS", "\u{2029}"],
] as const;

const FORM = "application/x-www-form-urlencoded";

function factsOf(text: string, mediaType: string | null): Facts {
  return measure(
    { kind: "content", bytes: new TextEncoder().encode(text), name: null, mediaType },
    { records: { kind: "auto" }, amount: null, recipients: "to" },
    { recordCount: null, estimatedValueUsd: null },
  );
}

const field = (value: string) => factsOf(`ids=${encodeURIComponent(value)}`, FORM);

const part = (value: string) =>
  factsOf(
    `--b\r\nContent-Disposition: form-data; name="ids"\r\n\r\n${value}\r\n--b--\r\n`,
    "multipart/form-data; boundary=b",
  );

describe.each(DISPUTED)("INV-00: %s, which ends a line only to some readers", (_, end) => {
  test("an undeclared text with it between a name and a sign is no form of one record", () => {
    const facts = factsOf(`t${end}A${end}=`, null);
    expect([facts.type, facts.records.measured]).toEqual(["text", null]);
  });

  test("rows of a CSV that it may end are unknown, with both numbers", () => {
    const facts = factsOf(`name,amount\n1,2${end}3,4${end}5,6`, "text/csv");
    expect(facts.doubts?.records).toEqual({ because: "csv_line_ends", readings: [1, 3] });
  });

  test("a line that names it as the delimiter hides no rows", () => {
    const facts = factsOf(`sep=${end}\na${end}b${end}c\n`, "text/csv");
    expect(facts.doubts?.records?.because).toBe("csv_line_ends");
  });

  test("in a quoted cell it makes no row: readers that know quotes agree", () => {
    const { records } = factsOf(`name,note\n1,"a${end}b"\n`, "text/csv");
    expect([records.measured, records.uncertain]).toEqual([1, false]);
  });

  test("ids that it separates in a form's field are unknown, with both numbers", () => {
    const facts = field(`1${end}2${end}3`);
    expect(facts.doubts?.records).toEqual({ because: "uncountable_field", readings: [1, 3] });
  });

  test("an id behind it, in a list of one a line, is one more to some", () => {
    const facts = field(`1\n2${end}3`);
    expect(facts.records.measured).toBe(3);
    expect(facts.doubts?.records?.because).toBe("uncountable_field");
  });

  test("JSON texts that it separates in a form's field count, one each", () => {
    const facts = field(`{"id": 1}${end}{"id": 2}`);
    expect(facts.records.measured).toBe(2);
  });

  test("prose with it in a form's field is one record, as prose of several lines is", () => {
    expect(field(`Dear all,${end}thank you for the order.`).doubts).toBeUndefined();
  });

  test("lines that it ends in a part's field are unknown", () => {
    expect(part(`1${end}2`).doubts?.records?.because).toBe("uncountable_field");
    expect(part(`1${end}`).doubts).toBeUndefined();
  });

  test("addresses that it separates are two recipients", () => {
    expect(factsOf(`to=${encodeURIComponent(`a${end}b`)}`, FORM).recipients).toBe(2);
  });
});

test.each(DISPUTED)("INV-00: %s around a column's name is stripped, as Python does it", (_, end) => {
  expect(columnName(`${end} amount ${end}`)).toBe("amount");
  const shape = csvShape(`id,"amount${end}"\n1,9000\n`);
  expect(shape.header).toEqual(["id", "amount"]);
});

test("INV-00: a quote behind a lone line feed among CRLFs opens a cell only to some: the rows are unknown", () => {
  const facts = factsOf('a;b\r\n1;\n"1;2\r\n3;4\r\n5;6\r\n"\n', "text/csv");
  expect(facts.doubts?.records?.because).toBe("csv_line_ends");
});

test("line feeds in quoted cells of a table of CRLFs leave its rows known", () => {
  const facts = factsOf('name,note\r\n1,"a\nb"\r\n2,"c\nd"\r\n', "text/csv");
  expect(facts.doubts).toBeUndefined();
});

test("INV-00: within the strings of JSON in a form's field line and paragraph separators are text", () => {
  expect(field('[{"note":"a\u{2028}b"},{"note":"c\u{2029}d"}]').doubts).toBeUndefined();
});

test("INV-00: a form's other repeated field is the least that a disputed list is read as", () => {
  const facts = factsOf("id=1&id=2&ids=1%C2%852%C2%853", FORM);
  expect(facts.doubts?.records).toEqual({ because: "uncountable_field", readings: [2, 3] });
});

test.each([
  ["line feeds", "\n;\n"],
  ["carriage returns", "\r;\r"],
  ["line feeds around an ampersand", "\n&\n"],
  ["the body's last line end, and by a coded one", "ids%0A=1&ids\n"],
])("INV-00: two fields of a form that are named by %s are two records", (_, text) => {
  expect(factsOf(text, FORM).records.measured).toBe(2);
});

test("the last line end of a form's file adds no record", () => {
  const { records } = factsOf("ids=1&to=a%40x.example\r\n", FORM);
  expect([records.measured, records.uncertain]).toEqual([1, false]);
});
