import { describe, expect, test } from "vitest";
import { isRead, type ReadCandidate } from "../../../../src/core/outbound/reads.ts";

const READS = [
  { method: "GET", path: "/v1/contacts/*" },
  { method: "GET", path: "/v1/contacts" },
  { method: "POST", path: "/v1/contacts/search" },
  { method: "OPTIONS", path: "/*" },
  { method: "PROPFIND", path: "/dav/*" },
  // Never meant as reads.
  { method: "DELETE", path: "/v1/contacts/*" },
  { method: "PATCH", path: "/*" },
  { method: "get", path: "/lower" },
  { method: "GET", path: "/a/../b" },
  { method: "GET", path: "/%76%31/people" },
];

const GET: ReadCandidate = { method: "GET", path: "/v1/contacts/42", query: "", hasBody: false };

const CASES: readonly (readonly [Partial<ReadCandidate>, boolean])[] = [
  [{}, true],
  [{ path: "/v1/contacts" }, true],
  [{ path: "/v1/contacts/" }, true],
  [{ path: "/v1/contacts/42/notes" }, true],
  [{ query: "?limit=5&after=x" }, true],
  [{ query: "?payment_method=card&method=x" }, true],
  [{ method: "HEAD" }, true],
  [{ method: "OPTIONS", path: "/anything" }, true],
  [{ method: "POST", path: "/v1/contacts/search", hasBody: true }, true],
  [{ method: "POST", path: "/v1/contacts/search" }, true],
  [{ method: "PROPFIND", path: "/dav/x", hasBody: true }, true],
  [{ path: "/v1/people" }, true],
  // Other places.
  [{ path: "/" }, false],
  [{ path: "/v1" }, false],
  [{ path: "/v1/contactsx" }, false],
  [{ path: "/v1/contacts2/42" }, false],
  [{ path: "/V1/contacts" }, false],
  [{ path: "/v1/Contacts/42" }, false],
  [{ path: "/lower" }, false],
  [{ path: "/b" }, false],
  [{ path: "/a/../b" }, false],
  [{ method: "POST", path: "/v1/contacts/searchx", hasBody: true }, false],
  [{ method: "HEAD", path: "/dav/x" }, false],
  // A body where there is none to be.
  [{ hasBody: true }, false],
  [{ method: "HEAD", hasBody: true }, false],
  [{ method: "OPTIONS", hasBody: true }, false],
  // Methods.
  [{ method: "POST", hasBody: true }, false],
  [{ method: "PUT", hasBody: true }, false],
  [{ method: "PATCH", hasBody: true }, false],
  [{ method: "DELETE" }, false],
  [{ method: "get" }, false],
  [{ method: "Get" }, false],
  [{ method: "GET " }, false],
  [{ method: "" }, false],
  [{ method: "TRACE" }, false],
  [{ method: "CONNECT" }, false],
  [{ method: "PURGE" }, false],
  [{ method: "constructor" }, false],
  // The method in the query.
  [{ query: "?_method=DELETE" }, false],
  [{ query: "?a=b&_method=delete" }, false],
  [{ query: "?%5Fmethod=delete" }, false],
  [{ query: "?%5F%6dethod=delete" }, false],
  [{ query: "?_HttpMethod=PATCH" }, false],
  [{ query: "?X-HTTP-Method-Override=PUT" }, false],
  [{ query: "?x-http-method=PUT" }, false],
  [{ query: "?http_method=PUT" }, false],
  [{ query: "?a=1;_method=PUT" }, false],
  [{ query: "?_method" }, false],
  [{ method: "POST", path: "/v1/contacts/search", query: "?_HttpMethod=DELETE", hasBody: true }, false],
];

describe("a request passes as a read only if the operator listed it", () => {
  test.for(CASES)("the request %j passes: %s", ([changes, expected]) => {
    expect(isRead({ ...GET, ...changes }, READS)).toBe(expected);
  });

  test("nothing passes as a read without a list", () => {
    expect(isRead(GET, [])).toBe(false);
  });
});
