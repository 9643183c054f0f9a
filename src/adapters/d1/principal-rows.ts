import type { JsonObject } from "../../core/base/json.ts";
import type { Principal, PrincipalStatus, Role } from "../../core/identity/principal.ts";

/** A row of `principals`. */
export interface PrincipalRow {
  readonly id: string;
  readonly role: Role;
  readonly name: string;
  readonly person: string | null;
  readonly owner: string | null;
  readonly allowed_destinations: string | null;
  readonly allowed_policies: string | null;
  readonly environment: string | null;
  readonly framework: string | null;
  readonly risk_tier: string;
  readonly report_key: string | null;
  readonly metadata: string;
  readonly status: PrincipalStatus;
  readonly key_epoch: number;
  readonly created_at: number;
}

/** Defaults of the fields that only agents and runners use. */
export const PLAIN = {
  owner: null,
  allowedDestinations: null,
  allowedPolicies: null,
  environment: null,
  framework: null,
  riskTier: "standard",
  reportKey: null,
  metadata: {},
} as const satisfies Partial<Principal>;

/** The deployment's built-in admin, who registers the first principal. */
export const ROOT: Principal = {
  id: "admin",
  role: "admin",
  name: "admin",
  person: null,
  ...PLAIN,
  status: "active",
  keyEpoch: 0,
  createdAt: 0,
};

/** @param folded the name's unique key (see `nameKey`) */
export function insertPrincipal(
  db: D1Database,
  principal: Omit<Principal, "status">,
  folded: string,
): D1PreparedStatement {
  return db
    .prepare(
      `INSERT INTO principals (id, role, name, name_key, person, owner, allowed_destinations,
         allowed_policies, environment, framework, risk_tier, metadata, created_at)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)`,
    )
    .bind(
      principal.id,
      principal.role,
      principal.name,
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
}

/** Of two concurrent registrations of one name the unique index refuses one. */
export function isNameTaken(error: unknown): boolean {
  return String(error).includes("principals.name_key");
}

export function principalOf(row: PrincipalRow): Principal {
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
    keyEpoch: row.key_epoch,
    createdAt: row.created_at,
  };
}

function listColumn(list: readonly string[] | null): string | null {
  return list === null ? null : JSON.stringify(list);
}
