import { isYounger } from "../../src/core/base/age.ts";
import { timeLimitsOf, type TimeLimits } from "../../src/core/base/time-limits.ts";
import { SILENCE_MS } from "./audience.ts";
import { logLine } from "../../src/core/base/log-line.ts";
import { DurableObject } from "cloudflare:workers";
import type {
  Delivery,
  DeliveryRecord,
  NotifyMessage,
  DeliveryResult,
} from "../../src/ports/notifications.ts";
import { DispatchStore } from "./store.ts";
import type { SilenceWitness } from "../../src/core/intent/state.ts";

/** A queue message without a worker by now is lost: the queue collects a batch for one second. */
const LOST_MS = 5_000;

/** How often the alarm polls the ledger without a poke: a poke may be lost, and no cron fires locally. */
const IDLE_MS = 60_000;

/** No isolate wakes nobody any longer after this, also where its clock is a little behind. */
const LOOK_AGAIN_MS = SILENCE_MS + 1_000;

/** A binding of the local server. */
interface LocalStart {
  /** Names this start of it. */
  readonly LOCAL_START?: string;
}

/** Pause after D1 or the queue failed. */
const RETRY_MS = 5_000;

const START = "SELECT after_row FROM telling_start WHERE id = 1";

const LAST_ROW = "SELECT COALESCE(MAX(id), 0) AS id FROM ledger";

/**
 * The dispatcher, one object per deployment: how far planning has read the ledger, and every delivery with its retries.
 *
 * It plans and delivers nothing itself: whenever there is work it sends one message to the queue, whose consumer does
 * both. Its alarm is always set, so that a lost message or a restart only costs a delay.
 */
export class DispatchObject extends DurableObject<Env> {
  readonly #store: DispatchStore;
  readonly #limits: TimeLimits;
  /** When the message was sent that no worker has taken yet; null: there is none. */
  #requestedAt: number | null = null;
  /** As the last worker found it; in memory only, for the answer to be yes in doubt. */
  #hasAudience = true;
  /** When somebody new to notify was last announced or found; in memory only, as what isolates know of it. */
  #heardAt = Number.NEGATIVE_INFINITY;
  /** Since a worker last began: it may have looked at the webhooks before. */
  #isNews = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#limits = timeLimitsOf(env);
    this.#store = new DispatchStore(ctx.storage);
  }

  /** The ledger may have grown, or a worker ran out of time with work left. */
  async poke(): Promise<boolean> {
    this.#beat(Date.now());
    await this.#requestWorker();
    return this.#hasAudience;
  }

  async listen(): Promise<void> {
    this.#isNews = true;
    await this.#hear(Date.now());
    await this.poke();
  }

  /** Isolates that still wake nobody leave rows, for which the alarm looks once more when the last of them speaks again. */
  async #hear(now: number): Promise<void> {
    this.#hasAudience = true;
    this.#heardAt = now;
    await this.#wakeBy(now + LOOK_AGAIN_MS);
  }

  /** A worker calls it first, which takes the pending message: later rows need another one. */
  async cursor(): Promise<number> {
    this.#requestedAt = null;
    this.#isNews = false;
    const known = this.#store.cursor();
    if (known !== null) return known;
    const start = (await this.env.DB.prepare(START).first<number>("after_row")) ?? 0;
    // A concurrent call may have stored the cursor during the await, and its worker moved it on.
    const begun = this.#store.cursor();
    if (begun !== null) return begun;
    this.#store.putCursor(start);
    return start;
  }

  async plan(
    from: number,
    to: number,
    deliveries: readonly Delivery[],
    hasAudience?: boolean,
  ): Promise<boolean> {
    const now = Date.now();
    // A worker of an earlier deployment does not say.
    const isFirst = hasAudience !== false && !this.#hasAudience;
    this.#hasAudience = hasAudience !== false || this.#isNews;
    const planned = this.#store.plan(from, to, deliveries);
    if (isFirst) await this.#hear(now);
    // The planning worker delivers next; if it crashes before that, the alarm requests another.
    if (deliveries.length > 0) await this.#wakeBy(now + LOST_MS);
    return planned;
  }

  async add(deliveries: readonly Delivery[]): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#store.add(deliveries));
    await this.#requestWorker();
  }

  async lease(limit: number): Promise<readonly DeliveryRecord[]> {
    return this.#store.lease(limit, Date.now(), this.#limits.deliveryLeaseMs);
  }

  async settle(id: string, result: DeliveryResult): Promise<void> {
    const now = Date.now();
    this.#store.settle(id, result, now);
    const next = this.#store.nextAt();
    // The settling worker leases what is due already: a message each time would be one per delivery.
    if (next !== null) await this.#wakeBy(next <= now ? now + LOST_MS : next);
  }

  async find(id: string): Promise<DeliveryRecord | null> {
    return this.#store.find(id);
  }

  /** What is known of an intent's wait since then; see `confirmSilence`. */
  async silenceWitness(intent: string, since: number): Promise<SilenceWitness> {
    this.#beat(Date.now());
    return { upSince: this.#store.upSince(), notifiedAt: this.#store.firstNotified(intent, since) };
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

  /** Must not throw: the platform gives up on an alarm that fails six times. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#beat(now);
    this.#store.prune(now);
    const next = this.#store.nextAt();
    const isDue = next !== null && next <= now;
    if (isDue || (await this.#isBehind())) {
      this.#requestedAt = null;
      await this.#requestWorker();
    } else {
      const isHeard = isYounger(this.#heardAt, now, LOOK_AGAIN_MS);
      const idle = isHeard ? this.#heardAt + LOOK_AGAIN_MS : now + IDLE_MS;
      await this.ctx.storage.setAlarm(Math.min(next ?? Number.POSITIVE_INFINITY, idle));
    }
  }

  #beat(now: number): void {
    this.#store.beat(now, (this.env as Env & LocalStart).LOCAL_START ?? null);
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

  /** One message at a time: its worker finds all pending work. */
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

  /** Sets the alarm for this time, unless it is set for an earlier one. */
  async #wakeBy(time: number): Promise<void> {
    const alarm = await this.ctx.storage.getAlarm();
    if (alarm === null || alarm > time) await this.ctx.storage.setAlarm(time);
  }
}
