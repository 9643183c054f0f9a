/** The variable of the deployment. */
export interface RestoredVariable {
  /** ISO 8601 in UTC; missing or empty: the data were never restored from a backup. */
  readonly GATE_RESTORED_AT?: string;
}

const UTC_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;

/**
 * When the stored data were put back from a backup, in milliseconds; null: never. What was approved, handed out or signed
 * in before that time is void: the deployment may have acted on it in the time that the backup does not know.
 *
 * @throws {Error} for any other text: a restored deployment that took a slip for "never" would send writes again
 */
export function restoredAtOf({ GATE_RESTORED_AT: written }: RestoredVariable): number | null {
  if (written === undefined || written === "") return null;
  const at = UTC_TIME.test(written) ? Date.parse(written) : Number.NaN;
  if (Number.isNaN(at)) {
    throw new Error("GATE_RESTORED_AT must be a time in UTC such as 2026-11-30T12:00:00Z, or empty");
  }
  return at;
}
