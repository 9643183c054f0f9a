import { base64Url } from "./jws.ts";
import type { VerifiedOrder } from "./verify-order.ts";

/** RFC 8037: an Ed25519 private key as a JWK. */
export interface PrivateKey {
  readonly kty: string;
  readonly crv?: string;
  readonly x?: string;
  readonly d?: string;
  readonly [member: string]: unknown;
}

export interface ReportClaims {
  readonly outcome: "succeeded" | "failed" | "indeterminate";
  /** SHA-256 digests of the request and the response, as the worker computed them. */
  readonly requestDigest?: string;
  readonly responseDigest?: string;
  /** The provider's id of the write, for example a charge's id. */
  readonly providerReference?: string;
}

/**
 * Signs a report with the worker's own key, whose public half an admin registered
 * (`POST /v1/agents/:id/report-key`). Send it as `proof` beside `status`.
 */
export async function signReport(
  order: VerifiedOrder,
  claims: ReportClaims,
  privateKey: PrivateKey,
): Promise<string> {
  const { kty, crv, x, d } = privateKey;
  const jwk = { kty, crv: String(crv), x: String(x), d: String(d) };
  const key = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
  const payload = {
    order: order.executionId,
    intent_digest: order.intentDigest,
    outcome: claims.outcome,
    request_digest: claims.requestDigest,
    response_digest: claims.responseDigest,
    provider_reference: claims.providerReference,
    iat: Math.floor(Date.now() / 1000),
  };
  const signed = [{ alg: "EdDSA", typ: "gate-report+jwt" }, payload].map(encoded).join(".");
  const signature = await crypto.subtle.sign("Ed25519", key, new TextEncoder().encode(signed));
  return `${signed}.${base64Url(new Uint8Array(signature))}`;
}

function encoded(part: object): string {
  return base64Url(new TextEncoder().encode(JSON.stringify(part)));
}
