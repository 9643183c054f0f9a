import type { ListCursor, ListOrder } from "../core/intent/list-cursor.ts";
import type { SeenBefore } from "../core/intent/earlier-intents.ts";
import type { IntentTerms } from "../core/intent/state.ts";
import type { Phase } from "../core/intent/phase.ts";
import type { IntentRow } from "../core/intent/read-model.ts";

export interface IntentFilter {
  /** Absent: `newest`. `soonest` is for what waits: `phases` must name that one phase. */
  readonly order?: ListOrder;
  /** Null: any. An empty list matches nothing. */
  readonly phases: readonly Phase[] | null;
  readonly agent: string | null;
  /** Null: any. An empty list matches nothing. */
  readonly destinations: readonly string[] | null;
  /** Id of a policy that was in force for it, whatever the agent named. */
  readonly policy: string | null;
  /** Id of a person who voted on it, or decided or ended it. */
  readonly person: string | null;
  /** A UTC day on which the ledger has an entry of it, `2026-12-01`. */
  readonly day: string | null;
  readonly search: IntentSearch | null;
  /** See `IntentTerms.group`. */
  readonly group: string | null;
  /** Milliseconds since the epoch: at or after, and before. */
  readonly since: number | null;
  readonly until: number | null;
  /** Last row of the previous page. */
  readonly after: ListCursor | null;
  /** 1 to 1,000. */
  readonly limit: number;
}

/** A filter that every intent passes; callers set what they filter by. */
export const ANY_INTENT = {
  phases: null,
  agent: null,
  destinations: null,
  policy: null,
  person: null,
  day: null,
  search: null,
  group: null,
  since: null,
  until: null,
  after: null,
} as const satisfies Omit<IntentFilter, "limit">;

/** A text that a name in the list contains; nothing of a payload is in the list. */
export interface IntentSearch {
  /** In an agent's id, the whole; of an intent's id, its beginning. */
  readonly text: string;
  /** Folded as names are (`nameKey`): names of principals that contain it match. Null: no names are searched. */
  readonly folded: string | null;
  /** Ids of people whose names contain the text. Null: no people are searched. */
  readonly people: readonly string[] | null;
}

export interface IntentPage {
  readonly rows: readonly IntentRow[];
  /** Where the next page starts; null: there is none. There may be one after fewer rows than the limit, or none. */
  readonly next: ListCursor | null;
}

/** The part of all intents that a reader may see; null sets no limit. */
export type IntentScope = Pick<IntentFilter, "agent" | "destinations">;

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
  /** The same with the next page's start. */
  page(filter: IntentFilter): Promise<IntentPage>;
  /** Was an intent for this destination, or for one of this system (`system.*`), ever proposed? */
  hasDestination(target: string): Promise<boolean>;
  /** Counts over all intents, or over one agent's. */
  metrics(agent: string | null): Promise<Metrics>;
  /** Of the intents within the scope, those before this one that are like it. */
  seenBefore(terms: IntentTerms, scope: IntentScope): Promise<SeenBefore>;
  /** How many wait, in all and in each of these groups; no count goes beyond `most`. */
  countPending(
    groups: readonly string[],
    most: number,
  ): Promise<{ readonly total: number; readonly byGroup: ReadonlyMap<string, number> }>;
  /** Intents that are alike, the largest groups first, of those that wait: `phases` must name that one phase. */
  groups(filter: IntentFilter): Promise<readonly PendingGroup[]>;
}

export interface PendingGroup {
  readonly group: string;
  readonly count: number;
  readonly agent: string;
  readonly destination: string;
  /** The policy that the agent named; empty: none. */
  readonly policy: string;
  /** Ids of the policies in force. */
  readonly policies: readonly string[];
  /** Sums over those whose numbers are known; null: none is. */
  readonly records: number | null;
  readonly valueCents: number | null;
  /** Milliseconds since the epoch. */
  readonly oldest: number;
  /** Milliseconds since the epoch; null: none of them has a deadline. */
  readonly nextDeadline: number | null;
}
