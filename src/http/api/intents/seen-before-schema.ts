import { z } from "zod";
import { TIME } from "../shared/fields-schema.ts";

const EARLIER_INTENTS = z.object({
  nth: z.int().min(1).describe("1 is the first run."),
  earlier: z.int(),
  more: z.boolean().describe("True: there are more than were counted."),
  states: z.record(z.string(), z.int()).describe("How many are in each state now."),
  latest: z.array(
    z.object({
      id: z.string(),
      state: z.string(),
      sender_agent_id: z.string(),
      reason_code: z.string(),
      decided_by: z.string().nullable(),
      created_at: TIME,
      updated_at: TIME,
    }),
  ),
});

/** The intents that were proposed before this one. */
export const SEEN_BEFORE = z.object({
  payload: EARLIER_INTENTS.nullable().describe("Of the same payload to the same destination."),
  shape: EARLIER_INTENTS.nullable().describe("Of the same type and field names, by the same agent."),
  agent: EARLIER_INTENTS.nullable().describe("Of the same agent."),
});
