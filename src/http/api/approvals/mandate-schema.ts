import { z } from "zod";
import { ASSURANCE, NEXT, TIME } from "../shared/fields-schema.ts";

const SCOPE = {
  id: z.string(),
  status: z.enum(["in_force", "revoked", "expired", "used_up"]),
  policy_id: z.string().nullable(),
  agent_id: z.string().nullable(),
  principal_id: z.string().nullable(),
  max_amount_usd: z.number().nullable(),
  person: z.string().describe("Whose vote it gives."),
  assurance: ASSURANCE,
  created_by: z.string(),
  created_at: TIME,
  expires_at: TIME,
  revoked_at: TIME.nullable(),
} as const;

export const MANDATE = z.object({ ...SCOPE, destination: z.string().nullable() });

export const STANDING_APPROVAL = z.object({
  ...SCOPE,
  destination: z.string(),
  max_records: z.int().nullable(),
  daily_limit_usd: z.number().nullable(),
  uses: z.int().nullable(),
  used: z.int(),
});

export const STANDING_APPROVALS = z.object({
  standing_approvals: z.array(STANDING_APPROVAL),
  count: z.int(),
  next: NEXT,
});

export const DELEGATION = MANDATE.extend({
  delegator_principal_id: z.string(),
  delegate_person_id: z.string().describe("The person who may vote."),
});

export const DELEGATIONS = z.object({ delegations: z.array(DELEGATION), count: z.int(), next: NEXT });

export const REVOKED_MANDATE = z.object({ id: z.string(), status: z.literal("revoked"), revoked_at: TIME });
