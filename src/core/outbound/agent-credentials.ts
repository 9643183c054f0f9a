import { withDashes } from "./header-names.ts";

/** Headers with the agent's own credentials, in which libraries put an API key. */
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
