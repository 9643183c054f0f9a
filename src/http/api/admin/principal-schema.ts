import { z } from "zod";
import { ROLES, type PrincipalStatus } from "../../../core/identity/principal.ts";
import { TIME } from "../shared/fields-schema.ts";

const PRINCIPAL_STATUS = z.enum(["active", "suspended", "revoked"] satisfies readonly PrincipalStatus[]);

const IDS = { agent_id: z.string(), agentId: z.string() } as const;

export const PRINCIPAL = z.object({
  id: z.string(),
  ...IDS,
  name: z.string(),
  role: z.enum(ROLES),
  person: z.string().nullable().describe("Of a human's key: the person whose votes it gives."),
  owner: z.string().nullable().describe("Of an agent: the person or group that answers for it."),
  status: PRINCIPAL_STATUS,
  framework: z.string().nullable(),
  environment: z.string().nullable(),
  report_key: z.string().nullable().describe("The Ed25519 key that verifies its reports, base64url."),
  risk_tier: z.string(),
  riskTier: z.string(),
  allowed_policies: z.array(z.string()).describe('`["*"]`: no limit of its own.'),
  allowed_destinations: z.array(z.string()).describe('`["*"]`: no limit of its own.'),
  created_at: TIME,
});

export const PRINCIPAL_IN_FULL = PRINCIPAL.extend({ metadata: z.record(z.string(), z.unknown()) });

export const PRINCIPALS = z.object({
  agents: z.array(PRINCIPAL),
  count: z.int(),
  next: z.string().nullable().describe("Send it as `after` for the next page; null: there is none."),
});

const SHOWN_ONCE = z.string().nullable().describe("Shown once: null in a replayed response.");

const REPLAYED = z.string().optional().describe("In a replayed response: why the key is missing.");

export const REGISTERED = PRINCIPAL.extend({
  apiKey: SHOWN_ONCE,
  api_key: SHOWN_ONCE,
  warning: z.string().optional(),
  detail: REPLAYED,
});

export const ROTATED_KEY = z.object({ ...IDS, apiKey: SHOWN_ONCE, api_key: SHOWN_ONCE, detail: REPLAYED });

export const STATUS_CHANGED = z.object({ ...IDS, status: PRINCIPAL_STATUS });

export const ROLE_CHANGED = z.object({ ...IDS, role: z.enum(ROLES) });

export const REPORT_KEY_SET = z.object({
  ...IDS,
  report_key: z
    .object({ kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: z.string() })
    .nullable()
    .describe("RFC 8037."),
});

export const UNLINKED = z.object({ ...IDS, unlinked: z.boolean() });
