import { z } from "zod";
import { TIME } from "../shared/fields-schema.ts";

export const POLICY_IDS = z.object({ policies: z.array(z.string()) });

export const NONCE = z.object({ nonce: z.string().describe("Works once, in a vote."), expiresAt: TIME });

const COUNT = z.int().min(0);

export const METRICS = z.object({
  actions_attempted: COUNT,
  actions_blocked: COUNT,
  actions_pending: COUNT,
  actions_approved: COUNT,
  actions_scheduled: COUNT,
  actions_succeeded: COUNT,
  actions_failed: COUNT,
  actions_expired: COUNT,
  actions_indeterminate: COUNT,
  duplicate_actions: COUNT,
  policy_violations: COUNT,
  avg_approval_latency_ms: z.number().nullable(),
  period: z.literal("all_time"),
});
