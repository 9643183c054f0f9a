/** One intent is waited for by its agent and a page or two; beyond that somebody is playing. */
const MAX_WAITERS = 64;

/** Calls that wait for the next change of an object. They live in memory: whoever loses one asks again. */
export class Waiters {
  readonly #waiting = new Set<() => void>();

  /** Resolves at the next change, or after this many milliseconds; at once when too many wait already. */
  next(timeoutMs: number): Promise<void> {
    if (this.#waiting.size >= MAX_WAITERS) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#waiting.add(done);
    });
  }

  changed(): void {
    for (const done of this.#waiting) done();
  }
}
