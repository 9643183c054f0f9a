import { logLine } from "../../src/core/base/log-line.ts";
import { d1Ledger } from "../../src/adapters/d1/ledger.ts";
import { GATE } from "../../src/core/intent/event.ts";
import { counterEffect } from "../../src/core/intent/counter-effect.ts";
import { rowOf } from "../../src/core/intent/read-model.ts";
import { nextVisibleDeadline, nextDeadline } from "../../src/core/intent/settle.ts";
import { sendBackoffMs } from "../../src/core/intent/send-backoff.ts";
import { unconfirmedSilence } from "../../src/core/intent/silence.ts";
import { isSendDue } from "../../src/core/intent/sending.ts";
import { currentOrder, type Instant, type IntentState } from "../../src/core/intent/state.ts";
import type { IntentStore } from "./store.ts";
import { pokeLog } from "../log/poke.ts";
import { pokeDispatcher } from "../dispatch/poke.ts";
import type { DeadlineMessage, SendMessage } from "../../src/ports/intents.ts";

/** Pause before a retry when D1 or the counters refused an update; every command meanwhile retries as well. */
const RETRY_MS = 5_000;

/** The longest delay of a queue message; a message for a later deadline is enqueued again on arrival. */
const MAX_QUEUE_DELAY_SECONDS = 24 * 60 * 60;

/**
 * The effects of an intent's commits: entries to D1, the counter effect to the agent's object, a queue message for the
 * deadline that people or runners wait on. All depend on the alarm being set: it retries each effect and applies the
 * deadline.
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
   * Must run in the turn of a commit, so that the alarm is part of it and fires even if nothing else ever runs.
   *
   * @param attended true: the caller of this commit begins the send itself
   */
  committed(attended = false): void {
    this.#planSending();
    this.keepAlarm();
    // The caller begins the send next, and that flush carries these entries too. If the caller crashes, the alarm does
    // it.
    const isBegunNext = attended && this.#store.state()?.phase === "approved";
    if (!isBegunNext && (this.#isBehind() || this.#isSendOverdue())) this.#ctx.waitUntil(this.catchUp());
  }

  /** Runs every effect of the commits so far. False when some effect needs a retry. */
  async catchUp(): Promise<boolean> {
    if (!(await this.flush())) return false;
    const isSettled = await this.#updateCounters();
    await this.#requestSend();
    return isSettled;
  }

  /** Schedules queue messages for a write that Gate sends: until a send begins, and again after an undone claim. */
  #planSending(): void {
    const state = this.#store.state();
    if (state === undefined || !isSendDue(state, Date.now())) return;
    if (this.#store.progress().sending !== null) return;
    this.#store.putProgress({ sending: { attempts: 0, at: Date.now() } });
  }

  #nextSendAt(): Instant | null {
    const state = this.#store.state();
    const { sending } = this.#store.progress();
    return sending !== null && state !== undefined && isSendDue(state, Date.now()) ? sending.at : null;
  }

  #isSendOverdue(): boolean {
    return (this.#nextSendAt() ?? Infinity) <= Date.now();
  }

  async #requestSend(): Promise<void> {
    const state = this.#store.state();
    const { sending } = this.#store.progress();
    if (state === undefined || sending === null || !this.#isSendOverdue()) return;
    // Stored before the message: a lost message is sent again after the pause, and never in a tight loop.
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

  /** Sets the alarm for the earliest pending effect or deadline. */
  keepAlarm(): void {
    const state = this.#store.state();
    const deadline = state === undefined ? null : nextDeadline(state);
    // A send that is due waits for D1 and is retried with it: an alarm in the past would fire at once, in a loop.
    const next = this.#isBehind() ? Date.now() + RETRY_MS : this.#nextSendAt();
    const isUnconfirmed = state !== undefined && unconfirmedSilence(state, Date.now()) !== null;
    const confirmation = isUnconfirmed ? Date.now() + RETRY_MS : null;
    const times = [next, deadline, confirmation].filter((time) => time !== null);
    if (times.length > 0) void this.#ctx.storage.setAlarm(Math.min(...times));
    else void this.#ctx.storage.deleteAlarm();
  }

  #isBehind(): boolean {
    return !this.#isFlushed() || !this.#areCountersUpdated();
  }

  /** Appends all entries up to the head to D1. False when D1 failed; the entries stay in the outbox. */
  async flush(): Promise<boolean> {
    // One at a time; a flush that started before the latest commit may have missed it, hence the loop.
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
    const { seq, flushed } = this.#store.progress();
    const state = this.#store.state();
    return seq === flushed && (state === undefined || this.#isQueued(this.#queueDeadline(state)));
  }

  /**
   * Is a message on its way that has this deadline applied? One for an earlier deadline is: on its arrival the next is
   * sent. With a message for each heartbeat a worker could fill the queue.
   */
  #isQueued(due: Instant | null): boolean {
    const { queuedFor } = this.#store.progress();
    if (due === queuedFor || due === null) return true;
    return queuedFor !== null && Date.now() < queuedFor && queuedFor < due;
  }

  async #flushOnce(): Promise<boolean> {
    const state = this.#store.state();
    if (state === undefined) return true;
    const { seq, flushed } = this.#store.progress();
    const due = this.#queueDeadline(state);
    try {
      if (seq > flushed) {
        await d1Ledger(this.#env.DB).append(this.#store.entries(flushed), rowOf(state, seq));
      }
    } catch (error) {
      console.error(logLine("ledger_flush_failed", { intent: state.terms.id, error: String(error) }));
      return false;
    }
    // Not awaited: a pending order would wait for it too, and the alarm covers the same deadline.
    const isQueued = this.#isQueued(due);
    if (due !== null && !isQueued) this.#ctx.waitUntil(this.#enqueue(state.terms.id, due));
    this.#ctx.waitUntil(pokeLog(this.#env));
    this.#ctx.waitUntil(pokeDispatcher(this.#env));
    // Other commands may have committed during the await: mark only the entries that this flush appended.
    this.#store.putProgress({ flushed: seq, ...(!isQueued && { queuedFor: due }) });
    this.keepAlarm();
    return true;
  }

  /** Do the agent's counters have this intent's effect? An uncounted intent concerns them only if it was rejected. */
  #areCountersUpdated(): boolean {
    const state = this.#store.state();
    if (state === undefined) return true;
    const effect = counterEffect(state);
    return this.#store.progress().told === effect || (!state.terms.counted && effect !== "rejected");
  }

  /** Sends the effect to the agent's counters, which accept repeats; an order never waits for them. */
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
   * The deadline worth a queue message: one that a person or a runner waits on. For an approved intent without an
   * order computation and the alarm suffice; a message for each would double the cost of a proposal, and so would one
   * for each of Gate's own claims, which nearly always end at once.
   */
  #queueDeadline(state: IntentState): Instant | null {
    const isOwnClaim = state.phase === "claimed" && currentOrder(state)?.claim?.by === GATE;
    return state.phase === "approved" || isOwnClaim ? null : nextVisibleDeadline(state);
  }

  async #enqueue(intent: string, at: Instant): Promise<void> {
    const delaySeconds = Math.min(Math.max(Math.ceil((at - Date.now()) / 1000), 0), MAX_QUEUE_DELAY_SECONDS);
    const message: DeadlineMessage = { type: "deadline", intent, at };
    try {
      await this.#env.EVENTS.send(message, { delaySeconds });
    } catch (error) {
      // The alarm covers the same deadline, so a queue outage only delays its effect.
      console.error(logLine("queue_send_failed", { intent, error: String(error) }));
    }
  }
}
