import { compactVerify, importJWK } from "jose";
import { isJsonObject } from "../../core/base/json.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import { parseStrictJson } from "../../core/base/strict-json.ts";

/** RFC 8725 section 3.11, explicit typing: no other JWS that a worker signs passes for a report. */
const REPORT_TYPE = "gate-report+jwt";

/** A signed report is a few digests and names. */
const MAX_PROOF_LENGTH = 8 * 1024;

/** What a signed report must name. */
export interface ReportClaims {
  readonly order: string;
  readonly intentDigest: string;
  readonly outcome: string;
}

export type ProofProblem =
  /** The worker has no registered key to verify with. */
  | "no_key"
  | "too_long"
  | "bad_signature"
  /** It is signed, and names another order, intent or outcome. */
  | "other_claims";

/**
 * Verifies a worker's signed report: a compact JWS by the registered key over the order's id, the intent's digest and
 * the outcome. Digests of request and response and the provider's reference may stand beside them, signed.
 *
 * @param reportKey the registered Ed25519 public key, base64url
 * @returns the JWS as it was sent, to be stored
 */
export async function verifiedProof(
  jws: string,
  reportKey: string | null,
  expected: ReportClaims,
): Promise<Result<string, ProofProblem>> {
  if (reportKey === null) return err("no_key");
  if (jws.length > MAX_PROOF_LENGTH) return err("too_long");
  const key = await importJWK({ kty: "OKP", crv: "Ed25519", x: reportKey }, "EdDSA").catch(() => null);
  const verified =
    key === null ? null : await compactVerify(jws, key, { algorithms: ["EdDSA"] }).catch(() => null);
  if (verified === null || verified.protectedHeader.typ !== REPORT_TYPE) return err("bad_signature");
  const claims = parseStrictJson(new TextDecoder().decode(verified.payload));
  const isExpected =
    claims.ok &&
    isJsonObject(claims.value) &&
    claims.value["order"] === expected.order &&
    claims.value["intent_digest"] === expected.intentDigest &&
    claims.value["outcome"] === expected.outcome;
  return isExpected ? ok(jws) : err("other_claims");
}
