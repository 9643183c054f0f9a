import { GateError } from "./gate-error.ts";

/** RFC 7517: public keys as `/.well-known/jwks.json` has them. */
export interface PublicKeySet {
  readonly keys: readonly { readonly kty: string; readonly [member: string]: unknown }[];
}

type Members = Readonly<Record<string, unknown>>;

/** A compact JWS (RFC 7515), not yet verified. */
export interface Jws {
  /** Null: it names none. */
  readonly kid: string | null;
  readonly claims: Members;
  /** @throws {Error} where the key is not an Ed25519 one */
  isSignedBy(key: PublicKeySet["keys"][number]): Promise<boolean>;
}

/**
 * Parses an Ed25519 JWS of exactly this type. RFC 8725: algorithm and type are fixed here, not by the token, and critical
 * extensions (`crit`) are refused, because none is known.
 *
 * @throws {GateError} `invalid_order`
 */
export function parseJws(text: unknown, type: string): Jws {
  const parts = typeof text === "string" ? text.split(".") : [];
  const [head = "", body = "", mark = ""] = parts;
  const header = objectIn(head);
  const claims = objectIn(body);
  const signature = bytesIn(mark);
  if (parts.length !== 3 || header === null || claims === null || signature?.length !== 64) {
    throw invalid("it is not a compact JWS");
  }
  const { alg, typ, crit, kid = null } = header;
  if (alg !== "EdDSA" || typ !== type || crit !== undefined) throw invalid(`it is no ${type} under EdDSA`);
  if (kid !== null && typeof kid !== "string") throw invalid("its kid is no text");
  return {
    kid,
    claims,
    async isSignedBy({ kty, crv, x }) {
      const jwk = { kty, crv: String(crv), x: String(x) };
      const key = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["verify"]);
      return crypto.subtle.verify("Ed25519", key, signature, new TextEncoder().encode(`${head}.${body}`));
    },
  };
}

export function invalid(why: string, cause?: unknown): GateError {
  return new GateError(`the order is not valid: ${why}`, { code: "invalid_order", cause });
}

function objectIn(part: string): Members | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytesIn(part) ?? undefined);
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : null;
  } catch {
    return null;
  }
}

/** base64url without padding; null for anything else. */
function bytesIn(part: string): Uint8Array<ArrayBuffer> | null {
  if (!/^[\w-]+$/.test(part) || part.length % 4 === 1) return null;
  const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

export function base64Url(bytes: Uint8Array): string {
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
