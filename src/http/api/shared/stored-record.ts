import type { ProposalRequest } from "../../../core/proposal/request.ts";
import type { Decision } from "../../../core/policy/decision.ts";
import type { IntentRecord } from "../../../ports/intents.ts";

/** What was asked, with the business key it came under. */
export type StoredRequest = ProposalRequest & { readonly key: string | null };

/** The parts of a dossier that erasure takes; all null afterwards. */
export function recordOf({ case: record }: IntentRecord) {
  if (record === null) return { request: null, decision: null, payload: null };
  return {
    request: JSON.parse(record.request) as StoredRequest,
    decision: JSON.parse(record.decision) as Decision,
    payload: record.payload,
  };
}
