import { calculateJwkThumbprint, type JWK } from "jose";
import { fromBase64Url } from "../../core/base/base64url.ts";
import { bytesToHex } from "@noble/hashes/utils.js";

/** RFC 8410 section 7: an Ed25519 private key in PKCS #8 is this prefix and the 32-byte seed. */
const PKCS8_PREFIX = Uint8Array.from([
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
]);

/** One signing key, derived from one deployment secret. */
export interface SigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly jwk: JWK;
  /** The 32 bytes of RFC 8032. */
  readonly publicKey: Uint8Array;
  readonly privateKey: CryptoKey;
}

/** Caches keys, not promises: when the request that started a promise is cancelled, others would await it for ever. */
const derived = new Map<string, SigningKey>();

/** @param seed derived from `GATE_SECRET`, or from one of the previous ones */
export async function signingKey(seed: Uint8Array): Promise<SigningKey> {
  const name = bytesToHex(seed);
  const known = derived.get(name);
  if (known !== undefined) return known;
  const key = await importKey(seed);
  derived.set(name, key);
  return key;
}

async function importKey(seed: Uint8Array): Promise<SigningKey> {
  const pkcs8 = new Uint8Array([...PKCS8_PREFIX, ...seed]);
  // Extractable only to read the public key, for which the platform has no other way.
  const pair = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { x } = (await crypto.subtle.exportKey("jwk", pair)) as JWK;
  const publicKey = fromBase64Url(x ?? "");
  if (x === undefined || publicKey?.length !== 32) {
    throw new Error("invariant: an exported Ed25519 key has a public key of 32 bytes");
  }
  const privateKey = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
  const jwk: JWK = { kty: "OKP", crv: "Ed25519", x };
  const kid = await calculateJwkThumbprint(jwk);
  return { kid, jwk: { ...jwk, kid, use: "sig", alg: "EdDSA" }, publicKey, privateKey };
}
