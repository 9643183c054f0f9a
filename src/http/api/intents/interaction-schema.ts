import { z } from "zod";
import { SHA256, TIME } from "../shared/fields-schema.ts";
import { APPROVAL_EVIDENCE, ASSURANCE_LEVEL } from "../shared/evidence-schema.ts";

/** The question that a held intent asks people. */
export const INTERACTION = z.object({
  id: z.string(),
  intentId: z.string(),
  provider: z.string(),
  providerInteractionId: z.null(),
  messageId: z.string(),
  state: z.enum(["waiting_input", "answered", "expired", "cancelled"]),
  principalId: z.string().nullable(),
  channelType: z.string().nullable(),
  channelAddressRedacted: z.string().nullable(),
  approvedIntentHash: SHA256,
  requiredFactors: z.array(z.string()),
  assuranceLevel: ASSURANCE_LEVEL,
  evidence: APPROVAL_EVIDENCE.nullable(),
  createdAt: TIME,
  expiresAt: TIME,
  answeredAt: TIME.nullable(),
});
