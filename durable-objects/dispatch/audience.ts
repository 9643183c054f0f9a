import { isYounger } from "../../src/core/base/age.ts";

/** How long an isolate wakes nobody after it learned that nobody is to be notified. */
export const SILENCE_MS = 10_000;

let since = Number.NEGATIVE_INFINITY;
let forgottenAt = Number.NEGATIVE_INFINITY;

/** Is nobody to be notified, as far as this isolate knows? */
export function isSilent(now: number): boolean {
  return isYounger(since, now, SILENCE_MS);
}

/** @param pokedAt when the dispatcher was called that said so; one of before somebody registered is not heard */
export function noteSilence(pokedAt: number): void {
  if (forgottenAt < pokedAt) since = pokedAt;
}

/** Somebody registered here, and expects to hear of the next event. */
export function forgetSilence(now: number): void {
  since = Number.NEGATIVE_INFINITY;
  forgottenAt = now;
}
