import type { Steps } from "../core/base/steps.ts";

/** Long work of several requests takes turns, and between two turns all other requests go on. */
export interface Turns {
  /** Waits for a turn; the function ends it. */
  take(): Promise<() => void>;
  /** Runs work in a turn for each piece. */
  run<T>(work: Steps<T>): Promise<T>;
}
