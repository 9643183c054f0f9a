import { DurableObject } from "cloudflare:workers";
import type { Decision } from "../../src/core/policy/decision.ts";
import type { ProposalRequest } from "../../src/core/proposal/request.ts";
import type { CurrentBindings, IntentCommand } from "../../src/core/intent/command.ts";
import { draftEntry, factsNote, notesOf } from "../../src/core/intent/entries.ts";
import { GATE, type RecordedEvent } from "../../src/core/intent/event.ts";
import { evolve } from "../../src/core/intent/evolve.ts";
import { handle, settle } from "../../src/core/intent/handle.ts";
import { countRepeat, openingEvents, repeat } from "../../src/core/intent/propose.ts";
import type { Phase } from "../../src/core/intent/phase.ts";
import type { Refusal } from "../../src/core/intent/refusal.ts";
import { phaseDeadline } from "../../src/core/intent/settle.ts";
import {
  currentOrder,
  undoneClaims,
  type IntentState,
  type Order,
  type IntentTerms,
} from "../../src/core/intent/state.ts";
import { chain } from "../../src/core/ledger/entry.ts";
import { err, ok, type Result } from "../../src/core/base/result.ts";
import { deriveKey, secretsOf } from "../../src/core/base/key-derivation.ts";
import { IntentOutbox } from "./outbox.ts";
import { IntentStore } from "./store.ts";
import { keyRing } from "./sealing.ts";
import { Waiters } from "./waiters.ts";
import type {
  CommandOutcome,
  IntentRecord,
  StoredResponse,
  Proposal,
  ProposeReply,
  SendPermit,
} from "../../src/ports/intents.ts";

/**
 * One intent: the single writer of its state, votes, orders and idempotency.
 *
 * Every command is read, decided and committed in one synchronous turn: the input gate lets nothing in between,
 * the output gate holds the reply until the commit is durable. Then the outbox is flushed to D1; whatever lets
 * something leave Gate (an order, a claim) waits for that first.
 */
export class IntentObject extends DurableObject<Env> {
  readonly #store: IntentStore;
  readonly #outbox: IntentOutbox;
  readonly #waiters = new Waiters();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new IntentStore(ctx.storage, keyRing(secretsOf(env)));
    this.#outbox = new IntentOutbox(ctx, env, this.#store);
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
    this.#commit(repeated.value.events, repeated.value.state);
    return ok({ repeated: true, state: repeated.value.state });
  }

  async repeated(by: string): Promise<IntentState | null> {
    const state = this.#settled();
    if (state === undefined) return null;
    const repeated = countRepeat(state, by, Date.now());
    this.#commit(repeated.events, repeated.state);
    return repeated.state;
  }

  /** Carries out a command. Those after which something may leave Gate also wait until D1 has it. */
  async handle(command: IntentCommand): Promise<Result<CommandOutcome, Refusal>> {
    const handled = this.#handle(command);
    if (!handled.ok) return handled;
    const leaves = command.type === "order" || command.type === "claim";
    if (!leaves || (await this.#isRecorded(handled.value.state))) return handled;
    return err({ reason: "ledger_unavailable" });
  }

  async beginSend(
    inForce: CurrentBindings,
    attempt: string,
    hasBody: boolean,
  ): Promise<Result<SendPermit, Refusal>> {
    if (!this.#hasBegun(attempt)) {
      const handled = this.#handle({ type: "begin", inForce });
      if (!handled.ok) return handled;
      this.#store.putProgress({ attempt });
    }
    const sending = this.#sending(hasBody);
    const isRecorded = await this.#isRecorded(sending.state);
    // Of a call that was made twice the other may have undone this very claim meanwhile: then it is nobody's.
    return isRecorded && this.#hasBegun(attempt) ? ok(sending) : err({ reason: "ledger_unavailable" });
  }

  async finishSend(
    report: Extract<IntentCommand, { type: "report" }>,
    response: StoredResponse | null,
  ): Promise<Result<CommandOutcome, Refusal>> {
    const handled = this.#handle(report, response);
    const state = this.#store.state();
    // Whoever sends under an order finishes it once: said again, the answer to the first was lost.
    const isKnown = !handled.ok && handled.error.reason === "already_reported" && report.by === GATE;
    return isKnown && state !== undefined ? ok({ state, changed: false }) : handled;
  }

  /** Read, decided and committed in one turn. */
  #handle(command: IntentCommand, response: StoredResponse | null = null): Result<CommandOutcome, Refusal> {
    const before = this.#store.state();
    if (before === undefined) return err({ reason: "not_found" });
    const { events, state, changed, refusal } = handle(before, command, Date.now());
    if (state !== before) this.#commit(events, state, refusal === null ? response : null);
    return refusal === null ? ok({ state, changed }) : err(refusal);
  }

  /** Does D1 have it? A claim that it has not is taken back, so that it can be made again: nobody was told of it. */
  async #isRecorded(state: IntentState): Promise<boolean> {
    if (await this.#outbox.flush()) return true;
    // A crash before this leaves a claim that nobody holds; it lapses, and a person looks.
    const order = currentOrder(state);
    if (order !== undefined && order.claim !== null) this.#undoClaim(order);
    return false;
  }

  #undoClaim(order: Order): void {
    this.#handle({ type: "unclaim", order: order.id, undone: undoneClaims(order) });
  }

  /** True when this attempt holds the claim: it was begun by a call whose answer was lost. */
  #hasBegun(attempt: string): boolean {
    return this.#settled()?.phase === "claimed" && this.#store.progress().attempt === attempt;
  }

  /** @throws {Error} when what was to be sent can't be read; the claim is undone before that */
  #sending(hasBody: boolean): SendPermit {
    const state = this.#store.state();
    const order = state === undefined ? undefined : currentOrder(state);
    if (state === undefined || order === undefined) throw new Error("begun without an order");
    try {
      const record = this.#store.case();
      const { http } = JSON.parse(record?.request ?? "{}") as Partial<ProposalRequest>;
      if (http === undefined) throw new Error("begun without a request");
      const body = record?.payload.kind === "content" && !hasBody ? this.#store.payload() : null;
      return { state, order: order.id, http, body };
    } catch (error) {
      this.#undoClaim(order);
      throw error;
    }
  }

  async response(): Promise<StoredResponse | null> {
    return this.#settled() === undefined ? null : this.#store.response();
  }

  /** The state as of now; null for an intent that was never proposed. */
  async getState(): Promise<IntentState | null> {
    return this.#settled() ?? null;
  }

  async getRecord(): Promise<IntentRecord | null> {
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

  /** Waits in memory only: whoever lost the answer asks again. */
  async waitWhile(phase: Phase, timeoutMs: number): Promise<IntentState | null> {
    for (let left = timeoutMs; ;) {
      const state = this.#settled();
      if (state === undefined || state.phase !== phase || left <= 0) return state ?? null;
      const now = Date.now();
      // Woken at the deadline by a timer of its own: the alarm may be late, and whoever waits is not told late.
      const pause = Math.min(left, Math.max((phaseDeadline(state) ?? Infinity) - now, 1));
      const woken = await this.#waiters.next(pause);
      if (woken === "full") return this.#settled() ?? null;
      // Counted down, not compared with an end: a clock that is set back must not make a wait longer.
      left -= woken === "elapsed" ? pause : Math.max(Date.now() - now, 0);
    }
  }

  /** The queue's word that a deadline may have come: does nothing unless it has. */
  async onDeadline(at: number | null = null): Promise<void> {
    const { queuedFor } = this.#store.progress();
    if (this.#settled() === undefined) return;
    // The message for a deadline that moved has a younger one behind it. Sending again for each of them would keep as
    // many going round as there were heartbeats.
    if (at === null || at === queuedFor) this.#store.putProgress({ queuedFor: null });
    await this.#outbox.catchUp();
  }

  override async alarm(): Promise<void> {
    if (this.#settled() === undefined) return;
    // Never by throwing: the platform gives up on an alarm that fails six times, and this one must not end.
    await this.#outbox.catchUp();
    // Set anew each time: one that fired before anything was due would otherwise have been the last.
    this.#outbox.keepAlarm();
  }

  #open({ terms, salt, request, decision, payload, attended }: Proposal): IntentState {
    const events = openingEvents(terms, JSON.parse(decision) as Decision);
    const state = events.reduce<IntentState | null>(evolve, null);
    if (state === null) throw new Error("a proposal without facts");
    const { kind, name, mediaType, bytes } = payload;
    const record = { request, decision, payload: { kind, name, mediaType, bytes: bytes.length } };
    this.#transaction(() => {
      const { entries, head } = this.#chained(events, terms, salt);
      this.#store.begin(record, salt, bytes, entries);
      this.#store.put(state, { ...this.#store.progress(), ...head });
    });
    this.#outbox.committed(attended);
    return state;
  }

  /** Brings the state up to the clock, on the ledger too, before anybody reads it. */
  #settled(): IntentState | undefined {
    const before = this.#store.state();
    if (before === undefined) return undefined;
    const { events, state } = settle(before, Date.now());
    if (events.length > 0) this.#commit(events, state);
    return state;
  }

  #commit(
    events: readonly RecordedEvent[],
    state: IntentState,
    response: StoredResponse | null = null,
  ): void {
    this.#transaction(() => {
      // First, so that the entry which says so is committed to under what comes after.
      if (events.some(({ event }) => event.type === "payload_erased")) this.#store.erase();
      // What was answered to an earlier attempt says nothing of what becomes of this one.
      if (events.some(({ event }) => event.type === "execution_claimed")) this.#store.dropResponse();
      if (response !== null) this.#store.putResponse(response);
      this.#append(events, state);
    });
    this.#outbox.committed();
    this.#waiters.changed();
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

  #append(events: readonly RecordedEvent[], state: IntentState): void {
    const { entries, head } = this.#chained(events, state.terms, this.#store.salt());
    const first = this.#store.progress().seq + 1;
    const notes = events.flatMap(({ event }, at) =>
      notesOf(event).map((note) => ({ ...note, seq: first + at })),
    );
    this.#store.putEntries(entries, notes);
    this.#store.put(state, { ...this.#store.progress(), ...head });
  }

  #chained(events: readonly RecordedEvent[], terms: IntentTerms, salt: Uint8Array) {
    const { seq, hash } = this.#store.progress();
    const drafts = events.map((event) => draftEntry(terms, event, salt));
    const entries = chain(terms.id, { seq, hash }, drafts, deriveKey(this.env.GATE_SECRET, "entry-mac"));
    const last = entries.at(-1);
    return { entries, head: last === undefined ? { seq, hash } : { seq: last.seq, hash: last.hash } };
  }
}
