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
import {
  isListable,
  mayChangeRead,
  unlistedHeaders,
} from "../../../../src/core/outbound/request-header-table.ts";

const OWN: OutboundRules = {
  gateHeaders: ["X-Gate-Key"],
  injection: null,
  listed: [],
  dropped: [],
  hosts: ["gate.example.com"],
};
const INJECTED: OutboundRules = { ...OWN, injection: { in: "header", name: "authorization" } };

function sent(headers: readonly Header[], rules: OutboundRules = OWN): readonly Header[] {
  const outbound = outboundHeaders(headers, rules);
  if (!outbound.ok) throw new Error(outbound.error.problem);
  return outbound.value.forwarded;
}

function dropped(headers: readonly Header[], rules: OutboundRules = OWN): readonly string[] {
  const outbound = outboundHeaders(headers, rules);
  if (!outbound.ok) throw new Error(outbound.error.problem);
  return outbound.value.dropped;
}

const HARMLESS = [
  "Accept",
  "Accept-Language",
  "Content-Type",
  "Content-Language",
  "Content-Encoding",
  "User-Agent",
  "Date",
  "Idempotency-Key",
  "If-Match",
  "If-None-Match",
  "If-Modified-Since",
  "If-Unmodified-Since",
  "X-Request-Id",
  "traceparent",
  "tracestate",
  "Stripe-Version",
  "X-GitHub-Api-Version",
  "anthropic-version",
  "Notion-Version",
  "Intercom-Version",
  "I-Twilio-Idempotency-Token",
];

/** Of the connection, of Gate, or of the platform in front of it. */
const HOP = [
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
  "X-Gate-Key",
  "X-Gate-Wait",
  "X-Gate-Intent-Id",
  "x-gate-anything",
  "X-Forwarded-For",
  "X-Forwarded-Proto",
  "X-Forwarded-Port",
  "X-Forwarded-Server",
  "X_Forwarded_For",
  "X-Real-IP",
  "True-Client-IP",
  "CF-Connecting-IP",
  "CF-Ray",
  "cf-worker",
  "CDN-Loop",
  "Via",
  "X-Client-IP",
  "Host",
  "Content-Length",
  "Expect",
  "Max-Forwards",
  "Fly-Client-IP",
  "X-Arr-Log-Id",
  "X-Request-Start",
  "Ngrok-Trace",
];

/** Never forwarded either, and an agent may have meant something by them. */
const NAMED = [
  "Cookie",
  "Origin",
  "Referer",
  "Sec-Fetch-Mode",
  "Sec-WebSocket-Key",
  "X-Goog-Authenticated-User-Email",
  "X-Goog-IAP-JWT-Assertion",
  "X-MS-Client-Principal",
  "X-Amzn-Oidc-Data",
];

const TELEMETRY = [
  "X-Stripe-Client-User-Agent",
  "X-Stripe-Client-Telemetry",
  "X-Stainless-Lang",
  "X-Stainless-Retry-Count",
  "X-Amz-User-Agent",
  "amz-sdk-request",
  "x-goog-api-client",
  "baggage",
  "sentry-trace",
  "X-B3-TraceId",
];

const UNKNOWN = [
  "On-Behalf-Of",
  "X-Dry-Run",
  "Content-Profile",
  "Depth",
  "Destination",
  "Stripe-Account",
  "OpenAI-Organization",
  "Sforce-Call-Options",
  "Sforce-Duplicate-Rule-Header",
  "X-Amz-Copy-Source",
  "X-Slack-Retry-Num",
  "From",
  "X-Whatever",
  "X-Middleware-Subrequest",
  "Content-Location",
  "content_type",
  "constructor",
  "__proto__",
];

const OPERATIONS = ["SOAPAction", "X-Amz-Target", "X-RestLi-Method", "Action"];

describe("INV-23: the table of request headers", () => {
  test.for(HARMLESS)("%s passes and holds nothing, with and without a credential", (name) => {
    expect(sent([[name, "value"]])).toEqual([[name.toLowerCase(), "value"]]);
    expect(sent([[name, "value"]], INJECTED)).toContainEqual([name.toLowerCase(), "value"]);
    expect(unlistedHeaders(sent([[name, "value"]]), [])).toEqual([]);
  });

  test.for(HOP)("%s is dropped without a word, whatever the operator lists", (name) => {
    for (const rules of [OWN, INJECTED, { ...OWN, listed: [name.toLowerCase()] }]) {
      expect(sent([[name, "value"]], rules).filter(([other]) => other !== "accept-encoding")).toEqual([]);
      expect(dropped([[name, "value"]], rules)).toEqual([]);
    }
    expect(isListable(name.toLowerCase())).toBe(false);
  });

  test.for(NAMED)("%s is dropped and named, whatever the operator lists", (name) => {
    for (const rules of [OWN, { ...OWN, listed: [name.toLowerCase()] }]) {
      expect(sent([[name, "value"]], rules)).toEqual([]);
      expect(dropped([[name, "value"]], rules)).toEqual([name.toLowerCase()]);
    }
    expect(isListable(name.toLowerCase())).toBe(false);
  });

  test.for(TELEMETRY)("%s of an SDK is dropped and named, unless the operator lists it", (name) => {
    expect(sent([[name, "value"]])).toEqual([]);
    expect(dropped([[name, "value"]])).toEqual([name.toLowerCase()]);
    expect(sent([[name, "value"]], { ...OWN, listed: [name.toLowerCase()] })).toHaveLength(1);
    expect(mayChangeRead([[name.toLowerCase(), "value"]], [name.toLowerCase()])).toBe(false);
  });

  test.for([...UNKNOWN, ...OPERATIONS])(
    "%s passes and holds the write, unless the operator lists it",
    (name) => {
      const lower = name.toLowerCase();
      for (const rules of [OWN, INJECTED]) {
        expect(sent([[name, "value"]], rules)).toContainEqual([lower, "value"]);
      }
      expect(unlistedHeaders([[lower, "value"]], [])).toEqual([[lower, "value"]]);
      expect(unlistedHeaders([[lower, "value"]], [lower])).toEqual([]);
      const drops = { ...OWN, dropped: [lower] };
      expect([sent([[name, "value"]], drops), dropped([[name, "value"]], drops)]).toEqual([[], [lower]]);
    },
  );

  test.for(UNKNOWN)("%s makes a listed read a write, unless the operator lists it", (name) => {
    expect(mayChangeRead([[name.toLowerCase(), "value"]], [])).toBe(true);
    expect(mayChangeRead([[name.toLowerCase(), "value"]], [name.toLowerCase()])).toBe(false);
  });

  test.for(OPERATIONS)("%s makes a listed read a write, even if the operator lists it", (name) => {
    expect(mayChangeRead([[name.toLowerCase(), "value"]], [name.toLowerCase()])).toBe(true);
  });

  test.for<readonly [string, boolean]>([
    ["return=minimal", false],
    ["respond-async, handling=lenient", false],
    ["odata.maxpagesize=50", false],
    ["count=exact", false],
    ["resolution=merge-duplicates", true],
    ["return=minimal, tx=rollback", true],
    ["returning=all", true],
  ])("the preferences %s hold a write: %s", ([value, holds]) => {
    expect(unlistedHeaders([["prefer", value]], []).length > 0).toBe(holds);
  });

  test("names every header that goes out otherwise than it came, beside a credential", () => {
    const headers: Header[] = [
      ["Accept-Encoding", "gzip"],
      ["Range", "bytes=0-10"],
      ["Authorization", "Bearer its-own"],
      ["X-Api-Key", "its-own"],
    ];
    expect(dropped(headers, INJECTED)).toEqual(["accept-encoding", "authorization", "range", "x-api-key"]);
    expect(dropped([["Authorization", "Bearer gate_sk_0123456789abcdef"]], INJECTED)).toEqual([]);
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
  "X-MS-HTTP-Method",
  "X-Method-Override",
  "X-Original-Method",
  "X-Original-URL",
  "X-Original-Path",
  "X-Envoy-Original-Path",
  "X-Rewrite-URL",
  "X-Override-URL",
  "X-Forwarded-Prefix",
  "X-Forwarded-Host",
  "X-Forwarded-Uri",
  "X-Host",
  "X-HTTP-Host-Override",
  "X-Backend-Host",
];

describe("INV-22: a header that chooses method, path or host is refused", () => {
  test.for(OVERRIDES)("the header is %s", (name) => {
    const listed = { ...OWN, listed: [name.toLowerCase()], dropped: [name.toLowerCase()] };
    for (const rules of [OWN, INJECTED, listed]) {
      const refusal = { problem: "override", header: name.toLowerCase() };
      expect(outboundHeaders([[name, "evil.example"]], rules)).toEqual({ ok: false, error: refusal });
    }
    expect(isListable(name.toLowerCase())).toBe(false);
  });

  test.for<readonly [string, string, boolean]>([
    ["X-Forwarded-Host", "gate.example.com", true],
    ["X-Forwarded-Host", "GATE.example.com:443", true],
    ["X-Forwarded-Host", "gate.example.com, gate.example.com", true],
    ["X-Forwarded-Host", "gate.example.com, evil.example", false],
    ["X-Forwarded-Host", "evil.example", false],
    ["X-Host", "gate.example.com", true],
    ["Forwarded", "for=192.0.2.1;proto=https", true],
    ["Forwarded", 'for=192.0.2.1;host="gate.example.com:8443"', true],
    ["Forwarded", "for=192.0.2.1;host=evil.example", false],
    ["Forwarded", "for=192.0.2.1, host=evil.example", false],
  ])("the header %s: %s repeats the request's own host: %s", ([name, value, isOwn]) => {
    const outbound = outboundHeaders([[name, value]], OWN);
    expect(outbound.ok).toBe(isOwn);
    if (outbound.ok) expect(outbound.value).toEqual({ forwarded: [], dropped: [] });
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
    expect(outboundHeaders(headers, OWN)).toMatchObject({ ok: false, error: { problem } });
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
    expect(sent([header], { ...OWN, listed: [header[0].toLowerCase()] })).toEqual([]);
  });

  test("a header in which the caller's key came is dropped, whatever it held", () => {
    const rules = { ...OWN, gateHeaders: ["x-key", "authorization"] };
    expect(sent([["Authorization", "Bearer eyJhbGciOiJFZERTQSJ9.e30.c2ln"]], rules)).toEqual([]);
    expect(sent([["X-Key", "abc"]], { ...rules, listed: ["x-key"] })).toEqual([]);
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
      expect(sent([[name, "own"]], { ...INJECTED, listed: [name.toLowerCase()] })).toEqual([
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
    fc.tuple(fc.constantFrom(...HARMLESS), fc.constantFrom("a", "b", "a; b", " a ", "")),
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
