import { describe, expect, test } from "vitest";
import type { Header } from "../../../../src/core/outbound/header-names.ts";
import { masksFor } from "../../../../src/core/masking/masks.ts";
import {
  responseHeaders,
  responseStatusText,
  decodingOf,
  mayHaveContent,
} from "../../../../src/core/outbound/response.ts";

const SECRET = "kD4vYp2mWq7sTz9b";
const found = masksFor([SECRET]);
if (!found.ok) throw new Error(found.error);
const masks = found.value;

const ADDED: readonly Header[] = [
  ["cache-control", "private"],
  ["content-security-policy", "sandbox; default-src 'none'; frame-ancestors 'none'"],
  ["x-content-type-options", "nosniff"],
];

describe("the allow-list of response headers", () => {
  test.for([
    "Content-Type",
    "Content-Language",
    "Location",
    "Link",
    "Refresh",
    "ETag",
    "Retry-After",
    "Date",
    "Vary",
    "Last-Modified",
    "X-RateLimit-Remaining",
    "Sforce-Limit-Info",
    "Request-Id",
    "Idempotent-Replayed",
    "WWW-Authenticate",
  ])("passes %s", (name) => {
    for (const each of [null, masks]) {
      expect(responseHeaders([[name, "value"]], each)).toEqual([[name.toLowerCase(), "value"], ...ADDED]);
    }
  });

  test.for([
    "Connection",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authentication-Info",
    "Proxy-Status",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
    "Set-Cookie",
    "Set-Cookie2",
    "Alt-Svc",
    "Strict-Transport-Security",
    "Clear-Site-Data",
    "Report-To",
    "NEL",
    "Service-Worker-Allowed",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Credentials",
    "X-Gate-Intent-Id",
    "Surrogate-Control",
    "CDN-Cache-Control",
    "X-LiteSpeed-Cache-Control",
    "Content-Security-Policy",
    "X-Accel-Redirect",
    "X-Accel-Expires",
    "X-Sendfile",
    "X-LIGHTTPD-send-file",
    "X-Reproxy-URL",
  ])("drops %s", (name) => {
    for (const each of [null, masks]) expect(responseHeaders([[name, "value"]], each)).toEqual(ADDED);
  });

  test("drops headers that Connection names and malformed ones", () => {
    const headers: Header[] = [
      ["Connection", "X-Hop, close"],
      ["X-Hop", "a"],
      ["X-Odd", "a\r\nSet-Cookie: b"],
      ["X Odd", "a"],
    ];
    expect(responseHeaders(headers, null)).toEqual(ADDED);
  });

  test.for([
    ["public, max-age=60", "private, max-age=60"],
    ["no-store", "private, no-store"],
    ["s-maxage=600, stale-while-revalidate=9", "private"],
    ['private="x-a", max-age=1', "private, max-age=1"],
    ["PUBLIC", "private"],
    ["\r\nX: y", "private"],
  ] as const)(
    "keeps caches from serving one agent's response to another: %j becomes %j",
    ([received, relayed]) => {
      expect(responseHeaders([["Cache-Control", received]], null)).toContainEqual(["cache-control", relayed]);
    },
  );
});

describe("INV-21: a response to a request with an injected credential", () => {
  test.for([
    "Content-Length",
    "Content-Encoding",
    "Content-MD5",
    "Digest",
    "Content-Digest",
    "Repr-Digest",
    "Accept-Ranges",
    "Content-Range",
    "X-Amz-Checksum-Sha256",
  ])("loses %s, which is not true of masked bytes", (name) => {
    expect(responseHeaders([[name, "value"]], masks)).toEqual(ADDED);
    expect(responseHeaders([[name, "value"]], null)).toEqual([[name.toLowerCase(), "value"], ...ADDED]);
  });

  test.for([
    `x-${SECRET.toLowerCase()}`,
    `x-${btoa(SECRET).replaceAll("=", "").toLowerCase()}-y`,
    `x-${Array.from(SECRET, (char) => char.charCodeAt(0).toString(16))
      .join("")
      .toUpperCase()}`,
  ])("loses a header whose name contains the secret in small letters: %s", (name) => {
    expect(responseHeaders([[name, "a"]], masks)).toEqual(ADDED);
    expect(responseHeaders([[name, "a"]], null)).toEqual([[name.toLowerCase(), "a"], ...ADDED]);
  });

  test("passes a long header name that does not contain the secret", () => {
    const name = "x-ratelimit-remaining-of-this-hour-for-the-whole-account";
    expect(responseHeaders([[name, "9"]], masks)).toEqual([[name, "9"], ...ADDED]);
  });

  test("is masked in header values and status text", () => {
    const headers: Header[] = [
      ["Location", `https://api.example.com/?key=${SECRET}&x=1`],
      ["WWW-Authenticate", `Basic realm="${btoa(SECRET)}"`],
      ["Link", `<https://x/?k=${Array.from(SECRET, (c) => `%${c.charCodeAt(0).toString(16)}`).join("")}>`],
      [`X-${SECRET}`, "a"],
    ];
    const back = responseHeaders(headers, masks);
    expect(back.slice(0, 2)).toEqual([
      ["location", "https://api.example.com/?key=[masked]&x=1"],
      ["www-authenticate", expect.stringMatching(/^Basic realm="\[masked\]=*"$/)],
    ]);
    expect(back[2]).toEqual(["link", "<https://x/?k=[masked]>"]);
    expect(JSON.stringify(back).toLowerCase()).not.toContain(SECRET.toLowerCase());
    expect(responseStatusText(`No ${SECRET}`, masks)).toBe("No [masked]");
    expect(responseStatusText("Not\r\nFound", masks)).toBe("");
    expect(responseStatusText("Found", null)).toBe("Found");
  });
});

test.for(["Content-Length", "Content-Encoding", "Content-Digest", "Content-Range"])(
  "loses %s, which is not true without the content's encoding",
  (name) => {
    expect(responseHeaders([[name, "value"]], null, true)).toEqual(ADDED);
    expect(responseHeaders([["Content-Type", "text/csv"]], null, true)).toEqual([
      ["content-type", "text/csv"],
      ...ADDED,
    ]);
  },
);

describe("response content", () => {
  test.for([
    ["GET", 200, true],
    ["POST", 201, true],
    ["GET", 404, true],
    ["HEAD", 200, false],
    ["GET", 204, false],
    ["GET", 205, false],
    ["GET", 304, false],
    ["GET", 100, false],
    ["GET", 101, false],
  ] as const)("exists for %s %d: %s", ([method, status, expected]) => {
    expect(mayHaveContent(method, status)).toBe(expected);
  });

  test.for([
    [200, null, "as_it_is"],
    [200, "", "as_it_is"],
    [200, "identity", "as_it_is"],
    [200, "Identity", "as_it_is"],
    [200, "gzip", "as_it_is"],
    [200, "br", "as_it_is"],
    [200, "GZIP", "gzip"],
    [200, " gzip", "gzip"],
    [200, "gzip,", "gzip"],
    [200, "x-gzip", "gzip"],
    [200, "X-GZIP", "gzip"],
    [500, "deflate", "deflate"],
    [200, "Deflate", "deflate"],
  ] as const)("of status %d with encoding %j is read: %s", ([status, coding, decoding]) => {
    const headers: Header[] = coding === null ? [] : [["Content-Encoding", coding]];
    expect(decodingOf(status, headers)).toEqual({ ok: true, value: decoding });
  });

  test.for([
    [200, ["zstd"], "unknown_coding"],
    [200, ["compress"], "unknown_coding"],
    [200, ["aws-chunked"], "unknown_coding"],
    [200, ["BR"], "unknown_coding"],
    [200, ["br,"], "unknown_coding"],
    [200, ["constructor"], "unknown_coding"],
    [200, ["gzip;q=1"], "unknown_coding"],
    [200, ["gzip, gzip"], "stacked_codings"],
    [200, ["gzip, identity"], "stacked_codings"],
    [200, ["gzip", "br"], "stacked_codings"],
    [206, [], "partial"],
    [101, [], "status"],
    [100, [], "status"],
    [0, [], "status"],
    [600, [], "status"],
    [Number.NaN, [], "status"],
    [200.5, [], "status"],
  ] as const)("of status %d with encodings %j is refused: %s", ([status, codings, problem]) => {
    const headers = codings.map((coding): Header => ["content-encoding", coding]);
    expect(decodingOf(status, headers)).toEqual({ ok: false, error: problem });
  });
});
