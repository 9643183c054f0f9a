import type { Instant } from "./state.ts";

/** Intents that were proposed before this one, and became of it what `states` counts. */
export interface EarlierIntents {
  /** At most `MAX_COUNTED`. */
  readonly count: number;
  /** True: there are more than were counted, and the newest were. */
  readonly isMore: boolean;
  /** How many are in each phase now; a phase that none is in is absent. */
  readonly byPhase: ReadonlyMap<string, number>;
  /** The newest first, at most `MAX_RECENT`. */
  readonly recent: readonly EarlierIntent[];
}

export interface EarlierIntent {
  readonly id: string;
  readonly agent: string;
  readonly phase: string;
  readonly reasonCode: string;
  /** A person's id, an agent's (withdrawn), `policy` or `timeout`; null: nobody decided. */
  readonly decidedBy: string | null;
  readonly createdAt: Instant;
  readonly updatedAt: Instant;
}

/** Answers "first run or fifth?". Null: the intent has nothing to compare by, because it is erased or of an earlier version. */
export interface SeenBefore {
  /** The same payload (without one: the same request) to the same destination, by any agent in scope. */
  readonly payload: EarlierIntents | null;
  /** Another payload or the same, of the same type and field names, for the same action of the same agent. */
  readonly shape: EarlierIntents | null;
  readonly agent: EarlierIntents;
}

/** A count is a look at every row: a busy agent has millions. */
export const MAX_COUNTED = 1_000;

export const MAX_RECENT = 5;
