import { sha256Hex } from "../../core/base/digest.ts";
import { toBase64Url } from "../../core/base/base64url.ts";
import { err, ok } from "../../core/base/result.ts";
import { NONCE_TTL_MS, type Nonces } from "../../ports/nonces.ts";

const USE = `
  UPDATE nonces SET uses = uses + 1 WHERE hash = ?1 AND principal_id = ?2 RETURNING uses, expires_at`;

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
      // One statement counts and shows the uses: of two concurrent ones one is the first.
      const row = await db
        .prepare(USE)
        .bind(sha256Hex(nonce), principal)
        .first<{ uses: number; expires_at: number }>();
      if (row === null || row.expires_at - NONCE_TTL_MS < (restoredAt ?? 0)) return err("nonce_unknown");
      if (now >= row.expires_at) return err("nonce_expired");
      return row.uses === 1 ? ok(undefined) : err("nonce_already_used");
    },
  };
}
