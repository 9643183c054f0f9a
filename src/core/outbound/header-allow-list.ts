/*
 * Allow-list of the agent's headers that are forwarded to an upstream. A deny-list could never be complete: an
 * intermediary could obey an unknown header as an instruction (`X-Original-URL`, `X-Forwarded-Prefix`).
 */

/** Headers with the agent's own credentials, which are dropped when Gate injects one. */
const AGENT_CREDENTIALS: ReadonlySet<string> = new Set([
  "authorization",
  "x-api-key",
  "api-key",
  "apikey",
  "x-auth-token",
  "x-access-token",
  "private-token",
  "developer-token",
]);

/** RFC 9110 unless noted: content negotiation, representation metadata, conditions and correlation. */
const FORWARDED_NAMES: ReadonlySet<string> = new Set([
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
  // draft-ietf-httpapi-idempotency-key-header, and providers' own names for it.
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
  // Versions of providers' APIs.
  "api-version",
  "x-api-version",
  "notion-version",
  "intercom-version",
  "square-version",
  "linkedin-version",
  "x-restli-protocol-version",
  "x-restli-method",
  "login-customer-id",
  // CSRF markers of browser scripts and Atlassian's servers: a cross-site form can't set them.
  "x-requested-with",
  "x-atlassian-token",
  ...AGENT_CREDENTIALS,
]);

/** Prefixes by provider, from their documentation and client libraries. */
const FORWARDED_PREFIXES = [
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
 * Override the method or the path that was approved (CVE-2018-14773 is such a bug). They are refused, not dropped,
 * because an agent that sends one relies on its effect.
 */
const REQUEST_OVERRIDES: ReadonlySet<string> = new Set([
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

/** Never forwarded, even if the operator allows them: the platform's, Gate's, a client's address, another host. */
const NEVER_FORWARDED: ReadonlySet<string> = new Set([
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
const NEVER_FORWARDED_PREFIXES = [
  "x-forwarded",
  "x-gate-",
  "cf-",
  "proxy-",
  "sec-",
  "x-proxy-",
  // Identity assertions of authenticating proxies, which servers behind them trust.
  "x-amz-cf-",
  "x-amzn-",
  "x-goog-authenticated-",
  "x-goog-iap-",
  "x-ms-client-principal",
  "x-ms-token-",
  "x-ms-original-",
] as const;

/** Credentials among providers' headers: `x-shopify-access-token`, `x-goog-api-key`, `x-ms-authorization-auxiliary`. */
const CREDENTIAL_SUFFIX =
  /(?:^|-)(?:(?:api|app|auth|access|private|secret|subscription|user)-?key|(?:access|api|app|auth|authorization|bearer|delegated|id|security|session|user|vault)-?token|assertion|secret|password|signature|authorization(?:-auxiliary)?)$/;

/** Providers' names for credentials in a query; not their names for cursors (`page_token`, `next_token`). */
const CREDENTIAL_PARAMETER =
  /^(?:api-?key|access-?key|hapikey|(?:access|api|auth|bearer|id|job|oauth|private|refresh|session)-?token|oauth-signature|client-?(?:secret|assertion)|password|sig|x-?api-?key|x-(?:amz|goog)-signature|x-amz-security-token)$/;

/**
 * `token` and `key` also name harmless parameters, so they count as credentials only by their value: keys of Google,
 * Slack, Stripe, GitHub and GitLab, and signed tokens (RFC 7515 section 7.1).
 */
const AMBIGUOUS_PARAMETER = /^(?:auth|jwt|key|secret|signature|token)$/;
const LOOKS_LIKE_A_CREDENTIAL =
  /^(?:AIza|ya29\.|xox[a-z]-|xapp-|[rs]k_(?:live|test)_|gh[oprsu]_|github_pat_|glpat-|eyJ[\w-]+\.[\w-]+\.)/;

/** CGI-style servers pass headers as variables (RFC 3875 section 4.1.18), so `_` and `-` are equivalent to them. */
export function withDashes(name: string): string {
  return name.toLowerCase().replaceAll("_", "-");
}

export function isOverride(name: string): boolean {
  return REQUEST_OVERRIDES.has(withDashes(name));
}

/** Does the header authenticate the agent or sign its request? */
export function isAgentCredential(name: string): boolean {
  return AGENT_CREDENTIALS.has(withDashes(name)) || CREDENTIAL_SUFFIX.test(withDashes(name));
}

/** The same for a query, whose credentials would be stored with the URL and written to logs. */
export function holdsAgentCredential(query: string): boolean {
  return [...new URLSearchParams(query)].some(([written, value]) => {
    const name = withDashes(written);
    return (
      CREDENTIAL_PARAMETER.test(name) ||
      (AMBIGUOUS_PARAMETER.test(name) && LOOKS_LIKE_A_CREDENTIAL.test(value))
    );
  });
}

/**
 * @param name in lower case
 * @param allow further headers that the operator allows
 */
export function isForwardable(name: string, allow: readonly string[]): boolean {
  const read = withDashes(name);
  if (NEVER_FORWARDED.has(read) || NEVER_FORWARDED_PREFIXES.some((beginning) => read.startsWith(beginning))) {
    return false;
  }
  if (FORWARDED_NAMES.has(name) || FORWARDED_PREFIXES.some((prefix) => name.startsWith(prefix))) return true;
  return allow.some((allowed) => allowed.toLowerCase() === name);
}
