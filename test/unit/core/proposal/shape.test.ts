import { describe, expect, test } from "vitest";
import type { Facts } from "../../../../src/core/proposal/facts.ts";
import { shapeOf } from "../../../../src/core/proposal/measure/shape.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";

type Type = Facts["type"];

function content(text: string | Uint8Array): Payload {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return { kind: "content", bytes, name: null, mediaType: null };
}

const shape = (text: string, type: Type) => shapeOf(content(text), { type });

describe("payloads of the same kind have the same shape", () => {
  test.each([
    ["records with the same fields", "json", '[{"id":1,"email":"a"}]', '[{"email":"b","id":2},{"id":3}]'],
    ["one record and a list of them", "json", '{"id":1}', '[{"id":2}]'],
    ["lines with the same fields", "ndjson", '{"id":1}\n{"id":2}', '{"id":9}\r\n{"x":1}'],
    ["tables with the same header", "csv", "id,email\n1,a", "\n id,email\r\n2,b\r\n"],
    ["texts of one type", "text", "one", "quite another"],
  ] as const)("when they are %s", (_case, type, one, other) => {
    expect(shape(one, type)).toEqual(shape(other, type));
  });

  test.each([
    ["other fields", "json", '{"id":1}', '{"name":1}'],
    ["one field more", "json", '{"id":1}', '{"id":1,"delete":true}'],
    ["another header", "csv", "id,email", "id,iban"],
    ["lines with other fields", "ndjson", '{"id":1}', '{"iban":1}'],
  ] as const)("but not with %s", (_case, type, one, other) => {
    expect(shape(one, type)).not.toEqual(shape(other, type));
  });

  test("but not when they are of two types", () => {
    expect(shape('{"id":1}', "json")).not.toEqual(shape('{"id":1}', "ndjson"));
  });

  test("a field name with a comma differs from two fields", () => {
    expect(shape('{"a,b":1}', "json")).not.toEqual(shape('{"a":1,"b":1}', "json"));
  });
});

test("a shape contains field names and no values", () => {
  expect(shape('[{"email":"ana@example.com","iban":"DE89"}]', "json")).toEqual(["json", "email", "iban"]);
  expect(shape("id,email\n1,ana@example.com", "csv")).toEqual(["csv", "id,email"]);
  expect(shape('{"email":"ana@example.com"}\n{"phone":"1"}', "ndjson")).toEqual(["ndjson", "email"]);
  expect(shape("ana@example.com", "text")).toEqual(["text"]);
});

describe("a hostile payload has a shape", () => {
  test.each([
    ["nothing", ""],
    ["half a record", '{"id":'],
    ["a repeated field", '{"id":1,"id":2}'],
    ["a number", "7"],
    ["null", "null"],
    ["an empty list", "[]"],
    ["a list of lists", "[[1]]"],
    ["a list that starts with nothing", "[null]"],
    ["bytes that are no text", "\ufffd"],
  ])("when it is %s", (_case, text) => {
    expect(shape(text, "json")).toEqual(["json"]);
  });

  test("when its fields are named like members of Object.prototype", () => {
    expect(shape('{"__proto__":1,"constructor":2}', "json")).toEqual(["json", "__proto__", "constructor"]);
  });

  test("of its type alone when it is too large to be read again", () => {
    const record = JSON.stringify([{ id: "x".repeat(256 * 1024) }]);
    expect(shape(record, "json")).toEqual(["json"]);
  });

  test("of its own kind when it is missing or a reference", () => {
    expect(shapeOf({ kind: "none" }, { type: null })).toEqual(["none"]);
    expect(shapeOf(content("x"), { type: null })).toEqual(["content"]);
  });
});
