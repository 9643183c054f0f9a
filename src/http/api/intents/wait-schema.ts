import { z } from "zod";
import { SHA256, SUMMARY_FIELDS, TIME } from "../shared/fields-schema.ts";

export const WAITED = z.object({
  ...SUMMARY_FIELDS,
  decided: z.boolean().describe("False: call again."),
  decided_by: z.string().nullable(),
  approvedAt: TIME.nullable(),
  successor_id: z.string().nullable().describe("Wait for that one instead."),
  expires_at: TIME,
  execute_by: TIME.nullable(),
  intent_digest: SHA256,
  block_reason: z.string().nullable(),
});
