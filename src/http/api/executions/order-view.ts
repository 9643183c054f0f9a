import { MAX_ATTEMPTS, RETRY_BACKOFF_SECONDS } from "../../../core/intent/limits.ts";
import { providerIdempotencyKey } from "../../../core/intent/provider-idempotency.ts";
import { currentOrder, type IntentState, type Order } from "../../../core/intent/state.ts";
import { iso, isoOrNull } from "../../../core/base/iso-time.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import type { EvidenceView } from "../shared/evidence-view.ts";
import type { OrderSecrets } from "../../../app/execution/order-secrets.ts";
import { reportedResult } from "../../../app/execution/reported-result.ts";
import type { Answer } from "../shared/answer.ts";
import type { ORDER } from "./order-schema.ts";

/** The contract's names of the executors. */
export const MODE_NAMES = {
  runner: "runner_exec",
  gate: "gate_exec",
  forward: "forward",
  external_pull: "external_pull",
} as const;

/**
 * @param secrets null for every reader except the order's holder
 * @param evidence of the decision that allowed it
 */
export function orderView(
  record: IntentRecord,
  order: Order,
  secrets: OrderSecrets | null,
  evidence: EvidenceView | null,
): Answer<typeof ORDER> {
  const { state } = record;
  const payload = record.case?.payload;
  const { terms } = state;
  return {
    executionId: order.id,
    execution_id: order.id,
    intent_id: terms.id,
    attempt: order.fence,
    mode: MODE_NAMES[order.mode],
    destination: terms.destination,
    action: terms.action,
    payload_ref: payload?.kind === "content" ? `/v1/intents/${terms.id}/payload` : (payload?.name ?? null),
    payload_hash: terms.payloadDigest,
    intent_digest: terms.digest,
    execution_token: secrets?.token ?? null,
    order: secrets?.jws ?? null,
    idempotency_key: providerIdempotencyKey(terms.id),
    retry_policy: { max_attempts: MAX_ATTEMPTS, backoff_seconds: RETRY_BACKOFF_SECONDS },
    status: orderStatus(state, order),
    issued_at: iso(order.issuedAt),
    expires_at: iso(order.expiresAt),
    claimed_at: isoOrNull(order.claim?.at ?? null),
    claim_expires_at: isoOrNull(order.claim?.expiresAt ?? null),
    reported_at: isoOrNull(order.report?.at ?? null),
    executed_at: isoOrNull(executedAt(order)),
    proof: order.report?.proof ?? null,
    result: reportedResult(record, order),
    approval_evidence: evidence,
  };
}

/** The time that the worker states; one that states none has written by the time of its report. */
function executedAt({ report }: Order): number | null {
  if (report === null || report.outcome === "indeterminate") return null;
  return report.executedAt ?? report.at;
}

function orderStatus(state: IntentState, order: Order): Answer<typeof ORDER>["status"] {
  if (order.report !== null) return order.report.outcome;
  if (currentOrder(state)?.id !== order.id) return "expired";
  switch (state.phase) {
    case "scheduled":
    case "claimed":
    case "indeterminate":
    case "succeeded":
    case "failed":
    case "revoked":
      return state.phase;
    default:
      return "expired";
  }
}
