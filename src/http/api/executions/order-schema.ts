import { z } from "zod";
import { SWITCH_SCOPES } from "../../../core/policy/kill-switch.ts";
import { APPROVAL_EVIDENCE } from "../shared/evidence-schema.ts";
import { SHA256, TIME } from "../shared/fields-schema.ts";

const WHEN = TIME.nullable();

export const ORDER = z.object({
  executionId: z.string(),
  execution_id: z.string(),
  intent_id: z.string(),
  attempt: z.int().describe("1 for the first order of the intent."),
  mode: z.enum(["runner_exec", "gate_exec", "forward", "external_pull"]),
  destination: z.string(),
  action: z.string(),
  payload_ref: z
    .string()
    .nullable()
    .describe("Where the payload is read, or the name of one that Gate has not seen."),
  payload_hash: SHA256.nullable(),
  intent_digest: SHA256,
  execution_token: z.string().nullable().describe("For the order's holder only; 15 minutes."),
  order: z.string().nullable().describe("The same as a JWS signed by Gate, to be verified offline."),
  idempotency_key: z.string().describe("For the provider: the same for every attempt."),
  retry_policy: z.object({ max_attempts: z.int(), backoff_seconds: z.int() }),
  status: z.enum(["scheduled", "claimed", "indeterminate", "succeeded", "failed", "revoked", "expired"]),
  issued_at: TIME,
  expires_at: TIME,
  claimed_at: WHEN,
  claim_expires_at: WHEN,
  reported_at: WHEN,
  executed_at: WHEN.describe("As the executor states it; else when it reported."),
  proof: z.enum(["verified", "none"]).nullable(),
  result: z.unknown().describe("The JSON value that the executor reported; null: none."),
  approval_evidence: APPROVAL_EVIDENCE.nullable(),
});

export const HEARTBEAT = ORDER.extend({
  kill_switch: z
    .object({ scope: z.enum(SWITCH_SCOPES), target: z.string().nullable() })
    .nullable()
    .describe("The switch that asks the worker to stop; null: none."),
});

export const DELIVERY_ORDER = z.object({
  url: z.string().nullable().describe("Serves the payload once."),
  deliveryToken: z.string().nullable(),
  expiresAt: TIME,
  intentId: z.string(),
});

/** The download of a payload of which Gate knows the name only. */
export const DELIVERY_RECEIPT = z.object({
  proposalId: z.string(),
  intentId: z.string(),
  destination: z.string(),
  policy: z.string(),
  deliveredAt: TIME,
  payloadHash: SHA256.nullable(),
});
