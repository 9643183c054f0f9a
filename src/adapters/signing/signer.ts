import { SignJWT } from "jose";
import type { KeysInForce } from "../../core/base/key-derivation.ts";
import type { PublishedKeys } from "./published-keys.ts";
import { type SigningKey, signingKey } from "./signing-key.ts";
import type { Signer } from "../../ports/signer.ts";

/**
 * Signs with the key of the current secret.
 *
 * @param seeds of the earlier secrets as well: their public keys stay published
 */
export function ed25519Signer(seeds: () => KeysInForce, published: PublishedKeys): Signer {
  const current = async (): Promise<SigningKey> => {
    const [seed, ...previous] = seeds();
    const key = await signingKey(seed);
    // Publish the key, and record its rotation on the ledger, before its first signature.
    await published.ensure(key, await Promise.all(previous.map(signingKey)));
    return key;
  };
  return {
    async signJws(typ, claims) {
      const { kid, privateKey } = await current();
      return new SignJWT({ ...claims }).setProtectedHeader({ alg: "EdDSA", typ, kid }).sign(privateKey);
    },
    async signBytes(bytes) {
      const { kid, publicKey, privateKey } = await current();
      const signature = new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, bytes));
      return { kid, publicKey, signature };
    },
    async publicKeys() {
      await current();
      return published.all();
    },
  };
}
