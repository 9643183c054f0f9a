import { noteKey, signNote } from "../../core/tlog/signed-note.ts";
import { keysInForce, secretsOf } from "../../core/base/key-derivation.ts";
import { publishedKeys } from "./published-keys.ts";
import { registryChain } from "../d1/registry-chain.ts";
import { ed25519Signer } from "./signer.ts";
import { signingKey } from "./signing-key.ts";

/** Signing and MAC keys of the transparency log. */
export interface LogSigner {
  /** Keys of valid row MACs: the current secret's first, then the earlier ones'. */
  readonly macKeys: () => readonly Uint8Array[];
  /**
   * Publishes the signing key once. Called before rows are read, so that the entry that announces a key is covered by
   * the first checkpoint which that key signs.
   */
  ready(): Promise<void>;
  /** Signs a checkpoint's text under the log's origin: a C2SP signed note. */
  sign(text: string): Promise<string>;
}

export interface LogSecrets {
  readonly DB: D1Database;
  readonly GATE_SECRET: string;
  readonly GATE_ORIGIN: string;
  readonly GATE_SECRET_PREVIOUS?: string;
}

export function logSigner(env: LogSecrets): LogSigner {
  const secrets = secretsOf(env);
  const macKeys = () => keysInForce(secrets, "entry-mac");
  const seeds = () => keysInForce(secrets, "signing-key");
  const chain = registryChain(env.DB, () => macKeys()[0]);
  const published = publishedKeys(env.DB, chain);
  const signer = ed25519Signer(seeds, published);
  return {
    macKeys,
    async ready() {
      const [seed, ...previous] = seeds();
      await published.ensure(await signingKey(seed), await Promise.all(previous.map(signingKey)));
    },
    async sign(text) {
      const { publicKey } = await signingKey(seeds()[0]);
      return signNote(text, noteKey(env.GATE_ORIGIN, publicKey), async (message) => {
        return (await signer.signBytes(message)).signature;
      });
    },
  };
}
