import { z } from "zod";
import { RISK_LEVEL, STATUSES, STATUS, TIME } from "../shared/fields-schema.ts";
import { LOG } from "./log-schema.ts";

export const HEALTH = z.object({
  status: z.literal("ok"),
  service: z.literal("zehrava-gate"),
  version: z.string(),
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
      policy_id: z.string(),
      status: STATUS,
      risk_level: RISK_LEVEL,
      created_at: TIME,
    }),
  ),
  count: z.int(),
  agent: z.null(),
});
