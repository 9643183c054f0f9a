import { SignJWT } from "jose";
import { ok, type Result } from "../../../core/base/result.ts";
import type { OAuth2Credential, OAuth2Grant } from "../../../core/registry/credential.ts";
import type { VaultFailure } from "../../../ports/vault.ts";
import { failed } from "../failure.ts";
import { ALGORITHM, readPrivateKey } from "./private-key.ts";

type JwtBearerGrant = Extract<OAuth2Grant, { readonly type: "jwt_bearer" }>;

/** Salesforce accepts an expiry within three minutes, Google within an hour; a minute is for clocks that differ. */
const LIFETIME_SECONDS = 120;

/**
 * RFC 7523 section 3: the assertion by which the client asks for a token. `scope` is a claim, as Google requires. `jti`
 * makes each one new, because a provider may refuse an assertion that it has seen.
 */
export async function signAssertion(
  { clientId, scope }: Pick<OAuth2Credential, "clientId" | "scope">,
  { subject, audience, keyId }: JwtBearerGrant,
  secret: string,
  now: number,
): Promise<Result<string, VaultFailure>> {
  const signing = await readPrivateKey(secret);
  if (!signing.ok) return signing;
  const kid = keyId ?? signing.value.keyId;
  const issuedAt = Math.floor(now / 1000);
  try {
    const claims = { ...(scope !== null && { scope }), ...(subject !== null && { sub: subject }) };
    const assertion = await new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, typ: "JWT", ...(kid !== null && { kid }) })
      .setIssuer(clientId)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFETIME_SECONDS)
      .setJti(crypto.randomUUID())
      .sign(signing.value.key);
    return ok(assertion);
  } catch {
    return failed(
      "invalid_response",
      "the private key can't sign: RS256 needs an RSA key of at least 2048 bits",
    );
  }
}
