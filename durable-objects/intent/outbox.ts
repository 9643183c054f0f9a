import { logLine } from "../../src/core/base/log-line.ts";
import { d1Ledger } from "../../src/adapters/d1/ledger.ts";
import { counterEffect } from "../../src/core/intent/counter-effect.ts";
import { rowOf } from "../../src/core/intent/read-model.ts";
import { nextDeadline } from "../../src/core/intent/settle.ts";
import { sendBackoffMs } from "../../src/core/intent/send-backoff.ts";
import { unconfirmedSilence } from "../../src/core/intent/silence.ts";
import { isSendDue } from "../../src/core/intent/sending.ts";
import type { Instant, IntentState } from "../../src/core/intent/state.ts";
import { isYounger } from "../../src/core/base/age.ts";
import type { LedgerCommit } from "../../src/ports/ledger.ts";
import { AppendGroup, canShareBatches } from "./append-group.ts";
import type { IntentStore, Progress } from "./store.ts";
import { pokeLog } from "../log/poke.ts";
import { pokeDispatcher } from "../dispatch/poke.ts";
import type { DeadlineMessage, SendMessage } from "../../src/ports/intents.ts";

/** When an alarm looks after a commit. An object that it finds done leaves memory ten seconds later. */
const FIRST_LOOK_MS = 2_000;

/** Pause before a retry when D1 or the counters refused an update; every command meanwhile retries as well. */
const RETRY_MS = 5_000;

/** The longest delay of a queue message; a message for a later deadline is enqueued again on arrival. */
const MAX_QUEUE_DELAY_SECONDS = 24 * 60 * 60;

/** How long an object whose entries D1 refused shares no batch with others. */
const ALONE_MS = 60_000;

/** All objects of the isolate. */
const group = new AppendGroup();

/**
 * The effects of an intent's commits: entries to D1, the counter effect to the agent's object, a queue message for the
 * deadline that people wait on. All depend on the alarm being set: it retries each effect and applies the deadline.
 *
 * What was done is noted in memory and stored with the next write. An object that is evicted before does it again, and
 * every receiver accepts repeats.
 */
export class IntentOutbox {
  readonly #ctx: DurableObjectState;
  readonly #env: Env;
  readonly #store: IntentStore;
  #flushing: Promise<boolean> | undefined;
  /** Effects under way. */
  #running = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(ctx: DurableObjectState, env: Env, store: IntentStore) {
    this.#ctx = ctx;
    this.#env = env;
    this.#store = store;
  }

  /** What a commit stores beside its state: the send that it makes due, and the alarm that its effects need. */
  planned(state: IntentState, progress: Progress): Progress {
    const now = Date.now();
    const isNewlyDue = progress.sending === null && isSendDue(state, now);
    const sending = isNewlyDue ? { attempts: 0, at: now } : progress.sending;
    return withAlarm(state, { ...progress, sending }, now, FIRST_LOOK_MS);
  }

  /**
   * Must run in the turn of a commit, so that the alarm is part of it and fires even if nothing else ever runs.
   *
   * @param before the alarm that was set before the commit
   * @param attended true: the caller of this commit begins the send itself
   */
  committed(before: Instant | null, attended = false): void {
    this.#setAlarm(before);
    // The caller begins the send next, and that flush carries these entries too. If the caller crashes, the alarm does
    // it.
    const state = this.#store.state();
    const isBegunNext = attended && state?.phase === "approved";
    if (state === undefined || isBegunNext) return;
    const progress = this.#store.progress();
    if (isBehind(state, progress) || this.#isSendOverdue()) this.#ctx.waitUntil(this.catchUp());
  }

  get isRunning(): boolean {
    return this.#running > 0 || this.#flushing !== undefined;
  }

  /** Runs every effect of the commits so far. False when some effect needs a retry. */
  async catchUp(): Promise<boolean> {
    this.#running += 1;
    try {
      if (!(await this.flush())) return false;
      const isSettled = await this.#updateCounters();
      await this.#requestSend();
      return isSettled;
    } finally {
      this.#running -= 1;
    }
  }

  /** After an alarm: sets the next one. One that fired before anything was due would otherwise be the last. */
  setNextAlarm(): void {
    const state = this.#store.state();
    if (state === undefined) return;
    const { alarm } = this.#store.progress();
    const progress = withAlarm(state, this.#store.progress(), Date.now());
    if (progress.alarm === alarm) return;
    this.#store.put(state, progress);
    this.#setAlarm(alarm);
  }

  #setAlarm(before: Instant | null): void {
    const { alarm } = this.#store.progress();
    if (alarm !== null && alarm !== before) void this.#ctx.storage.setAlarm(alarm);
  }

  #isSendOverdue(): boolean {
    const state = this.#store.state();
    const now = Date.now();
    return state !== undefined && (nextSendAt(state, this.#store.progress(), now) ?? Infinity) <= now;
  }

  async #requestSend(): Promise<void> {
    const state = this.#store.state();
    const progress = this.#store.progress();
    if (state === undefined || progress.sending === null || !this.#isSendOverdue()) return;
    // Stored before the message: a lost message is sent again after the pause, and never in a tight loop.
    const attempts = progress.sending.attempts + 1;
    const sending = { attempts, at: Date.now() + sendBackoffMs(attempts) };
    this.#store.put(state, withAlarm(state, { ...progress, sending }, Date.now()));
    this.#setAlarm(progress.alarm);
    const message: SendMessage = { type: "send", intent: state.terms.id };
    try {
      await this.#env.EVENTS.send(message);
    } catch (error) {
      console.error(logLine("queue_send_failed", { intent: state.terms.id, error: String(error) }));
    }
  }

  /** Appends all entries up to the head to D1. False when D1 failed; the entries stay in the outbox. */
  async flush(): Promise<boolean> {
    // One at a time; a flush that started before the latest commit may have missed it, hence the loop.
    for (;;) {
      const state = this.#store.state();
      if (this.#flushing !== undefined) {
        await this.#flushing;
      } else if (state === undefined || isFlushed(state, this.#store.progress())) {
        return true;
      } else {
        this.#flushing = this.#flushOnce(state).finally(() => (this.#flushing = undefined));
        if (!(await this.#flushing)) return false;
      }
    }
  }

  async #flushOnce(state: IntentState): Promise<boolean> {
    const progress = this.#store.progress();
    const { seq, flushed } = progress;
    const due = queueDeadline(state);
    try {
      if (seq > flushed) {
        await this.#append({ entries: this.#store.entries(flushed), row: rowOf(state, seq) });
      }
    } catch (error) {
      if (isRefusal(error)) this.#refusedAt = Date.now();
      console.error(logLine("ledger_flush_failed", { intent: state.terms.id, error: String(error) }));
      return false;
    }
    // Not awaited: a pending order would wait for it too, and the alarm covers the same deadline.
    const isMessageDue = due !== null && !isQueued(due, progress);
    if (isMessageDue) this.#ctx.waitUntil(this.#enqueue(state.terms.id, due));
    this.#ctx.waitUntil(pokeLog(this.#env));
    this.#ctx.waitUntil(pokeDispatcher(this.#env));
    // Other commands may have committed during the await: only the entries that this flush appended are noted.
    this.#store.note({ flushed: seq, ...(isMessageDue && { queuedFor: due }) });
    return true;
  }

  /** An object whose entries D1 refuses, such as a fork, would have everybody's batch refused time and again. */
  async #append(commit: LedgerCommit): Promise<void> {
    const ledger = d1Ledger(this.#env.DB);
    const isRefused = isYounger(this.#refusedAt, Date.now(), ALONE_MS);
    if (isRefused || !canShareBatches) return ledger.append([commit]);
    // Another object may send it, whose output gate knows nothing of what this one has still to store.
    await this.#ctx.storage.sync();
    return group.append(ledger, commit);
  }

  /** Sends the effect to the agent's counters, which accept repeats; an order never waits for them. */
  async #updateCounters(): Promise<boolean> {
    const state = this.#store.state();
    if (state === undefined || areCountersUpdated(state, this.#store.progress())) return true;
    const { id: intent, agent, subject } = state.terms;
    const effect = counterEffect(state);
    try {
      await this.#env.AGENTS.getByName(agent).settle({ intent, effect, subject, at: state.updatedAt });
    } catch (error) {
      console.error(logLine("counter_update_failed", { intent, error: String(error) }));
      return false;
    }
    this.#store.note({ told: effect });
    const now = this.#store.state();
    return now === undefined || areCountersUpdated(now, this.#store.progress());
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

/** D1 answered, and will again: while it is down, all go together as before. */
function isRefusal(error: unknown): boolean {
  return String(error).includes("SQLITE_CONSTRAINT");
}

/** With the alarm for the earliest pending effect or deadline, unless one that is set fires before. */
function withAlarm(state: IntentState, progress: Progress, now: Instant, lookMs = RETRY_MS): Progress {
  const { alarm } = progress;
  const wanted = nextAlarm(state, progress, now, lookMs);
  if (wanted === null) return progress;
  // One that is due fires now or fired: it is not counted on.
  const isSet = alarm !== null && alarm > now && alarm <= wanted;
  return isSet ? progress : { ...progress, alarm: wanted };
}

function nextAlarm(state: IntentState, progress: Progress, now: Instant, lookMs: number): Instant | null {
  // A send that is due waits for D1 and is retried with it: an alarm in the past would fire at once, in a loop.
  const next = isBehind(state, progress) ? now + lookMs : nextSendAt(state, progress, now);
  const confirmation = unconfirmedSilence(state, now) === null ? null : now + RETRY_MS;
  const times = [next, nextDeadline(state), confirmation].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

function nextSendAt(state: IntentState, { sending }: Progress, now: Instant): Instant | null {
  return sending !== null && isSendDue(state, now) ? sending.at : null;
}

function isBehind(state: IntentState, progress: Progress): boolean {
  return !isFlushed(state, progress) || !areCountersUpdated(state, progress);
}

function isFlushed(state: IntentState, progress: Progress): boolean {
  return progress.seq === progress.flushed && isQueued(queueDeadline(state), progress);
}

/**
 * Is a message on its way that has this deadline applied? One for an earlier deadline is: on its arrival the next is
 * sent. With a message for each heartbeat a worker could fill the queue.
 */
function isQueued(due: Instant | null, { queuedFor }: Progress): boolean {
  if (due === queuedFor || due === null) return true;
  return queuedFor !== null && Date.now() < queuedFor && queuedFor < due;
}

/** The deadline worth a queue message: the one that people wait on. For all others the alarm is early enough. */
function queueDeadline({ phase, decideBy }: IntentState): Instant | null {
  return phase === "pending_approval" ? decideBy : null;
}

/** Do the agent's counters have this intent's effect? An uncounted intent concerns them only if it was rejected. */
function areCountersUpdated(state: IntentState, progress: Progress): boolean {
  const effect = counterEffect(state);
  return progress.told === effect || (!state.terms.counted && effect !== "rejected");
}
