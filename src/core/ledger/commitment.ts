import { hmacHex } from "../base/digest.ts";

/**
 * A commitment to text that must not stand on the ledger: HMAC-SHA256 under the intent's own salt. With the
 * salt anyone can check that the text is the one; once the salt is destroyed nothing can be guessed from it.
 */
export function commitment(salt: Uint8Array, text: string): string {
  return hmacHex(salt, text);
}
