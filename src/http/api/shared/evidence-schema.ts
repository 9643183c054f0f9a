import { z } from "zod";
import type { EvidenceFactor } from "../../../core/intent/approval-evidence.ts";
import { ASSURANCE_LEVELS } from "../../../core/proposal/request.ts";
import { ASSURANCE, SHA256, TIME } from "./fields-schema.ts";

/** The contract's approval evidence: the deciding vote as the ledger has it, signed by Gate. */
export const APPROVAL_EVIDENCE = z.object({
  protocol: z.literal("a2h.v1"),
  interaction_id: z.string(),
  request_jws: z.null(),
  response_jws: z.string().nullable().describe("Detached JWS over the members; null: not signed now."),
  responds_to: z.string().describe("The intent's `message_id`."),
  decision: z.enum(["APPROVE", "REJECT"]),
  decided_at: TIME,
  factor: z.enum([
    "manual.dashboard.v1",
    "link.single_use.v1",
    "timeout.auto_approve_if_low_risk.v1",
  ] satisfies readonly EvidenceFactor[]),
  proof: z.object({
    actor: z.string(),
    assurance: ASSURANCE.nullable(),
    profile: z.object({ id: z.string(), fields_hash: z.string().nullable() }).nullable(),
    delegation: z
      .object({ principal_id: z.string(), delegate_agent_id: z.string(), delegation_id: z.string() })
      .nullable(),
    voted_by: z.array(z.string()).nullable(),
  }),
  approved_intent_hash: SHA256,
  consumed_at: TIME.nullable().describe("When the approval was ordered."),
});

/** The contract's words for the assurance of a vote. */
export const ASSURANCE_LEVEL = z.enum(ASSURANCE_LEVELS);
