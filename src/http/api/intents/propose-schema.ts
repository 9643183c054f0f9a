import { z } from "zod";
import { ASSURANCE_LEVEL } from "../shared/evidence-schema.ts";
import {
  RISK_LEVEL,
  RISK_SCORE,
  SHA256,
  STATE,
  STATUS,
  SUMMARY_FIELDS,
  TIME,
} from "../shared/fields-schema.ts";

const NEVER = z.null().describe("Always null: kept for clients of earlier versions.");

const RISK = {
  riskScore: RISK_SCORE,
  risk_score: RISK_SCORE,
  riskLevel: RISK_LEVEL,
  risk_level: RISK_LEVEL,
  riskFactors: z.array(z.string()),
  risk_factors: z.array(z.string()),
} as const;

const REASON = {
  reason_code: z.string().describe("Stable; docs/reason-codes.md says when each is sent."),
  reasonCode: z.string(),
  reason: z.string().describe("One sentence."),
  remedy: z.string().nullable().describe("The smallest change that would pass, where naming it is safe."),
  blockReason: z.string().nullable(),
  policies: z.array(z.string()).describe("Ids of the policies in force."),
} as const;

export const PROPOSED = z.object({
  ...SUMMARY_FIELDS,
  ...REASON,
  holdReason: z.string().nullable(),
  intent_digest: SHA256.describe("What a vote is for: votes name it."),
  payload_hash: SHA256.nullable(),
  expiresAt: TIME,
  requiredApprovals: z.int(),
  ...RISK,
  approvalState: z.enum(["waiting_input", "answered"]).nullable(),
  profile: z.string().nullable(),
  profileSummary: z
    .string()
    .nullable()
    .optional()
    .describe("A sentence with the profile's fields; absent in a replayed answer of an older Gate."),
  standingApprovalId: z.string().nullable(),
  messageId: z.string().nullable().describe("Null in a replayed answer of an older Gate only."),
  approvalLinkToken: NEVER,
  approvalInteractionId: z.string().nullable().describe("Where held, as the next three."),
  approvalProvider: z.string().nullable(),
  requiredApprovalFactors: z.array(z.string()),
  assuranceLevel: ASSURANCE_LEVEL.nullable(),
});

export const REHEARSED = z.object({
  dryRun: z.literal(true),
  intentId: z.null(),
  status: z.enum(["approved", "pending_approval", "blocked"]),
  ...REASON,
  ...RISK,
});

/** 409 for a key that was used before with the same request, or a payload that was. */
export const DUPLICATE = z.object({
  intentId: z.string().describe("The first intent's."),
  proposalId: z.string(),
  status: z.literal("duplicate_blocked"),
  state: STATE.nullable(),
  code: z.literal("duplicate_blocked"),
  reason_code: z.literal("duplicate_blocked"),
  blockReason: z.string(),
  existingStatus: STATUS.nullable(),
  existing_status: STATUS.nullable(),
});
