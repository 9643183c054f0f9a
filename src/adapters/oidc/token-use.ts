import type { JWTHeaderParameters, JWTPayload } from "jose";
import type { TokenFailure } from "../../ports/identity.ts";

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
): TokenFailure | null {
  if (!isIdTokenType(header)) return { problem: "malformed", claim: "typ" };
  const foreign = otherContent(payload);
  if (foreign !== null) return { problem: "malformed", claim: foreign };
  if (!isForUs(payload, audience)) {
    return { problem: "wrong_audience", claim: payload["azp"] === undefined ? "aud" : "azp" };
  }
  // jose compares `iat` only with a maximum age: a token from the future would outlive every rotation of keys.
  const isAhead = payload.iat !== undefined && payload.iat > latestIssue;
  return isAhead ? { problem: "not_yet_valid", claim: "iat" } : null;
}

/** RFC 7519 section 5: no `typ`, or `JWT`; a `cty` announces a nested token. */
function isIdTokenType({ typ, cty }: JWTHeaderParameters): boolean {
  return cty === undefined && (typ === undefined || isWord(typ, "jwt"));
}

/** The claim that makes it another token: what issuers that leave out the header's `typ` write instead. Null: none. */
function otherContent(payload: JWTPayload): string | null {
  const { nonce, typ, token_use: use } = payload;
  // RFC 8417: security event and logout tokens.
  if (payload["events"] !== undefined) return "events";
  if (typ !== undefined && !isWord(typ, "id") && !isWord(typ, "jwt")) return "typ";
  if (use !== undefined && !isWord(use, "id")) return "token_use";
  return nonce === undefined || (typeof nonce === "string" && nonce !== "") ? null : "nonce";
}

/** OpenID Connect Core section 3.1.3.7: other audiences only beside an `azp`, which is ours. */
function isForUs({ aud, azp }: JWTPayload, audience: string): boolean {
  if (azp !== undefined) return azp === audience;
  return !Array.isArray(aud) || aud.every((each) => each === audience);
}

function isWord(value: unknown, word: string): boolean {
  return typeof value === "string" && value.toLowerCase() === word;
}
