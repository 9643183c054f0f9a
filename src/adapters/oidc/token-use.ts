import type { JWTHeaderParameters, JWTPayload } from "jose";
import type { TokenProblem } from "../../ports/identity.ts";

/**
 * Why a verified token was issued for another use than telling who a person is; null: it was not.
 *
 * RFC 8725 section 3.11 and 3.12: an issuer signs access, refresh and logout tokens and security events with the same
 * keys, and an attacker presents one of them as an ID token.
 */
export function otherUse(
  header: JWTHeaderParameters,
  payload: JWTPayload,
  audience: string,
  latestIssue: number,
): TokenProblem | null {
  if (!isIdTokenType(header) || !isIdTokenContent(payload)) return "malformed";
  if (!isForUs(payload, audience)) return "wrong_audience";
  // jose compares `iat` only with a maximum age: a token from the future would outlive every rotation of keys.
  return payload.iat !== undefined && payload.iat > latestIssue ? "not_yet_valid" : null;
}

/** RFC 7519 section 5: no `typ`, or `JWT`; a `cty` announces a nested token. */
function isIdTokenType({ typ, cty }: JWTHeaderParameters): boolean {
  return cty === undefined && (typ === undefined || isWord(typ, "jwt"));
}

/** What issuers that leave out the header's `typ` write into the claims instead. */
function isIdTokenContent(payload: JWTPayload): boolean {
  const { nonce, typ, token_use: use } = payload;
  return (
    // RFC 8417: security event and logout tokens.
    payload["events"] === undefined &&
    (typ === undefined || isWord(typ, "id") || isWord(typ, "jwt")) &&
    (use === undefined || isWord(use, "id")) &&
    (nonce === undefined || (typeof nonce === "string" && nonce !== ""))
  );
}

/** OpenID Connect Core section 3.1.3.7: other audiences only beside an `azp`, which is ours. */
function isForUs({ aud, azp }: JWTPayload, audience: string): boolean {
  if (azp !== undefined) return azp === audience;
  return !Array.isArray(aud) || aud.every((each) => each === audience);
}

function isWord(value: unknown, word: string): boolean {
  return typeof value === "string" && value.toLowerCase() === word;
}
