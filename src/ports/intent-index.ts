import type { ListCursor } from "../core/intent/list-cursor.ts";
import type { Phase } from "../core/intent/phase.ts";
import type { IntentRow } from "../core/intent/read-model.ts";

export interface IntentFilter {
  /** Null: any. An empty list matches nothing. */
  readonly phases: readonly Phase[] | null;
  readonly agent: string | null;
  /** Null: any. An empty list matches nothing. */
  readonly destinations: readonly string[] | null;
  readonly policy: string | null;
  /** See `IntentTerms.group`. */
  readonly group: string | null;
  /** Milliseconds since the epoch: at or after, and before. */
  readonly since: number | null;
  readonly until: number | null;
  /** Last row of the previous page. */
  readonly after: ListCursor | null;
  /** 1 to 200. */
  readonly limit: number;
}

export interface Metrics {
  readonly byPhase: ReadonlyMap<string, number>;
  /** Proposals that were answered with an earlier intent. */
  readonly duplicates: number;
  /** Mean time from proposal to a person's approval; null while there is none. */
  readonly approvalLatencyMs: number | null;
}

/** Lists and counts of intents. */
export interface IntentIndex {
  /** Newest first. */
  list(filter: IntentFilter): Promise<readonly IntentRow[]>;
  /** Was an intent for this destination, or for one of this system (`system.*`), ever proposed? */
  hasDestination(target: string): Promise<boolean>;
  /** Counts over all intents, or over one agent's. */
  metrics(agent: string | null): Promise<Metrics>;
  /** Pending intents that are alike, the largest groups first. */
  groups(limit: number): Promise<readonly PendingGroup[]>;
}

export interface PendingGroup {
  readonly group: string;
  readonly count: number;
  readonly agent: string;
  readonly destination: string;
  readonly policy: string;
  /** Sums over those whose numbers are known; null: none is. */
  readonly records: number | null;
  readonly valueCents: number | null;
  /** Milliseconds since the epoch. */
  readonly oldest: number;
  /** Milliseconds since the epoch; null: none of them has a deadline. */
  readonly nextDeadline: number | null;
}
