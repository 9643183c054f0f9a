import { maySeeTrace } from "../../../app/authority.ts";
import type { Decision, TraceStep } from "../../../core/policy/decision.ts";
import type { Principal } from "../../../core/identity/principal.ts";
import type { EvidenceView } from "../shared/evidence-view.ts";
import { storedContent, type StoredRequest } from "../shared/stored-record.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import type { Answer } from "../shared/answer.ts";
import type { DECISION } from "./decision-schema.ts";

/**
 * The decision: the contract's row, with the facts and policies it rests on. The trace is for reviewers and auditors;
 * an agent could probe the policies with it.
 *
 * @param isPayloadVisible false: texts that rules matched, which quote the payload, and the request's URL, which can
 *   contain the same data, are left out
 */
export function decisionView(
  record: IntentRecord,
  reader: Principal,
  isPayloadVisible: boolean,
  evidence: EvidenceView | null,
): Answer<typeof DECISION> {
  const { terms } = record.state;
  const { request, decision } = storedContent(record);
  const status = { approve: "approved", hold: "pending_approval", block: "blocked" } as const;
  return {
    id: `dec_${terms.digest.slice(0, 16)}`,
    intent_id: terms.id,
    status: status[terms.outcome],
    outcome: terms.outcome,
    reason_code: terms.reasonCode,
    reason_detail: decision?.reason ?? null,
    remedy: decision?.remedy ?? null,
    risk_score: terms.risk.score / 100,
    risk_level: terms.risk.level,
    risk_factors: terms.risk.factors,
    policy_snapshot: JSON.stringify({ policy: terms.policy, destination: terms.destination }),
    policies: terms.policies,
    required_approvals: terms.outcome === "hold" ? terms.approval.require : 0,
    evaluated_at: iso(terms.createdAt),
    approval_evidence: evidence,
    facts: decision?.facts ?? null,
    ask: request === null ? null : requestView(request, isPayloadVisible),
    ...(decision === null || !maySeeTrace(reader)
      ? {}
      : {
          ...(isPayloadVisible ? tracesOf(decision) : withoutQuotes(tracesOf(decision))),
          history: decision.history,
          environment: decision.environment,
          approval: decision.approval,
        }),
  };
}

type Traces = Pick<Decision, "trace" | "shadow">;

function tracesOf({ trace, shadow }: Traces): Traces {
  return { trace, shadow };
}

function withoutQuotes({ trace, shadow }: Traces): Traces {
  const withoutQuote = (step: TraceStep) => ({ ...step, seen: null });
  return {
    trace: trace.map(withoutQuote),
    shadow: shadow.map((outcome) => ({ ...outcome, trace: outcome.trace.map(withoutQuote) })),
  };
}

/** The proposal as a replay evaluates it, which the business key is no part of. */
function requestView({ key: _, http, ...request }: StoredRequest, isPayloadVisible: boolean) {
  return http === undefined || !isPayloadVisible ? request : { ...request, http };
}
