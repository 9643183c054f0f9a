import { compactVerify, importJWK } from "jose";
import { isJsonObject } from "../../../core/base/json.ts";
import { parseStrictJson } from "../../../core/base/strict-json.ts";
import { refuse } from "../../problem/problem.ts";

/** RFC 8725 section 3.11: nothing else a worker signs passes for a report. */
export const REPORT_TYPE = "gate-report+jwt";

/** A signed report is a few digests and names. */
const MAX_PROOF_LENGTH = 8 * 1024;

interface Reported {
  readonly order: string;
  readonly intentDigest: string;
  readonly outcome: string;
}

/**
 * Verifies a worker's signed report: a compact JWS by the registered key over the order's id, the intent's
 * digest and the outcome. Digests of request and response and the provider's reference ride along, signed.
 *
 * @param reportKey the registered Ed25519 public key, base64url
 * @returns the JWS as it came, to be kept; answers 400 for anything else
 */
export async function verifiedProof(
  jws: string,
  reportKey: string | null,
  reported: Reported,
): Promise<string> {
  if (reportKey === null) return invalid("No report key is registered for this worker.");
  if (jws.length > MAX_PROOF_LENGTH) return invalid("The signed report is too long.");
  const key = await importJWK({ kty: "OKP", crv: "Ed25519", x: reportKey }, "EdDSA").catch(() => null);
  const verified =
    key === null ? null : await compactVerify(jws, key, { algorithms: ["EdDSA"] }).catch(() => null);
  if (verified === null || verified.protectedHeader.typ !== REPORT_TYPE) {
    return invalid("The signed report does not verify with the registered key.");
  }
  const claims = parseStrictJson(new TextDecoder().decode(verified.payload));
  const names =
    claims.ok &&
    isJsonObject(claims.value) &&
    claims.value["order"] === reported.order &&
    claims.value["intent_digest"] === reported.intentDigest &&
    claims.value["outcome"] === reported.outcome;
  return names ? jws : invalid("The signed report names another order, another intent or another outcome.");
}

function invalid(detail: string): never {
  return refuse({ status: 400, code: "invalid_proof", detail });
}
