import type { Rules } from "../core/policy/evaluate.ts";

/** The current policies and registry. */
export interface RuleBook {
  current(): Promise<Rules>;
  /** Ids of all policies, invalid ones included. */
  ids(): Promise<readonly string[]>;
  /** The text of a policy hash that an evaluation used; null: none did. */
  text(hash: string): Promise<{ readonly id: string; readonly text: string } | null>;
  /** Stores the texts of these policies by hash, before an evaluation by them is recorded. */
  storeTexts(hashes: readonly string[]): Promise<void>;
}
