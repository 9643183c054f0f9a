import { describe, expect, test } from "vitest";
import { canonicalJson } from "../../../../src/core/base/json.ts";
import { writeForDigest, writeForRepeat, type HttpWrite } from "../../../../src/core/outbound/http-write.ts";

const WRITE: HttpWrite = {
  method: "POST",
  url: "https://api.example.com/v1/refunds?charge=ch_1",
  headers: [
    ["content-type", "application/json"],
    ["x-request-attempt", "1"],
    ["accept", "application/json"],
  ],
  slot: { in: "header", name: "authorization" },
  idempotencyHeader: "idempotency-key",
};

/** [what, the change, bound by the digest, another request than before] */
const CHANGES: readonly (readonly [string, Partial<HttpWrite>, boolean, boolean])[] = [
  ["another method", { method: "PUT" }, true, true],
  ["another path", { url: "https://api.example.com/v1/refund?charge=ch_1" }, true, true],
  ["another query", { url: "https://api.example.com/v1/refunds?charge=ch_2" }, true, true],
  ["a query in another order", { url: "https://api.example.com/v1/refunds?&charge=ch_1" }, true, true],
  ["another content type", { headers: [["content-type", "text/plain"]] }, true, true],
  ["no content type", { headers: [["accept", "application/json"]] }, true, true],
  [
    "the library's next try",
    { headers: WRITE.headers.map(([name, value]) => [name, name === "x-request-attempt" ? "2" : value]) },
    true,
    false,
  ],
  ["a header more", { headers: [...WRITE.headers, ["x-trace", "1"]] }, true, false],
  ["headers in another order", { headers: WRITE.headers.toReversed() }, false, false],
  ["the credential elsewhere", { slot: { in: "query", name: "key" } }, true, false],
  ["no credential", { slot: null }, true, false],
  ["the slot's name in capitals", { slot: { in: "header", name: "Authorization" } }, false, false],
  ["a parameter's name in capitals is another", { slot: { in: "query", name: "KEY" } }, true, false],
  ["no header for repeats", { idempotencyHeader: null }, true, false],
];

describe.each(CHANGES)("INV-09: a write with a change: %s", (_what, change, isBound, isAnother) => {
  const changed = { ...WRITE, ...change };

  test(`has ${isBound ? "another" : "the same"} digest`, () => {
    const same = canonicalJson(writeForDigest(changed)) === canonicalJson(writeForDigest(WRITE));
    expect(same).toBe(!isBound);
  });

  test(`is ${isAnother ? "another request" : "a repeat of the same request"}`, () => {
    const same = canonicalJson(writeForRepeat(changed)) === canonicalJson(writeForRepeat(WRITE));
    expect(same).toBe(!isAnother);
  });
});

test("INV-09: a credential in a header and one in the query give different digests, also under one name", () => {
  const inHeader = writeForDigest({ ...WRITE, slot: { in: "header", name: "key" } });
  const inQuery = writeForDigest({ ...WRITE, slot: { in: "query", name: "key" } });
  expect(canonicalJson(inHeader)).not.toBe(canonicalJson(inQuery));
});
