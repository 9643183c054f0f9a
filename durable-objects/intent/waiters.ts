/** One intent is waited for by its agent and a page or two; beyond that somebody is playing. */
const MAX_WAITERS = 64;

/** Why a wait ended. `full`: too many wait already, so this one did not begin. */
export type Woken = "changed" | "elapsed" | "full";

/**
 * Calls that wait for the next change of an object. They live in memory: whoever loses one asks again. A caller that
 * goes away keeps its place until its time is over, since nothing tells the object; that is what the cap is for.
 */
export class Waiters {
  readonly #waiting = new Set<(woken: Woken) => void>();

  /** Resolves at the next change, or after this many milliseconds. */
  next(timeoutMs: number): Promise<Woken> {
    if (this.#waiting.size >= MAX_WAITERS) return Promise.resolve("full");
    return new Promise((resolve) => {
      const done = (woken: Woken) => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve(woken);
      };
      const timer = setTimeout(() => done("elapsed"), timeoutMs);
      this.#waiting.add(done);
    });
  }

  changed(): void {
    for (const done of this.#waiting) done("changed");
  }
}
