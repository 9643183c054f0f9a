import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { utf8ToBytes } from "@noble/hashes/utils.js";
import { fromBase64, toBase64 } from "../../core/base/base64.ts";

/** Standard Webhooks 1.0: a symmetric secret is 24 to 64 random bytes, base64 after a prefix. */
const PREFIX = "whsec_";
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;

/** The signed content: the message's id, its time, and every byte of its body. */
export interface SignedMessage {
  /** The same for every attempt. Contains no dot, which separates the signed parts. */
  readonly id: string;
  /** Milliseconds since the epoch of this attempt. */
  readonly at: number;
  readonly body: string;
}

/**
 * The headers of Standard Webhooks, with one signature per active secret: the receiver accepts any of them during a
 * rotation. Null when a secret does not have the format.
 */
export function standardHeaders(
  { id, at, body }: SignedMessage,
  secrets: readonly string[],
): Record<string, string> | null {
  const timestamp = String(Math.floor(at / 1000));
  const signatures: string[] = [];
  for (const secret of secrets) {
    const key = secretBytes(secret);
    if (key === null) return null;
    signatures.push(`v1,${toBase64(hmac(sha256, key, utf8ToBytes(`${id}.${timestamp}.${body}`)))}`);
  }
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}

function secretBytes(secret: string): Uint8Array | null {
  if (!secret.startsWith(PREFIX)) return null;
  const bytes = fromBase64(secret.slice(PREFIX.length));
  if (bytes === null || bytes.length < MIN_SECRET_BYTES || bytes.length > MAX_SECRET_BYTES) return null;
  return bytes;
}
