import { DurableObject } from "cloudflare:workers";
import { d1Ledger } from "../src/adapters/ledger.ts";
import type { Decision } from "../src/core/decision.ts";
import type { IntentCommand } from "../src/core/intent/command.ts";
import { draftOf, factsNote, notesOf } from "../src/core/intent/entries.ts";
import type { Fact } from "../src/core/intent/event.ts";
import { fateOf } from "../src/core/intent/fate.ts";
import { evolve } from "../src/core/intent/evolve.ts";
import { handle, settle } from "../src/core/intent/handle.ts";
import { countRepeat, firstFacts, repeat } from "../src/core/intent/propose.ts";
import { rowOf } from "../src/core/intent/read-model.ts";
import type { Refusal } from "../src/core/intent/refusal.ts";
import { nextDeadline, phaseDeadline } from "../src/core/intent/settle.ts";
import type { Instant, IntentState } from "../src/core/intent/state.ts";
import { chain } from "../src/core/ledger/entry.ts";
import { err, ok, type Result } from "../src/core/result.ts";
import { deriveKey, secretsOf } from "../src/core/secret.ts";
import type { Acted, DeadlineMessage, Dossier, Proposal, ProposeReply } from "../src/ports.ts";
import { IntentStore } from "./intent-store.ts";
import { pokeLog } from "./log-poke.ts";
import { keyRing } from "./sealing.ts";

/** D1 or the counters did not take what they were told: tried again after this long, and on every command until then. */
const RETRY_MS = 5_000;

/** The longest delay a queue message can have; longer waits are re-enqueued on the way. */
const MAX_QUEUE_DELAY_SECONDS = 24 * 60 * 60;

/**
 * One intent: the single writer of its state, votes, orders and idempotency.
 *
 * Every command is read, decided and committed in one synchronous turn: the input gate lets nothing in between,
 * the output gate holds the reply until the commit is durable. Then the outbox is flushed to D1; whatever lets
 * something leave Gate (an order, a claim) waits for that first.
 */
export class IntentObject extends DurableObject<Env> {
  readonly #store: IntentStore;
  #flushing: Promise<boolean> | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new IntentStore(ctx.storage, keyRing(secretsOf(env)));
  }

  async propose(proposal: Proposal): Promise<Result<ProposeReply, Refusal>> {
    const now = Date.now();
    const before = this.#store.state();
    if (before === undefined) return ok({ repeated: false, state: this.#open(proposal) });
    // The platform may deliver one call twice; digests hold a random salt, so the same digest is the same call.
    if (before.terms.digest === proposal.terms.digest) return ok({ repeated: false, state: before });

    const state = this.#settled() ?? before;
    const repeated = repeat(state, proposal.terms.requestDigest, proposal.terms.agent, now);
    if (!repeated.ok) return repeated;
    this.#commit(repeated.value.facts, repeated.value.state);
    return ok({ repeated: true, state: repeated.value.state });
  }

  async repeated(by: string): Promise<IntentState | null> {
    const state = this.#settled();
    if (state === undefined) return null;
    const repeated = countRepeat(state, by, Date.now());
    this.#commit(repeated.facts, repeated.state);
    return repeated.state;
  }

  /** Carries out a command. Those after which something may leave Gate also wait until D1 has it. */
  async act(command: IntentCommand): Promise<Result<Acted, Refusal>> {
    const before = this.#store.state();
    if (before === undefined) return err({ reason: "not_found" });
    const { facts, state, changed, refusal } = handle(before, command, Date.now());
    if (state !== before) this.#commit(facts, state);
    if (refusal !== null) return err(refusal);
    const leaves = command.type === "order" || command.type === "claim";
    if (!leaves || (await this.#flush())) return ok({ state, changed });
    // Nobody was told of the claim, so nothing was done under it: taken back, it can be made again. A crash before
    // that leaves a claim that nobody holds; it lapses, and a person looks.
    if (command.type === "claim") this.#undoClaim(command.order);
    return err({ reason: "ledger_unavailable" });
  }

  #undoClaim(order: string): void {
    const state = this.#store.state();
    if (state === undefined) return;
    const undone = handle(state, { type: "unclaim", order }, Date.now());
    if (undone.state !== state) this.#commit(undone.facts, undone.state);
  }

  /** The state as of now; null for an intent that was never proposed. */
  async look(): Promise<IntentState | null> {
    return this.#settled() ?? null;
  }

  async dossier(): Promise<Dossier | null> {
    const state = this.#settled();
    if (state === undefined) return null;
    const record = this.#store.case();
    return {
      state,
      entries: this.#store.entries(),
      notes: [
        ...(record === undefined ? [] : [factsNote(JSON.parse(record.decision) as Decision)]),
        ...this.#store.notes(),
      ],
      salt: this.#store.salt(),
      case: record ?? null,
    };
  }

  async payload(): Promise<Uint8Array | null> {
    return this.#store.payload();
  }

  /** The queue's word that a deadline may have come: does nothing unless it has. */
  async tick(): Promise<void> {
    if (this.#settled() === undefined) return;
    this.#store.putProgress({ ...this.#store.progress(), queuedFor: null });
    await this.#catchUp();
  }

  override async alarm(): Promise<void> {
    if (this.#settled() === undefined) return;
    // Never by throwing: the platform gives up on an alarm that fails six times, and this one must not end.
    await this.#catchUp();
    // Set anew each time: one that fired before anything was due would otherwise have been the last.
    this.#keepAlarm();
  }

  #open({ terms, salt, ask, decision, payload }: Proposal): IntentState {
    const facts = firstFacts(terms, JSON.parse(decision) as Decision);
    const state = facts.reduce<IntentState | null>(evolve, null);
    if (state === null) throw new Error("a proposal without facts");
    const { kind, name, mediaType, bytes } = payload;
    const record = { ask, decision, payload: { kind, name, mediaType, bytes: bytes.length } };
    this.#transaction(() => {
      this.#store.putCase(record, salt, bytes);
      this.#append(facts, state);
    });
    this.#after(state);
    return state;
  }

  /** Brings the state up to the clock, on the ledger too, before anybody reads it. */
  #settled(): IntentState | undefined {
    const before = this.#store.state();
    if (before === undefined) return undefined;
    const { facts, state } = settle(before, Date.now());
    if (facts.length > 0) this.#commit(facts, state);
    return state;
  }

  #commit(facts: readonly Fact[], state: IntentState): void {
    this.#transaction(() => {
      // First, so that the entry which says so is committed to under what comes after.
      if (facts.some(({ event }) => event.type === "payload_erased")) this.#store.erase();
      this.#append(facts, state);
    });
    this.#after(state);
  }

  /** All of it or none; after a failure nothing in memory may be believed either. */
  #transaction(write: () => void): void {
    try {
      this.ctx.storage.transactionSync(write);
    } catch (error) {
      this.#store.forget();
      throw error;
    }
  }

  #append(facts: readonly Fact[], state: IntentState): void {
    const { terms } = state;
    const salt = this.#store.salt();
    const progress = this.#store.progress();
    const drafts = facts.map((fact) => draftOf(terms, fact, salt));
    const entries = chain(terms.id, progress, drafts, deriveKey(this.env.GATE_SECRET, "entry-mac"));
    const notes = facts.flatMap(({ event }, at) =>
      notesOf(event).map((note) => ({ ...note, seq: progress.seq + 1 + at })),
    );
    this.#store.putEntries(entries, notes);
    this.#store.putState(state);
    const last = entries.at(-1);
    if (last !== undefined) this.#store.putProgress({ ...progress, seq: last.seq, hash: last.hash });
  }

  /** The alarm is part of the commit: if nothing else ever runs, it catches up and keeps the deadline. */
  #after(state: IntentState): void {
    const behind = !this.#isFlushed() || !this.#isTold();
    this.#setAlarm([behind ? Date.now() + RETRY_MS : null, nextDeadline(state)]);
    if (behind) this.ctx.waitUntil(this.#catchUp());
  }

  /** Everything that follows from a commit. False when some of it has to be tried again. */
  async #catchUp(): Promise<boolean> {
    return (await this.#flush()) && (await this.#tell());
  }

  /** Sets the alarm for whatever is still to be done. */
  #keepAlarm(): void {
    const state = this.#store.state();
    if (state === undefined) return;
    const behind = !this.#isFlushed() || !this.#isTold();
    this.#setAlarm([behind ? Date.now() + RETRY_MS : null, nextDeadline(state)]);
  }

  #setAlarm(times: readonly (Instant | null)[]): void {
    const known = times.filter((time) => time !== null);
    if (known.length > 0) void this.ctx.storage.setAlarm(Math.min(...known));
    else void this.ctx.storage.deleteAlarm();
  }

  /** Brings D1 up to the head. False when it would not take it; the entries stay in the outbox. */
  async #flush(): Promise<boolean> {
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
        await d1Ledger(this.env.DB).append(entries, rowOf(state, seq));
      }
    } catch (error) {
      console.error({ message: "flush failed", intent: state.terms.id, error: String(error) });
      return false;
    }
    if (wake !== null && wake !== queuedFor) await this.#enqueue(state.terms.id, wake);
    this.ctx.waitUntil(pokeLog(this.env));
    // Commands may have come in while D1 worked: only what this flush saw is marked.
    this.#store.putProgress({ ...this.#store.progress(), flushed: seq, queuedFor: wake });
    this.#keepAlarm();
    return true;
  }

  /** Do the agent's counters know what became of this intent? Only a rejection concerns them when it wasn't counted. */
  #isTold(): boolean {
    const state = this.#store.state();
    if (state === undefined) return true;
    const fate = fateOf(state);
    return this.#store.progress().told === fate || (!state.terms.counted && fate !== "rejected");
  }

  /** Tells the agent's counters. They may be told twice; an order never waits for them. */
  async #tell(): Promise<boolean> {
    const state = this.#store.state();
    if (state === undefined || this.#isTold()) return true;
    const { id: intent, agent, subject } = state.terms;
    const fate = fateOf(state);
    try {
      await this.env.AGENTS.getByName(agent).settle({ intent, fate, subject, at: state.updatedAt });
    } catch (error) {
      console.error({ message: "counters not told", intent, error: String(error) });
      return false;
    }
    this.#store.putProgress({ ...this.#store.progress(), told: fate });
    if (this.#isFlushed() && this.#isTold()) this.#setAlarm([nextDeadline(this.#store.state() ?? state)]);
    return this.#isTold();
  }

  /**
   * The deadline worth a queue message: one that a person or a worker waits on. An approved intent that nobody
   * orders expires by computation and by the alarm; a message for each would double the cost of a proposal.
   */
  #wake(state: IntentState): Instant | null {
    return state.phase === "approved" ? null : phaseDeadline(state);
  }

  async #enqueue(intent: string, at: Instant): Promise<void> {
    const delaySeconds = Math.min(Math.max(Math.ceil((at - Date.now()) / 1000), 0), MAX_QUEUE_DELAY_SECONDS);
    const message: DeadlineMessage = { type: "deadline", intent };
    try {
      await this.env.EVENTS.send(message, { delaySeconds });
    } catch (error) {
      // The alarm keeps the same deadline, so a queue that is down costs nothing but this line.
      console.error({ message: "deadline not queued", intent, error: String(error) });
    }
  }
}
