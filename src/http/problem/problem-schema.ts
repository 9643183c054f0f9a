import { z } from "zod";
import { PROBLEM_CODES } from "./codes.ts";

export const CODE = z
  .enum(PROBLEM_CODES)
  .describe("Stable, for programs; docs/errors.md says when each is sent.");

/** Where the contract has a word (`suspended`, `pending_approval`), that one in place of the RFC's number. */
const STATUS = z.union([z.int().min(400).max(599), z.string()]);

/** Extension members (RFC 9457 section 3.2), each with the codes that have it. */
const MORE = {
  agent: z.string().optional(),
  blockReason: z.string().optional(),
  claim: z.string().optional(),
  decision: z.string().optional(),
  capabilities: z.array(z.string()).optional(),
  destination: z.string().optional(),
  executor: z.string().optional(),
  header: z.string().optional(),
  hint: z.string().optional(),
  host: z.string().optional(),
  intent_id: z.string().optional(),
  intentId: z.string().optional(),
  intent_status: z.string().optional(),
  limit: z.string().optional(),
  limit_bytes: z.int().optional(),
  messages: z.array(z.string()).optional().describe("One for each invalid field."),
  path: z.string().optional(),
  per_minute: z.int().optional(),
  policies: z.array(z.string()).optional(),
  principal_status: z.string().optional(),
  problem: z.string().optional(),
  provider: z.string().optional(),
  reason: z.string().optional(),
  reason_code: z.string().optional(),
  remedy: z.string().nullable().optional(),
  risk_level: z.string().optional(),
  scope: z.string().optional(),
  sent: z.boolean().optional().describe("Was the request sent?"),
  upstream_status: z.int().optional(),
  state: z.string().optional(),
  target: z.string().nullable().optional(),
  voted_by: z.string().optional(),
  voted_person: z.string().optional(),
  fault: z
    .object({
      reason: z.string(),
      row: z.int().nullable(),
      chain: z.string().nullable(),
      seq: z.int().nullable(),
      since: z.iso.datetime(),
    })
    .optional()
    .describe("Where sealing stopped."),
} as const;

/** RFC 9457, with the stable `code` and the texts that older clients and providers' SDKs read. */
export const PROBLEM = z.object({
  type: z.string().describe("`urn:zehrava-gate:problem:` and the code."),
  title: z.string(),
  status: STATUS,
  detail: z.string().describe("One sentence for the caller."),
  code: CODE,
  error: z.string().describe("The text that older clients compare; else the code."),
  message: z.string(),
  error_description: z.string(),
  ...MORE,
});

/** Why one vote of several was refused. */
export const VOTE_PROBLEM = z.object({
  status: STATUS,
  code: CODE,
  detail: z.string(),
  message: z.string().optional(),
  ...MORE,
});
