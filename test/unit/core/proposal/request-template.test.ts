import { describe, expect, test } from "vitest";
import type { ProposalRequest } from "../../../../src/core/proposal/request.ts";
import { digestOf } from "../../../../src/core/base/digest.ts";
import type { Json, JsonObject } from "../../../../src/core/base/json.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";
import { templatedProposal, applyTemplate } from "../../../../src/core/proposal/request-template.ts";
import { writeForDigest } from "../../../../src/core/outbound/http-write.ts";
import type { Destination } from "../../../../src/core/registry/registry.ts";
import { parseRegistry } from "../../../../src/config/registry/parse.ts";

function entryOf(path: string, more = ""): Destination {
  const text = `
credentials: { key: { ref: env://API_KEY } }
destinations:
  pay.refund: { upstream: https://api.example.com/v1, execute: { method: POST, path: ${JSON.stringify(path)} }, ${more} }
  pay.other: { upstream: https://api.example.com }
`;
  const parsed = parseRegistry("gate.yaml", text);
  const found = parsed.ok ? parsed.value.destinations.get("pay.refund") : undefined;
  if (found === undefined) throw new Error(JSON.stringify(parsed));
  return found;
}

function requestOf(metadata: JsonObject = {}): ProposalRequest {
  return {
    destination: "pay.refund",
    policy: "",
    action: "pay.refund",
    recordCount: null,
    estimatedValueUsd: null,
    sensitivityTags: [],
    onBehalfOf: null,
    principalId: null,
    metadata,
    profile: null,
    expiresInMinutes: null,
  };
}

function content(text: string | Uint8Array, mediaType: string | null = null, name: string | null = null) {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return { kind: "content", bytes, mediaType, name } as const satisfies Payload;
}

function urlOf(path: string, payload: Payload, metadata: JsonObject = {}): string | null {
  const made = templatedProposal(requestOf(metadata), payload, entryOf(path));
  return made.ok ? (made.value.request.http?.url ?? null) : null;
}

describe("the URL of a templated request", () => {
  const FILLED: readonly (readonly [string, Json, JsonObject, string])[] = [
    ["/refunds", {}, {}, "/refunds"],
    ["/charges/{payload.charge}/refunds", { charge: "ch_1" }, {}, "/charges/ch_1/refunds"],
    ["/charges/{payload.charge.id}", { charge: { id: "ch_1" } }, {}, "/charges/ch_1"],
    ["/accounts/{metadata.account}", {}, { account: "acct_1" }, "/accounts/acct_1"],
    ["/a/{payload.n}", { n: 42 }, {}, "/a/42"],
    ["/a/{payload.n}", { n: 0 }, {}, "/a/0"],
    ["/a/{payload.n}", { n: -7 }, {}, "/a/-7"],
    ["/a/{payload.n}", { n: 1e3 }, {}, "/a/1000"],
    ["/a/{payload.s}", { s: "a b" }, {}, "/a/a%20b"],
    ["/a/{payload.s}", { s: "é" }, {}, "/a/%C3%A9"],
    ["/a/{payload.s}", { s: "!'()*" }, {}, "/a/%21%27%28%29%2A"],
    ["/a/{payload.s}", { s: "a?b#c&d=e" }, {}, "/a/a%3Fb%23c%26d%3De"],
    ["/a?id={payload.s}&x=1", { s: "a/b&x=2" }, {}, "/a?id=a%2Fb%26x%3D2&x=1"],
    ["/a?id={payload.s}", { s: "../b" }, {}, "/a?id=..%2Fb"],
    ["/a/{payload.n:number}", { n: 42 }, {}, "/a/42"],
    ["/a/{metadata.n:number}", {}, { n: "00042" }, "/a/00042"],
    ["/a?flag&id={payload.s}", { s: "x" }, {}, "/a?flag&id=x"],
  ];

  test.each(FILLED)("%s with payload %j and metadata %j", (path, payload, metadata, expected) => {
    expect(urlOf(path, content(JSON.stringify(payload)), metadata)).toBe(
      `https://api.example.com/v1${expected}`,
    );
  });

  const UNFILLABLE: readonly (readonly [string, Json])[] = [
    ["a member that is missing", {}],
    ["nothing", { s: null }],
    ["an empty text", { s: "" }],
    ["a dot segment", { s: "." }],
    ["a dot segment that climbs", { s: ".." }],
    ["a dot segment behind a blank", { s: ".. " }],
    ["a slash", { s: "a/b" }],
    ["a climb", { s: "../../admin" }],
    ["a backslash", { s: "a\\b" }],
    ["a slash that is escaped", { s: "a%2fb" }],
    ["something escaped", { s: "%41" }],
    ["parameters", { s: "a;b" }],
    ["a slash of another width", { s: "a／b" }],
    ["a dot of another width", { s: "．．" }],
    ["the end of a line", { s: "a\nb" }],
    ["a NUL", { s: "a\u0000" }],
    ["yes", { s: true }],
    ["a fraction", { s: 1.5 }],
    ["a list", { s: ["a"] }],
    ["an object", { s: { a: 1 } }],
    ["a text longer than any id", { s: "x".repeat(201) }],
  ];

  test.each(UNFILLABLE)("is not built from %s", (_name, payload) => {
    expect(urlOf("/a/{payload.s}", content(JSON.stringify(payload)))).toBe(null);
  });

  test.each([
    ["a list instead of an object", '["a"]'],
    ["a text instead of an object", '"s"'],
    ["half a character", '{"s":"\\ud800"}'],
    ["a member written twice", '{"s":"a","s":"b"}'],
    ["a number that is not exact", '{"s":9007199254740993}'],
    ["no JSON", "s=a"],
    ["nothing at all", ""],
    ["a byte order mark", '\ufeff{"s":"a"}'],
    ["a member of Object.prototype", '{"t":"a"}'],
  ])("is not built from a payload that is %s", (_name, text) => {
    expect(urlOf("/a/{payload.s}", content(text))).toBe(null);
    expect(urlOf("/a/{payload.constructor.name}", content(text))).toBe(null);
  });

  test("is not built from bytes that are not UTF-8", () => {
    const bytes = new Uint8Array([...new TextEncoder().encode('{"s":"'), 0xff, 0x22, 0x7d]);
    expect(urlOf("/a/{payload.s}", content(bytes))).toBe(null);
  });

  test.each([
    "update_many",
    "1.json",
    "-1",
    "1e3",
    "",
    "１",
    " 1",
    "1\n",
    -1,
    1.5,
    1e21,
    true,
    null,
    [1],
    { toString: 1 },
  ])("is not built from %j where a number is required", (n) => {
    expect(urlOf("/a/{payload.n:number}", content(JSON.stringify({ n })))).toBe(null);
    expect(urlOf("/a/{metadata.n:number}", { kind: "none" }, { n })).toBe(null);
  });

  test("is built from metadata without a payload, but not from a missing payload", () => {
    expect(urlOf("/a/{metadata.s}", { kind: "none" }, { s: "x" })).toBe("https://api.example.com/v1/a/x");
    expect(urlOf("/a/{payload.s}", { kind: "none" }, { s: "x" })).toBe(null);
  });

  test("INV-22: never leaves the upstream, whatever fills its placeholders", () => {
    const values = [
      "@evil.example",
      "//evil.example",
      "https://evil.example",
      ":8080",
      "#",
      "?",
      "%00",
      "\u202e",
    ];
    for (const s of values) {
      for (const path of ["/{payload.s}", "/a/{payload.s}/b", "/a?s={payload.s}"]) {
        const url = urlOf(path, content(JSON.stringify({ s })));
        if (url !== null) expect(url.startsWith("https://api.example.com/v1/")).toBe(true);
        if (url !== null) expect(new URL(url).href).toBe(url);
      }
    }
  });

  test("contains no key of Gate's", () => {
    const s = "gate_sk_0123456789abcdef";
    expect(urlOf("/a/{payload.s}", content(JSON.stringify({ s })))).toBe(null);
    expect(urlOf("/a?s={payload.s}", content(JSON.stringify({ s })))).toBe(null);
  });
});

describe("a templated request", () => {
  test("INV-09: is what the digest binds: method, URL, headers and credential slot", () => {
    const entry = entryOf(
      "/refunds",
      "credential: key, inject: { header: X-Api-Key }, idempotency_header: Idempotency-Key",
    );
    const made = templatedProposal(requestOf(), content('{"amount":900}'), entry);
    const http = made.ok ? made.value.request.http : undefined;
    expect(http).toEqual({
      method: "POST",
      url: "https://api.example.com/v1/refunds",
      headers: [
        ["accept", "*/*"],
        ["accept-encoding", "identity"],
        ["content-type", "application/json"],
        ["user-agent", "zehrava-gate"],
      ],
      slot: { in: "header", name: "x-api-key" },
      idempotencyHeader: "idempotency-key",
      fromTemplate: true,
    });
  });

  test("has no slot without a credential and no content type without a body", () => {
    const made = templatedProposal(requestOf(), { kind: "none" }, entryOf("/refunds"));
    expect(made.ok && made.value.request.http).toMatchObject({
      slot: null,
      headers: [
        ["accept", "*/*"],
        ["user-agent", "zehrava-gate"],
      ],
    });
  });

  const form = "upstream: https://api.example.com, ";
  const typed = (type: string) =>
    parsedEntry(`${form}execute: { method: POST, path: /a, content_type: "${type}" }`);

  function parsedEntry(written: string): Destination {
    const parsed = parseRegistry("gate.yaml", `destinations: { pay.refund: { ${written} } }\n`);
    const found = parsed.ok ? parsed.value.destinations.get("pay.refund") : undefined;
    if (found === undefined) throw new Error(JSON.stringify(parsed));
    return found;
  }

  const JSON_TYPE = typed("application/json");
  const FORM_TYPE = typed("application/x-www-form-urlencoded");
  const OPEN = parsedEntry(`${form}execute: { method: POST, path: /a }`);

  const TYPES: readonly (readonly [string, Destination, Payload, string | null])[] = [
    ["JSON without a declared type", JSON_TYPE, content("{}"), "application/json"],
    ["JSON by its name", JSON_TYPE, content("{}", null, "a.json"), "application/json"],
    ["JSON of a kind", JSON_TYPE, content("{}", "application/vnd.x+json"), "application/json"],
    ["a form for JSON", JSON_TYPE, content("a=1", "application/x-www-form-urlencoded"), null],
    ["a table for JSON", JSON_TYPE, content("a,b\n1,2", null, "leads.csv"), null],
    ["malformed JSON", JSON_TYPE, content("a=1"), null],
    ["JSON with a member twice", JSON_TYPE, content('{"a":1,"a":2}'), null],
    ["a name and a type that contradict", JSON_TYPE, content("{}", "application/json", "a.csv"), null],
    ["a form", FORM_TYPE, content("amount=900"), "application/x-www-form-urlencoded"],
    ["JSON for a form", FORM_TYPE, content("{}", "application/json"), null],
    ["the type that was declared", OPEN, content("a,b\n1,2", "text/csv"), "text/csv"],
    ["JSON where the template names no type", OPEN, content("[1]"), "application/json"],
    ["other text where the template names no type", OPEN, content("a,b"), null],
    ["a type with another header in it", OPEN, content("a", "text/csv\r\nX-Evil: 1"), null],
    ["two types", OPEN, content("{}", "application/json, text/csv"), null],
    ["a type that is none", OPEN, content("{}", "json"), null],
  ];

  test.each(TYPES)("is built from %s, or refused", (_name, entry, payload, expected) => {
    const made = templatedProposal(requestOf(), payload, entry);
    const http = made.ok ? made.value.request.http : undefined;
    const sent = http?.headers.find(([name]) => name === "content-type")?.[1] ?? null;
    expect(sent).toBe(expected);
    expect(made.ok || made.error).toBe(expected === null ? "content_type" : true);
  });

  test("is measured by the type it is sent with", () => {
    const { payload } = applyTemplate(requestOf(), content("amount=900&currency=usd"), FORM_TYPE);
    expect(payload).toMatchObject({ mediaType: "application/x-www-form-urlencoded" });
  });

  test("is not built from a reference, whose bytes Gate does not have", () => {
    const reference: Payload = { kind: "reference", name: "a.json", sha256: null, rows: 1 };
    const made = templatedProposal(requestOf(), reference, JSON_TYPE);
    expect(made).toEqual({ ok: false, error: "reference" });
    expect(applyTemplate(requestOf(), reference, JSON_TYPE).request.http).toBeUndefined();
  });

  test("is not built for an intent that came as a request", () => {
    const http = {
      method: "PUT",
      url: "https://x.example",
      headers: [],
      slot: null,
      idempotencyHeader: null,
    };
    const request = { ...requestOf(), http };
    expect(applyTemplate(request, content("{}"), JSON_TYPE).request).toBe(request);
  });

  test("is not built where the destination has no template or is unknown", () => {
    const request = requestOf();
    expect(applyTemplate(request, content("{}"), undefined).request).toBe(request);
    expect(applyTemplate(request, content("{}"), { ...JSON_TYPE, execute: null }).request).toBe(request);
    expect(
      applyTemplate(request, content("{}"), { ...JSON_TYPE, upstream: null }).request.http,
    ).toBeUndefined();
  });

  test("INV-09: that leads elsewhere is not covered by the earlier approval", () => {
    const digest = (path: string) => {
      const { http } = applyTemplate(requestOf({ s: "x" }), content("{}"), entryOf(path)).request;
      return http === undefined ? null : digestOf(writeForDigest(http));
    };
    expect(digest("/a/{metadata.s}")).toBe(digest("/a/x"));
    expect(digest("/a/{metadata.s}")).not.toBe(digest("/b/{metadata.s}"));
  });
});
