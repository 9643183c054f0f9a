import { createRemoteJWKSet, customFetch, decodeJwt, errors, type JWTPayload, jwtVerify } from "jose";
import type { JWTVerifyGetKey } from "jose";
import type { TrustedIssuer } from "../../core/registry/registry.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { TokenProblem, TokenVerifier } from "../../ports/identity.ts";
import type { IssuerDocuments } from "./issuer-documents.ts";
import { otherUse } from "./token-use.ts";

/**
 * Asymmetric algorithms only (RFC 8725 section 3.1): if an HMAC algorithm were allowed, an attacker could sign with an
 * issuer's public key as the shared secret.
 */
const ALGORITHMS = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519".split(" ");

/** Clocks of issuers and of Gate differ by seconds. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** OpenID Connect Core section 2 allows 255 characters; some issuers send more. */
const MAX_SUBJECT_CHARACTERS = 500;

/** RFC 5321 section 4.5.3.1. */
const MAX_EMAIL_CHARACTERS = 254;

/**
 * Printable ASCII, as in the registry: some other letters have an ASCII lower case (the Kelvin sign's is `k`), so an
 * attacker's address could fold to another person's.
 */
const EMAIL = /^[!-?A-~]+@[!-?A-~]+$/;

/** Bounds the memory: key sets of the registry's issuers, and of those it had before an edit. */
const MAX_KEY_SETS = 100;

export function tokenVerifier(documents: IssuerDocuments): TokenVerifier {
  const keySets = new Map<string, JWTVerifyGetKey>();

  /** The issuer's keys; jose refetches them every 10 minutes, and for an unknown key at most every 30 seconds. */
  async function keySetOf(issuer: TrustedIssuer): Promise<JWTVerifyGetKey | null> {
    const { allowPrivate } = issuer;
    const url = issuer.jwks ?? (await documents.configuration(issuer))?.jwks_uri;
    if (typeof url !== "string" || !URL.canParse(url)) return null;
    const name = JSON.stringify([url, allowPrivate]);
    const cached = keySets.get(name);
    if (cached !== undefined) return cached;
    const keySet = createRemoteJWKSet(new URL(url), {
      [customFetch]: async (address: string) => {
        const found = await documents.json(address, allowPrivate);
        return found === null ? new Response(null, { status: 503 }) : Response.json(found);
      },
    });
    if (keySets.size >= MAX_KEY_SETS) keySets.clear();
    keySets.set(name, keySet);
    return keySet;
  }

  return {
    async verify(token, issuers, emails) {
      const claimed = unverifiedIssuer(token);
      if (claimed === null) return err("malformed");
      const issuer = issuers.find((each) => each.issuer === claimed);
      if (issuer === undefined) return err("unknown_issuer");
      const keySet = await keySetOf(issuer);
      if (keySet === null) return err("keys_unavailable");
      const payload = await verifyToken(token, issuer, keySet);
      if (!payload.ok) return payload;
      const { sub } = payload.value;
      if (typeof sub !== "string" || sub === "" || sub.length > MAX_SUBJECT_CHARACTERS) {
        return err("malformed");
      }
      if (!sub.isWellFormed()) return err("malformed");
      return ok({ issuer: issuer.issuer, subject: sub, email: emailOf(payload.value, emails) });
    },
  };
}

async function verifyToken(
  token: string,
  { issuer, audience }: TrustedIssuer,
  keySet: JWTVerifyGetKey,
): Promise<Result<JWTPayload, TokenProblem>> {
  let isWithoutKeys = false;
  const keys: JWTVerifyGetKey = async (header, input) => {
    try {
      return await keySet(header, input);
    } catch (error) {
      isWithoutKeys = !isCausedByToken(error);
      throw error;
    }
  };
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ["exp", "sub"],
    });
    const latestIssue = Date.now() / 1_000 + CLOCK_TOLERANCE_SECONDS;
    const problem = otherUse(protectedHeader, payload, audience, latestIssue);
    return problem === null ? ok(payload) : err(problem);
  } catch (error) {
    return err(isWithoutKeys ? "keys_unavailable" : problemOf(error));
  }
}

/** The key set was loaded, and holds no key that fits the token's header. */
function isCausedByToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

function problemOf(error: unknown): TokenProblem {
  if (error instanceof errors.JWTExpired) return "expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "aud") return "wrong_audience";
    return error.claim === "nbf" ? "not_yet_valid" : "malformed";
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) return "malformed";
  return "bad_signature";
}

/** The `iss` claim before verification, used only to choose the keys. */
function unverifiedIssuer(token: string): string | null {
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
}

function emailOf(payload: JWTPayload, emails: "claimed" | "vouched"): string | null {
  const { email, email_verified: isVerified } = payload;
  // Exactly true: some issuers send the text "false".
  if (emails === "claimed" && isVerified !== true) return null;
  if (typeof email !== "string" || email.length > MAX_EMAIL_CHARACTERS || !EMAIL.test(email)) return null;
  return email.toLowerCase();
}
