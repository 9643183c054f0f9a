import { z } from "zod";
import { ASSURANCE, NEXT, TIME } from "../shared/fields-schema.ts";

const SCOPE = {
  id: z.string(),
  status: z.enum(["in_force", "revoked", "expired", "used_up"]),
  policy_id: z.string().nullable(),
  policyId: z.string().nullable(),
  agent_id: z.string().nullable(),
  agentId: z.string().nullable(),
  principal_id: z.string().nullable(),
  principalId: z.string().nullable(),
  max_amount_usd: z.number().nullable(),
  maxAmountUsd: z.number().nullable(),
  person: z.string().describe("Whose vote it gives."),
  assurance: ASSURANCE,
  created_by: z.string(),
  createdBy: z.string(),
  created_at: TIME,
  createdAt: TIME,
  expires_at: TIME,
  expiresAt: TIME,
  revoked_at: TIME.nullable(),
  revokedAt: TIME.nullable(),
  revoked_reason: z.string().nullable(),
  revokedReason: z.string().nullable(),
} as const;

export const MANDATE = z.object({ ...SCOPE, destination: z.string().nullable() });

export const STANDING_APPROVAL = z.object({
  ...SCOPE,
  destination: z.string(),
  max_records: z.int().nullable(),
  maxRecords: z.int().nullable(),
  daily_limit_usd: z.number().nullable(),
  dailyLimitUsd: z.number().nullable(),
  uses: z.int().nullable(),
  used: z.int(),
});

export const STANDING_APPROVALS = z.object({
  standingApprovals: z.array(STANDING_APPROVAL).describe("The same as `standing_approvals`."),
  standing_approvals: z.array(STANDING_APPROVAL),
  count: z.int(),
  next: NEXT,
});

export const DELEGATION = MANDATE.extend({
  delegator_principal_id: z.string(),
  delegatorPrincipalId: z.string(),
  delegate_person_id: z.string().describe("The person who may vote, as in the next members."),
  delegatePersonId: z.string(),
  delegate_agent_id: z.string(),
  delegateAgentId: z.string(),
});

export const DELEGATIONS = z.object({ delegations: z.array(DELEGATION), count: z.int(), next: NEXT });

export const REVOKED_MANDATE = z.object({
  id: z.string(),
  revoked: z.literal(true),
  status: z.literal("revoked"),
  revoked_at: TIME,
  revokedAt: TIME,
  reason: z.string().nullable(),
});
