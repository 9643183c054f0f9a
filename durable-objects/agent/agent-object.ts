import { DurableObject } from "cloudflare:workers";
import type { History, HistoryNeed } from "../../src/core/policy/history.ts";
import { AgentStore } from "./store.ts";
import type { Reservation, Settlement } from "../../src/ports/counters.ts";

/**
 * One agent's exact counters: what its policies limit over time, what it proposed lately, what people rejected.
 *
 * An intent is counted before it is decided and by its own id, so that of many at once none slips through and
 * none counts twice. What is never confirmed (the Worker died in between) stops counting at its deadline.
 */
export class AgentObject extends DurableObject<Env> {
  readonly #store: AgentStore;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new AgentStore(ctx.storage);
  }

  /** What the counters say without this intent, and from now on with it. */
  async reserve(reservation: Reservation, need: HistoryNeed): Promise<History> {
    const now = Date.now();
    return this.ctx.storage.transactionSync(() => {
      const history = this.#store.history(reservation, need, now);
      this.#store.add(reservation, now);
      return history;
    });
  }

  /** The same, counting nothing: for a dry run. */
  async peek(reservation: Reservation, need: HistoryNeed): Promise<History> {
    return this.#store.history(reservation, need, Date.now());
  }

  /** The intent was blocked: it never counted. */
  async release(intent: string): Promise<void> {
    this.#store.remove(intent);
  }

  /** What became of an intent, as its own object knows it; told again it changes nothing. */
  async settle(settlement: Settlement): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#store.settle(settlement, Date.now()));
  }
}
