import { doubt, type Doubt, type DoubtReason } from "./doubt.ts";

/**
 * A number measured in the bytes. With a doubt it is unknown, and `value` is the largest number that a reader finds,
 * for display and for counters. `value` is null where the format has no such number.
 */
export interface Measured {
  readonly value: number | null;
  readonly doubt: Doubt | null;
}

export function known(value: number | null): Measured {
  return { value, doubt: null };
}

export function unknown(value: number | null, because: DoubtReason): Measured {
  return { value, doubt: doubt(because) };
}

/** Merges what several readers find: known where all agree, else unknown. */
export function merged(readings: readonly number[], because: DoubtReason): Measured {
  const largest = Math.max(...readings);
  return readings.every((reading) => reading === largest)
    ? known(largest)
    : { value: largest, doubt: doubt(because, readings) };
}

/** Keeps a doubt that is there already: the first reason is the one closest to the bytes. */
export function doubted(measured: Measured, because: DoubtReason): Measured {
  return measured.doubt === null ? { value: measured.value, doubt: doubt(because) } : measured;
}

export function larger(one: Measured, other: Measured): Measured {
  const found = one.doubt ?? other.doubt;
  return { value: largerNumber(one.value, other.value), doubt: found };
}

export function largerNumber(one: number | null, other: number | null): number | null {
  if (one === null) return other;
  return other === null ? one : Math.max(one, other);
}

/** The sum of a body's parts; one unknown part makes it unknown. */
export function total(parts: readonly Measured[]): Measured {
  let sum = 0;
  let smallest = 0;
  let found: Doubt | null = null;
  for (const part of parts) {
    sum += part.value ?? 0;
    smallest += part.doubt?.readings[0] ?? part.value ?? 0;
    found ??= part.doubt;
  }
  if (found === null) return known(sum);
  return { value: sum, doubt: doubt(found.because, smallest < sum ? [smallest, sum] : []) };
}
