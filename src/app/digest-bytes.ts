import { bytesToHex } from "@noble/hashes/utils.js";
import { sha256Hex } from "../core/base/digest.ts";

/** From this size on Web Crypto hashes many times faster than JavaScript; below, awaiting it only costs time. */
const PLATFORM_HASH_BYTES = 64 * 1024;

/** SHA-256, lower-case hexadecimal. */
export async function digestOfBytes(bytes: Uint8Array): Promise<string> {
  if (bytes.length < PLATFORM_HASH_BYTES) return sha256Hex(bytes);
  return bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)));
}
