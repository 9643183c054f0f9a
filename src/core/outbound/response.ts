import { err, ok, type Result } from "../base/result.ts";
import { HOP_BY_HOP, isHeaderName, isHeaderValue, namedInConnection, type Header } from "./header-names.ts";
import type { Masks } from "../masking/masks.ts";

/*
 * Which headers of an upstream's response are relayed to the agent: all but those below, because agents' libraries read
 * headers that an allow-list would miss. Gate serves several upstreams and its own pages from one origin, so a browser
 * would apply an upstream's statement about *its* origin to Gate.
 */

/** Statements about an origin or a connection to it, and headers that only Gate may set. */
const NEVER_RELAYED: ReadonlySet<string> = new Set([
  // RFC 6265: an upstream could set Gate's own session cookie (session fixation). API clients don't need cookies.
  "set-cookie",
  "set-cookie2",
  // RFC 7838: would send the agent's next requests past Gate.
  "alt-svc",
  "alt-used",
  // RFC 6797 and similar policies, which only the operator of Gate's host may set.
  "strict-transport-security",
  "public-key-pins",
  "public-key-pins-report-only",
  "expect-ct",
  "origin-agent-cluster",
  // Would sign reviewers out of Gate, or report Gate's errors to the upstream.
  "clear-site-data",
  "nel",
  "report-to",
  "reporting-endpoints",
  "service-worker-allowed",
  // Replaced below.
  "content-security-policy",
  "content-security-policy-report-only",
  "x-content-type-options",
  // Meant for caches in front of the upstream; a cache in front of Gate could serve one agent's response to another.
  "surrogate-control",
  "edge-control",
  // A web server in front of Gate would serve a file or a URL of its own network.
  "x-sendfile",
  "x-send-file",
  "x-litespeed-location",
  "x-reproxy-url",
]);

const NEVER_RELAYED_PREFIXES = [
  // An upstream must not let other sites' pages read Gate's responses (CORS).
  "access-control-",
  // An upstream could forge Gate's own headers.
  "x-gate-",
  "proxy-",
  // nginx obeys them as its operator's: a file to send, how long to cache.
  "x-accel-",
  "x-lighttpd-send-",
] as const;

/** `Cache-Control`, which is replaced below, and its targeted variants (RFC 9213). */
const CACHE_CONTROL = /(?:^|-)cache-control$/;

/**
 * Valid only for the bytes that the upstream sent: length, digests, ranges. Not `ETag`, which names the resource's
 * version for conditional writes; Gate asks each time for the same uncoded representation.
 */
const BYTE_EXACT: ReadonlySet<string> = new Set([
  "content-length",
  "content-encoding",
  "content-md5",
  "digest",
  // RFC 9530.
  "content-digest",
  "repr-digest",
  "accept-ranges",
  "content-range",
  "x-goog-hash",
]);
const CHECKSUM = /^x-amz-checksum-/;

/** Directives by which a shared cache could serve one agent's response to another (RFC 9111 section 5.2.2). */
const SHARED_CACHING =
  /^(?:public|private|s-maxage|proxy-revalidate|stale-while-revalidate|stale-if-error)\b/i;

/**
 * The relayed headers, in lower case; lines of one name are not joined.
 *
 * @param masks null: no credential was injected, so nothing is masked
 * @param isDecoded the content is relayed without its coding
 */
export function responseHeaders(
  headers: readonly Header[],
  masks: Masks | null,
  isDecoded = false,
): readonly Header[] {
  const connection = namedInConnection(headers);
  const relayed: Header[] = [];
  for (const [written, value] of headers) {
    const name = written.toLowerCase();
    if (!isRelayed(name) || connection.has(name) || !isHeaderName(name) || !isHeaderValue(value)) continue;
    const isByteExact = BYTE_EXACT.has(name) || CHECKSUM.test(name);
    if (isByteExact && (masks !== null || isDecoded)) continue;
    // A masked name would not be a valid header name.
    if (masks?.isInName(written) === true) continue;
    relayed.push([name, masks === null ? value : masks.text(value)]);
  }
  return [...relayed, ...addedHeaders(headers)];
}

function isRelayed(name: string): boolean {
  if (HOP_BY_HOP.has(name) || NEVER_RELAYED.has(name) || CACHE_CONTROL.test(name)) return false;
  return NEVER_RELAYED_PREFIXES.every((beginning) => !name.startsWith(beginning));
}

/**
 * RFC 9111 section 3.5 protects only requests with `Authorization` from shared caches, and an agent's key may be in
 * another header. An upstream's response that a browser opens on Gate's origin must not run scripts there (XSS), nor be
 * sniffed as HTML.
 */
function addedHeaders(headers: readonly Header[]): readonly Header[] {
  const directives = headers
    .filter(([name, value]) => name.toLowerCase() === "cache-control" && isHeaderValue(value))
    .flatMap(([, value]) => value.split(","))
    .map((directive) => directive.trim())
    .filter((directive) => /^[\w-]+(?:=\w+)?$/.test(directive) && !SHARED_CACHING.test(directive));
  return [
    ["cache-control", ["private", ...directives].join(", ")],
    ["content-security-policy", "sandbox; default-src 'none'; frame-ancestors 'none'"],
    ["x-content-type-options", "nosniff"],
  ];
}

/** The upstream controls the status text, so it is masked; HTTP/2 has none (RFC 9112 section 4). */
export function responseStatusText(text: string, masks: Masks | null): string {
  if (!/^[\t\x20-\x7e]{0,100}$/.test(text)) return "";
  return masks === null ? text : masks.text(text);
}

/** False where a response has no content, whatever its headers declare (RFC 9110 sections 6.4.1, 15.3.6, 15.4.5). */
export function mayHaveContent(method: string, status: number): boolean {
  return method !== "HEAD" && status >= 200 && status !== 204 && status !== 205 && status !== 304;
}

/** Why an upstream's response can't be relayed. */
export type ResponseProblem =
  /** 1xx, or not an HTTP status: the runtime consumes interim responses, and protocol upgrades are refused. */
  | "status"
  /** A content coding that the runtime can't decode: the body can't be searched for the credential. */
  | "unknown_coding"
  /** Stacked content codings: the body can't be searched for the credential. */
  | "stacked_codings"
  /** An unrequested partial response (RFC 9110 section 15.3.7), whose boundary may split the credential. */
  | "partial";

/**
 * How to decode a body before masking.
 *
 * - `as_it_is`: not encoded, or the runtime decodes it
 * - else by the `DecompressionStream` of this name
 */
export type Decoding = "as_it_is" | "gzip" | "deflate";

/**
 * RFC 9110 section 8.4. Workers decode only bodies labelled exactly `gzip` or `br` (tried: `GZIP`, `x-gzip` and
 * `deflate` arrive as sent); `DecompressionStream` supports gzip and deflate.
 */
const DECODINGS: ReadonlyMap<string, Decoding> = new Map([
  ["", "as_it_is"],
  ["identity", "as_it_is"],
  ["gzip", "as_it_is"],
  ["br", "as_it_is"],
  ["x-gzip", "gzip"],
  ["deflate", "deflate"],
]);

/**
 * How to decode the response to a request with an injected credential, or why it must not be relayed. Without content
 * (`mayHaveContent`) there is nothing to decode.
 */
export function decodingOf(status: number, headers: readonly Header[]): Result<Decoding, ResponseProblem> {
  if (!Number.isInteger(status) || status < 200 || status > 599) return err("status");
  if (status === 206) return err("partial");
  const written = headers
    .filter(([name]) => name.toLowerCase() === "content-encoding")
    .map(([, value]) => value)
    .join(",");
  const codings = written
    .split(",")
    .map((coding) => coding.trim())
    .filter((coding) => coding !== "");
  if (codings.length > 1) return err("stacked_codings");
  const [coding = ""] = codings;
  const exact = DECODINGS.get(coding);
  // The runtime compares the whole header: with extra blanks, capitals or commas it does not decode.
  if (exact !== undefined && (written === coding || coding === "identity")) return ok(exact);
  const lower = coding.toLowerCase();
  if (lower === "gzip" || lower === "x-gzip") return ok("gzip");
  if (lower === "deflate" || lower === "identity") return ok(lower === "deflate" ? "deflate" : "as_it_is");
  return err("unknown_coding");
}
