import { logLine } from "../../src/core/base/log-line.ts";
import { DurableObject } from "cloudflare:workers";
import type {
  Delivery,
  DeliveryRecord,
  NotifyMessage,
  DeliveryResult,
} from "../../src/ports/notifications.ts";
import { DispatchStore } from "./store.ts";

/** A message that nobody has come for by now is lost: the queue's batches are collected for a second. */
const LOST_MS = 5_000;

/** How often it looks at a ledger that nobody says has grown: each poke may be lost, and no cron fires locally. */
const IDLE_MS = 60_000;

/** D1 or the queue did not answer. */
const RETRY_MS = 5_000;

const START = "SELECT after_row FROM telling_start WHERE id = 1";

const LAST_ROW = "SELECT COALESCE(MAX(id), 0) AS id FROM ledger";

/**
 * What is to be told to others: how far the ledger was read for it, and every delivery with its retries. One object.
 *
 * It decides nothing and sends nothing but one message to the queue, whenever there is something to plan or to
 * deliver. Its alarm is always set, so that a lost message or a restart costs a delay and nothing else.
 */
export class DispatchObject extends DurableObject<Env> {
  readonly #store: DispatchStore;
  /** When the message was sent that nobody has come for yet; null: there is none. */
  #requestedAt: number | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new DispatchStore(ctx.storage);
  }

  /** The ledger may have grown, or somebody leaves work behind. */
  async poke(): Promise<void> {
    await this.#requestWorker();
  }

  /** Asked first by whoever works: rows that come in from now on are worth another message. */
  async cursor(): Promise<number> {
    this.#requestedAt = null;
    const known = this.#store.cursor();
    if (known !== null) return known;
    const start = (await this.env.DB.prepare(START).first<number>("after_row")) ?? 0;
    // Another call may have begun meanwhile, and moved on.
    const begun = this.#store.cursor();
    if (begun !== null) return begun;
    this.#store.putCursor(start);
    return start;
  }

  async plan(from: number, to: number, deliveries: readonly Delivery[]): Promise<boolean> {
    const planned = this.#store.plan(from, to, deliveries);
    // Whoever planned goes on to deliver; should it die before that, the alarm sees to it.
    if (deliveries.length > 0) await this.#wakeBy(Date.now() + LOST_MS);
    return planned;
  }

  async add(deliveries: readonly Delivery[]): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#store.add(deliveries));
    await this.#requestWorker();
  }

  async lease(limit: number): Promise<readonly DeliveryRecord[]> {
    return this.#store.lease(limit, Date.now());
  }

  async settle(id: string, result: DeliveryResult): Promise<void> {
    const now = Date.now();
    this.#store.settle(id, result, now);
    const next = this.#store.nextAt();
    // What is due already is for whoever settles to go on with: a message for each would be one per delivery.
    if (next !== null) await this.#wakeBy(next <= now ? now + LOST_MS : next);
  }

  async find(id: string): Promise<DeliveryRecord | null> {
    return this.#store.find(id);
  }

  async ofIntents(intents: readonly string[]): Promise<readonly DeliveryRecord[]> {
    return this.#store.ofIntents(intents);
  }

  async log(target: string, after: string | null, limit: number): Promise<readonly DeliveryRecord[]> {
    const last = after === null ? null : this.#store.find(after);
    return after !== null && last?.target !== target ? [] : this.#store.log(target, last, limit);
  }

  async replay(id: string): Promise<DeliveryRecord | null> {
    this.#store.replay(id, Date.now());
    const record = this.#store.find(id);
    if (record !== null) await this.#requestWorker();
    return record;
  }

  async drop(target: string): Promise<void> {
    this.#store.drop(target, Date.now());
  }

  /** Never ends by throwing: the platform gives up on an alarm that fails six times. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#store.prune(now);
    const next = this.#store.nextAt();
    const isDue = next !== null && next <= now;
    if (isDue || (await this.#isBehind())) {
      this.#requestedAt = null;
      await this.#requestWorker();
    } else {
      await this.ctx.storage.setAlarm(Math.min(next ?? Number.POSITIVE_INFINITY, now + IDLE_MS));
    }
  }

  async #isBehind(): Promise<boolean> {
    try {
      const last = await this.env.DB.prepare(LAST_ROW).first<number>("id");
      return last !== this.#store.cursor();
    } catch (error) {
      console.error(logLine("ledger_read_failed", { error: String(error) }));
      return true;
    }
  }

  /** One message at a time: whoever comes for it finds all there is. */
  async #requestWorker(): Promise<void> {
    const now = Date.now();
    const isPending =
      this.#requestedAt !== null && now >= this.#requestedAt && now - this.#requestedAt < LOST_MS;
    if (isPending) return;
    this.#requestedAt = now;
    await this.#wakeBy(now + LOST_MS);
    try {
      await this.env.EVENTS.send({ type: "notify" } satisfies NotifyMessage);
    } catch (error) {
      this.#requestedAt = null;
      console.error(logLine("queue_send_failed", { error: String(error) }));
      await this.#wakeBy(now + RETRY_MS);
    }
  }

  /** Sets the alarm for this time, unless it rings before. */
  async #wakeBy(time: number): Promise<void> {
    const alarm = await this.ctx.storage.getAlarm();
    if (alarm === null || alarm > time) await this.ctx.storage.setAlarm(time);
  }
}
