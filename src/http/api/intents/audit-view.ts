import type { JsonObject } from "../../../core/base/json.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import type { Answer } from "../shared/answer.ts";
import type { AUDIT_EVENT } from "./audit-schema.ts";

/** The intent's ledger entries as events, each with its free text, which the ledger itself does not hold. */
export function auditTrail({ entries, notes }: IntentRecord): readonly Answer<typeof AUDIT_EVENT>[] {
  return entries.map((entry) => {
    const texts = notes.filter(({ seq, kind }) => seq === entry.seq && kind === "note");
    return {
      id: `evt_${entry.hash.slice(0, 16)}`,
      intent_id: entry.intent,
      proposal_id: entry.intent,
      seq: entry.seq,
      event_type: entry.event,
      actor: entry.actor,
      created_at: iso(entry.at),
      metadata: JSON.parse(entry.body) as JsonObject,
      note: texts[0]?.text ?? null,
      prev_hash: entry.prev,
      entry_hash: entry.hash,
    };
  });
}
