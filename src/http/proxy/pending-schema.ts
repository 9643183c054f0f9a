import { z } from "zod";
import type { UnsentReason } from "../../core/intent/state.ts";
import { STATE, TIME } from "../api/shared/fields-schema.ts";

/** 202: the write is held for approval, or is being sent. */
export const PENDING_WRITE = z.object({
  status: z.enum(["pending_approval", "scheduled"]),
  state: STATE,
  intentId: z.string(),
  intent_id: z.string(),
  message: z.string(),
  problem: z
    .enum(["credential_unavailable", "request_not_sent"] satisfies readonly UnsentReason[])
    .optional(),
  retryAfterSeconds: z.int(),
  responseUrl: z.string().describe("Where the upstream's response is read once there is one."),
  expiresAt: TIME,
});
