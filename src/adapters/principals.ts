import { digestOf, sha256Hex } from "../core/digest.ts";
import type { JsonObject } from "../core/json.ts";
import { nameKey, type Principal, type PrincipalStatus, type Role } from "../core/principal.ts";
import { err, ok } from "../core/result.ts";
import type { Principals } from "../ports.ts";
import type { RegistryChain } from "./registry-chain.ts";

/** How old an identity may be where nothing follows from it by itself. */
const CACHE_TTL_MS = 10_000;

/** Bounds the memory that callers with many keys can take. */
const CACHE_ENTRIES = 10_000;

interface PrincipalRow {
  id: string;
  role: Role;
  name: string;
  person: string | null;
  owner: string | null;
  allowed_destinations: string | null;
  allowed_policies: string | null;
  environment: string | null;
  framework: string | null;
  risk_tier: string;
  report_key: string | null;
  metadata: string;
  status: PrincipalStatus;
  created_at: number;
}

/** Isolates outlive requests: shared by all of one isolate, and emptied there by every change it makes itself. */
const cache = new Map<string, { readonly principal: Principal; readonly readAt: number }>();

/**
 * @param adminKey `GATE_ADMIN_KEY`, the key of the deployment's own admin; null when the operator set none
 * @param chain where registrations and changes of standing go on the ledger, in the same transaction
 */
export function d1Principals(db: D1Database, chain: RegistryChain, adminKey: string | null): Principals {
  const adminHash = adminKey === null ? null : sha256Hex(adminKey);

  async function change(statement: D1PreparedStatement, event: string, actor: string, id: string, more = {}) {
    await chain.commit(event, actor, { principal: id, ...more }, [statement]);
    cache.clear();
  }

  return {
    async byKey(key, age) {
      const hash = sha256Hex(key);
      // Both sides are digests, so how long the comparison takes says nothing about the key.
      if (adminHash !== null && hash === adminHash) return ROOT;
      const known = cache.get(hash);
      const now = Date.now();
      // A clock that was set back must not make an old identity young.
      const young = known !== undefined && now >= known.readAt && now - known.readAt < CACHE_TTL_MS;
      if (age === "cached" && young) return known.principal;
      const row = await db
        .prepare("SELECT p.* FROM keys k JOIN principals p ON p.id = k.principal_id WHERE k.hash = ?1")
        .bind(hash)
        .first<PrincipalRow>();
      cache.delete(hash);
      if (row === null) return null;
      const principal = principalOf(row);
      if (cache.size >= CACHE_ENTRIES) cache.clear();
      cache.set(hash, { principal, readAt: Date.now() });
      return principal;
    },

    async get(id) {
      const row = await db.prepare("SELECT * FROM principals WHERE id = ?1").bind(id).first<PrincipalRow>();
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
      const { id, role, name } = principal;
      const insert = db
        .prepare(
          `INSERT INTO principals (id, role, name, name_key, person, owner, allowed_destinations,
             allowed_policies, environment, framework, risk_tier, metadata, created_at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`,
        )
        .bind(
          id,
          role,
          name,
          folded,
          principal.person,
          principal.owner,
          listColumn(principal.allowedDestinations),
          listColumn(principal.allowedPolicies),
          principal.environment,
          principal.framework,
          principal.riskTier,
          JSON.stringify(principal.metadata),
          principal.createdAt,
        );
      const body = { principal: id, role, scope: digestOf(scopeOf(principal)) };
      try {
        await chain.commit(`${role}_registered`, actor, body, [insert, insertKey(db, key, id)]);
      } catch (error) {
        // Two registrations of one name at once: the unique index lets one through.
        if (String(error).includes("principals.name_key")) return err("name_taken");
        throw error;
      }
      return ok(undefined);
    },

    async setStatus(id, status, actor) {
      const statement = db.prepare("UPDATE principals SET status = ?2 WHERE id = ?1").bind(id, status);
      await change(statement, `principal_${status === "active" ? "reactivated" : status}`, actor, id);
    },

    async setRole(id, role, actor) {
      const statement = db.prepare("UPDATE principals SET role = ?2 WHERE id = ?1").bind(id, role);
      await change(statement, "principal_role_changed", actor, id, { role });
    },

    async setReportKey(id, publicKey, actor) {
      const statement = db.prepare("UPDATE principals SET report_key = ?2 WHERE id = ?1").bind(id, publicKey);
      await change(statement, "principal_report_key_set", actor, id, { public_key: publicKey });
    },

    async rotateKey(id, key, actor) {
      const drop = db.prepare("DELETE FROM keys WHERE principal_id = ?1").bind(id);
      await chain.commit("principal_key_rotated", actor, { principal: id }, [drop, insertKey(db, key, id)]);
      cache.clear();
    },
  };
}

/** The deployment's own admin, who exists before anybody is registered. */
const ROOT: Principal = {
  id: "admin",
  role: "admin",
  name: "admin",
  person: null,
  owner: null,
  allowedDestinations: null,
  allowedPolicies: null,
  environment: null,
  framework: null,
  riskTier: "standard",
  reportKey: null,
  metadata: {},
  status: "active",
  createdAt: 0,
};

function insertKey(db: D1Database, key: string, principal: string): D1PreparedStatement {
  return db
    .prepare("INSERT INTO keys (hash, principal_id, created_at) VALUES (?1, ?2, ?3)")
    .bind(sha256Hex(key), principal, Date.now());
}

/** What the ledger commits to of a registration, names and metadata left out. */
function scopeOf({ allowedDestinations, allowedPolicies, environment, owner }: Omit<Principal, "status">) {
  return { allowedDestinations, allowedPolicies, environment, owner };
}

function listColumn(list: readonly string[] | null): string | null {
  return list === null ? null : JSON.stringify(list);
}

function principalOf(row: PrincipalRow): Principal {
  const list = (text: string | null) => (text === null ? null : (JSON.parse(text) as string[]));
  return {
    id: row.id,
    role: row.role,
    name: row.name,
    person: row.person,
    owner: row.owner,
    allowedDestinations: list(row.allowed_destinations),
    allowedPolicies: list(row.allowed_policies),
    environment: row.environment,
    framework: row.framework,
    riskTier: row.risk_tier,
    reportKey: row.report_key,
    metadata: JSON.parse(row.metadata) as JsonObject,
    status: row.status,
    createdAt: row.created_at,
  };
}
