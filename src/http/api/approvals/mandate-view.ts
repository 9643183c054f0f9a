import { z } from "zod";
import type { Delegation, MandateScope, StandingApproval } from "../../../core/intent/mandate.ts";
import type { JsonObject } from "../../../core/base/json.ts";
import { parseRequest, requestSchema, wrongField } from "../shared/request-schema.ts";
import { iso, isoOrNull } from "../../../core/base/iso-time.ts";
import type { Answer } from "../shared/answer.ts";
import type { DELEGATION as DELEGATION_SHOWN, MANDATE, STANDING_APPROVAL } from "./mandate-schema.ts";

const DAY_MS = 24 * 60 * 60_000;

/** The longest life of a mandate: a grantor has forgotten one that is older than a year. */
const LONGEST_MS = 366 * DAY_MS;

/** The usual life of a standing approval. */
const STANDING_MS = 30 * DAY_MS;

/** The usual life of a delegation: a holiday's substitute. */
const DELEGATION_MS = 7 * DAY_MS;

/** The maximum that a proposal can declare: a larger cap would limit nothing. */
const MAX_VALUE_USD = 1e12;
const MAX_RECORDS = 1_000_000_000;
const MAX_USES = 1_000_000;

/** The rounding error of dollars as binary fractions. */
const CENT_TOLERANCE = 1e-4;

/** One destination, or all of one system; `*` alone would cover every destination. */
const DESTINATION = /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}(?:\.\*)?$/;

/** Ids are stored in D1 and on the ledger, where free text may not be. */
const CODE = /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$/;

const code = z.string().regex(CODE, "letters, digits and _ . : / - only, 128 at most");

const handle = z.string().trim().min(1).max(256);

const destination = z
  .string("a destination's exact name, or `system.*`")
  .regex(DESTINATION, "a destination's exact name, or `system.*`");

const usd = z
  .number("a number, in US dollars")
  .min(0.01, "at least a cent")
  .max(MAX_VALUE_USD)
  .refine((amount) => Math.abs(amount * 100 - Math.round(amount * 100)) < CENT_TOLERANCE, "whole cents");

const time = z
  .union([z.iso.datetime({ offset: true }), z.iso.date(), z.number().int()], "an ISO 8601 time")
  .transform((at) => (typeof at === "number" ? at : Date.parse(at)));

const SCOPE = {
  policy_id: code.optional(),
  principal_id: code.optional(),
  agent_id: code.optional(),
  max_amount_usd: usd.optional(),
  expires_at: time.optional(),
};

const STANDING_FIELDS = z.object({
  ...SCOPE,
  destination,
  max_records: z.number().int("a whole number").positive("more than 0").max(MAX_RECORDS).optional(),
  daily_limit_usd: usd.optional(),
  uses: z.number().int("a whole number").positive("more than 0").max(MAX_USES).optional(),
});

const DELEGATION_FIELDS = z
  .object({
    ...SCOPE,
    destination: destination.optional(),
    delegator_principal_id: handle.optional(),
    delegate_agent_id: handle.optional(),
    delegate_person_id: handle.optional(),
  })
  .refine(
    (body) => (body.delegate_agent_id === undefined) !== (body.delegate_person_id === undefined),
    "one of delegate_agent_id and delegate_person_id",
  );

const SCOPE_ALIASES = {
  policy_id: ["policyId", "policy"],
  principal_id: ["principalId"],
  agent_id: ["agentId"],
  max_amount_usd: ["maxAmountUsd"],
  expires_at: ["expiresAt"],
} as const;

const STANDING_ALIASES = {
  ...SCOPE_ALIASES,
  max_records: ["maxRecords"],
  daily_limit_usd: ["dailyLimitUsd"],
} as const;

const DELEGATION_ALIASES = {
  ...SCOPE_ALIASES,
  delegator_principal_id: ["delegatorPrincipalId"],
  delegate_agent_id: ["delegateAgentId", "delegate_principal_id", "delegatePrincipalId"],
  delegate_person_id: ["delegatePersonId"],
} as const;

const STANDING = requestSchema("POST /v1/standing-approvals", STANDING_FIELDS, {
  aliases: STANDING_ALIASES,
  others: "refused",
});

const DELEGATION = requestSchema("POST /v1/delegations", DELEGATION_FIELDS, {
  aliases: DELEGATION_ALIASES,
  others: "refused",
});

export function parseStandingApproval(body: JsonObject, now: number) {
  const fields = parseRequest(STANDING, body);
  return {
    ...scopeOf(fields),
    destination: fields.destination,
    maxRecords: fields.max_records ?? null,
    dailyCents: centsOf(fields.daily_limit_usd),
    uses: fields.uses ?? null,
    expiresAt: expiryOf(fields.expires_at, STANDING_MS, now),
  };
}

const REVOCATION = requestSchema(
  "POST /v1/standing-approvals/:id/revoke",
  z.object({ reason: z.string().max(4096).nullish() }),
  { aliases: { reason: ["comment", "note"] } },
);

/** Why a mandate is revoked; null: no reason is given. */
export function parseRevocation(body: JsonObject): string | null {
  return parseRequest(REVOCATION, body).reason?.trim() || null;
}

export function parseDelegation(body: JsonObject, now: number) {
  const fields = parseRequest(DELEGATION, body);
  return {
    scope: { ...scopeOf(fields), destination: fields.destination ?? null },
    delegator: fields.delegator_principal_id ?? null,
    delegatePrincipal: fields.delegate_agent_id ?? null,
    delegatePerson: fields.delegate_person_id ?? null,
    expiresAt: expiryOf(fields.expires_at, DELEGATION_MS, now),
  };
}

interface ScopeFields {
  readonly policy_id?: string | undefined;
  readonly principal_id?: string | undefined;
  readonly agent_id?: string | undefined;
  readonly max_amount_usd?: number | undefined;
}

function scopeOf(fields: ScopeFields): Omit<MandateScope, "destination"> {
  return {
    policy: fields.policy_id ?? null,
    agent: fields.agent_id ?? null,
    principalId: fields.principal_id ?? null,
    maxCents: centsOf(fields.max_amount_usd),
  };
}

function centsOf(amount: number | undefined): number | null {
  return amount === undefined ? null : Math.round(amount * 100);
}

function expiryOf(given: number | undefined, usual: number, now: number): number {
  const expiresAt = given ?? now + usual;
  if (expiresAt <= now) wrongField("expires_at: later than now");
  if (expiresAt > now + LONGEST_MS) wrongField("expires_at: within 366 days");
  return expiresAt;
}

/** In both spellings: the contract's clients read camelCase here. */
export function standingApprovalView(
  approval: StandingApproval,
  now: number,
): Answer<typeof STANDING_APPROVAL> {
  const { uses, used, maxRecords, dailyCents } = approval;
  return {
    ...mandateView(approval, now, uses !== null && used >= uses),
    destination: approval.destination,
    max_records: maxRecords,
    maxRecords,
    daily_limit_usd: usdOf(dailyCents),
    dailyLimitUsd: usdOf(dailyCents),
    uses,
    used,
  };
}

export function delegationView(delegation: Delegation, now: number): Answer<typeof DELEGATION_SHOWN> {
  return {
    ...mandateView(delegation, now, false),
    delegator_principal_id: delegation.principal,
    delegatorPrincipalId: delegation.principal,
    delegate_person_id: delegation.delegate,
    delegatePersonId: delegation.delegate,
    // The contract's member: the person who may vote, as a delegation is to a person and not to one of their keys.
    delegate_agent_id: delegation.delegate,
    delegateAgentId: delegation.delegate,
  };
}

function mandateView(
  mandate: StandingApproval | Delegation,
  now: number,
  isUsedUp: boolean,
): Answer<typeof MANDATE> {
  const { revokedAt, expiresAt } = mandate;
  const maxUsd = usdOf(mandate.maxCents);
  const status =
    revokedAt !== null ? "revoked" : now >= expiresAt ? "expired" : isUsedUp ? "used_up" : "in_force";
  return {
    id: mandate.id,
    status,
    destination: mandate.destination,
    policy_id: mandate.policy,
    policyId: mandate.policy,
    agent_id: mandate.agent,
    agentId: mandate.agent,
    principal_id: mandate.principalId,
    principalId: mandate.principalId,
    max_amount_usd: maxUsd,
    maxAmountUsd: maxUsd,
    person: mandate.person,
    assurance: mandate.assurance,
    created_by: mandate.principal,
    createdBy: mandate.principal,
    created_at: iso(mandate.createdAt),
    createdAt: iso(mandate.createdAt),
    expires_at: iso(expiresAt),
    expiresAt: iso(expiresAt),
    revoked_at: isoOrNull(revokedAt),
    revokedAt: isoOrNull(revokedAt),
    revoked_reason: mandate.revokedReason,
    revokedReason: mandate.revokedReason,
  };
}

function usdOf(cents: number | null): number | null {
  return cents === null ? null : cents / 100;
}
