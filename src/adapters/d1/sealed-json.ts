import { fromBase64Url, toBase64Url } from "../../core/base/base64url.ts";

/** NIST SP 800-38D: a random IV of 96 bits for each message. */
const IV_BYTES = 12;

/**
 * Encrypts a value for D1: AES-256-GCM, base64url of IV and ciphertext.
 *
 * @param key 32 bytes
 * @param name associated data, so that a write to D1 can't swap two records; empty where each record has its own key
 */
export async function sealJson(value: unknown, key: Uint8Array, name: string): Promise<string> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const plain = new TextEncoder().encode(JSON.stringify(value));
  const sealed = await crypto.subtle.encrypt(cipher(iv, name), await imported(key), plain);
  return toBase64Url(new Uint8Array([...iv, ...new Uint8Array(sealed)]));
}

/** Null: encrypted under another key or name, or altered. */
export async function openJson<T>(text: string, key: Uint8Array, name: string): Promise<T | null> {
  const bytes = fromBase64Url(text);
  if (bytes === null || bytes.length <= IV_BYTES) return null;
  try {
    const iv = bytes.slice(0, IV_BYTES);
    const plain = await crypto.subtle.decrypt(cipher(iv, name), await imported(key), bytes.slice(IV_BYTES));
    return JSON.parse(new TextDecoder().decode(plain)) as T;
  } catch {
    return null;
  }
}

function cipher(iv: Uint8Array, name: string) {
  return { name: "AES-GCM", iv, additionalData: new TextEncoder().encode(name) };
}

function imported(key: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]);
}
