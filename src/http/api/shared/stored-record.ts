import type { Ask } from "../../../core/proposal/request.ts";
import type { Decision } from "../../../core/policy/decision.ts";
import type { Dossier } from "../../../ports/intents.ts";

/** What was asked, with the business key it came under. */
export type StoredAsk = Ask & { readonly key: string | null };

/** The parts of a dossier that erasure takes; all null afterwards. */
export function recordOf({ case: record }: Dossier) {
  if (record === null) return { ask: null, decision: null, payload: null };
  return {
    ask: JSON.parse(record.ask) as StoredAsk,
    decision: JSON.parse(record.decision) as Decision,
    payload: record.payload,
  };
}
