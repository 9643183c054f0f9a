import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** SHA-256 and HMAC-SHA256 in one synchronous call each. Texts are hashed as UTF-8, lone surrogates as U+FFFD. */
export interface Hasher {
  readonly bytes: (data: Uint8Array) => Uint8Array<ArrayBuffer>;
  /** Lower-case hexadecimal. */
  readonly hex: (data: Uint8Array | string) => string;
  /** Lower-case hexadecimal HMAC of a text. */
  readonly hmacHex: (key: Uint8Array, text: string) => string;
}

/** Runs everywhere, a browser included. */
export const portableHasher: Hasher = {
  bytes: (data) => sha256(data),
  hex: (data) => bytesToHex(sha256(typeof data === "string" ? utf8ToBytes(data) : data)),
  hmacHex: (key, text) => bytesToHex(hmac(sha256, key, utf8ToBytes(text))),
};

/** What is used of `node:crypto`. */
interface NodeCrypto {
  hash(algorithm: "sha256", data: Uint8Array | string, form: "hex"): string;
  hash(algorithm: "sha256", data: Uint8Array, form: "buffer"): Uint8Array;
  createHmac(
    algorithm: "sha256",
    key: Uint8Array,
  ): { update(text: string, encoding: "utf8"): { digest(form: "hex"): string } };
}

interface WithBuiltins {
  readonly process?: { readonly getBuiltinModule?: (name: string) => Partial<NodeCrypto> | undefined };
}

/**
 * The hashes of Node and workerd: three times as fast for an entry and twenty times for a payload, which counts because
 * a hash blocks every other request of the isolate. Asked for at run time, so that a bundle for browsers needs no
 * substitute of `node:crypto`.
 *
 * @returns null where the platform has none, as in a browser
 */
export function platformHasher(platform: WithBuiltins): Hasher | null {
  const { createHmac, hash } = platform.process?.getBuiltinModule?.("node:crypto") ?? {};
  if (createHmac === undefined || hash === undefined) return null;
  return {
    // A copy: a Buffer may share its memory with others, which structured clone would send along.
    bytes: (data) => new Uint8Array(hash("sha256", data, "buffer")),
    hex: (data) => hash("sha256", data, "hex"),
    hmacHex: (key, text) => createHmac("sha256", key).update(text, "utf8").digest("hex"),
  };
}

export const hasher: Hasher = platformHasher(globalThis as WithBuiltins) ?? portableHasher;
