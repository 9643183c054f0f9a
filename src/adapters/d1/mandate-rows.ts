import { digestOf } from "../../core/base/digest.ts";
import type { Assurance } from "../../core/identity/assurance.ts";
import type { Delegation, MandateScope, StandingApproval } from "../../core/intent/mandate.ts";

export interface MandateRow {
  id: string;
  policy: string | null;
  agent: string | null;
  principal_id: string | null;
  max_cents: number | null;
  principal: string;
  person: string;
  assurance: Assurance;
  created_at: number;
  expires_at: number;
  revoked_at: number | null;
  /** Sealed. */
  revoked_reason: string | null;
}

export interface StandingRow extends MandateRow {
  destination: string;
  max_records: number | null;
  daily_cents: number | null;
  uses: number | null;
  used: number;
}

export interface DelegationRow extends MandateRow {
  destination: string | null;
  delegate: string;
}

/** The last five columns of both INSERT statements, in their order. */
export function grantColumns({
  principal,
  person,
  assurance,
  createdAt,
  expiresAt,
}: StandingApproval | Delegation) {
  return [principal, person, assurance, createdAt, expiresAt] as const;
}

/** A mandate's ledger body. `principal_id` may identify a customer, so only a digest of the scope is recorded. */
export function ledgerBodyOf(mandate: StandingApproval | Delegation) {
  const { id, person, assurance, destination, policy, agent, maxCents, expiresAt } = mandate;
  return {
    mandate: id,
    person,
    assurance,
    destination,
    policy,
    agent,
    scope: digestOf(scopeOf(mandate)),
    max_cents: maxCents,
    expires_at: expiresAt,
  };
}

function scopeOf({ destination, policy, agent, principalId, maxCents }: MandateScope) {
  return { destination, policy, agent, principalId, maxCents };
}

function mandateOf(row: MandateRow) {
  return {
    id: row.id,
    policy: row.policy,
    agent: row.agent,
    principalId: row.principal_id,
    maxCents: row.max_cents,
    principal: row.principal,
    person: row.person,
    assurance: row.assurance,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    revokedReason: null,
  };
}

export function standingOf(row: StandingRow): StandingApproval {
  return {
    ...mandateOf(row),
    destination: row.destination,
    maxRecords: row.max_records,
    dailyCents: row.daily_cents,
    uses: row.uses,
    used: row.used,
  };
}

export function delegationOf(row: DelegationRow): Delegation {
  return { ...mandateOf(row), destination: row.destination, delegate: row.delegate };
}
