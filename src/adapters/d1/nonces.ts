import { sha256Hex } from "../../core/base/digest.ts";
import { toBase64Url } from "../../core/base/base64url.ts";
import { err, ok } from "../../core/base/result.ts";
import type { Nonces } from "../../ports/nonces.ts";

/** Lifetime of a nonce in the reference contract. */
const NONCE_TTL_MS = 300_000;

/** @param restoredAt nonces from before it are unknown: one that was used since the backup would count again */
export function d1Nonces(db: D1Database, restoredAt: number | null): Nonces {
  return {
    async issue(principal, now) {
      const nonce = `non_${toBase64Url(crypto.getRandomValues(new Uint8Array(16)))}`;
      const expiresAt = now + NONCE_TTL_MS;
      await db.batch([
        db.prepare("DELETE FROM nonces WHERE expires_at < ?1").bind(now),
        db
          .prepare("INSERT INTO nonces (hash, principal_id, expires_at) VALUES (?1, ?2, ?3)")
          .bind(sha256Hex(nonce), principal, expiresAt),
      ]);
      return { nonce, expiresAt };
    },

    async use(nonce, principal, now) {
      // DELETE … RETURNING is atomic: of two concurrent uses one gets the row.
      const row = await db
        .prepare("DELETE FROM nonces WHERE hash = ?1 AND principal_id = ?2 RETURNING expires_at")
        .bind(sha256Hex(nonce), principal)
        .first<{ expires_at: number }>();
      if (row === null || row.expires_at - NONCE_TTL_MS < (restoredAt ?? 0)) return err("nonce_unknown");
      return now < row.expires_at ? ok(undefined) : err("nonce_expired");
    },
  };
}
