/** An agent and a page or two wait for one intent; the cap stops a caller that opens waits without end. */
const MAX_WAITERS = 64;

/** Why a wait ended. `full`: it did not begin, because `MAX_WAITERS` callers wait already. */
export type Woken = "changed" | "elapsed" | "full";

/**
 * Calls that wait for the next change of an object. They live in memory: a caller that loses one calls again. The
 * object learns of no disconnect, so a lost caller occupies its place until its timeout; the cap bounds that.
 */
export class Waiters {
  readonly #waiting = new Set<(woken: Woken) => void>();

  /** Resolves at the next change or after `timeoutMs`, and at once when full. */
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

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  changed(): void {
    for (const done of this.#waiting) done("changed");
  }
}
