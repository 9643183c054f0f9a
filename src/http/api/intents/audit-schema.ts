import { z } from "zod";
import { APPROVAL_EVIDENCE } from "../shared/evidence-schema.ts";
import { NAMES, SHA256, TIME } from "../shared/fields-schema.ts";

/** A ledger entry, with its free text, which the ledger itself does not hold. */
export const AUDIT_EVENT = z.object({
  id: z.string(),
  intent_id: z.string(),
  proposal_id: z.string(),
  seq: z.int().describe("1, 2, 3 … without gaps."),
  event_type: z.string(),
  actor: z.string().describe("A principal's id, or `gate`."),
  created_at: TIME,
  metadata: z.record(z.string(), z.unknown()).describe("The entry's body: codes, numbers and commitments."),
  note: z.string().nullable(),
  prev_hash: SHA256,
  entry_hash: SHA256,
});

export const AUDIT_TRAIL = z.object({
  intentId: z.string(),
  proposalId: z.string(),
  events: z.array(AUDIT_EVENT),
  auditTrail: z.array(AUDIT_EVENT).describe("The same as `events`."),
  count: z.int(),
  approval_evidence: APPROVAL_EVIDENCE.nullable(),
  names: NAMES,
});
