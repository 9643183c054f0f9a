/** Null: the runtime does not support Ed25519. */
export type VerifyEd25519 = (
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
) => Promise<boolean | null>;

/** RFC 8032 by WebCrypto, which Node, workerd and current browsers have. */
export async function webCryptoEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean | null> {
  try {
    const { subtle } = crypto;
    const key = await subtle.importKey("raw", new Uint8Array(publicKey), "Ed25519", false, ["verify"]);
    return await subtle.verify("Ed25519", key, new Uint8Array(signature), new Uint8Array(message));
  } catch (error) {
    // In a runtime without Ed25519, a valid signature must not be reported as forged.
    const isUnsupported = error instanceof DOMException && error.name === "NotSupportedError";
    return isUnsupported || typeof crypto === "undefined" ? null : false;
  }
}
