import { isYounger } from "../../core/base/age.ts";
import { digestOf, sha256Hex } from "../../core/base/digest.ts";
import { nameKey, type Principal } from "../../core/identity/principal.ts";
import { err, ok } from "../../core/base/result.ts";
import { insertPrincipal, isNameTaken, principalOf, type PrincipalRow, ROOT } from "./principal-rows.ts";
import { leasesEnd, MAX_AGE_MS } from "./read-lease.ts";
import { coalescedRead } from "./coalesced-read.ts";
import type { RegistryChain } from "./registry-chain.ts";
import type { Principals } from "../../ports/principals.ts";

/** Bounds the memory that callers with many keys can take. */
const CACHE_ENTRIES = 10_000;

/** By the key's digest. Shared by all requests of the isolate, and emptied by every change that it makes itself. */
const cache = new Map<string, { readonly principal: Principal; readonly readAt: number }>();

/** Number of this isolate's own changes: a read that began before one of them is not cached. */
let changes = 0;

function forget(): void {
  changes += 1;
  cache.clear();
}

/** By id. A principal is never renamed nor removed. */
const nameOf = new Map<string, string>();

const BY_KEY = "SELECT p.* FROM keys k JOIN principals p ON p.id = k.principal_id WHERE k.hash = ?1";

const BY_ID = "SELECT * FROM principals WHERE id = ?1";

const NAMES = "SELECT id, name FROM principals WHERE id IN (SELECT value FROM json_each(?1))";

/**
 * @param adminKey `GATE_ADMIN_KEY`, the key of the deployment's built-in admin; null when the operator set none
 * @param chain records registrations and changes of status on the ledger, in the same transaction
 */
export function d1Principals(db: D1Database, chain: RegistryChain, adminKey: string | null): Principals {
  const adminHash = adminKey === null ? null : sha256Hex(adminKey);

  /** Forgets also where the answer is lost: D1 may have stored the change. */
  const change: RegistryChain["commit"] = (...of) => chain.commit(...of).finally(forget);

  async function rowOf(id: string): Promise<PrincipalRow | undefined> {
    const [row] = await coalescedRead<PrincipalRow>(db, db.prepare(BY_ID).bind(id));
    return row;
  }

  return {
    async byKey(key, age) {
      const hash = sha256Hex(key);
      // Both sides are digests, so the comparison's timing reveals nothing about the key.
      if (adminHash !== null && hash === adminHash) return ROOT;
      const known = cache.get(hash);
      const now = Date.now();
      if (known !== undefined && isYounger(known.readAt, now, MAX_AGE_MS[age])) return known.principal;
      const before = changes;
      const [row] = await coalescedRead<PrincipalRow>(db, db.prepare(BY_KEY).bind(hash));
      cache.delete(hash);
      if (row === undefined) return null;
      const principal = principalOf(row);
      if (cache.size >= CACHE_ENTRIES) cache.clear();
      if (before === changes) cache.set(hash, { principal, readAt: now });
      return principal;
    },

    remembered(key) {
      const hash = sha256Hex(key);
      if (adminHash !== null && hash === adminHash) return ROOT;
      const known = cache.get(hash);
      const isKnown = known !== undefined && isYounger(known.readAt, Date.now(), MAX_AGE_MS.cached);
      return isKnown ? known.principal : null;
    },

    async get(id) {
      const row = await rowOf(id);
      return row === undefined ? null : principalOf(row);
    },

    async names(ids) {
      if (nameOf.size > CACHE_ENTRIES) nameOf.clear();
      const unread = ids.filter((id) => !nameOf.has(id));
      if (unread.length > 0) {
        const named = db.prepare(NAMES).bind(JSON.stringify(unread));
        const rows = await coalescedRead<Pick<PrincipalRow, "id" | "name">>(db, named);
        for (const { id, name } of rows) nameOf.set(id, name);
      }
      return new Map(
        ids.flatMap((id) => {
          const name = nameOf.get(id);
          return name === undefined ? [] : [[id, name] as const];
        }),
      );
    },

    async named(name) {
      const folded = nameKey(name);
      if (folded === null) return null;
      const row = await db
        .prepare("SELECT * FROM principals WHERE name_key = ?1 AND name = ?2")
        .bind(folded, name)
        .first<PrincipalRow>();
      return row === null ? null : principalOf(row);
    },

    async list({ after, limit }) {
      const { results } = await db
        .prepare("SELECT * FROM principals WHERE id > ?1 ORDER BY id LIMIT ?2")
        .bind(after ?? "", limit)
        .all<PrincipalRow>();
      return results.map(principalOf);
    },

    async register(principal, key, actor) {
      const folded = nameKey(principal.name);
      if (folded === null) return err("name_taken");
      const taken = await db.prepare("SELECT 1 FROM principals WHERE name_key = ?1").bind(folded).first();
      if (taken !== null) return err("name_taken");
      const { id, role } = principal;
      const insert = insertPrincipal(db, principal, folded);
      const body = { principal: id, role, scope: digestOf(scopeOf(principal)) };
      try {
        await chain.commit(`${role}_registered`, actor, body, [insert, insertKey(db, key, id)]);
      } catch (error) {
        if (isNameTaken(error)) return err("name_taken");
        throw error;
      }
      return ok(undefined);
    },

    async setStatus(id, status, actor) {
      if ((await rowOf(id))?.status !== status) {
        const event = `principal_${status === "active" ? "reactivated" : status}`;
        const statement = db.prepare("UPDATE principals SET status = ?2 WHERE id = ?1").bind(id, status);
        await change(event, actor, { principal: id }, [statement]);
      }
      if (status !== "active") await leasesEnd();
    },

    async setRole(id, role, actor) {
      if ((await rowOf(id))?.role !== role) {
        // Mandates end for good: with the role given back they would vote again, unseen, for a person who made none since.
        const now = Date.now();
        await change("principal_role_changed", actor, { principal: id, role }, [
          db.prepare("UPDATE principals SET role = ?2 WHERE id = ?1").bind(id, role),
          ...["standing_approvals", "delegations"].map((table) =>
            db
              .prepare(`UPDATE ${table} SET revoked_at = ?2 WHERE principal = ?1 AND revoked_at IS NULL`)
              .bind(id, now),
          ),
        ]);
      }
      await leasesEnd();
    },

    async setReportKey(id, publicKey, actor) {
      const statement = db.prepare("UPDATE principals SET report_key = ?2 WHERE id = ?1").bind(id, publicKey);
      await change("principal_report_key_set", actor, { principal: id, public_key: publicKey }, [statement]);
      await leasesEnd();
    },

    async rotateKey(id, key, actor) {
      const drop = db.prepare("DELETE FROM keys WHERE principal_id = ?1").bind(id);
      const next = db.prepare("UPDATE principals SET key_epoch = key_epoch + 1 WHERE id = ?1").bind(id);
      await change("principal_key_rotated", actor, { principal: id }, [drop, insertKey(db, key, id), next]);
      await leasesEnd();
    },
  };
}

function insertKey(db: D1Database, key: string, principal: string): D1PreparedStatement {
  return db
    .prepare("INSERT INTO keys (hash, principal_id, created_at) VALUES (?1, ?2, ?3)")
    .bind(sha256Hex(key), principal, Date.now());
}

/** The fields of a registration whose digest goes on the ledger; names and metadata stay out. */
function scopeOf({ allowedDestinations, allowedPolicies, environment, owner }: Omit<Principal, "status">) {
  return { allowedDestinations, allowedPolicies, environment, owner };
}
