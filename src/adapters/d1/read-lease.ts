import type { ReadAge } from "../../ports/principals.ts";

/**
 * How long what a request read of keys, roles, people and kill switches counts as now. Without it an order would ask D1
 * four times, on the way of somebody who waits.
 */
export const READ_LEASE_MS = 250;

/** The greatest age, in milliseconds, at which an isolate's last read is used. */
export const MAX_AGE_MS = { fresh: 0, recent: 2_000, cached: 10_000 } as const satisfies Record<
  ReadAge,
  number
>;

/** Over the lease: clocks of Workers stand still between two I/O operations. */
const CONFIRMED_AFTER_MS = 400;

/**
 * Ends when no request can act any more on what it read before the change. An operator who gets the confirmation of a
 * suspension or a kill switch must see nothing released after that, so it waits for this.
 */
export async function leasesEnd(): Promise<void> {
  await scheduler.wait(CONFIRMED_AFTER_MS);
}
