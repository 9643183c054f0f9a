import { logLine } from "../../src/core/base/log-line.ts";
import { d1Ledger } from "../../src/adapters/d1/ledger.ts";
import { GATE } from "../../src/core/intent/event.ts";
import { counterEffect } from "../../src/core/intent/counter-effect.ts";
import { rowOf } from "../../src/core/intent/read-model.ts";
import { nextVisibleDeadline, nextDeadline } from "../../src/core/intent/settle.ts";
import { sendBackoffMs } from "../../src/core/intent/send-backoff.ts";
import { isSendDue } from "../../src/core/intent/sending.ts";
import { currentOrder, type Instant, type IntentState } from "../../src/core/intent/state.ts";
import type { IntentStore } from "./store.ts";
import { pokeLog } from "../log/poke.ts";
import { pokeDispatcher } from "../dispatch/poke.ts";
import type { DeadlineMessage, SendMessage } from "../../src/ports/intents.ts";

/** D1 or the counters did not take what they were told: tried again after this long, and on every command until then. */
const RETRY_MS = 5_000;

/** The longest delay a queue message can have; longer waits are re-enqueued on the way. */
const MAX_QUEUE_DELAY_SECONDS = 24 * 60 * 60;

/**
 * What follows from an intent's commits: entries to D1, what became of it to the agent's counters, a message for
 * the deadline somebody waits on. The alarm is the one thing that must not be forgotten: it tries all of it again
 * and keeps the deadline.
 */
export class IntentOutbox {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #store: IntentStore;
  #flushing: Promise<boolean> | undefined;

  constructor(ctx: DurableObjectState, env: Env, store: IntentStore) {
    this.#ctx = ctx;
    this.#env = env;
    this.#store = store;
  }

  /**
   * Called in the turn of a commit, so that the alarm is part of it: if nothing else ever runs, that will.
   *
   * @param attended true: whoever made this commit sends the write themselves
   */
  committed(attended = false): void {
    this.#planSending();
    this.keepAlarm();
    // What is begun in a moment goes to D1 with its beginning, which waits for that. Should nobody begin it, the alarm
    // is set.
    const isBegunNext = attended && this.#store.state()?.phase === "approved";
    if (!isBegunNext && (this.#isBehind() || this.#isSendingDue())) this.#ctx.waitUntil(this.catchUp());
  }

  /** Everything that follows from a commit. False when some of it has to be tried again. */
  async catchUp(): Promise<boolean> {
    if (!(await this.flush())) return false;
    const isSettled = await this.#updateCounters();
    await this.#haveSent();
    return isSettled;
  }

  /** A write that Gate sends is asked for in the queue until it has begun, and again where nothing had been sent. */
  #planSending(): void {
    const state = this.#store.state();
    if (state === undefined || !isSendDue(state, Date.now())) return;
    if (this.#store.progress().sending !== null) return;
    this.#store.putProgress({ sending: { attempts: 0, at: Date.now() } });
  }

  #sendingAt(): Instant | null {
    const state = this.#store.state();
    const { sending } = this.#store.progress();
    return sending !== null && state !== undefined && isSendDue(state, Date.now()) ? sending.at : null;
  }

  #isSendingDue(): boolean {
    return (this.#sendingAt() ?? Infinity) <= Date.now();
  }

  async #haveSent(): Promise<void> {
    const state = this.#store.state();
    const { sending } = this.#store.progress();
    if (state === undefined || sending === null || !this.#isSendingDue()) return;
    // Before the message: lost on the way, it is sent again when the pause is over, and never in a circle.
    const attempts = sending.attempts + 1;
    this.#store.putProgress({ sending: { attempts, at: Date.now() + sendBackoffMs(attempts) } });
    this.keepAlarm();
    const message: SendMessage = { type: "send", intent: state.terms.id };
    try {
      await this.#env.EVENTS.send(message);
    } catch (error) {
      console.error(logLine("queue_send_failed", { intent: state.terms.id, error: String(error) }));
    }
  }

  /** Sets the alarm for whatever is still to be done. */
  keepAlarm(): void {
    const state = this.#store.state();
    const deadline = state === undefined ? null : nextDeadline(state);
    // What is due already and waits for D1 is tried with D1: an alarm in the past would come back at once, for ever.
    const next = this.#isBehind() ? Date.now() + RETRY_MS : this.#sendingAt();
    const times = [next, deadline].filter((time) => time !== null);
    if (times.length > 0) void this.#ctx.storage.setAlarm(Math.min(...times));
    else void this.#ctx.storage.deleteAlarm();
  }

  #isBehind(): boolean {
    return !this.#isFlushed() || !this.#areCountersUpdated();
  }

  /** Brings D1 up to the head. False when it would not take it; the entries stay in the outbox. */
  async flush(): Promise<boolean> {
    // One at a time; a flush that started before the latest commit may have missed it, so look again.
    for (;;) {
      if (this.#flushing !== undefined) {
        await this.#flushing;
      } else if (this.#isFlushed()) {
        return true;
      } else {
        this.#flushing = this.#flushOnce().finally(() => (this.#flushing = undefined));
        if (!(await this.#flushing)) return false;
      }
    }
  }

  #isFlushed(): boolean {
    const { seq, flushed, queuedFor } = this.#store.progress();
    const state = this.#store.state();
    return seq === flushed && (state === undefined || this.#wake(state) === queuedFor);
  }

  async #flushOnce(): Promise<boolean> {
    const state = this.#store.state();
    if (state === undefined) return true;
    const { seq, flushed, queuedFor } = this.#store.progress();
    const wake = this.#wake(state);
    try {
      if (seq > flushed) {
        const entries = this.#store.entries().filter((entry) => entry.seq > flushed);
        await d1Ledger(this.#env.DB).append(entries, rowOf(state, seq));
      }
    } catch (error) {
      console.error(logLine("ledger_flush_failed", { intent: state.terms.id, error: String(error) }));
      return false;
    }
    // Not waited for: an order that is asked for now would wait with it, and the alarm keeps the same deadline.
    if (wake !== null && wake !== queuedFor) this.#ctx.waitUntil(this.#enqueue(state.terms.id, wake));
    this.#ctx.waitUntil(pokeLog(this.#env));
    this.#ctx.waitUntil(pokeDispatcher(this.#env));
    // Commands may have come in while D1 worked: only what this flush saw is marked.
    this.#store.putProgress({ flushed: seq, queuedFor: wake });
    this.keepAlarm();
    return true;
  }

  /** Do the agent's counters know what became of this intent? Only a rejection concerns them when it wasn't counted. */
  #areCountersUpdated(): boolean {
    const state = this.#store.state();
    if (state === undefined) return true;
    const effect = counterEffect(state);
    return this.#store.progress().told === effect || (!state.terms.counted && effect !== "rejected");
  }

  /** Tells the agent's counters. They may be told twice; an order never waits for them. */
  async #updateCounters(): Promise<boolean> {
    const state = this.#store.state();
    if (state === undefined || this.#areCountersUpdated()) return true;
    const { id: intent, agent, subject } = state.terms;
    const effect = counterEffect(state);
    try {
      await this.#env.AGENTS.getByName(agent).settle({ intent, effect, subject, at: state.updatedAt });
    } catch (error) {
      console.error(logLine("counter_update_failed", { intent, error: String(error) }));
      return false;
    }
    this.#store.putProgress({ told: effect });
    this.keepAlarm();
    return this.#areCountersUpdated();
  }

  /**
   * The deadline worth a queue message: one that a person or a worker waits on. An approved intent that nobody
   * orders expires by computation and by the alarm; a message for each would double the cost of a proposal. So would
   * one for each claim of Gate's own, which nearly always ends at once.
   */
  #wake(state: IntentState): Instant | null {
    const isOwnClaim = state.phase === "claimed" && currentOrder(state)?.claim?.by === GATE;
    return state.phase === "approved" || isOwnClaim ? null : nextVisibleDeadline(state);
  }

  async #enqueue(intent: string, at: Instant): Promise<void> {
    const delaySeconds = Math.min(Math.max(Math.ceil((at - Date.now()) / 1000), 0), MAX_QUEUE_DELAY_SECONDS);
    const message: DeadlineMessage = { type: "deadline", intent, at };
    try {
      await this.#env.EVENTS.send(message, { delaySeconds });
    } catch (error) {
      // The alarm keeps the same deadline, so a queue that is down costs nothing but this line.
      console.error(logLine("queue_send_failed", { intent, error: String(error) }));
    }
  }
}
