import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { digestOf } from "../../../../src/core/base/digest.ts";
import type { Header } from "../../../../src/core/outbound/header-names.ts";
import {
  headersForDigest,
  outboundHeaders,
  type HeaderProblem,
  type OutboundRules,
} from "../../../../src/core/outbound/headers.ts";

const OWN: OutboundRules = { gateHeaders: ["X-Gate-Key"], injection: null, allow: [] };
const INJECTED: OutboundRules = { ...OWN, injection: { in: "header", name: "authorization" } };

function sent(headers: readonly Header[], rules: OutboundRules = OWN): readonly Header[] {
  const outbound = outboundHeaders(headers, rules);
  if (!outbound.ok) throw new Error(outbound.error);
  return outbound.value;
}

const PASS = [
  "Accept",
  "Accept-Language",
  "Content-Type",
  "Content-Language",
  "Content-Encoding",
  "User-Agent",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "If-Modified-Since",
  "If-Unmodified-Since",
  "X-Request-Id",
  "traceparent",
  "tracestate",
  "Stripe-Version",
  "Stripe-Account",
  "X-Stripe-Client-User-Agent",
  "X-GitHub-Api-Version",
  "anthropic-version",
  "OpenAI-Organization",
  "X-Stainless-Lang",
  "Sforce-Call-Options",
  "Notion-Version",
  "Intercom-Version",
  "SOAPAction",
  "I-Twilio-Idempotency-Token",
  "X-Slack-Retry-Num",
];

const NEVER = [
  // RFC 9110 section 7.6.1, and its older kin.
  "Connection",
  "Keep-Alive",
  "Proxy-Connection",
  "Proxy-Authorization",
  "Proxy-Authenticate",
  "TE",
  "Trailer",
  "Transfer-Encoding",
  "Upgrade",
  "HTTP2-Settings",
  // Gate's.
  "X-Gate-Key",
  "X-Gate-Wait",
  "X-Gate-Intent-Id",
  "x-gate-anything",
  // The client's address.
  "Forwarded",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Proto",
  "X-Forwarded-Prefix",
  "X_Forwarded_For",
  "X-Real-IP",
  "True-Client-IP",
  "CF-Connecting-IP",
  "CF-Ray",
  "cf-worker",
  "CDN-Loop",
  "Via",
  "X-Client-IP",
  // Whom a gate in front of the upstream let in.
  "X-Goog-Authenticated-User-Email",
  "X-Goog-IAP-JWT-Assertion",
  "X-MS-Client-Principal",
  "X-Amzn-Oidc-Data",
  // The platform's, and the browser's.
  "Host",
  "Content-Length",
  "Expect",
  "Cookie",
  "Origin",
  "Referer",
  "Sec-Fetch-Mode",
  "Sec-WebSocket-Key",
  "Max-Forwards",
  // Of no standard and no provider.
  "X-Whatever",
  "X-Debug",
  "X-Middleware-Subrequest",
  "Content-Location",
  "constructor",
  "__proto__",
];

describe("INV-23: the allow-list of request headers", () => {
  test.for(PASS)("passes %s, with and without a credential", (name) => {
    expect(sent([[name, "value"]])).toEqual([[name.toLowerCase(), "value"]]);
    expect(sent([[name, "value"]], INJECTED)).toContainEqual([name.toLowerCase(), "value"]);
  });

  test.for(NEVER)("drops %s, whatever the operator allows", (name) => {
    expect(sent([[name, "value"]])).toEqual([]);
    const isUnknown = /^(?:x-whatever|x-debug|x-middleware|content-location|constructor|__proto__)/i.test(
      name,
    );
    if (!isUnknown) expect(sent([[name, "value"]], { ...OWN, allow: [name] })).toEqual([]);
  });

  test("passes headers that the operator adds", () => {
    expect(sent([["X-Whatever", "a"]], { ...OWN, allow: ["x-whatever"] })).toEqual([["x-whatever", "a"]]);
  });

  test("drops headers that Connection names", () => {
    const headers: Header[] = [
      ["Connection", "close, X-Request-Id"],
      ["connection", "Stripe-Version"],
      ["X-Request-Id", "1"],
      ["Stripe-Version", "2"],
      ["Accept", "*/*"],
    ];
    expect(sent(headers)).toEqual([["accept", "*/*"]]);
  });

  test("drops preferences in Prefer that are addressed to Gate", () => {
    expect(sent([["Prefer", "wait=30"]])).toEqual([]);
    expect(sent([["Prefer", "return=minimal, wait=30, respond-async"]])).toEqual([
      ["prefer", "return=minimal, respond-async"],
    ]);
    expect(sent([["Prefer", "waiting=1, wait-for=2"]])).toEqual([["prefer", "waiting=1, wait-for=2"]]);
  });
});

const OVERRIDES = [
  "X-HTTP-Method",
  "X-HTTP-Method-Override",
  "x-http-method-override",
  "X_HTTP_METHOD_OVERRIDE",
  "X-HTTP_Method-Override",
  "X-Method-Override",
  "X-Original-Method",
  "X-Original-URL",
  "X-Rewrite-URL",
];

describe("INV-22: a header that changes the request's meaning is refused", () => {
  test.for(OVERRIDES)("the header is %s", (name) => {
    for (const rules of [OWN, INJECTED, { ...OWN, allow: [name] }]) {
      expect(outboundHeaders([[name, "DELETE"]], rules)).toEqual({ ok: false, error: "override" });
    }
  });

  test.for<readonly [Header[], HeaderProblem]>([
    [[["Accept", "a\r\nX-Evil: b"]], "malformed"],
    [[["Accept", "a\nb"]], "malformed"],
    [[["Accept", "a\0b"]], "malformed"],
    [[["Acc ept", "a"]], "malformed"],
    [[["Accept:", "a"]], "malformed"],
    [[["", "a"]], "malformed"],
    [[["X-Whatever\r\n", "a"]], "malformed"],
    [[["X-Whatever", "a".repeat(40_000)]], "too_large"],
    [
      [
        ["Content-Type", "application/json"],
        ["content-type", "text/plain"],
      ],
      "repeated",
    ],
    [[["Content-Type", "application/json, text/plain"]], "repeated"],
    [
      [
        ["Authorization", "Bearer a"],
        ["authorization", "Bearer b"],
      ],
      "repeated",
    ],
  ])("the headers %j are refused as %s", ([headers, problem]) => {
    expect(outboundHeaders(headers, OWN)).toEqual({ ok: false, error: problem });
  });

  test("a comma inside quotes does not split a value", () => {
    const type = 'multipart/form-data; boundary="a,b"';
    expect(sent([["Content-Type", type]])).toEqual([["content-type", type]]);
  });
});

describe("INV-23: Gate's headers and the agent's key are dropped", () => {
  const KEY = "gate_sk_0123456789abcdefABCDEF";
  const KEYS: readonly Header[] = [
    ["Authorization", `Bearer ${KEY}`],
    ["Authorization", `bearer ${KEY}`],
    ["Authorization", KEY],
    ["Authorization", `Basic ${btoa(`anna:${KEY}`)}`],
    ["Authorization", `Basic ${btoa(`${KEY}:`)}`],
    ["Authorization", `basic ${btoa(KEY).replaceAll("=", "")}`],
    ["Authorization", "Bearer gate_ak_0123456789"],
    ["Authorization", "Bearer gex_0123456789abcdef"],
    ["X-Api-Key", KEY],
    ["User-Agent", `agent/1 (${KEY})`],
    ["X-Gate-Key", "whatever"],
    ["Stripe-Account", KEY],
  ];
  test.for(KEYS)("the header %s: %s", (header) => {
    expect(sent([header], { ...OWN, allow: [header[0]] })).toEqual([]);
  });

  test("a header in which the caller's key came is dropped, whatever it held", () => {
    const rules = { ...OWN, gateHeaders: ["x-key", "authorization"] };
    expect(sent([["Authorization", "Bearer eyJhbGciOiJFZERTQSJ9.e30.c2ln"]], rules)).toEqual([]);
    expect(sent([["X-Key", "abc"]], { ...rules, allow: ["x-key"] })).toEqual([]);
  });

  test("the agent's own credential is passed only where Gate injects none", () => {
    for (const name of [
      "Authorization",
      "X-Api-Key",
      "X-Goog-Api-Key",
      "X-Shopify-Access-Token",
      "X-Goog-Iam-Authorization-Token",
      "X-Amz-Security-Token",
      "X-Ms-Authorization-Auxiliary",
    ]) {
      expect(sent([[name, "own"]])).toEqual([[name.toLowerCase(), "own"]]);
      expect(sent([[name, "own"]], { ...INJECTED, allow: [name] })).toEqual([
        ["accept-encoding", "identity"],
      ]);
    }
  });

  test("the agent can't set the header that the credential is injected into", () => {
    const rules: OutboundRules = { ...OWN, injection: { in: "header", name: "X-Stripe-Thing" } };
    expect(sent([["x-stripe-thing", "a"]], rules)).toEqual([["accept-encoding", "identity"]]);
    // To servers that hand headers over as variables it is the same one.
    const longer: OutboundRules = { ...OWN, injection: { in: "header", name: "X-Stripe-Some-Thing" } };
    expect(sent([["x-stripe-some_thing", "a"]], longer)).toEqual([["accept-encoding", "identity"]]);
  });
});

test("INV-21: with an injected credential the request asks for a whole, uncompressed response", () => {
  const headers: Header[] = [
    ["Range", "bytes=0-10"],
    ["If-Range", '"x"'],
    ["Accept-Encoding", "gzip, br"],
  ];
  expect(sent(headers, INJECTED)).toEqual([["accept-encoding", "identity"]]);
  expect(sent(headers)).toEqual([
    ["accept-encoding", "gzip, br"],
    ["if-range", '"x"'],
    ["range", "bytes=0-10"],
  ]);
});

describe("INV-09: the digest over headers", () => {
  const anyHeaders = fc.uniqueArray(
    fc.tuple(fc.constantFrom(...PASS), fc.constantFrom("a", "b", "a; b", " a ", "")),
    { selector: ([name]) => name.toLowerCase(), maxLength: 8 },
  );

  test("is the same for the same headers in any order and case", () => {
    fc.assert(
      fc.property(anyHeaders, fc.nat(), (headers, turn) => {
        const at = headers.length === 0 ? 0 : turn % headers.length;
        const turned = [...headers.slice(at), ...headers.slice(0, at)].map(([name, value]): Header => [
          name.toUpperCase(),
          value,
        ]);
        const [one, other] = [headers, turned].map((list) => digestOf(headersForDigest(sent(list), null)));
        expect(one).toBe(other);
      }),
    );
  });

  test("differs for each value, each name and each slot of the credential", () => {
    const forms = [
      headersForDigest([], null),
      headersForDigest([["accept", "a"]], null),
      headersForDigest([["accept", "b"]], null),
      headersForDigest([["accept-language", "a"]], null),
      headersForDigest([["accept", "a"]], { in: "header", name: "authorization" }),
      headersForDigest([["accept", "a"]], { in: "header", name: "x-api-key" }),
      headersForDigest([["accept", "a"]], { in: "query", name: "x-api-key" }),
      headersForDigest(
        [
          ["accept", "a"],
          ["authorization", "x"],
        ],
        null,
      ),
    ];
    expect(new Set(forms.map(digestOf)).size).toBe(forms.length);
  });
});
