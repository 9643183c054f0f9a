import { z } from "zod";
import { NAMES, NEXT, RISK_LEVEL, RISK_SCORE, SUMMARY_FIELDS, TIME } from "../shared/fields-schema.ts";

/** Where the approval stands, in the contract's words. */
export const APPROVAL_STATE = z.enum(["waiting_input", "answered", "expired", "cancelled", "failed"]);

const WITHHELD = z.null().describe("In the intent only: lists hold no free text.");

/** One line of a list. */
export const INTENT_ROW = z.object({
  id: z.string(),
  ...SUMMARY_FIELDS,
  message_id: z.string(),
  sender_agent_id: z.string(),
  agent_name: z.string().nullable(),
  destination: z.string(),
  action: z.string(),
  policy_id: z.string().describe("The policy that the agent named."),
  policies: z.array(z.string()).describe("Ids of the policies in force."),
  reason_code: z.string(),
  risk_score: RISK_SCORE,
  risk_level: RISK_LEVEL,
  estimated_records: z.int().nullable(),
  value_usd: z.number().nullable(),
  estimated_value_usd: z.number().nullable(),
  payload_path: WITHHELD,
  payload_hash: WITHHELD,
  payload_type: z.string().nullable(),
  block_reason: WITHHELD,
  on_behalf_of: WITHHELD,
  idempotency_key: WITHHELD,
  sensitivity_tags: WITHHELD,
  profile_id: z.string().nullable(),
  profile_fields_hash: WITHHELD,
  approval_state: APPROVAL_STATE,
  required_approvals: z.int(),
  standing_approval_id: z.string().nullable(),
  has_approval_link: z.literal(false),
  approval_link_expires_at: z.null(),
  approval_link_used_at: z.null(),
  created_at: TIME,
  updated_at: TIME,
  expires_at: TIME,
  approved_at: TIME.nullable(),
  decided_by: z
    .string()
    .nullable()
    .describe("A person's id, `policy` or `timeout`; an agent's, if it withdrew it."),
});

const PAGE = { count: z.int(), next: NEXT, names: NAMES } as const;

export const INTENTS = z.object({ intents: z.array(INTENT_ROW), ...PAGE });

export const PROPOSALS = z.object({ proposals: z.array(INTENT_ROW), ...PAGE });
