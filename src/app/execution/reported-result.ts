import type { Json } from "../../core/base/json.ts";
import type { Order } from "../../core/intent/state.ts";
import type { IntentRecord } from "../../ports/intents.ts";

/** What an order's report says the write returned; null: nothing, or it was erased. */
export function reportedResult({ notes, entries }: IntentRecord, order: Order): Json {
  const sequences = new Set(
    entries
      .filter(({ body }) => (JSON.parse(body) as { readonly order?: string }).order === order.id)
      .map(({ seq }) => seq),
  );
  const note = notes.find(({ seq, kind }) => kind === "result" && sequences.has(seq));
  return note === undefined ? null : (JSON.parse(note.text) as Json);
}
