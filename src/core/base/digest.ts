import { canonicalJson } from "./json.ts";
import { hasher } from "./sha256.ts";

/*
 * Hashing is synchronous on purpose: an object reads its state, evaluates and appends chained entries in one turn, and
 * an `await` for WebCrypto in between would let a second command interleave.
 */

/** Lower-case hexadecimal SHA-256 of bytes, or of a text's UTF-8. */
export function sha256Hex(data: Uint8Array | string): string {
  return hasher.hex(data);
}

/** SHA-256 over the RFC 8785 form of a value. */
export function digestOf(value: unknown): string {
  return hasher.hex(canonicalJson(value));
}

/** Lower-case hexadecimal HMAC-SHA256 of a text. */
export function hmacHex(key: Uint8Array, text: string): string {
  return hasher.hmacHex(key, text);
}
