import type { Operation } from "./operations.ts";

/** How often the run is looked at, and how often in a row nothing may have happened before it counts as standing still. */
const LOOK_MS = 4;
const LOOKS_BEFORE_NEXT_TRIP = 3;
const LOOKS_BEFORE_END = 8;

/** Omits what `Tally` adds. */
type Noted = Operation extends infer Each ? (Each extends unknown ? Omit<Each, "at"> : never) : never;

/**
 * Records the operations of one run and decides when it has ended.
 *
 * Where trips are paced, D1's answers are handed over only when nothing else goes on, all that are there at once. So each
 * trip takes one unit of a clock on which everything else takes none, and what waits for what no longer depends on how
 * fast this machine is.
 */
export class Tally {
  readonly operations: Operation[] = [];
  readonly #isPaced: boolean;
  readonly #wait: (milliseconds: number) => Promise<void>;
  #time = 0;
  /** Answers that were handed over so far: what an object writes between two of them is one commit. */
  #answers = 0;
  #changes = 0;
  /** On its way without anybody's doing: trips that D1 has not answered, messages before their batch. */
  #travelling = 0;
  /** Goes on, and may wait for a trip's answer. */
  #running = 0;
  #held = 0;
  #hasReplied = false;

  /** @param wait the platform's own, which a measured run replaces */
  constructor(isPaced: boolean, wait: (milliseconds: number) => Promise<void>) {
    this.#isPaced = isPaced;
    this.#wait = wait;
  }

  note(operation: Noted): void {
    this.#changes += 1;
    this.operations.push({ ...operation, at: this.#time } as Operation);
  }

  /** Names the commit that a record of this object belongs to. */
  commitOf(object: string): string {
    return `${object} ${this.#answers}`;
  }

  /** One trip to D1, which ends when its answer is handed over. */
  async trip<T>(send: () => Promise<T>): Promise<T> {
    this.#travelling += 1;
    try {
      return await send();
    } finally {
      if (this.#isPaced) await this.#handOver();
      this.#travelling -= 1;
      this.answered();
    }
  }

  /** Waits in the request whose trip it is: it may not wait for what only another request does. */
  async #handOver(): Promise<void> {
    const begun = this.#time;
    this.#travelling -= 1;
    this.#held += 1;
    this.#changes += 1;
    while (this.#time === begun) await this.#wait(1);
    this.#held -= 1;
    this.#travelling += 1;
  }

  answered(): void {
    this.#answers += 1;
    this.#changes += 1;
  }

  async during<T>(run: () => Promise<T>): Promise<T> {
    this.#running += 1;
    try {
      return await run();
    } finally {
      this.#running -= 1;
      this.#changes += 1;
    }
  }

  messagesSent(): void {
    this.#travelling += 1;
  }

  messagesArrived(count: number): void {
    this.#changes += 1;
    this.#travelling = Math.max(this.#travelling - count, 0);
  }

  replied(): void {
    this.note({ kind: "reply", from: "" });
    this.#hasReplied = true;
  }

  /** Until the reply is there and nothing goes on behind it. */
  async untilQuiet(): Promise<void> {
    for (let still = 0, seen = -1; ;) {
      await this.#wait(LOOK_MS);
      still = this.#changes === seen && this.#travelling === 0 ? still + 1 : 0;
      seen = this.#changes;
      if (this.#held > 0 && still >= LOOKS_BEFORE_NEXT_TRIP) {
        this.#time += 1;
        still = 0;
      } else if (this.#held + this.#running === 0 && this.#hasReplied && still >= LOOKS_BEFORE_END) return;
    }
  }
}
