import { z } from "zod";
import { SHA256, TIME } from "../shared/fields-schema.ts";

const HEADER = z.tuple([z.string(), z.string()]);

const SLOT = z.object({ in: z.enum(["header", "query"]), name: z.string() });

/** The request of a write that Gate sends, without its body. */
export const HTTP_REQUEST = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.array(HEADER),
  credential_in: SLOT.nullable().describe("Where Gate injects the credential."),
  repeat_header: HEADER.nullable().describe("The header by which the provider detects a repeat."),
  sent_by: z.enum(["gate", "agent"]),
});

/** The same as it was stored. */
export const STORED_HTTP_REQUEST = z.object({
  method: z.string(),
  url: z.string(),
  headers: z.array(HEADER),
  slot: SLOT.nullable(),
  idempotencyHeader: z.string().nullable(),
  credential: z.string().optional().describe("Keyed digest of the agent's account."),
  fromTemplate: z.literal(true).optional(),
});

export const UPSTREAM_RESPONSE = z.object({
  intent_id: z.string(),
  status: z.int().describe("The upstream's status."),
  headers: z.array(HEADER),
  body: z.string(),
  encoding: z.enum(["utf-8", "base64"]).describe("Of `body`."),
  truncated: z.boolean(),
  received_at: TIME,
  sha256: SHA256,
});

export const READS = z.object({
  reads: z.array(
    z.object({ day: z.string(), agent_id: z.string(), destination: z.string(), count: z.int() }),
  ),
});
