import { z } from "zod";

/** The filters of a list, as `listFilter` reads them: each once. */
export const LIST_QUERY = z.object({
  status: z
    .string()
    .optional()
    .describe("Statuses or states, separated by commas; `decided`: all but pending. Alias `state`."),
  agent: z.string().optional().describe("An agent's id. Alias `agent_id`."),
  policy: z.string().optional().describe("A policy's id. Alias `policy_id`."),
  destination: z.string().optional(),
  person: z.string().optional().describe("A person who voted or decided."),
  day: z
    .union([z.iso.date(), z.literal("")])
    .optional()
    .describe("A day in UTC; empty: any."),
  q: z.string().max(128).optional().describe("Words to search for."),
  group: z.string().optional().describe("A group of the queue."),
  since: z.string().optional().describe("ISO 8601, or milliseconds since the epoch."),
  until: z.string().optional().describe("ISO 8601, or milliseconds since the epoch."),
  after: z.string().optional().describe("The `next` of the page before."),
  limit: z.int().min(1).max(999_999).optional().describe("At most 200 are returned; 50 if absent."),
});

export const AFTER_QUERY = z.object({
  after: z.string().optional().describe("The `next` of the page before."),
});
