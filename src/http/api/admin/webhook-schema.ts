import { z } from "zod";
import type { DeliveryState, Webhook } from "../../../ports/notifications.ts";
import { NEXT, TIME } from "../shared/fields-schema.ts";

export const WEBHOOK = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  description: z.string(),
  form: z
    .enum(["standard", "contract"] satisfies readonly Webhook["form"][])
    .describe("`standard`: Standard Webhooks. `contract`: one intent's decision, once."),
  intent_id: z.string().nullable(),
  registered_by: z.string(),
  created_at: TIME,
  enabled: z.boolean(),
  disabled_reason: z.string().nullable(),
});

export const WEBHOOKS = z.object({ webhooks: z.array(WEBHOOK), count: z.int() });

const SECRET = z.string().nullable().describe("Shown once: null in a replayed response.");

const REPLAYED = z.string().optional().describe("In a replayed response: why the secret is missing.");

export const REGISTERED_WEBHOOK = WEBHOOK.extend({ secret: SECRET, detail: REPLAYED });

export const INTENT_WEBHOOK = z.object({
  registered: z.literal(true),
  webhookId: z.string(),
  intentId: z.string(),
  url: z.string(),
  secret: SECRET.optional().describe("Only where the request named none."),
  detail: REPLAYED,
});

export const DELETED_WEBHOOK = z.object({ id: z.string(), deleted: z.literal(true) });

export const ROTATED_SECRET = z.object({ id: z.string(), secret: SECRET, detail: REPLAYED });

export const TEST_SENT = z.object({ id: z.string(), delivery_id: z.string() });

export const DELIVERY = z.object({
  id: z.string(),
  event: z.string(),
  intent_id: z.string().nullable(),
  seq: z.int().nullable().describe("Of the ledger entry; null for a test."),
  state: z.enum(["pending", "delivered", "failed", "moot"] satisfies readonly DeliveryState[]),
  attempts: z.int(),
  status: z.int().nullable().describe("HTTP status of the last attempt."),
  problem: z.string().nullable(),
  created_at: TIME,
  next_attempt_at: TIME.nullable(),
  delivered_at: TIME.nullable(),
});

export const DELIVERIES = z.object({ deliveries: z.array(DELIVERY), count: z.int(), next: NEXT });
