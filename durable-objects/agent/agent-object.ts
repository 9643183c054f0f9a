import { DurableObject } from "cloudflare:workers";
import type { History, HistoryNeed } from "../../src/core/policy/history.ts";
import { AgentStore } from "./store.ts";
import type { Reservation, Settlement } from "../../src/ports/counters.ts";

/**
 * One agent's exact counters: amounts that its policies limit per window, recent proposals, and rejections by people.
 *
 * Gate counts an intent before it evaluates it, and by its id, so that concurrent proposals can't pass a limit together
 * and none counts twice. A reservation that is never confirmed (the Worker crashed meanwhile) stops counting at its
 * deadline.
 */
export class AgentObject extends DurableObject<Env> {
  readonly #store: AgentStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new AgentStore(ctx.storage);
  }

  /** The counters without this intent, which counts from now on. */
  async reserve(reservation: Reservation, need: HistoryNeed): Promise<History> {
    const now = Date.now();
    return this.ctx.storage.transactionSync(() => {
      const history = this.#store.history(reservation, need, now);
      this.#store.add(reservation, now);
      return history;
    });
  }

  /** The same without a reservation: for a dry run. */
  async peek(reservation: Reservation, need: HistoryNeed): Promise<History> {
    return this.#store.history(reservation, need, Date.now());
  }

  /** Removes the reservation: the intent is blocked, or not made. */
  async release(intent: string): Promise<void> {
    this.#store.release(intent);
  }

  /** Records how the intent counts, as its own object reports it. Idempotent. */
  async settle(settlement: Settlement): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#store.settle(settlement, Date.now()));
  }
}
