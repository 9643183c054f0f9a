import { err, ok, type Result } from "../base/result.ts";
import { HOP_BY_HOP, isHeaderName, isHeaderValue, namedInConnection, type Header } from "./header-names.ts";
import type { Masks } from "../masking/masks.ts";

/*
 * What of an upstream's answer goes back to the agent. Everything but what is said below: agents' libraries read
 * headers that no list of ours would have. Gate answers for several upstreams, and its own pages, from one origin;
 * what an upstream says about *its* origin would be taken for Gate's.
 */

/** Said about an origin, a connection to it, or by Gate alone. */
const NEVER: ReadonlySet<string> = new Set([
  // RFC 6265: an upstream could set Gate's own session cookie. Agents of APIs don't need its cookies.
  "set-cookie",
  "set-cookie2",
  // RFC 7838: would send what follows past Gate.
  "alt-svc",
  "alt-used",
  // RFC 6797 and its kin: for a host's own operator to say.
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
  "refresh",
  // Replaced below.
  "content-security-policy",
  "content-security-policy-report-only",
  "x-content-type-options",
  // For caches in front of the upstream; the one in front of Gate must not keep an agent's answer for others.
  "surrogate-control",
  "edge-control",
  // A web server in front of Gate would answer with a file, or another address, of its own network.
  "x-sendfile",
  "x-send-file",
  "x-litespeed-location",
  "x-reproxy-url",
]);

const NEVER_BEGINNING = [
  // Whether pages may read Gate's answers is not the upstream's to say (Fetch, CORS).
  "access-control-",
  // An upstream that says what Gate says.
  "x-gate-",
  "proxy-",
  // nginx takes them for its own operator's: a file to send, how long to cache.
  "x-accel-",
  "x-lighttpd-send-",
] as const;

/** `Cache-Control`, which is replaced below, and those for one kind of cache (RFC 9213). */
const CACHE_CONTROL = /(?:^|-)cache-control$/;

/** True of the bytes the upstream sent, and of no others: length, digests, and parts of them. */
const OF_THE_EXACT_BYTES: ReadonlySet<string> = new Set([
  "content-length",
  "content-encoding",
  "etag",
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

/** Directives of `Cache-Control` that let a cache keep one agent's answer for another (RFC 9111 section 5.2.2). */
const SHARED_CACHING =
  /^(?:public|private|s-maxage|proxy-revalidate|stale-while-revalidate|stale-if-error)\b/i;

/**
 * Headers that go back, in lower case, lines of a name as they came.
 *
 * @param masks null: no credential was put in, so nothing has to be masked
 * @param isDecoded the content goes back without its coding
 */
export function responseHeaders(
  headers: readonly Header[],
  masks: Masks | null,
  isDecoded = false,
): readonly Header[] {
  const connection = namedInConnection(headers);
  const passed: Header[] = [];
  for (const [written, value] of headers) {
    const name = written.toLowerCase();
    if (!passes(name) || connection.has(name) || !isHeaderName(name) || !isHeaderValue(value)) continue;
    const isOfTheBytes = OF_THE_EXACT_BYTES.has(name) || CHECKSUM.test(name);
    if (isOfTheBytes && (masks !== null || isDecoded)) continue;
    // A name can't be masked and stay a name.
    if (masks?.isInName(written) === true) continue;
    passed.push([name, masks === null ? value : masks.text(value)]);
  }
  return [...passed, ...addedHeaders(headers)];
}

function passes(name: string): boolean {
  if (HOP_BY_HOP.has(name) || NEVER.has(name) || CACHE_CONTROL.test(name)) return false;
  return NEVER_BEGINNING.every((beginning) => !name.startsWith(beginning));
}

/**
 * RFC 9111 section 3.5 keeps shared caches from answers to requests with `Authorization`; an agent's key may come in
 * another header. And an upstream's page opened on Gate's origin must not run there, nor be taken for a page.
 */
function addedHeaders(headers: readonly Header[]): readonly Header[] {
  const codings = headers
    .filter(([name, value]) => name.toLowerCase() === "cache-control" && isHeaderValue(value))
    .flatMap(([, value]) => value.split(","))
    .map((directive) => directive.trim())
    .filter((directive) => /^[\w-]+(?:=\w+)?$/.test(directive) && !SHARED_CACHING.test(directive));
  return [
    ["cache-control", ["private", ...codings].join(", ")],
    ["content-security-policy", "sandbox; default-src 'none'; frame-ancestors 'none'"],
    ["x-content-type-options", "nosniff"],
  ];
}

/** Status texts are the upstream's too; HTTP/2 has none, and nothing may depend on them (RFC 9112 section 4). */
export function responseStatusText(text: string, masks: Masks | null): string {
  if (!/^[\t\x20-\x7e]{0,100}$/.test(text)) return "";
  return masks === null ? text : masks.text(text);
}

/** False where an answer has no content, whatever its headers say (RFC 9110 sections 6.4.1, 15.3.6 and 15.4.5). */
export function mayHaveContent(method: string, status: number): boolean {
  return method !== "HEAD" && status >= 200 && status !== 204 && status !== 205 && status !== 304;
}

/** Why an upstream's answer can't go back. */
export type ResponseProblem =
  /** 1xx, or no status of HTTP at all: the runtime takes interim answers, and a switch of protocols is refused. */
  | "status"
  /** A coding this runtime can't read: a secret in it couldn't be seen. */
  | "unknown_coding"
  /** Coded more than once, to the same effect. */
  | "stacked_codings"
  /** A part of something (RFC 9110 section 15.3.7), though none was asked for: a secret may be cut in two. */
  | "partial";

/**
 * How to read a body that has to be masked.
 *
 * - `as_it_is`: it isn't coded, or the runtime has decoded it by the time it is read
 * - else by the decompression stream of this name
 */
export type Decoding = "as_it_is" | "gzip" | "deflate";

/**
 * RFC 9110 section 8.4. Workers decode what is labelled exactly `gzip` or `br` when the body is read, and nothing
 * else (tried: `GZIP`, `x-gzip` and `deflate` arrive as they were sent); streams can decompress gzip and deflate.
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
 * How the content of an answer to a request with a credential in it can be masked, or why it must not go back. Where
 * there is none (`mayHaveContent`), there is nothing to read.
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
  // The runtime compares with the whole header: blanks, capitals or a comma too many, and it has decoded nothing.
  if (exact !== undefined && (written === coding || coding === "identity")) return ok(exact);
  const lower = coding.toLowerCase();
  if (lower === "gzip" || lower === "x-gzip") return ok("gzip");
  if (lower === "deflate" || lower === "identity") return ok(lower === "deflate" ? "deflate" : "as_it_is");
  return err("unknown_coding");
}
