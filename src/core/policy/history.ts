/**
 * An agent's earlier intents as exact counters: the part of a decision that is not in the proposal itself. The
 * per-agent object measures them and the decision stores them, so that a replay years later sees the same numbers.
 */

/** The counters that the applicable policies need. */
export interface HistoryNeed {
  /** Rolling windows of this agent's intents under one policy; no pair (policy, length) is named twice. */
  readonly windows: readonly WindowNeed[];
  /** How far back an equal (destination, payload digest) counts as a duplicate, in ms; null: no rule needs it. */
  readonly duplicateWithinMs: number | null;
  /** How far back a person's rejection of the same digest counts, in ms; null: no rule needs it. */
  readonly rejectedWithinMs: number | null;
}

export interface WindowNeed {
  readonly policy: string;
  readonly windowMs: number;
}

export interface History {
  /** One entry for each needed window, in any order. */
  readonly windows: readonly WindowCount[];
  /** The earliest intent with the same destination and payload digest in the needed window. */
  readonly duplicateOf: EarlierIntent | null;
  /** The latest intent with the same payload digest that a person rejected in the needed window. */
  readonly rejected: EarlierIntent | null;
  /** The windows of the two above, in ms, as in the need: a replay can't know of anything earlier. */
  readonly duplicateWithinMs: number | null;
  readonly rejectedWithinMs: number | null;
}

/** Sums over the window, intents in flight included, this one and blocked or duplicate ones excluded. */
export interface WindowCount extends WindowNeed {
  readonly intents: number;
  readonly records: number;
  readonly valueUsdCents: number;
  /** Milliseconds until the oldest intent leaves the window; null when the window is empty. */
  readonly freesUpInMs: number | null;
}

export interface EarlierIntent {
  readonly intentId: string;
  readonly ageMs: number;
}
