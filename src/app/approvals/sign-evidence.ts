import { approvalEvidence, type ApprovalEvidence } from "../../core/intent/approval-evidence.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Entry } from "../../core/ledger/entry.ts";
import { logLine } from "../../core/base/log-line.ts";
import type { Ports } from "../../ports/ports.ts";

export const EVIDENCE_PROTOCOL = "a2h.v1" as const;

const EVIDENCE_TYPE = "gate-approval+jwt";

export interface SignedEvidence extends ApprovalEvidence {
  /** Compact JWS by Gate's own key, of `/.well-known/jwks.json`; null: it can't be signed now, and the decision stands. */
  readonly jws: string | null;
}

/**
 * The evidence of the decision in force, signed. Equal for equal decisions: Ed25519 signatures are deterministic, so
 * that none is stored.
 *
 * @param entries see `approvalEvidence`
 */
export async function signedEvidence(
  state: IntentState,
  entries: readonly Entry[],
  ports: Pick<Ports, "signer" | "settings">,
): Promise<SignedEvidence | null> {
  const evidence = approvalEvidence(state, entries);
  return evidence === null ? null : { ...evidence, jws: await sign(evidence, state.terms.id, ports) };
}

/** Never throws: the vote is recorded by now, and its answer must say so. */
async function sign(
  evidence: ApprovalEvidence,
  intent: string,
  { signer, settings }: Pick<Ports, "signer" | "settings">,
): Promise<string | null> {
  const { id, respondsTo, decision, decidedAt, factor, actor, assurance, delegation, votedBy, digest } =
    evidence;
  try {
    return await signer.signJws(EVIDENCE_TYPE, {
      iss: settings.origin,
      sub: intent,
      jti: id,
      iat: Math.floor(decidedAt / 1000),
      protocol: EVIDENCE_PROTOCOL,
      interaction_id: id,
      responds_to: respondsTo,
      decision,
      decided_at: decidedAt,
      factor,
      approved_intent_hash: digest,
      actor,
      assurance,
      delegation: delegation?.id ?? null,
      voted_by: votedBy,
    });
  } catch (error) {
    console.error(logLine("evidence_not_signed", { intent, error: String(error) }));
    return null;
  }
}
