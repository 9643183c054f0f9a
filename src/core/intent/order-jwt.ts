import { hexToBytes } from "@noble/hashes/utils.js";
import { toBase64Url } from "../base/base64url.ts";
import { digestOf } from "../base/digest.ts";
import { providerIdempotencyKey } from "./provider-idempotency.ts";
import type { Order, IntentTerms } from "./state.ts";

/** RFC 8725 section 3.11: an explicit type, so that no other token of Gate passes for an order. */
export const ORDER_TYPE = "gate-order+jwt";

/** The signed claims of an execution order: RFC 7519's, and the intent the order is bound to. */
export interface OrderClaims {
  readonly iss: string;
  /** The audience: the runners of the destination, written as the destination's name. */
  readonly aud: string;
  /** The agent that proposed it. */
  readonly sub: string;
  /** The order's id. */
  readonly jti: string;
  /** Seconds since the epoch (RFC 7519 section 2). */
  readonly iat: number;
  readonly nbf: number;
  /** At most 15 minutes after `iat`. */
  readonly exp: number;
  readonly intent_id: string;
  readonly intent_digest: string;
  /** Lower-case hexadecimal SHA-256 of the payload's bytes; null where there is none. */
  readonly payload_digest: string | null;
  readonly destination: string;
  readonly action: string;
  /** Higher than the fence of every earlier order of this intent. */
  readonly fence: number;
  /** The idempotency key for the upstream: the same for every attempt of one intent. */
  readonly idempotency_key: string;
  /** RFC 7800 proof-of-possession: only the holder of this key may use the order. */
  readonly cnf?: { readonly jkt: string };
}

/** RFC 7638 of an RFC 8037 key: SHA-256 over its required members in lexicographic order, which is JCS here. */
function thumbprint(x: string): string {
  return toBase64Url(hexToBytes(digestOf({ crv: "Ed25519", kty: "OKP", x })));
}

/**
 * @param issuer the deployment's origin
 * @param holderKey the holder's registered Ed25519 public key, base64url: binds the order to its private key
 */
export function orderClaims(
  issuer: string,
  terms: IntentTerms,
  order: Order,
  holderKey: string | null,
): OrderClaims {
  const issuedAt = Math.floor(order.issuedAt / 1000);
  return {
    iss: issuer,
    aud: terms.destination,
    sub: terms.agent,
    jti: order.id,
    iat: issuedAt,
    nbf: issuedAt,
    exp: Math.floor(order.expiresAt / 1000),
    intent_id: terms.id,
    intent_digest: terms.digest,
    payload_digest: terms.payloadDigest,
    destination: terms.destination,
    action: terms.action,
    fence: order.fence,
    idempotency_key: providerIdempotencyKey(terms.id),
    ...(holderKey === null ? {} : { cnf: { jkt: thumbprint(holderKey) } }),
  };
}
