import { z } from "zod";
import { STATE, STATUS, TIME } from "../shared/fields-schema.ts";

/** What the executor reported of a write. */
export const RESULT = z.object({
  intentId: z.string(),
  intent_id: z.string(),
  status: STATUS,
  state: STATE,
  execution_id: z.string(),
  outcome: z.enum(["succeeded", "failed", "indeterminate"]),
  result: z.unknown().describe("The JSON value that was reported; null: none."),
  reported_at: TIME.nullable(),
  executed_at: TIME.nullable(),
});
