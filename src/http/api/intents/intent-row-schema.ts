import { z } from "zod";
import { NAMES, NEXT, RISK_LEVEL, RISK_SCORE, SUMMARY_FIELDS, TIME } from "../shared/fields-schema.ts";

/** One line of a list. */
export const INTENT_ROW = z.object({
  id: z.string(),
  ...SUMMARY_FIELDS,
  sender_agent_id: z.string(),
  destination: z.string(),
  action: z.string(),
  policy_id: z.string().describe("The policy that the agent named."),
  policies: z.array(z.string()).describe("Ids of the policies in force."),
  reason_code: z.string(),
  risk_score: RISK_SCORE,
  risk_level: RISK_LEVEL,
  estimated_records: z.int().nullable(),
  value_usd: z.number().nullable(),
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
