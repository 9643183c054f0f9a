import { expect, test } from "vitest";
import { harmlessType } from "../../../src/http/api/intents/http-write-view.ts";

test.each([
  ["application/json", "application/json"],
  ["application/json; x=text/html", "application/json"],
  ["Text/Plain; Charset=UTF-8", "text/plain; charset=utf-8"],
  ['text/csv; charset="utf-8"; header=present', "text/csv; charset=utf-8"],
  ["text/plain; charset=utf-7", "text/plain"],
  ["text/csv", "text/csv"],
  ["application/x-ndjson", "application/x-ndjson"],
  ["text/html", "application/octet-stream"],
  ["image/svg+xml", "application/octet-stream"],
  ["application/xhtml+xml; charset=utf-8", "application/octet-stream"],
  ["text/xml", "application/octet-stream"],
  ["application/javascript", "application/octet-stream"],
  ["application/pdf", "application/octet-stream"],
  ["multipart/x-mixed-replace; boundary=x", "application/octet-stream"],
  ["text/plain, text/html", "application/octet-stream"],
  ["text/plain\ttext/html", "application/octet-stream"],
  ["constructor", "application/octet-stream"],
  ["", "application/octet-stream"],
])("INV-28: a foreign body of type %j is served as %s", (declared, type) => {
  expect(harmlessType([["content-type", declared]])).toBe(type);
});

test("INV-28: a body with an unknown type or encoding is served as bytes", () => {
  expect(harmlessType([])).toBe("application/octet-stream");
  const coded = (coding: string) =>
    harmlessType([
      ["content-encoding", coding],
      ["content-type", "application/json"],
    ]);
  expect(coded("gzip")).toBe("application/octet-stream");
  expect(coded("identity")).toBe("application/json");
});
