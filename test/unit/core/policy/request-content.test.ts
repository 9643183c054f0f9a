import { describe, expect, test } from "vitest";
import type { ProposalRequest } from "../../../../src/core/proposal/request.ts";
import { measureRequest } from "../../../../src/core/policy/request-content.ts";
import { NO_HINTS, type MeasureHints } from "../../../../src/core/registry/measure-hints.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";
import { requestFor } from "../../../support/policy-rules.ts";

const REQUEST = requestFor({ destination: "pay.refund", policy: "", action: "http.post" });

const MONEY: MeasureHints = {
  ...NO_HINTS,
  amount: { path: "amount", unit: "major", currency: { code: "USD" } },
  recipients: "to",
};

function requestWith(query: string): ProposalRequest {
  const url = `https://api.example.com/v1/refunds${query}`;
  return { ...REQUEST, http: { method: "POST", url, headers: [], slot: null, idempotencyHeader: null } };
}

function body(text: string, mediaType = "application/json"): Payload {
  return { kind: "content", bytes: new TextEncoder().encode(text), name: null, mediaType };
}

const NONE: Payload = { kind: "none" };

describe("a request without a body", () => {
  test("is measured by its query: money, recipients and terms", () => {
    const { facts, content } = measureRequest(requestWith("?amount=900&to=ana&note=wire+it"), NONE, MONEY);
    expect(facts).toMatchObject({
      payload: "content",
      money: "measured",
      valueUsdCents: { measured: 90_000 },
      recipients: 1,
    });
    expect(content.hidden).toBeNull();
    expect(content.texts().join(" ")).toContain("wire it");
  });

  test.each([
    "?amount=1&amount[]=900",
    "?amount=1&Amount=900",
    "?amount=1&amount=900",
    "?amount=1;amount=900",
  ])("INV-00: is ambiguous for field checks where its query says a field twice: %s", (query) => {
    const { content } = measureRequest(requestWith(query), NONE, NO_HINTS);
    expect(content.isAmbiguous?.("amount")).toBe(true);
    expect(content.isAmbiguous?.("note")).toBe(false);
  });

  test.each(["", "?"])("and without a query has no content: %j", (query) => {
    const { facts, content } = measureRequest(requestWith(query), NONE, MONEY);
    expect(facts).toMatchObject({ payload: "none", recipients: null });
    expect(content.hidden).toBe("missing");
  });

  test("has its query searched for personal data and placeholders", () => {
    const { content } = measureRequest(
      requestWith("?for=ana%40example.com&name=%7B%7Bname%7D%7D"),
      NONE,
      MONEY,
    );
    expect(content.pii(["email"]).get("email")).toBe(1);
    expect(content.templateErrors()).not.toEqual([]);
  });
});

describe("INV-00: a body that a server may parse as a form", () => {
  const polyglot = '{"amount":1,"to":"ana","x":"&amount=900&charge=ch_1&"}';
  const of = (text: string, mediaType: string | null) =>
    measureRequest(requestWith(""), { ...body(text), mediaType } as Payload, MONEY).facts.money;

  test.each([null, "", "application/octet-stream", "text/plain", "application/foo", "charset=utf-8"])(
    "has an unknown amount where no media type excludes that: %j",
    (mediaType) => {
      expect(of(polyglot, mediaType)).toBe("incomplete");
      expect(of(polyglot.replace("&amount", "&+%61mount[0]"), mediaType)).toBe("incomplete");
      expect(of(polyglot.replace("&amount", ";AMOUNT"), mediaType)).toBe("incomplete");
    },
  );

  test.each(["application/json", "application/vnd.api+json; charset=utf-8", " text/json"])(
    "is measured by its declared type: %j",
    (mediaType) => expect(of(polyglot, mediaType)).toBe("measured"),
  );

  test.each([
    '{"amount":1,"to":"ana"}',
    '{"amount":1,"url":"https://example.com/?a=b&amounts=3"}',
    "amount=1&to=ana",
  ])("has a known amount where the form reading yields nothing else: %s", (text) =>
    expect(of(text, null)).toBe("measured"),
  );
});

describe("INV-00: a body with two readings", () => {
  test.each([
    ["a name twice", '{"amount":900,"amount":1,"to":"ana"}', "application/json"],
    ["a form that is called JSON", "amount=1&to=ana", "application/json"],
    ["JSON that is called a form", '{"amount":1,"x":"&amount=900&"}', "application/x-www-form-urlencoded"],
    ["JSON that is called a table", '{"amount":1}', "text/csv"],
  ])("has unknown money, records and recipients: %s", (_what, text, mediaType) => {
    const { facts } = measureRequest({ ...requestWith(""), recordCount: 1 }, body(text, mediaType), MONEY);
    expect(facts).toMatchObject({ typeContradiction: true, money: "incomplete", recipients: null });
    expect(facts.records.uncertain).toBe(true);
  });
});

describe("INV-00: a request with a body and a query", () => {
  test("is measured by its body and searched in both", () => {
    const { facts, content } = measureRequest(
      requestWith("?note=from+the+query"),
      body('{"amount":5,"to":"ana"}'),
      MONEY,
    );
    expect(facts).toMatchObject({ money: "measured", valueUsdCents: { measured: 500 }, recipients: 1 });
    expect(facts.records.uncertain).toBe(false);
    const texts = content.texts().join(" ");
    expect(texts).toContain("from the query");
    expect(texts).toContain("ana");
  });

  test("has the personal data of both counted together", () => {
    const { content } = measureRequest(
      requestWith("?cc=ben@example.com"),
      body('{"to":"ana@example.com"}'),
      NO_HINTS,
    );
    expect(content.pii(["email"]).get("email")).toBe(2);
  });

  test("is unreadable if either of them is", () => {
    const { content } = measureRequest(
      requestWith("?a=1"),
      body("\u0000\u0001\u0002", "application/zip"),
      NO_HINTS,
    );
    expect(content.hidden).toBe("undecodable");
  });

  /** Queries that repeat a checked field of the body: which of the two a server takes is unknown. */
  const DUPLICATES = [
    "?amount=900",
    "?Amount=900",
    "?AMOUNT=",
    "?%61mount=900",
    "?amount[]=900",
    "?amount[0]=900",
    "?amount.value=900",
    "?[amount]=900",
    "?x=1&amount=900",
    "?x=1;amount=900",
    "?x=1&amount",
    "?to=ben",
    "?to[]=ben&to[]=cleo",
  ];

  test.each(DUPLICATES)("has unknown values where the query names a checked field, too: %s", (query) => {
    const { facts } = measureRequest(requestWith(query), body('{"amount":5,"to":"ana"}'), MONEY);
    expect(facts).toMatchObject({ money: "incomplete", recipients: null });
    expect(facts.records.uncertain).toBe(true);
  });

  test.each(["?total=900", "?amounts=1", "?note=amount", "?x=amount%3D900", "?_amount=1"])(
    "has known values where the query names another field: %s",
    (query) => {
      const { facts } = measureRequest(requestWith(query), body('{"amount":5,"to":"ana"}'), MONEY);
      expect(facts).toMatchObject({ money: "measured", recipients: 1 });
    },
  );

  test.each(["{}", '{"id":1}', "[1,2]"])(
    "has at least as many records as its query, whatever its body: %s",
    (text) => {
      const query = requestWith("?id=1&id=2&id=3");
      const records = { measured: 3, effective: 3, uncertain: false };
      expect(measureRequest(query, body(text), NO_HINTS).facts).toMatchObject({ records });
      expect(measureRequest(query, NONE, NO_HINTS).facts).toMatchObject({ records });
      const declared = { ...query, recordCount: 7 };
      expect(measureRequest(declared, body(text), NO_HINTS).facts.records.effective).toBe(7);
      const single: MeasureHints = { ...NO_HINTS, records: { kind: "single" } };
      expect(measureRequest(query, body(text), single).facts.records.effective).toBe(1);
      expect(measureRequest(requestWith("?id=1"), body("[1,2,3,4]"), NO_HINTS).facts.records.effective).toBe(
        4,
      );
    },
  );

  const HINTS: readonly (readonly [string, MeasureHints, string])[] = [
    ["records", { ...NO_HINTS, records: { kind: "path", path: "$.lines[*]" } }, "?lines[0][id]=1"],
    [
      "amounts deep down",
      { ...NO_HINTS, amount: { path: "lines.amount", unit: "minor", currency: { code: "USD" } } },
      "?lines[0][amount]=1",
    ],
    [
      "the currency",
      { ...NO_HINTS, amount: { path: "amount", unit: "minor", currency: { path: "currency" } } },
      "?currency=IDR",
    ],
  ];

  test.each(HINTS)("has unknown values where the query names the %s", (_what, hints, query) => {
    const payload = body('{"amount":5,"currency":"USD","lines":[{"id":1,"amount":5}]}');
    const plain = measureRequest(requestWith("?other=1"), payload, hints).facts;
    const { facts } = measureRequest(requestWith(query), payload, hints);
    expect(plain.records.uncertain).toBe(false);
    expect(facts.records.uncertain).toBe(true);
    expect(facts.money).toBe(hints.amount === null ? "none" : "incomplete");
  });
});

test("an intent that Gate does not send is measured by its payload alone", () => {
  const payload = body('{"amount":5,"to":"ana"}');
  const { facts } = measureRequest(REQUEST, payload, MONEY);
  expect(facts).toMatchObject({ money: "measured", valueUsdCents: { measured: 500 }, recipients: 1 });
  expect(facts.records.uncertain).toBe(false);
});
