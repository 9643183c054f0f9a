import { isAgentCredential } from "./agent-credentials.ts";
import { HOP_BY_HOP, withDashes } from "./header-names.ts";

/*
 * What Gate does with each header of an agent's request. The table is closed: a name that it doesn't list is `unknown`,
 * because a provider may read it as another account (`On-Behalf-Of`), another schema (`Content-Profile`) or a dry run.
 * docs/reverse-proxy.md#request-headers shows it to operators.
 */

export type HeaderMeaning =
  /** Chooses another method, path or host: the upstream would execute another request than the approved one. */
  | "chooses_request"
  /** Of the connection, of Gate, or of the platform in front of it: not meant for the upstream. */
  | "hop"
  /** Authenticates the agent or signs its request. */
  | "credential"
  /** Content negotiation, metadata, conditions, correlation: changes neither which operation runs nor for whom. */
  | "harmless"
  /** Selects the operation, so that method and path no longer tell a read. */
  | "operation"
  /** Telemetry of SDKs, and what browsers add by themselves: dropped, and named to the agent. */
  | "dropped"
  | "unknown";

/** What an entry of `gate.yaml` says about headers, names in lower case. */
export interface EntryHeaders {
  /** Forwarded: the operator knows what they mean. */
  readonly listed: readonly string[];
  readonly dropped: readonly string[];
}

/**
 * Override the method, the path or the host that was approved (CVE-2018-14773 is such a bug). They are refused, not
 * dropped, because an agent that sends one relies on its effect.
 */
const CHOOSES_REQUEST: ReadonlySet<string> = new Set([
  "x-http-override",
  "x-http-verb",
  "x-http-path",
  "x-http-path-info",
  "x-http-destinationurl",
  "x-http-host",
  "x-http-host-override",
  "x-host-override",
  "x-backend-host",
  "x-upstream-host",
  "x-forwarded-method",
  "x-forwarded-path",
  "x-forwarded-prefix",
  "x-forwarded-uri",
  "x-forwarded-url",
  "x-request-uri",
  "x-script-name",
  "script-name",
  "path-info",
  "request-uri",
]);
/** `X-MS-HTTP-Method`, `X-Method-Override`, `X-Override-Url`, `X-Original-Path`, `X-Envoy-Original-Host`, … */
const CHOOSES_REQUEST_PATTERN =
  /(?:^|-)(?:http-method|method-override|(?:original|override|rewrite|rewritten)-(?:http-)?(?:method|verb|url|uri|path|host))(?:-override)?$/;

/**
 * Headers in which a proxy in front of Gate repeats the host that the agent called. One that names another host is a
 * choice of the agent's.
 */
const REPEATS_HOST: ReadonlySet<string> = new Set([
  "x-forwarded-host",
  "x-host",
  "x-original-host",
  "forwarded",
]);

/** Never forwarded, even if the operator lists them, and no loss to the agent, which didn't choose them. */
const HOP: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "expect",
  "via",
  "max-forwards",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "true-client-ip",
  "fastly-client-ip",
  "x-scheme",
  "x-url-scheme",
  "front-end-https",
  "cdn-loop",
  "cookie2",
  // Hosting platforms and load balancers, which add them to every request.
  "client-ip",
  "connect-time",
  "total-route-time",
  "x-request-start",
  "x-nginx-proxy",
  "x-site-deployment-id",
  "disguised-host",
  "was-default-hostname",
  "rndr-id",
]);
const HOP_PREFIXES = [
  "x-forwarded",
  "x-gate-",
  "cf-",
  "proxy-",
  "x-proxy-",
  "x-amz-cf-",
  "fly-",
  "ngrok-",
  "x-akamai-",
  "x-appengine-",
  "x-appservice-",
  "x-arr-",
  "x-azure-",
  "x-envoy-",
  "x-heroku-",
  "x-nf-",
  "x-railway-",
  "x-render-",
  "x-ssl-",
  "x-vercel-",
] as const;

/**
 * Never forwarded either, but an agent may have meant something by them: sessions, a browser's statements, and identity
 * assertions of authenticating proxies, which servers behind those trust.
 */
const NEVER: ReadonlySet<string> = new Set(["cookie", "origin", "referer"]);
const NEVER_PREFIXES = [
  "sec-",
  "x-amzn-",
  "x-goog-authenticated-",
  "x-goog-iap-",
  "x-ms-client-principal",
  "x-ms-token-",
  "x-ms-original-",
] as const;

/** RFC 9110 unless noted. */
const HARMLESS: ReadonlySet<string> = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "content-type",
  "content-language",
  "content-encoding",
  "content-disposition",
  "content-md5",
  "date",
  "user-agent",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "if-range",
  "range",
  // RFC 9111.
  "cache-control",
  "pragma",
  // RFC 9530.
  "digest",
  "content-digest",
  "repr-digest",
  "want-digest",
  "want-content-digest",
  "want-repr-digest",
  // draft-ietf-httpapi-idempotency-key-header, and providers' own names for it.
  "idempotency-key",
  "x-idempotency-key",
  "i-twilio-idempotency-token",
  // W3C Trace Context, and ids by which providers' support finds a request.
  "traceparent",
  "tracestate",
  "x-request-id",
  "x-correlation-id",
  "request-id",
  "client-request-id",
  "x-ms-client-request-id",
  "x-ms-correlation-request-id",
  "x-ms-return-client-request-id",
  // Parts of request signatures that are no secret.
  "x-amz-content-sha256",
  "x-amz-date",
  "x-ms-date",
  // Versions of APIs, and OData's.
  "api-version",
  "x-api-version",
  "odata-version",
  "odata-maxversion",
  "consistencylevel",
  "anthropic-version",
  "intercom-version",
  "linkedin-version",
  "notion-version",
  "square-version",
  "stripe-version",
  "x-github-api-version",
  "x-ms-version",
  "x-restli-protocol-version",
  // CSRF markers of browser scripts and Atlassian's servers: a cross-site form can't set them.
  "x-requested-with",
  "x-atlassian-token",
]);

/** RFC 7240 and OData: how to answer. Others mean more: PostgREST's `resolution=merge-duplicates` overwrites rows. */
const HARMLESS_PREFERENCE = /^(?:return|respond-async|handling|wait|count|odata\.[\w-]+)(?:$|[\s=;])/i;

const OPERATION: ReadonlySet<string> = new Set([
  "soapaction",
  "action",
  "x-action",
  "x-operation",
  "x-operation-name",
  "x-amz-target",
  "x-restli-method",
  "x-rpc-method",
  "x-graphql-operation-name",
]);

const DROPPED: ReadonlySet<string> = new Set([
  // Browsers and their scripts.
  "dnt",
  "priority",
  "save-data",
  "upgrade-insecure-requests",
  "access-control-request-method",
  "access-control-request-headers",
  "access-control-request-private-network",
  // SDKs' reports about themselves.
  "amz-sdk-invocation-id",
  "amz-sdk-request",
  "x-amz-user-agent",
  "x-goog-api-client",
  "x-client-data",
  "x-client-user-agent",
  "x-ms-useragent",
  "x-stripe-client-telemetry",
  "x-stripe-client-user-agent",
  // Tracing by vendors.
  "b3",
  "baggage",
  "elastic-apm-traceparent",
  "newrelic",
  "sentry-trace",
  "uber-trace-id",
  "x-cloud-trace-context",
]);
const DROPPED_PREFIXES = ["x-b3-", "x-datadog-", "x-newrelic-", "x-stainless-", "uberctx-"] as const;

/**
 * What a header means, whatever an entry lists.
 *
 * @param hosts by which agents reach Gate
 */
export function meaningOf(written: string, value: string, hosts: readonly string[] = []): HeaderMeaning {
  const name = withDashes(written);
  if (choosesRequest(name)) return "chooses_request";
  if (REPEATS_HOST.has(name)) return namesOtherHost(name, value, hosts) ? "chooses_request" : "hop";
  if (HOP_BY_HOP.has(name) || HOP.has(name) || startsWithOne(name, HOP_PREFIXES)) return "hop";
  if (NEVER.has(name) || startsWithOne(name, NEVER_PREFIXES)) return "dropped";
  if (isAgentCredential(name)) return "credential";
  if (OPERATION.has(name)) return "operation";
  if (DROPPED.has(name) || startsWithOne(name, DROPPED_PREFIXES)) return "dropped";
  // Exactly: a server that reads `content_type` reads another header than Gate.
  const isHarmless = written === "prefer" ? hasHarmlessPreferences(value) : HARMLESS.has(written);
  return isHarmless ? "harmless" : "unknown";
}

/** Does the name choose method, path or host, whatever its value? */
export function isOverride(name: string): boolean {
  return choosesRequest(withDashes(name));
}

/** May an entry list the header? Not one that chooses the request, nor one that no upstream ever gets. */
export function isListable(written: string): boolean {
  const name = withDashes(written);
  const isNever = NEVER.has(name) || startsWithOne(name, NEVER_PREFIXES);
  return !isNever && !["chooses_request", "hop"].includes(meaningOf(name, ""));
}

/**
 * Headers that a person must see before the write is sent: neither known to be harmless nor listed by the operator.
 *
 * @param headers to be forwarded, names in lower case
 */
export function unlistedHeaders<H extends readonly [name: string, value: string]>(
  headers: readonly H[],
  listed: readonly string[],
): readonly H[] {
  return headers.filter(([name, value]) => {
    if (listed.includes(name)) return false;
    const meaning = meaningOf(name, value);
    return meaning === "unknown" || meaning === "operation";
  });
}

/** Does a header make the request something else than method and path tell? Then it can't pass as a read. */
export function mayChangeRead(
  headers: readonly (readonly [name: string, value: string])[],
  listed: readonly string[],
): boolean {
  return (
    unlistedHeaders(headers, listed).length > 0 ||
    headers.some(([name, value]) => meaningOf(name, value) === "operation")
  );
}

function choosesRequest(name: string): boolean {
  return CHOOSES_REQUEST.has(name) || CHOOSES_REQUEST_PATTERN.test(name);
}

/** RFC 7239 writes the host as a parameter; the other headers are the host, or several that proxies appended. */
function namesOtherHost(name: string, value: string, hosts: readonly string[]): boolean {
  const named =
    name === "forwarded"
      ? [...value.matchAll(/(?:^|[;,\s])host\s*=\s*"?([^",;\s]*)/gi)].map(([, one = ""]) => one)
      : value.split(",").map((one) => one.trim());
  const own = hosts.map(withoutPort);
  return named.some((one) => one !== "" && !own.includes(withoutPort(one)));
}

/** A proxy may repeat the host with or without the port that it listens on. */
function withoutPort(host: string): string {
  return host
    .toLowerCase()
    .replace(/:\d{1,5}$/, "")
    .replace(/\.$/, "");
}

function hasHarmlessPreferences(value: string): boolean {
  return value.split(",").every((preference) => {
    return preference.trim() === "" || HARMLESS_PREFERENCE.test(preference.trim());
  });
}

function startsWithOne(name: string, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => name.startsWith(prefix));
}

/** For the documentation's test: every name and prefix above, by what Gate does with it. */
export const DOCUMENTED_HEADERS: Readonly<Record<string, Iterable<string>>> = {
  harmless: HARMLESS,
  operation: OPERATION,
  dropped: [...DROPPED, ...DROPPED_PREFIXES, ...NEVER, ...NEVER_PREFIXES],
  hop: [...HOP, ...HOP_PREFIXES],
  repeatsHost: REPEATS_HOST,
  choosesRequest: CHOOSES_REQUEST,
};
