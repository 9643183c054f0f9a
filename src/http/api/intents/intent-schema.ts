import { z } from "zod";
import type { ShownRejection } from "../../../core/intent/rejections.ts";
import type { SilenceProblem } from "../../../core/intent/state.ts";
import type { DoubtfulFact } from "../../../core/proposal/doubt.ts";
import { ORDER } from "../executions/order-schema.ts";
import {
  ASSURANCE,
  NAMES,
  RISK_LEVEL,
  RISK_SCORE,
  SHA256,
  SUMMARY_FIELDS,
  TIME,
} from "../shared/fields-schema.ts";
import { APPROVAL_REQUIREMENTS, POLICY_REF } from "./approval-schema.ts";
import { AUDIT_EVENT } from "./audit-schema.ts";
import { INTERACTION } from "./interaction-schema.ts";
import { APPROVAL_EVIDENCE } from "../shared/evidence-schema.ts";
import { APPROVAL_STATE } from "./intent-row-schema.ts";
import { HTTP_REQUEST } from "./http-write-schema.ts";
import { SEEN_BEFORE } from "./seen-before-schema.ts";

const WHEN = TIME.nullable();

const UNKNOWN_FACT = z.object({
  fact: z.enum(["records", "money", "recipients", "content"] satisfies readonly DoubtfulFact[]),
  because: z.string(),
  readings: z.array(z.number()),
  text: z.string(),
});

const VOTE = z.object({
  person: z.string(),
  acting: z.string().describe("Differs only under a delegation."),
  assurance: ASSURANCE,
  mandate: z.string().nullable(),
  at: TIME,
});

const REJECTION = z.object({
  event: z.enum([
    "rejection_vote_recorded",
    "rejected",
    "cancelled",
    "revoked",
  ] satisfies readonly ShownRejection["event"][]),
  person: z.string(),
  acting: z.string(),
  reason: z.string().nullable(),
  at: TIME,
});

/** One intent in full. */
export const INTENT = z.object({
  id: z.string(),
  ...SUMMARY_FIELDS,
  sender_agent_id: z.string(),
  destination: z.string(),
  action: z.string(),
  policy_id: z.string().describe("The policy that the agent named."),
  policies: z.array(POLICY_REF).describe("The policies in force."),
  reason_code: z.string(),
  reason: z.string().nullable(),
  remedy: z.string().nullable(),
  block_reason: z.string().nullable().describe("A person's reason, or the policy's; null once approved."),
  risk_score: RISK_SCORE,
  risk_level: RISK_LEVEL,
  risk_factors: z.array(z.string()),
  estimated_records: z.number().nullable().describe("The larger of declared and measured."),
  declared_records: z.number().nullable(),
  measured_records: z.number().nullable(),
  unknown: z.array(UNKNOWN_FACT),
  estimated_value_usd: z.number().nullable(),
  sensitivity_tags: z.array(z.string()).nullable(),
  on_behalf_of: z.string().nullable(),
  idempotency_key: z.string().nullable(),
  principal_id: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()).nullable(),
  profile_id: z.string().nullable(),
  profile_fields_hash: z.string().nullable(),
  message_id: z.string(),
  payload_path: z.string().nullable().describe("The name of a payload that Gate has not seen."),
  payload_kind: z.enum(["none", "content", "reference"]).nullable(),
  payload_name: z.string().nullable(),
  payload_type: z.string().nullable(),
  payload_bytes: z.int().nullable(),
  payload_hash: SHA256.nullable(),
  intent_digest: SHA256.describe("What a vote is for: votes name it."),
  http: HTTP_REQUEST.nullable().describe(
    "Null where Gate does not send the write, or the reader may not see it.",
  ),
  erased_at: WHEN,
  restored_at: WHEN,
  silence_not_counted: z
    .enum(["approvers_not_notified", "gate_was_down"] satisfies readonly SilenceProblem[])
    .nullable(),
  created_at: TIME,
  updated_at: TIME,
  expires_at: TIME,
  decide_by: WHEN.describe("Null once decided, or where the hold has no end."),
  reminders_at: WHEN,
  execute_by: WHEN,
  approved_at: WHEN,
  decided_by: z.string().nullable().describe("A person's id, `policy` or `timeout`."),
  predecessor_id: z.string().nullable(),
  successor_id: z
    .string()
    .nullable()
    .describe("The intent that replaced this one when a reviewer edited it."),
  edited_by: z.string().nullable(),
  author: z.string().describe("Who wrote the payload."),
  required_approvals: z.int(),
  approval: APPROVAL_REQUIREMENTS,
  votes: z.array(VOTE),
  rejections: z.array(REJECTION),
  approval_state: APPROVAL_STATE,
  standing_approval_id: z.string().nullable(),
  has_approval_link: z.literal(false),
  manifest: z.null(),
  approval_link_expires_at: z.null(),
  approval_link_used_at: z.null(),
  approval_evidence: APPROVAL_EVIDENCE.nullable(),
  approval_interactions: z.array(INTERACTION),
  execution: ORDER.nullable().describe("The current order, without its secrets."),
  auditTrail: z.array(AUDIT_EVENT),
});

export const SHOWN_INTENT = INTENT.extend({
  seen_before: SEEN_BEFORE.nullable()
    .optional()
    .describe("For people, and with `?seen_before=true`; null: it can't be read now."),
  names: NAMES,
});
