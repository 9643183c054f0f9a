import type { IntentRow } from "../core/intent/read-model.ts";
import type { Entry } from "../core/ledger/entry.ts";

/** Entries of one intent that the ledger may lack, with the row that its lists show afterwards. */
export interface LedgerCommit {
  readonly entries: readonly Entry[];
  readonly row: IntentRow;
}

/** The ledger in D1: a queryable copy of what objects committed. Methods are atomic: they throw or have done all. */
export interface Ledger {
  /**
   * All in one transaction. Appending an entry again changes nothing; another entry with the same chain and sequence
   * number fails the transaction.
   */
  append(commits: readonly LedgerCommit[]): Promise<void>;
}
