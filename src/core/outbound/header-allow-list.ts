/*
 * Which headers of an agent go to an upstream: a list of what is known to be meant for one. What is unknown could be
 * read by a server in between as an instruction (`X-Original-URL`, `X-Forwarded-Prefix`), so the other way round
 * would never be finished.
 */

/** Of the agent's own; never beside one that is put in. */
const CREDENTIALS: ReadonlySet<string> = new Set([
  "authorization",
  "x-api-key",
  "api-key",
  "apikey",
  "x-auth-token",
  "x-access-token",
  "private-token",
  "developer-token",
]);

/** RFC 9110 unless noted; content negotiation, what the body is, conditions, and what correlates. */
const NAMES: ReadonlySet<string> = new Set([
  "accept",
  "accept-charset",
  "accept-encoding",
  "accept-language",
  "content-type",
  "content-language",
  "content-encoding",
  "content-disposition",
  "content-md5",
  "user-agent",
  "from",
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
  // RFC 7240.
  "prefer",
  // draft-ietf-httpapi-idempotency-key-header, and what others call it.
  "idempotency-key",
  "x-idempotency-key",
  "i-twilio-idempotency-token",
  // W3C Trace Context.
  "traceparent",
  "tracestate",
  "x-request-id",
  "x-correlation-id",
  "request-id",
  "client-request-id",
  // OData and SOAP.
  "odata-version",
  "odata-maxversion",
  "consistencylevel",
  "soapaction",
  // Versions of providers' interfaces.
  "api-version",
  "x-api-version",
  "notion-version",
  "intercom-version",
  "square-version",
  "linkedin-version",
  "x-restli-protocol-version",
  "x-restli-method",
  "login-customer-id",
  // What browsers' scripts and Atlassian's servers take for "not a form of another site".
  "x-requested-with",
  "x-atlassian-token",
  ...CREDENTIALS,
]);

/** By provider: what their documentation and libraries send. */
const PREFIXES = [
  "stripe-",
  "x-stripe-",
  "x-github-",
  "sforce-",
  "x-sfdc-",
  "x-hubspot-",
  "x-slack-",
  "x-zendesk-",
  "x-twilio-",
  "x-shopify-",
  "anthropic-",
  "openai-",
  "x-stainless-",
  "x-goog-",
  "x-amz-",
  "x-ms-",
  "paypal-",
  "x-xero-",
  "xero-",
  "x-intuit-",
] as const;

/**
 * Make a server do another thing, or elsewhere, than the request says: they are refused, not dropped, as whoever
 * sends one means it.
 */
const OVERRIDES: ReadonlySet<string> = new Set([
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-override-method",
  "x-http-override",
  "x-original-method",
  "x-original-http-method",
  "x-original-url",
  "x-original-uri",
  "x-original-path",
  "x-rewrite-url",
  "x-rewrite-uri",
  "x-override-url",
]);

/** Never, whatever the operator allows: the platform's, Gate's, a client's address, another host. */
const NEVER: ReadonlySet<string> = new Set([
  "host",
  "content-length",
  "expect",
  "cookie",
  "cookie2",
  "origin",
  "referer",
  "forwarded",
  "via",
  "max-forwards",
  "x-real-ip",
  "x-client-ip",
  "x-cluster-client-ip",
  "true-client-ip",
  "fastly-client-ip",
  "x-host",
  "x-scheme",
  "x-url-scheme",
  "front-end-https",
  "cdn-loop",
]);
const NEVER_BEGINNING = [
  "x-forwarded",
  "x-gate-",
  "cf-",
  "proxy-",
  "sec-",
  "x-proxy-",
  // By which servers behind a provider's gate learn who was let in.
  "x-amz-cf-",
  "x-amzn-",
  "x-goog-authenticated-",
  "x-goog-iap-",
  "x-ms-client-principal",
  "x-ms-token-",
  "x-ms-original-",
] as const;

/** Of a provider's own headers: `x-shopify-access-token`, `x-goog-api-key`, `x-ms-authorization-auxiliary`. */
const CREDENTIAL_ENDING =
  /(?:^|-)(?:(?:api|app|auth|access|private|secret|subscription|user)-?key|(?:access|api|app|auth|authorization|bearer|delegated|id|security|session|user|vault)-?token|assertion|secret|password|signature|authorization(?:-auxiliary)?)$/;

/** As providers call them; what a page or a cursor is called (`page_token`, `next_token`) is none. */
const CREDENTIAL_PARAMETER =
  /^(?:api-?key|access-?key|hapikey|(?:access|api|auth|bearer|id|job|oauth|private|refresh|session)-?token|oauth-signature|client-?(?:secret|assertion)|password|sig|x-?api-?key|x-(?:amz|goog)-signature|x-amz-security-token)$/;

/**
 * `token` and `key` are what much else is called, too. What is in them is one where it looks so: keys of Google's,
 * Slack's, Stripe's, GitHub's and GitLab's, and tokens that are signed (RFC 7515 section 7.1).
 */
const VAGUE_PARAMETER = /^(?:auth|jwt|key|secret|signature|token)$/;
const LOOKS_LIKE_A_CREDENTIAL =
  /^(?:AIza|ya29\.|xox[a-z]-|xapp-|[rs]k_(?:live|test)_|gh[oprsu]_|github_pat_|glpat-|eyJ[\w-]+\.[\w-]+\.)/;

/** Servers that hand headers over as variables (RFC 3875 section 4.1.18) read `_` as `-`. */
export function withDashes(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

export function isOverride(name: string): boolean {
  return OVERRIDES.has(withDashes(name));
}

/** Something by which the agent says who it is, or signs what it sends. */
export function isAgentCredential(name: string): boolean {
  return CREDENTIALS.has(withDashes(name)) || CREDENTIAL_ENDING.test(withDashes(name));
}

/** The same in a query, where it would be kept with the address and stand in logs. */
export function holdsAgentCredential(query: string): boolean {
  return [...new URLSearchParams(query)].some(([written, value]) => {
    const name = withDashes(written);
    return (
      CREDENTIAL_PARAMETER.test(name) || (VAGUE_PARAMETER.test(name) && LOOKS_LIKE_A_CREDENTIAL.test(value))
    );
  });
}

/**
 * @param name in lower case
 * @param allow what the operator lets through besides
 */
export function isForwardable(name: string, allow: readonly string[]): boolean {
  const read = withDashes(name);
  if (NEVER.has(read) || NEVER_BEGINNING.some((beginning) => read.startsWith(beginning))) return false;
  if (NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix))) return true;
  return allow.some((allowed) => allowed.toLowerCase() === name);
}
