import { hmacHex } from "../base/digest.ts";

/**
 * A commitment to text that must not be written to the ledger: HMAC-SHA256 under the intent's own salt. With the salt
 * an auditor can verify the text; once the salt is destroyed, an attacker can't test guesses against it.
 */
export function commitment(salt: Uint8Array, text: string): string {
  return hmacHex(salt, text);
}
