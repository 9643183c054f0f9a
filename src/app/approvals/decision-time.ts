/** Tolerated difference between the clocks: a decision dated further off may be a replay of an old one. */
export const TOLERANCE_MS = 300_000;

export type DecisionTimeProblem = "timestamp_invalid" | "timestamp_out_of_tolerance";

/**
 * Why Gate refuses the time that a client gives for a decision; null: accepted, or none given.
 *
 * @param decidedAt milliseconds since the epoch, or a text that `Date.parse` reads
 */
export function decisionTimeProblem(
  decidedAt: number | string | null,
  now: number,
): DecisionTimeProblem | null {
  if (decidedAt === null) return null;
  const at = typeof decidedAt === "number" ? decidedAt : Date.parse(decidedAt);
  if (Number.isNaN(at)) return "timestamp_invalid";
  return Math.abs(now - at) > TOLERANCE_MS ? "timestamp_out_of_tolerance" : null;
}
