import { z } from "zod";
import type { Outcome, TraceStep } from "../../../core/policy/decision.ts";
import { APPROVAL_EVIDENCE, ASSURANCE_LEVEL } from "../shared/evidence-schema.ts";
import { RISK_LEVEL, RISK_SCORE, TIME } from "../shared/fields-schema.ts";
import { APPROVAL_REQUIREMENTS, POLICY_REF } from "./approval-schema.ts";
import { FACTS } from "./facts-schema.ts";
import { STORED_HTTP_REQUEST } from "./http-write-schema.ts";

const OUTCOME = z.enum(["approve", "hold", "block"] satisfies readonly Outcome[]);

const TRACE_STEP = z.object({
  policy: z.string(),
  rule: z.string(),
  line: z.int().nullable(),
  seen: z.string().nullable().describe("Null as well for readers who may not see the payload."),
  outcome: z.enum(["approve", "hold", "block", "pass", "skip"] satisfies readonly TraceStep["outcome"][]),
  reasonCode: z.string().nullable(),
});

const EARLIER = z.object({ intentId: z.string(), ageMs: z.number() }).nullable();

const HISTORY = z.object({
  windows: z.array(
    z.object({
      policy: z.string(),
      windowMs: z.number(),
      intents: z.int(),
      records: z.number(),
      valueUsdCents: z.number(),
      freesUpInMs: z.number().nullable(),
    }),
  ),
  duplicateOf: EARLIER,
  rejected: EARLIER,
  duplicateWithinMs: z.number().nullable(),
  rejectedWithinMs: z.number().nullable(),
});

/** The proposal as a replay evaluates it. */
const REQUESTED = z.object({
  destination: z.string(),
  policy: z.string(),
  action: z.string(),
  recordCount: z.number().nullable(),
  estimatedValueUsd: z.number().nullable(),
  sensitivityTags: z.array(z.string()),
  onBehalfOf: z.string().nullable(),
  principalId: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  profile: z.string().nullable(),
  expiresInMinutes: z.number().nullable(),
  http: STORED_HTTP_REQUEST.optional(),
  approval: z
    .object({
      provider: z.string().nullable(),
      channel: z.object({ type: z.string().nullable(), address: z.string().nullable() }).nullable(),
      level: ASSURANCE_LEVEL.nullable(),
      factors: z.array(z.string()),
    })
    .optional()
    .describe("What the proposal asked of its approval."),
});

export const DECISION = z.object({
  id: z.string(),
  intent_id: z.string(),
  status: z.enum(["approved", "pending_approval", "blocked"]),
  outcome: OUTCOME,
  reason_code: z.string(),
  reason_detail: z.string().nullable(),
  remedy: z.string().nullable(),
  risk_score: RISK_SCORE,
  risk_level: RISK_LEVEL,
  risk_factors: z.array(z.string()),
  policy_snapshot: z.string().describe("JSON text."),
  policies: z.array(POLICY_REF),
  required_approvals: z.int(),
  evaluated_at: TIME,
  approval_evidence: APPROVAL_EVIDENCE.nullable(),
  facts: FACTS.nullable(),
  ask: REQUESTED.nullable().describe("The proposal; null once it is erased."),
  trace: z.array(TRACE_STEP).optional().describe("For people only, as the next members."),
  shadow: z
    .array(
      z.object({
        policy: POLICY_REF,
        outcome: OUTCOME,
        reasonCode: z.string(),
        trace: z.array(TRACE_STEP),
      }),
    )
    .optional(),
  history: HISTORY.nullable().optional(),
  environment: z.string().nullable().optional(),
  approval: APPROVAL_REQUIREMENTS.optional(),
});
