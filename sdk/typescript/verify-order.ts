import { createLocalJWKSet, createRemoteJWKSet, errors, jwtVerify } from "jose";
import { GateError } from "./gate-error.ts";
import { requireSupportedRuntime } from "./runtime.ts";

/** RFC 7517: public keys as `/.well-known/jwks.json` has them. */
export interface PublicKeySet {
  readonly keys: readonly { readonly kty: string; readonly [member: string]: unknown }[];
}

export interface VerifyOrderOptions {
  /** Gate's address: its keys are fetched from `/.well-known/jwks.json` and cached. */
  readonly endpoint?: string | URL;
  /** Gate's keys, for a worker that must not depend on reaching Gate. `endpoint` or `keys` is required. */
  readonly keys?: PublicKeySet;
  /** The deployment's name (`GATE_ORIGIN`): an order of another deployment is refused. */
  readonly issuer: string;
  /** The destination this worker serves. */
  readonly destination: string;
  /** The bytes about to be written; their digest must be the approved one. Leave out without a payload. */
  readonly payload?: Uint8Array | string;
  /** The highest fence this worker has seen for the intent: an older order is refused. */
  readonly lastFence?: number;
}

export interface VerifiedOrder {
  readonly executionId: string;
  readonly intentId: string;
  readonly intentDigest: string;
  /** Lower-case hexadecimal SHA-256; null: Gate neither saw the payload nor got its digest. */
  readonly payloadDigest: string | null;
  readonly destination: string;
  readonly action: string;
  readonly agent: string;
  readonly fence: number;
  /** For a provider that deduplicates: the same for every attempt. */
  readonly idempotencyKey: string;
  readonly expiresAt: Date;
}

const remoteKeySets = new Map<string, ReturnType<typeof createRemoteJWKSet>>();

/**
 * Verifies that an order is genuine, unexpired, for this worker's destination, and for exactly these bytes. Only a
 * claim shows that it was not revoked since.
 *
 * @throws {GateError} code `invalid_order` with the reason; `order_expired`; `payload_mismatch`; `stale_order`
 */
export async function verifyOrder(order: string, options: VerifyOrderOptions): Promise<VerifiedOrder> {
  requireSupportedRuntime();
  const { destination, issuer, payload, lastFence } = options;
  const claims = await verifiedClaims(order, keySet(options), issuer, destination);
  const { payload_digest: payloadDigest, fence } = claims;
  if (payload !== undefined && payloadDigest !== (await sha256Hex(payload))) {
    throw new GateError("the payload's digest is not the approved one", { code: "payload_mismatch" });
  }
  if (lastFence !== undefined && fence < lastFence) {
    throw new GateError("a later order replaced this one", { code: "stale_order" });
  }
  return {
    executionId: claims.jti,
    intentId: claims.intent_id,
    intentDigest: claims.intent_digest,
    payloadDigest,
    destination: claims.destination,
    action: claims.action,
    agent: claims.sub,
    fence,
    idempotencyKey: claims.idempotency_key,
    expiresAt: new Date(claims.exp * 1000),
  };
}

interface Claims {
  readonly jti: string;
  readonly sub: string;
  readonly exp: number;
  readonly intent_id: string;
  readonly intent_digest: string;
  readonly payload_digest: string | null;
  readonly destination: string;
  readonly action: string;
  readonly fence: number;
  readonly idempotency_key: string;
}

type KeySet = ReturnType<typeof createLocalJWKSet> | ReturnType<typeof createRemoteJWKSet>;

async function verifiedClaims(
  order: string,
  keys: KeySet,
  issuer: string,
  destination: string,
): Promise<Claims> {
  try {
    // RFC 8725: fixed type and algorithm, so that no other token passes for an order.
    const { payload } = await jwtVerify<Claims>(order, keys, {
      typ: "gate-order+jwt",
      algorithms: ["EdDSA"],
      issuer,
      audience: destination,
      requiredClaims: ["jti", "sub", "iat", "exp", "intent_id", "intent_digest", "destination", "fence"],
    });
    if (payload.destination !== destination || !Number.isInteger(payload.fence)) {
      throw new GateError("the order is not for this destination", { code: "invalid_order" });
    }
    return payload;
  } catch (error) {
    if (error instanceof GateError) throw error;
    const code = error instanceof errors.JWTExpired ? "order_expired" : "invalid_order";
    throw new GateError(error instanceof Error ? error.message : "not an order", { code, cause: error });
  }
}

function keySet({ keys, endpoint }: VerifyOrderOptions): KeySet {
  if (keys !== undefined) return createLocalJWKSet({ keys: [...keys.keys] });
  if (endpoint === undefined) throw new GateError("pass endpoint or keys", { code: "invalid_option" });
  const url = new URL("/.well-known/jwks.json", endpoint);
  const known = remoteKeySets.get(url.href) ?? createRemoteJWKSet(url);
  remoteKeySets.set(url.href, known);
  return known;
}

async function sha256Hex(data: Uint8Array | string): Promise<string> {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : Uint8Array.from(data);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
