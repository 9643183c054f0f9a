import { toBase64Url } from "../../core/base/base64url.ts";
import type { Assurance } from "../../core/identity/assurance.ts";
import { sha256Hex } from "../../core/base/digest.ts";
import { digestsInForce, type KeysInForce } from "../../core/base/key-derivation.ts";
import type { ExternalIdentity, Sessions } from "../../ports/identity.ts";
import { coalescedRead } from "./coalesced-read.ts";
import { accountOf } from "./linked-identities.ts";
import { principalOf, type PrincipalRow, ROOT } from "./principal-rows.ts";

/** A working day; people sign in again the next one. */
const SESSION_TTL_MS = 8 * 60 * 60_000;

const TOKEN_BYTES = 32;

/** Bounds the table against a program that opens a session for each call; more browsers than a person uses. */
const MAX_SESSIONS = 50;

/** Sessions are for people in browsers. */
const HUMAN = "p.status = 'active' AND p.role IN ('reviewer', 'auditor', 'admin')";

const OPEN_BY_KEY = `
  INSERT INTO sessions (hash, principal_id, assurance, key_hash, account, expires_at)
  SELECT ?1, p.id, ?2, k.hash, NULL, ?3 FROM keys k JOIN principals p ON p.id = k.principal_id
  WHERE k.hash = ?4 AND ${HUMAN} RETURNING principal_id`;

const OPEN_BY_ACCOUNT = `
  INSERT INTO sessions (hash, principal_id, assurance, key_hash, account, expires_at)
  SELECT ?1, p.id, ?2, NULL, n.account, ?3 FROM pins n JOIN principals p ON p.id = n.principal_id
  WHERE n.account = ?4 AND ${HUMAN} RETURNING principal_id`;

const OPEN_ROOT = `
  INSERT INTO sessions (hash, principal_id, assurance, key_hash, account, expires_at)
  VALUES (?1, '${ROOT.id}', ?2, ?4, NULL, ?3) RETURNING principal_id`;

/** Joined to the key or account that opened it, so that the session ends whenever that row is deleted or changed. */
const FIND = `
  SELECT s.principal_id AS holder, s.assurance, s.expires_at, s.key_hash, n.kind, n.issuer, p.*
  FROM sessions s
  LEFT JOIN keys k ON k.hash = s.key_hash AND k.principal_id = s.principal_id
  LEFT JOIN pins n ON n.account = s.account AND n.principal_id = s.principal_id
  LEFT JOIN principals p ON p.id = coalesce(k.principal_id, n.principal_id) AND ${HUMAN}
  WHERE s.hash = ?1 AND s.expires_at > ?2`;

/** Deletes the principal's oldest sessions above the limit. */
const DELETE_EXCESS = `
  DELETE FROM sessions WHERE principal_id = ?1 AND hash NOT IN
  (SELECT hash FROM sessions WHERE principal_id = ?1 ORDER BY expires_at DESC LIMIT ${MAX_SESSIONS})`;

interface SessionRow extends Omit<PrincipalRow, "id"> {
  readonly id: string | null;
  readonly holder: string;
  readonly assurance: Assurance;
  readonly expires_at: number;
  readonly key_hash: string | null;
  readonly kind: ExternalIdentity["kind"] | null;
  readonly issuer: string | null;
}

/**
 * @param adminKey `GATE_ADMIN_KEY`, whose sessions end when it changes; null when the operator set none
 * @param macKeys make the stored digest of that key an HMAC: an operator may have chosen a guessable word, whose plain
 *   digest could be found by trying candidates
 * @param restoredAt sessions from before it are void: one that was closed since the backup would live again
 */
export function d1Sessions(
  db: D1Database,
  adminKey: string | null,
  macKeys: () => KeysInForce,
  restoredAt: number | null,
): Sessions {
  const adminHash = adminKey === null ? null : sha256Hex(adminKey);
  const rootKeyMacs = (): readonly string[] => (adminKey === null ? [] : digestsInForce(macKeys(), adminKey));

  return {
    async open(proof, assurance, now) {
      const token = `gses_${toBase64Url(crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)))}`;
      const expiresAt = now + SESSION_TTL_MS;
      const [sql, by] =
        "key" in proof
          ? sha256Hex(proof.key) === adminHash
            ? [OPEN_ROOT, rootKeyMacs()[0] ?? null]
            : [OPEN_BY_KEY, sha256Hex(proof.key)]
          : [OPEN_BY_ACCOUNT, accountOf(proof)];
      const [, opened] = await db.batch<{ principal_id: string }>([
        db.prepare("DELETE FROM sessions WHERE expires_at <= ?1").bind(now),
        db.prepare(sql).bind(sha256Hex(token), assurance, expiresAt, by),
      ]);
      const principal = opened?.results[0]?.principal_id;
      if (principal === undefined) return null;
      await db.prepare(DELETE_EXCESS).bind(principal).run();
      return { token, expiresAt };
    },

    async find(token, now) {
      const [row] = await coalescedRead<SessionRow>(db, db.prepare(FIND).bind(sha256Hex(token), now));
      if (row === undefined || row.expires_at - SESSION_TTL_MS < (restoredAt ?? 0)) return null;
      const { assurance, expires_at: expiresAt, id, kind, issuer } = row;
      if (row.holder === ROOT.id) {
        const isCurrent = row.key_hash !== null && rootKeyMacs().includes(row.key_hash);
        return isCurrent ? { principal: ROOT, assurance, by: "key", expiresAt } : null;
      }
      if (id === null) return null;
      const by = kind === null || issuer === null ? "key" : { kind, issuer };
      return { principal: principalOf({ ...row, id }), assurance, by, expiresAt };
    },

    async close(token) {
      await db.prepare("DELETE FROM sessions WHERE hash = ?1").bind(sha256Hex(token)).run();
    },
  };
}
