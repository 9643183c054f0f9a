import type { ProposalRequest } from "../../../core/proposal/request.ts";
import type { Decision } from "../../../core/policy/decision.ts";
import type { IntentRecord } from "../../../ports/intents.ts";

/** The stored proposal request, with its business key. */
export type StoredRequest = ProposalRequest & { readonly key: string | null };

/** The parts of an intent's record that erasure destroys; all null afterwards. */
export function storedContent({ case: content }: IntentRecord) {
  if (content === null) return { request: null, decision: null, payload: null };
  return {
    request: JSON.parse(content.request) as StoredRequest,
    decision: JSON.parse(content.decision) as Decision,
    payload: content.payload,
  };
}
