import { GateError, GateOptionError } from "./gate-error.ts";
import { sha256Hex } from "./hex.ts";
import { invalid, parseJws, type PublicKeySet } from "./jws.ts";
import { publishedKeys } from "./published-keys.ts";
import { requireSupportedRuntime } from "./runtime.ts";

export type { PublicKeySet } from "./jws.ts";

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

/**
 * Verifies that an order is genuine, unexpired, for this worker's destination, and for exactly these bytes. Only a
 * claim shows that it was not revoked since.
 *
 * @throws {GateError} code `invalid_order` with the reason; `order_expired`; `payload_mismatch`; `stale_order`
 */
export async function verifyOrder(order: string, options: VerifyOrderOptions): Promise<VerifiedOrder> {
  requireSupportedRuntime();
  const { destination, issuer, payload, lastFence } = options;
  const claims = await verifiedClaims(order, options, issuer, destination);
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
  readonly iat: number;
  readonly exp: number;
  readonly intent_id: string;
  readonly intent_digest: string;
  readonly payload_digest: string | null;
  readonly destination: string;
  readonly action: string;
  readonly fence: number;
  readonly idempotency_key: string;
}

const TYPES: Readonly<Record<string, "string" | "number">> = {
  jti: "string",
  sub: "string",
  iat: "number",
  exp: "number",
  intent_id: "string",
  intent_digest: "string",
  destination: "string",
  fence: "number",
};

async function verifiedClaims(
  order: string,
  { keys, endpoint }: VerifyOrderOptions,
  issuer: string,
  destination: string,
): Promise<Claims> {
  const jws = parseJws(order, "gate-order+jwt");
  const { kid, claims } = jws;
  const known = keys?.keys ?? (await publishedKeys(required(endpoint), kid));
  const [key, second] = known.filter((each) => kid === null || each["kid"] === kid);
  if (key === undefined || second !== undefined) throw invalid("no one key has its id");
  const isSigned = await jws.isSignedBy(key).catch((error: unknown) => {
    throw invalid("its key is not an Ed25519 key", error);
  });
  if (!isSigned) throw invalid("its signature is not of that key");
  for (const [name, type] of Object.entries(TYPES)) {
    if (typeof claims[name] !== type) throw invalid(`it has no ${name}`);
  }
  const { iss, aud, nbf } = claims;
  if (iss !== issuer) throw invalid(`its issuer is ${JSON.stringify(iss)}`);
  const isForUs = Array.isArray(aud) ? aud.includes(destination) : aud === destination;
  if (!isForUs || claims["destination"] !== destination || !Number.isInteger(claims["fence"])) {
    throw invalid("it is not for this destination");
  }
  const now = Math.floor(Date.now() / 1_000);
  if (nbf !== undefined && !(typeof nbf === "number" && nbf <= now)) throw invalid("it is not valid yet");
  if (!((claims["exp"] as number) > now)) {
    throw new GateError("the order has expired", { code: "order_expired" });
  }
  return claims as unknown as Claims;
}

function required(endpoint: string | URL | undefined): string | URL {
  if (endpoint === undefined) throw new GateOptionError("pass endpoint or keys");
  return endpoint;
}
