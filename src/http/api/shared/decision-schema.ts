import { z } from "zod";
import { APPROVAL_EVIDENCE } from "./evidence-schema.ts";
import { SUMMARY_FIELDS, TIME } from "./fields-schema.ts";

export const STATUS_SUMMARY = z.object(SUMMARY_FIELDS);

const APPROVAL_STATE = z.enum(["waiting_input", "answered"]);

const NEVER = z.null().describe("Always null: kept for clients of earlier versions.");

export const APPROVED = z.object({
  ...SUMMARY_FIELDS,
  approvalState: APPROVAL_STATE,
  approvedAt: TIME.nullable(),
  votes: z.int().describe("Votes that count so far."),
  requiredApprovals: z.int().describe("Persons who must approve."),
  votedBy: z.array(z.string()).describe("Ids of the persons whose votes count."),
  deliveryToken: NEVER,
  autoDeliver: z.literal(false),
  gate_exec: z.boolean().describe("Gate sends the write itself."),
  approvalEvidence: APPROVAL_EVIDENCE.nullable(),
});

export const REJECTED = z.object({
  ...SUMMARY_FIELDS,
  approvalState: APPROVAL_STATE,
  reason: z.string().nullable(),
  approvalEvidence: APPROVAL_EVIDENCE.nullable(),
});

export const CANCELLED = z.object({
  ...SUMMARY_FIELDS,
  approvalState: z.literal("cancelled"),
  reason: z.string().nullable(),
  approvalEvidence: NEVER,
});

export const ERASED = z.object({ ...SUMMARY_FIELDS, erased_at: TIME.nullable() });
