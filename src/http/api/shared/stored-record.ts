import type { ProposalRequest } from "../../../core/proposal/request.ts";
import type { Decision } from "../../../core/policy/decision.ts";
import type { IntentRecord } from "../../../ports/intents.ts";

/** The stored proposal request, with its business key. */
export type StoredRequest = ProposalRequest & { readonly key: string | null };

/** The parts of an intent's record that erasure destroys; all null afterwards. */
export function recordOf({ case: record }: IntentRecord) {
  if (record === null) return { request: null, decision: null, payload: null };
  return {
    request: JSON.parse(record.request) as StoredRequest,
    decision: JSON.parse(record.decision) as Decision,
    payload: record.payload,
  };
}
