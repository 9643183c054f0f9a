import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import type { JWTVerifyGetKey } from "jose";
import type { TrustedIssuer } from "../../core/registry/registry.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { TokenFailure, TokenProblem, TokenVerifier } from "../../ports/identity.ts";
import { emailIn } from "./email-claim.ts";
import type { IssuerDocuments } from "./issuer-documents.ts";
import { issuerKeys, isUnknownKey, type IssuerKeys } from "./issuer-keys.ts";
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

export function tokenVerifier(documents: IssuerDocuments): TokenVerifier {
  const keysOf = issuerKeys(documents);

  return {
    async verify(token, issuers) {
      const claimed = unverifiedIssuer(token);
      if (claimed === null) return failed("malformed");
      const issuer = issuers.find((each) => each.issuer === claimed);
      if (issuer === undefined) return failed("unknown_issuer", "iss");
      const keys = await keysOf(issuer);
      if (keys === null) return failed("keys_unavailable");
      const payload = await verifyByCurrentKeys(token, issuer, keys);
      if (!payload.ok) return payload;
      const { sub } = payload.value;
      if (typeof sub !== "string" || sub === "" || sub.length > MAX_SUBJECT_CHARACTERS) {
        return failed("malformed", "sub");
      }
      if (!sub.isWellFormed()) return failed("malformed", "sub");
      return ok({ issuer: issuer.issuer, subject: sub, email: emailIn(payload.value, issuer.emails) });
    },
  };
}

type Verified = Result<JWTPayload, TokenFailure>;

/**
 * A key that Gate does not know may be one that the issuer has begun to use just now. Where Gate may not look, the token
 * is not called forged: its issuer is not to blame for Gate's limit.
 */
async function verifyByCurrentKeys(
  token: string,
  issuer: TrustedIssuer,
  keys: IssuerKeys,
): Promise<Verified> {
  const first = await verifyToken(token, issuer, keys.key);
  if (first.result.ok || !first.mayBeNewKey) return first.result;
  try {
    if (await keys.refetch()) return (await verifyToken(token, issuer, keys.key)).result;
  } catch {
    return failed("keys_unavailable");
  }
  return first.isKeyUnknown ? failed("keys_unavailable") : first.result;
}

interface Attempt {
  readonly result: Verified;
  readonly isKeyUnknown: boolean;
  /** Keys that were fetched now might verify it: the key is unknown, or the header names none. */
  readonly mayBeNewKey: boolean;
}

async function verifyToken(
  token: string,
  { issuer, audience }: TrustedIssuer,
  keySet: JWTVerifyGetKey,
): Promise<Attempt> {
  let keyError: unknown = null;
  const keys: JWTVerifyGetKey = async (header, input) => {
    try {
      return await keySet(header, input);
    } catch (error) {
      keyError = error;
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
    const result = problem === null ? ok(payload) : err(problem);
    return { result, isKeyUnknown: false, mayBeNewKey: false };
  } catch (error) {
    const isKeyUnknown = isUnknownKey(keyError);
    const isNameless = error instanceof errors.JWSSignatureVerificationFailed && !namesKey(token);
    const isWithoutKeys = keyError !== null && !isCausedByToken(keyError);
    const result = isWithoutKeys ? failed("keys_unavailable") : err(problemOf(error));
    return { result, isKeyUnknown, mayBeNewKey: isKeyUnknown || isNameless };
  }
}

function namesKey(token: string): boolean {
  return decodeProtectedHeader(token).kid !== undefined;
}

/** The key set was loaded, and no single key of it fits the token's header. */
function isCausedByToken(error: unknown): boolean {
  return (
    isUnknownKey(error) ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}

function problemOf(error: unknown): TokenFailure {
  if (error instanceof errors.JWTExpired) return { problem: "expired", claim: "exp" };
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim } = error;
    if (claim === "aud") return { problem: "wrong_audience", claim };
    return { problem: claim === "nbf" ? "not_yet_valid" : "malformed", claim };
  }
  if (error instanceof errors.JWSInvalid || error instanceof errors.JWTInvalid) {
    return { problem: "malformed", claim: null };
  }
  return { problem: "bad_signature", claim: null };
}

/** The `iss` claim before verification, used only to choose the keys. */
function unverifiedIssuer(token: string): string | null {
  try {
    return decodeJwt(token).iss ?? null;
  } catch {
    return null;
  }
}

function failed(
  problem: TokenProblem,
  claim: string | null = null,
): { readonly ok: false; readonly error: TokenFailure } {
  return err({ problem, claim });
}
