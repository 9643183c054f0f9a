import {
  EVIDENCE_PROTOCOL,
  signedEvidence,
  type SignedEvidence,
} from "../../../app/approvals/sign-evidence.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import { iso, isoOrNull } from "../../../core/base/iso-time.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import type { Ports } from "../../../ports/ports.ts";

export type EvidenceView = ReturnType<typeof viewOf>;

type EvidencePorts = Pick<Ports, "signer" | "settings">;

/** The contract's approval evidence; null: nobody decided. */
export async function evidenceOfRecord(
  { state, entries }: Pick<IntentRecord, "state" | "entries">,
  ports: EvidencePorts,
): Promise<EvidenceView | null> {
  const evidence = await signedEvidence(state, entries, ports);
  return evidence === null ? null : viewOf(evidence, state);
}

/** The same right after a vote, without reading the record. */
export function evidenceOfState(state: IntentState, ports: EvidencePorts): Promise<EvidenceView | null> {
  return evidenceOfRecord({ state, entries: [] }, ports);
}

function viewOf(evidence: SignedEvidence, { terms }: IntentState) {
  const { id, jws, decision, decidedAt, delegation, votedBy, consumedAt } = evidence;
  return {
    protocol: EVIDENCE_PROTOCOL,
    interaction_id: id,
    request_jws: null,
    response_jws: jws,
    responds_to: evidence.respondsTo,
    decision,
    decided_at: iso(decidedAt),
    factor: evidence.factor,
    proof: {
      actor: evidence.actor,
      assurance: evidence.assurance,
      profile:
        terms.profile === undefined ? null : { id: terms.profile.id, fields_hash: terms.profile.fieldsHash },
      delegation:
        delegation === null
          ? null
          : {
              principal_id: delegation.principal,
              delegate_agent_id: delegation.delegate,
              delegation_id: delegation.id,
            },
      voted_by: votedBy,
    },
    approved_intent_hash: evidence.digest,
    consumed_at: isoOrNull(consumedAt),
  };
}
