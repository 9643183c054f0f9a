import { describe, expect, test } from "vitest";
import { credentialIdentity } from "../../../../src/core/outbound/credential-identity.ts";
import type { Header } from "../../../../src/core/outbound/header-names.ts";

const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;
const encoded = (value: unknown) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
const jwt = (claims: unknown, signature = "c2ln") =>
  `Bearer ${encoded({ alg: "RS256" })}.${encoded(claims)}.${signature}`;
const aws = (scope: string, signature: string) =>
  `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${signature}`;

const auth = (value: string): readonly Header[] => [["authorization", value]];
const identityOf = (value: string) => credentialIdentity(auth(value));

describe("one account, whatever of it is renewed", () => {
  test.each<[string, string, string]>([
    ["the password of a Basic user", basic("ana@example.com:one"), basic("ana@example.com:other")],
    ["a scheme's case", basic("ana:one"), basic("ana:one").replace("Basic", "basic")],
    [
      "the time and signature of a JWT",
      jwt({ iss: "i", sub: "s", exp: 1 }),
      jwt({ exp: 2, sub: "s", iss: "i" }, "b3RoZXI"),
    ],
    [
      "the day and signature of SigV4",
      aws("AKIA1/20261130/eu-west-1/s3/aws4_request", "aa"),
      aws("AKIA1/20261201/eu-west-1/s3/aws4_request", "bb"),
    ],
  ])("%s changes nothing", (_, one, other) => {
    expect(identityOf(one)).toBe(identityOf(other));
  });

  test("a request's signature beside a key changes nothing, and alone it is the credential", () => {
    const signed = (key: string, signature: string): readonly Header[] => [
      ["x-api-key", key],
      ["x-signature", signature],
    ];
    expect(credentialIdentity(signed("k", "1"))).toBe(credentialIdentity(signed("k", "2")));
    expect(credentialIdentity(signed("k", "1"))).not.toBe(credentialIdentity(signed("l", "1")));
    expect(credentialIdentity([["x-signature", "1"]])).not.toBe(credentialIdentity([["x-signature", "2"]]));
  });

  test("the order of headers changes nothing", () => {
    const headers: readonly Header[] = [
      ["authorization", "Bearer a"],
      ["x-api-key", "b"],
    ];
    expect(credentialIdentity(headers)).toBe(credentialIdentity(headers.toReversed()));
  });
});

describe("another account, or one that can't be told", () => {
  test.each<[string, string, string]>([
    ["tokens", "Bearer A", "Bearer B"],
    ["schemes", "Bearer A", "Token A"],
    ["schemes of one user", basic("ana:x"), `Digest ${basic("ana:x").slice(6)}`],
    ["Basic users", basic("ana:x"), basic("ben:x")],
    ["Basic users by case", basic("ana:x"), basic("Ana:x")],
    ["keys of a user that all accounts share (Mailgun)", basic("api:key-1"), basic("api:key-2")],
    [
      "keys of a user that all accounts share (Mailchimp)",
      basic("anystring:key-1"),
      basic("anystring:key-2"),
    ],
    ["keys of a shared user in capitals", basic("X-Access-Token:1"), basic("X-Access-Token:2")],
    ["passwords without a user", basic(":one"), basic(":other")],
    ["Basic values without a colon", basic("one"), basic("other")],
    ["Basic values that are no base64", "Basic %%1", "Basic %%2"],
    ["subjects of one issuer", jwt({ iss: "i", sub: "a" }), jwt({ iss: "i", sub: "b" })],
    ["issuers of one subject", jwt({ iss: "i", sub: "a" }), jwt({ iss: "j", sub: "a" })],
    [
      "issuer and subject that read alike when joined",
      jwt({ iss: "a", sub: "bc" }),
      jwt({ iss: "ab", sub: "c" }),
    ],
    ["JWTs without a subject", jwt({ iss: "i", exp: 1 }), jwt({ iss: "i", exp: 2 })],
    ["JWTs with an empty subject", jwt({ iss: "i", sub: "", exp: 1 }), jwt({ iss: "i", sub: "", exp: 2 })],
    ["JWTs whose subject is a number", jwt({ iss: "i", sub: 1, exp: 1 }), jwt({ iss: "i", sub: 1, exp: 2 })],
    [
      "JWTs with two subjects",
      jwt('{"iss":"i","sub":"a","sub":"b"}'),
      jwt('{"iss":"i","sub":"b","sub":"a"}'),
    ],
    [
      "JWTs with two subjects and equal ends",
      jwt('{"iss":"i","sub":"a","sub":"b"}'),
      jwt('{"iss":"i","sub":"b"}'),
    ],
    ["encrypted tokens", "Bearer a.b.c.d.e", "Bearer a.b.c.d.f"],
    [
      "SigV4 keys",
      aws("AKIA1/20261130/r/s/aws4_request", "aa"),
      aws("AKIA2/20261130/r/s/aws4_request", "aa"),
    ],
    [
      "SigV4 values that name two keys",
      `${aws("A/1", "x")}, Credential=B/1`,
      `${aws("A/1", "y")}, Credential=B/1`,
    ],
    ["a value and none", "Bearer A", ""],
  ])("%s differ", (_, one, other) => {
    expect(identityOf(one)).not.toBe(identityOf(other));
  });

  test("no credential is not the same as any", () => {
    expect(credentialIdentity([])).not.toBe(identityOf(""));
    expect(credentialIdentity([["x-api-key", "a"]])).not.toBe(credentialIdentity([["api-key", "a"]]));
    expect(credentialIdentity([["x-api-key", "a"]])).not.toBe(
      credentialIdentity([
        ["x-api-key", "a"],
        ["authorization", "Bearer b"],
      ]),
    );
  });
});
