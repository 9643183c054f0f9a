import { z } from "zod";
import { RISK_LEVEL, STATUSES, STATUS, TIME } from "../shared/fields-schema.ts";
import { LOG } from "./log-schema.ts";

export const HEALTH = z.object({
  status: z.literal("ok"),
  service: z.literal("zehrava-gate"),
  version: z.string(),
  proxy: z.object({ enabled: z.literal(true) }),
});

const REPLAY_PROTECTION = z.object({
  idempotency_window_sec: z.null().describe("A business key is used up for ever."),
  timestamp_tolerance_sec: z.number(),
  nonce_endpoint: z.string(),
  nonce_ttl_sec: z.number(),
  single_use_approval_links: z.boolean(),
});

const WEBHOOKS = z.object({ supported: z.boolean(), retry_attempts: z.int(), timeout_sec: z.number() });

const AUTH = z.object({ methods: z.array(z.string()) });

export const A2H_DISCOVERY = z.object({
  a2h_supported: z.array(z.string()),
  auth: AUTH,
  channels: z.array(z.string()),
  evidence_factors: z.array(z.string()),
  max_ttl_sec: z.number(),
  replay_protection: REPLAY_PROTECTION,
  webhooks: WEBHOOKS,
});

export const DISCOVERY = z.object({
  name: z.literal("zehrava-gate"),
  version: z.string(),
  api: z.literal("v1"),
  endpoints: z.object({ propose: z.string(), execute: z.string(), report: z.string(), audit: z.string() }),
  execution_modes: z.array(z.string()),
  statuses: z.array(z.enum([...STATUSES, "duplicate_blocked"])),
  max_payload_bytes: z.int(),
  authentication: z.literal("bearer"),
  log: LOG,
  gate_supported: z.array(z.string()),
  auth: AUTH,
  approval_channels: z.array(z.string()),
  approval_providers: z.array(z.string()),
  approval_provider_capabilities: z.record(z.string(), z.array(z.string())),
  evidence_factors: z.array(z.string()),
  max_execution_ttl_sec: z.number(),
  replay_protection: REPLAY_PROTECTION,
  webhooks: WEBHOOKS,
  approval_callback_endpoint: z.string(),
  policy_features: z.array(z.string()),
  policies_available: z.int(),
});

/** RFC 7517: every key that ever signed an order or a checkpoint. */
export const JWKS = z.object({
  keys: z.array(
    z.object({
      kty: z.string().optional(),
      crv: z.string().optional(),
      x: z.string().optional(),
      kid: z.string().optional(),
      alg: z.string().optional(),
      use: z.string().optional(),
    }),
  ),
});

export const FEED = z.object({
  proposals: z.array(
    z.object({
      destination: z.string(),
      policy: z.string(),
      policy_id: z.string(),
      status: STATUS,
      risk_level: RISK_LEVEL,
      created_at: TIME,
    }),
  ),
  count: z.int(),
  agent: z.string().nullable().describe("The one agent that the feed is limited to."),
});
