import { expect, test } from "vitest";
import type { ProposalRequest } from "../../../../src/core/proposal/request.ts";
import { requestIdentity } from "../../../../src/core/intent/request-identity.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";
import { requestFor } from "../../../support/policy-rules.ts";

const HTTP = {
  method: "POST",
  url: "https://api.example.com/v1/messages",
  headers: [["content-type", "application/json"]],
  slot: null,
  idempotencyHeader: null,
} as const;

const REQUEST = requestFor({ destination: "chat.message", policy: "", action: "http.post", http: HTTP });

const PAYLOAD: Payload = { kind: "content", bytes: new Uint8Array([1]), name: null, mediaType: null };
const subjectOf = (request: ProposalRequest, digest = "d1") =>
  requestIdentity(request, PAYLOAD, digest, (text) => [text]).subjects[0];
const of = (change: Partial<ProposalRequest>) => subjectOf({ ...REQUEST, ...change });

test("the counters treat a request as the same whatever policy it names and whatever the client library adds", () => {
  const counted = [...HTTP.headers, ["x-stainless-retry-count", "1"]] as const;
  expect(of({ policy: "another" })).toBe(of({}));
  expect(of({ http: { ...HTTP, headers: counted } })).toBe(of({}));
  // For idempotency it is another request: it asks for another decision.
  const digestOf = (request: ProposalRequest) =>
    requestIdentity(request, PAYLOAD, "d1", (text) => [text]).requestDigest;
  expect(digestOf({ ...REQUEST, policy: "another" })).not.toBe(digestOf(REQUEST));
});

test("another body, address, method or destination is another write to the counters", () => {
  const subjects = [
    of({}),
    of({ destination: "chat.other" }),
    of({ http: { ...HTTP, url: `${HTTP.url}?to=ana` } }),
    of({ http: { ...HTTP, method: "PUT" } }),
    subjectOf(REQUEST, "d2"),
  ];
  expect(new Set(subjects).size).toBe(subjects.length);
});

test("the digests of a request are those that version 0.1 stored, so that its repeats still meet their first attempt", () => {
  const identity = (request: ProposalRequest) => requestIdentity(request, PAYLOAD, "d1", (text) => [text]);
  const { http: _, ...withoutRequest } = REQUEST;
  expect(identity(REQUEST)).toEqual({
    payloadDigest: "d1",
    requestDigest: "3e926c8747828cfdaa8dc87d165e66a38325d124c128e0018a3d05a959b27c9b",
    subjects: ["885b29462772ea58696359a22a120bfc5fcf1da70e25a2c27e0c5307c5a9166c"],
  });
  expect(identity(withoutRequest).requestDigest).toBe(
    "8ade91d3a33c5e43f795de1be3e8549bde4e42cd5c02b3f94633d080b1c28814",
  );
});
