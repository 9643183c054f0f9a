import type { Rules } from "../core/policy/evaluate.ts";

/** The policies and the registry in force now. */
export interface RuleBook {
  current(): Promise<Rules>;
  /** Ids of all policies that could be named, broken ones included. */
  ids(): Promise<readonly string[]>;
  /** The text behind a policy hash that decided something; null when it never did. */
  text(hash: string): Promise<{ readonly id: string; readonly text: string } | null>;
  /** Keeps the texts of these policies by hash, before anything is decided on them. */
  keep(hashes: readonly string[]): Promise<void>;
}
