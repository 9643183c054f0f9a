import { z } from "zod";
import { INTENT_ROW } from "../intents/intent-row-schema.ts";
import { NAMES, NEXT, TIME } from "../shared/fields-schema.ts";
import { APPROVED, REJECTED } from "../shared/decision-schema.ts";
import { VOTE_PROBLEM } from "../../problem/problem-schema.ts";

export const QUEUE_ROW = INTENT_ROW.extend({
  decide_by: TIME.nullable().describe("Null: it waits without a deadline."),
  group: z.string().nullable().describe("Equal for intents that can be decided alike."),
  required_approvals: z.int(),
  votes: z.int(),
  groups: z.array(z.string()).describe("With `people`: who may vote. Both empty: every reviewer."),
  people: z.array(z.string()),
  min_assurance: z.string().nullable(),
  undelivered: z
    .array(
      z.object({
        to: z.string(),
        person: z.string().nullable(),
        why: z.string(),
        trying: z.boolean().describe("False: Gate has given up."),
      }),
    )
    .nullable()
    .describe("Recipients that no notification reached; null: not known now."),
});

export const QUEUE = z.object({
  approvals: z.array(QUEUE_ROW),
  count: z.int(),
  next: NEXT,
  names: NAMES,
});

export const QUEUE_GROUPS = z.object({
  groups: z.array(
    z.object({
      group: z.string(),
      count: z.int(),
      sender_agent_id: z.string(),
      destination: z.string(),
      policy_id: z.string(),
      policies: z.array(z.string()),
      estimated_records: z.int().nullable(),
      value_usd: z.number().nullable(),
      oldest: TIME,
      next_deadline: TIME.nullable(),
    }),
  ),
  count: z.int(),
  names: NAMES,
});

const CAST = { ok: z.literal(true) } as const;

const REFUSED = z.object({ intentId: z.string(), ok: z.literal(false), problem: VOTE_PROBLEM });

export const BATCH_RESULTS = z.object({
  results: z
    .array(z.union([APPROVED.extend(CAST), REJECTED.extend(CAST), REFUSED]))
    .describe("In the order of `decisions`."),
  count: z.int(),
  decided: z.int(),
  refused: z.int(),
});
