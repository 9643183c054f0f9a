import { DurableObject } from "cloudflare:workers";
import type { Decision } from "../../src/core/policy/decision.ts";
import type { ProposalRequest } from "../../src/core/proposal/request.ts";
import type { CurrentBindings, IntentCommand } from "../../src/core/intent/command.ts";
import { draftEntries, factsNote, notesOf } from "../../src/core/intent/entries.ts";
import { GATE, type RecordedEvent } from "../../src/core/intent/event.ts";
import { evolve } from "../../src/core/intent/evolve.ts";
import { handle, settle } from "../../src/core/intent/handle.ts";
import { countRepeat, openingEvents, repeat } from "../../src/core/intent/propose.ts";
import type { Phase } from "../../src/core/intent/phase.ts";
import type { Refusal } from "../../src/core/intent/refusal.ts";
import { phaseDeadline } from "../../src/core/intent/settle.ts";
import { unconfirmedSilence } from "../../src/core/intent/silence.ts";
import { logLine } from "../../src/core/base/log-line.ts";
import {
  currentOrder,
  undoneClaims,
  type IntentState,
  type Order,
  type IntentTerms,
} from "../../src/core/intent/state.ts";
import { chain } from "../../src/core/ledger/entry.ts";
import { err, ok, type Result } from "../../src/core/base/result.ts";
import { keysInForce, secretsOf } from "../../src/core/base/key-derivation.ts";
import { restoredAtOf } from "../../src/core/base/restored-at.ts";
import { timeLimitsOf, type TimeLimits } from "../../src/core/base/time-limits.ts";
import { leaveWhenIdle } from "./leaving.ts";
import { IntentOutbox } from "./outbox.ts";
import { IntentStore, type Progress } from "./store.ts";
import { keyRing } from "./sealing.ts";
import { Waiters } from "./waiters.ts";
import { DISPATCHER } from "../../src/ports/notifications.ts";
import type {
  CommandOutcome,
  IntentRecord,
  Recheck,
  StoredResponse,
  Proposal,
  ProposeReply,
  SendPermit,
} from "../../src/ports/intents.ts";

/** Commands of workers, who are shown the record. */
const SHOWN: ReadonlySet<IntentCommand["type"]> = new Set(["order", "claim", "heartbeat", "report"]);

/** What a commit stores beside its entries and the state. */
interface StoredBeside {
  readonly response?: StoredResponse;
  readonly decision?: string;
  readonly attempt?: string;
}

/**
 * One intent: the single writer of its state, votes, orders and idempotency.
 *
 * Reading the state, handling a command and committing its events is one synchronous turn: the input gate admits no
 * other call in between, the output gate holds the reply until the commit is durable. Then the outbox flushes to D1;
 * a reply that lets something leave Gate (an order, a claim) waits for that flush.
 */
export class IntentObject extends DurableObject<Env> {
  readonly #store: IntentStore;
  readonly #outbox: IntentOutbox;
  readonly #waiters = new Waiters();
  readonly #limits: TimeLimits;
  readonly #restoredAt: number | null;
  /** Questions to the dispatcher that are under way. */
  #confirming = 0;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#limits = timeLimitsOf(env);
    this.#restoredAt = restoredAtOf(env);
    this.#store = new IntentStore(ctx.storage, keyRing(secretsOf(env)));
    this.#outbox = new IntentOutbox(ctx, env, this.#store);
  }

  async propose(proposal: Proposal): Promise<Result<ProposeReply, Refusal>> {
    const now = Date.now();
    const before = this.#store.state();
    if (before === undefined) return ok({ repeated: false, state: this.#open(proposal) });
    // The platform may deliver one call twice; a digest covers a random salt, so an equal digest is the same call.
    if (before.terms.digest === proposal.terms.digest) return ok({ repeated: false, state: before });

    const state = this.#applyDeadlines() ?? before;
    const repeated = repeat(state, proposal.terms.requestDigest, proposal.terms.agent, now);
    if (!repeated.ok) return repeated;
    this.#commit(repeated.value.events, repeated.value.state);
    return ok({ repeated: true, state: repeated.value.state });
  }

  async repeated(by: string): Promise<IntentState | null> {
    const state = this.#applyDeadlines();
    if (state === undefined) return null;
    const repeated = countRepeat(state, by, Date.now());
    this.#commit(repeated.events, repeated.state);
    return repeated.state;
  }

  /** Handles a command. The reply to an order or a claim, after which data may leave Gate, waits until D1 has it. */
  async handle(command: IntentCommand): Promise<Result<CommandOutcome, Refusal>> {
    const handled = this.#handle(command);
    if (!handled.ok) return handled;
    const needsLedger = command.type === "order" || command.type === "claim";
    if (needsLedger && !(await this.#isRecorded(handled.value.state))) {
      return err({ reason: "ledger_unavailable" });
    }
    const record = SHOWN.has(command.type) ? this.#record() : null;
    return record === null ? handled : ok({ ...handled.value, record });
  }

  async beginSend(
    bindings: CurrentBindings,
    attempt: string,
    hasBody: boolean,
  ): Promise<Result<SendPermit, Refusal>> {
    if (!this.#hasBegun(attempt)) {
      const handled = this.#handle({ type: "begin", bindings }, { attempt });
      if (!handled.ok) return handled;
    }
    const sending = this.#sendPermit(hasBody);
    const isRecorded = await this.#isRecorded(sending.state);
    // Checked again after the await: a repeat of this call may have undone the claim both held.
    return isRecorded && this.#hasBegun(attempt) ? ok(sending) : err({ reason: "ledger_unavailable" });
  }

  async finishSend(
    report: Extract<IntentCommand, { type: "report" }>,
    response: StoredResponse | null,
  ): Promise<Result<CommandOutcome, Refusal>> {
    const handled = this.#handle(report, response === null ? {} : { response });
    const state = this.#store.state();
    // Each Gate order is finished once, so a repeated report means that the first reply was lost.
    const isKnown = !handled.ok && handled.error.reason === "already_reported" && report.by === GATE;
    return isKnown && state !== undefined ? ok({ state, changed: false }) : handled;
  }

  async recheck({ decision, ...change }: Recheck): Promise<Result<CommandOutcome, Refusal>> {
    return this.#handle({ type: "recheck", ...change }, { decision });
  }

  /** Reads, handles and commits in one synchronous turn. */
  #handle(command: IntentCommand, beside: StoredBeside = {}): Result<CommandOutcome, Refusal> {
    const before = this.#store.state();
    if (before === undefined) return err({ reason: "not_found" });
    const { events, state, changed, refusal } = handle(
      before,
      command,
      Date.now(),
      this.#limits,
      this.#restoredAt,
    );
    if (state !== before) this.#commit(events, state, refusal === null && changed ? beside : {});
    return refusal === null ? ok({ state, changed }) : err(refusal);
  }

  /** Does D1 have it? Undoes a claim that D1 lacks, so that it can be made again: its caller never learned of it. */
  async #isRecorded(state: IntentState): Promise<boolean> {
    if (await this.#outbox.flush()) return true;
    // A crash before this line leaves a claim without a holder; it lapses, and a person resolves the outcome.
    const order = currentOrder(state);
    if (order !== undefined && order.claim !== null) this.#undoClaim(order);
    return false;
  }

  #undoClaim(order: Order): void {
    this.#handle({ type: "unclaim", order: order.id, undone: undoneClaims(order) });
  }

  /** True when this attempt holds the claim, also after a first call whose reply was lost. */
  #hasBegun(attempt: string): boolean {
    return this.#applyDeadlines()?.phase === "claimed" && this.#store.progress().attempt === attempt;
  }

  /** @throws {Error} when the stored request can't be read, after undoing the claim */
  #sendPermit(hasBody: boolean): SendPermit {
    const state = this.#store.state();
    const order = state === undefined ? undefined : currentOrder(state);
    if (state === undefined || order === undefined) throw new Error("invariant: a begun send has an order");
    try {
      const record = this.#store.case()?.record;
      const { http } = JSON.parse(record?.request ?? "{}") as Partial<ProposalRequest>;
      if (http === undefined) throw new Error("invariant: an intent that Gate sends has a stored request");
      const body = record?.payload.kind === "content" && !hasBody ? this.#store.payload() : null;
      return { state, order: order.id, http, body };
    } catch (error) {
      this.#undoClaim(order);
      throw error;
    }
  }

  async response(): Promise<StoredResponse | null> {
    return this.#applyDeadlines() === undefined ? null : this.#store.response();
  }

  /**
   * Where the deadline passed in silence, learns from the dispatcher whether that counts as approval. A dispatcher that
   * can't be reached proves nothing: the intent waits on, and the alarm asks again.
   */
  async #confirmSilence(): Promise<void> {
    const state = this.#applyDeadlines();
    const silence = state === undefined ? null : unconfirmedSilence(state, Date.now());
    if (state === undefined || silence === null) return;
    const { id, digest } = state.terms;
    this.#confirming += 1;
    try {
      const witness = await this.env.DISPATCH.getByName(DISPATCHER).silenceWitness(id, silence.since);
      this.#handle({ type: "confirm_silence", digest, ...witness });
    } catch (error) {
      console.error(logLine("silence_unconfirmed", { intent: id, error: String(error) }));
    } finally {
      this.#confirming -= 1;
    }
  }

  /** The state as of now; null for an intent that was never proposed. */
  async getState(): Promise<IntentState | null> {
    await this.#confirmSilence();
    return this.#applyDeadlines() ?? null;
  }

  async getRecord(): Promise<IntentRecord | null> {
    await this.#confirmSilence();
    return this.#record();
  }

  #record(): IntentRecord | null {
    const state = this.#applyDeadlines();
    if (state === undefined) return null;
    const stored = this.#store.case();
    const proposed = stored === undefined ? [] : [factsNote(JSON.parse(stored.firstDecision) as Decision)];
    return {
      state,
      entries: this.#store.entries(),
      notes: [...proposed, ...this.#store.notes()],
      salt: this.#store.salt(),
      case: stored?.record ?? null,
    };
  }

  async payload(): Promise<Uint8Array | null> {
    return this.#store.payload();
  }

  async payloadPiece(index: number): Promise<Uint8Array | null> {
    return this.#store.payloadPiece(index);
  }

  /** Waits in memory only: a caller that lost the connection calls again. */
  async waitWhile(phase: Phase, timeoutMs: number): Promise<IntentState | null> {
    for (let left = timeoutMs; ;) {
      await this.#confirmSilence();
      const state = this.#applyDeadlines();
      if (state === undefined || state.phase !== phase || left <= 0) return state ?? null;
      const now = Date.now();
      // Its own timer ends the wait at the deadline, because the alarm may fire late.
      const pause = Math.min(left, Math.max((phaseDeadline(state) ?? Infinity) - now, 1));
      const woken = await this.#waiters.next(pause);
      if (woken === "full") return this.#applyDeadlines() ?? null;
      // Counted down, not compared with an end time: a clock that is set back must not prolong a wait.
      left -= woken === "elapsed" ? pause : Math.max(Date.now() - now, 0);
    }
  }

  /** A queue message says that a deadline may have passed; the state moves only if it has. */
  async onDeadline(at: number | null = null): Promise<void> {
    const { queuedFor } = this.#store.progress();
    if (this.#applyDeadlines() === undefined) return;
    // A deadline that moved has a later message of its own. Enqueueing again for each outdated one would circulate as
    // many messages as there were heartbeats.
    if (at === null || at === queuedFor) this.#store.note({ queuedFor: null });
    await this.#confirmSilence();
    await this.#outbox.catchUp();
  }

  override async alarm(): Promise<void> {
    this.#store.note({ alarm: null });
    if (this.#applyDeadlines() === undefined) return;
    await this.#confirmSilence();
    // Must not throw: the platform gives up on an alarm that fails six times, and this one has to go on.
    await this.#outbox.catchUp();
    this.#outbox.setNextAlarm();
    leaveWhenIdle(this.ctx, this.env, () => ({
      isBusy: this.#outbox.isRunning || !this.#waiters.isEmpty || this.#confirming > 0,
      reads: this.#store.reads,
    }));
  }

  #open({ terms, salt, request, decision, payload, attended }: Proposal): IntentState {
    const events = openingEvents(terms, JSON.parse(decision) as Decision);
    const state = events.reduce<IntentState | null>(evolve, null);
    if (state === null) throw new Error("invariant: a proposal has opening events");
    const { kind, name, mediaType, bytes } = payload;
    const record = { request, decision, payload: { kind, name, mediaType, bytes: bytes.length } };
    this.#transaction(() => {
      const { entries, head } = this.#chained(events, terms, salt);
      this.#store.begin(record, salt, bytes, entries);
      this.#put(state, head);
    });
    this.#outbox.committed(null, attended);
    return state;
  }

  /** Applies and commits the events of due deadlines, so that every reader sees the current state. */
  #applyDeadlines(): IntentState | undefined {
    const before = this.#store.state();
    if (before === undefined) return undefined;
    const { events, state } = settle(before, Date.now(), this.#restoredAt);
    if (events.length > 0) this.#commit(events, state);
    return state;
  }

  #commit(
    events: readonly RecordedEvent[],
    state: IntentState,
    { response, decision, attempt }: StoredBeside = {},
  ): void {
    const { alarm } = this.#store.progress();
    this.#transaction(() => {
      // First, so that the erasure's own entry uses the new salt.
      if (events.some(({ event }) => event.type === "payload_erased")) this.#store.erase();
      // A new claim drops the upstream's response to an earlier attempt, so that no caller takes it for this one's.
      if (events.some(({ event }) => event.type === "execution_claimed")) this.#store.dropResponse();
      if (response !== undefined) this.#store.putResponse(response);
      if (decision !== undefined) this.#store.putDecision(decision);
      this.#append(events, state, attempt === undefined ? {} : { attempt });
    });
    this.#outbox.committed(alarm);
    this.#waiters.changed();
  }

  /** All or nothing; after a failure the state cached in memory is stale too. */
  #transaction(write: () => void): void {
    try {
      this.ctx.storage.transactionSync(write);
    } catch (error) {
      this.#store.forget();
      throw error;
    }
  }

  #append(events: readonly RecordedEvent[], state: IntentState, change: Partial<Progress>): void {
    const before = this.#store.state()?.terms ?? state.terms;
    const { entries, head } = this.#chained(events, before, this.#store.salt());
    const first = this.#store.progress().seq + 1;
    const notes = events.flatMap(({ event }, at) =>
      notesOf(event).map((note) => ({ ...note, seq: first + at })),
    );
    this.#store.putEntries(entries, notes);
    this.#put(state, { ...head, ...change });
  }

  #put(state: IntentState, change: Partial<Progress>): void {
    this.#store.put(state, this.#outbox.planned(state, { ...this.#store.progress(), ...change }));
  }

  #chained(events: readonly RecordedEvent[], terms: IntentTerms, salt: Uint8Array) {
    const { seq, hash } = this.#store.progress();
    const drafts = draftEntries(terms, events, salt);
    const entries = chain(terms.id, { seq, hash }, drafts, this.#macKey());
    const last = entries.at(-1);
    return { entries, head: last === undefined ? { seq, hash } : { seq: last.seq, hash: last.hash } };
  }

  #macKey(): Uint8Array {
    return keysInForce(secretsOf(this.env), "entry-mac")[0];
  }
}
