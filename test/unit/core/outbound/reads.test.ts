import { describe, expect, test } from "vitest";
import { isRead, type ReadCandidate } from "../../../../src/core/outbound/reads.ts";

const READS = [
  { method: "GET", path: "/v1/contacts/*" },
  { method: "GET", path: "/v1/contacts" },
  { method: "POST", path: "/v1/contacts/search" },
  { method: "OPTIONS", path: "/*" },
  { method: "POST", path: "/any/*" },
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
  [{ query: "?+_method=DELETE" }, false],
  [{ query: "?%20_method=DELETE" }, false],
  [{ query: "?.method=DELETE" }, false],
  [{ query: "?_method[]=DELETE" }, false],
  [{ query: "?%255Fmethod=DELETE" }, false],
  [{ query: "?%u005Fmethod=DELETE" }, false],
  [{ query: "?X-MS-HTTP-Method=DELETE" }, false],
  [{ query: "?method-override=PUT" }, false],
  [{ query: "?method=delete" }, false],
  [{ query: "?method=flickr.photos.delete" }, false],
  [{ query: "?Action=DeleteUser&Version=2010-05-08" }, false],
  [{ query: "?X-Amz-Target=Table.Delete" }, false],
  [{ query: "?batch=%5B%7B%22method%22%3A%22DELETE%22%7D%5D" }, false],
  [{ query: "?query=mutation%7Bdelete%7Bid%7D%7D" }, false],
  [{ query: "?query=fragment%20F%20on%20A%7Bid%7D%20mutation%20M%7Bdelete%7D" }, false],
  [{ query: "?query=%7Bme%7Bid%7D%7D,mutation{a}" }, false],
  // What only looks like it.
  [{ query: "?method=card" }, true],
  [{ query: "?payment_method=card&methods=2&q=mutation+testing" }, true],
  [{ query: "?actions=1&transaction=2&options=3" }, true],
  [{ query: "?query=%7Bme%7Bid%7D%7D" }, true],
  // Paths whose operations are elsewhere.
  [{ path: "/v1/contacts/graphql", query: "?query=%7Bme%7Bid%7D%7D" }, true],
  [{ path: "/v1/contacts/graphql", query: "?id=abc" }, false],
  [{ path: "/v1/contacts/graphql", query: "?extensions=%7B%22persistedQuery%22%3A1%7D" }, false],
  [{ method: "POST", path: "/any/$batch", hasBody: true }, false],
  [{ method: "POST", path: "/any/batch", hasBody: true }, false],
  [{ method: "POST", path: "/any/composite", hasBody: true }, false],
  [{ method: "POST", path: "/any/graphql", hasBody: true }, false],
  [{ method: "POST", path: "/any/jsonrpc", hasBody: true }, false],
  [{ method: "POST", path: "/any/batch/read", hasBody: true }, true],
];

describe("a request passes as a read only if the operator listed it", () => {
  test.for(CASES)("the request %j passes: %s", ([changes, expected]) => {
    expect(isRead({ ...GET, ...changes }, READS)).toBe(expected);
  });

  test("nothing passes as a read without a list", () => {
    expect(isRead(GET, [])).toBe(false);
  });
});
