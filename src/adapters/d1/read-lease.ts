import { isYounger } from "../../core/base/age.ts";
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
 * An answer that took longer may be older than a change that was confirmed meanwhile. Above a round trip between
 * continents, so that no region asks twice as a rule; below the confirmation.
 */
const MAX_ANSWER_MS = 350;

/** A database that is overloaded answers late every time: refusing then would stop everybody for a fraction of a second. */
const MAX_TRIES = 3;

/** Asks again when the answer was long on its way: D1 may have read it long before. */
export async function readInTime<T>(read: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    const at = Date.now();
    const value = await read();
    if (tried === MAX_TRIES || isYounger(at, Date.now(), MAX_ANSWER_MS)) return value;
  }
}

/**
 * Ends when no request can act any more on what it read before the change. An operator who gets the confirmation of a
 * suspension or a kill switch must see nothing released after that, so it waits for this.
 */
export async function leasesEnd(): Promise<void> {
  await scheduler.wait(CONFIRMED_AFTER_MS);
}
