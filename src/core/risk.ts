export interface Risk {
  /** Whole hundredths, 0 to 100. */
  readonly score: number;
  readonly level: "low" | "medium" | "high" | "critical";
  /** Names of what added to the score, in the order of the formula. */
  readonly factors: readonly string[];
}
