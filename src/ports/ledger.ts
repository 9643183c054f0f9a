import type { IntentRow } from "../core/intent/read-model.ts";
import type { Entry } from "../core/ledger/entry.ts";

/** The ledger in D1: a queryable copy of what objects committed. Methods are atomic: they throw or have done all. */
export interface Ledger {
  /**
   * Entries of one intent with its resulting row, in one transaction. Appending an entry again changes nothing; another
   * entry with the same chain and sequence number fails the transaction.
   */
  append(entries: readonly Entry[], row: IntentRow): Promise<void>;
}
