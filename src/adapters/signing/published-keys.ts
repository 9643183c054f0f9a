import type { JWK } from "jose";
import { toBase64Url } from "../../core/base/base64url.ts";
import { canonicalJson } from "../../core/base/json.ts";
import type { RegistryChain } from "../d1/registry-chain.ts";
import type { SigningKey } from "./signing-key.ts";

/** Public keys are published for ever: a signature of years ago must verify with today's key list. */
export interface PublishedKeys {
  /**
   * Publishes the key once. A rotation goes on the ledger, signed by the new key and, if available, the previous one.
   */
  ensure(key: SigningKey, previous: readonly SigningKey[]): Promise<void>;
  /** Newest first. */
  all(): Promise<readonly JWK[]>;
}

export function publishedKeys(db: D1Database, chain: RegistryChain): PublishedKeys {
  /** Ids of keys that this D1 is known to have. */
  const seen = new Set<string>();
  return {
    async ensure(key, previous) {
      if (seen.has(key.kid)) return;
      const known = await db.prepare("SELECT 1 FROM signing_keys WHERE kid = ?1").bind(key.kid).first();
      if (known === null) await publish(db, chain, key, previous);
      seen.add(key.kid);
    },

    async all() {
      const { results } = await db
        .prepare("SELECT jwk FROM signing_keys ORDER BY since DESC, kid")
        .all<{ jwk: string }>();
      return results.map(({ jwk }) => JSON.parse(jwk) as JWK);
    },
  };
}

async function publish(
  db: D1Database,
  chain: RegistryChain,
  key: SigningKey,
  previous: readonly SigningKey[],
): Promise<void> {
  const last = await db
    .prepare("SELECT kid FROM signing_keys ORDER BY since DESC, kid LIMIT 1")
    .first<{ kid: string }>();
  const predecessor = previous.find(({ kid }) => kid === last?.kid);
  const statement = {
    kid: key.kid,
    public_key: toBase64Url(key.publicKey),
    previous_kid: last?.kid ?? null,
  };
  const message = new TextEncoder().encode(`gate-signing-key-v1\n${canonicalJson(statement)}`);
  const sign = async ({ privateKey }: SigningKey) =>
    toBase64Url(new Uint8Array(await crypto.subtle.sign("Ed25519", privateKey, message)));
  const body = {
    ...statement,
    signed_by_new: await sign(key),
    // Null for the first key, and where the previous secret is not configured: then nothing vouches for the new key.
    signed_by_previous: predecessor === undefined ? null : await sign(predecessor),
  };
  const insert = db
    .prepare("INSERT INTO signing_keys (kid, jwk, since) VALUES (?1, ?2, ?3)")
    .bind(key.kid, JSON.stringify(key.jwk), Date.now());
  try {
    await chain.commit(last === null ? "signing_key_published" : "signing_key_changed", "gate", body, [
      insert,
    ]);
  } catch (error) {
    // Concurrent first signatures: one publishes the key, and the unique `kid` makes the others' transactions fail.
    if (!String(error).includes("signing_keys.kid")) throw error;
  }
}
