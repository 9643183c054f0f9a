import type { Result } from "../core/base/result.ts";
import type { Rules } from "../core/policy/evaluate.ts";

/** The texts of a policy directory and its registry; null: there is none. */
export interface CandidateTexts {
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  readonly registry: string | null;
}

/** The current policies and registry. */
export interface RuleBook {
  current(): Promise<Rules>;
  /** Ids of all policies, invalid ones included. */
  ids(): Promise<readonly string[]>;
  /** SHA-256 over what every policy means and every destination's configuration: equal where nothing is evaluated again. */
  digest(): Promise<string>;
  /** Rules that are not in force; or the mistakes in their texts. */
  candidate(texts: CandidateTexts): Result<Rules, readonly string[]>;
  /** The text of a policy hash that an evaluation used; null: none did. */
  text(hash: string): Promise<{ readonly id: string; readonly text: string } | null>;
  /** Stores the texts of these policies by hash, before an evaluation by them is recorded. */
  storeTexts(hashes: readonly string[]): Promise<void>;
}
