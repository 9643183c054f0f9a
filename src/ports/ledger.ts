import type { IntentRow } from "../core/intent/read-model.ts";
import type { Entry } from "../core/ledger/entry.ts";

/** The queryable copy of the truth. Every method either did all of it or throws. */
export interface Ledger {
  /**
   * Entries of one intent with the row they lead to, in one transaction. Appending again what is there is
   * harmless; a different entry at a taken place fails it all.
   */
  append(entries: readonly Entry[], row: IntentRow): Promise<void>;
}
