import { z } from "zod";
import { RISK_LEVEL, RISK_SCORE, TIME } from "../shared/fields-schema.ts";

export const LINKED_CASE = z.object({
  intentId: z.string(),
  messageId: z.string(),
  destination: z.string().describe("Without personal data, as the next two."),
  action: z.string(),
  policy: z.string(),
  riskScore: RISK_SCORE,
  riskLevel: RISK_LEVEL,
  approvalState: z.literal("waiting_input"),
  expiresAt: TIME,
});
