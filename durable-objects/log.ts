import { DurableObject } from "cloudflare:workers";
import { hexToBytes } from "@noble/hashes/utils.js";
import { FIRST_ROW, logRows, type LedgerPage, type LogRows } from "../src/adapters/log-rows.ts";
import { logSigner, type LogSigner } from "../src/adapters/log-signer.ts";
import { formatCheckpoint } from "../src/core/log/checkpoint.ts";
import { consistencyProof, inclusionProof } from "../src/core/log/proofs.ts";
import { err, ok, type Result } from "../src/core/result.ts";
import type { LeafProof, LogHealth, Sealed, SignedCheckpoint } from "../src/ports.ts";
import { checkPage, pageStart, type Misfit } from "./log-check.ts";
import { LogStore } from "./log-store.ts";

/** While rows come in, the log is sealed this often. */
const ACTIVE_MS = 10_000;

/** It looks again for this long after the last row or poke: longer than isolates keep quiet between two pokes. */
const AWAKE_MS = 60_000;

/** After D1 did not answer, and while a row that does not fit is in the way. */
const RETRY_MS = 15_000;
const FAULT_RETRY_MS = 60_000;

/** A checkpoint that is read was looked after within this time, whether anybody poked or not. */
const FRESH_MS = 30_000;

/** What one run seals at most: well below the processor time of one call. The alarm carries on at once. */
const PAGES_PER_RUN = 50;

/** Proofs asked for in one call: 1,000 of them stay under a megabyte. */
const MAX_PROOFS = 1_000;

/**
 * The Merkle log over all rows of the ledger, in the order of their ids: one object, its only writer.
 *
 * A run reads a page of D1, checks every row, commits leaves and chain heads, and goes on; at the end it signs one
 * checkpoint over what is committed. Each step starts from what is stored, so a crash between any two of them
 * costs nothing but the repetition. What is signed leaves only once D1 and the object both remember it.
 */
export class LogObject extends DurableObject<Env> {
  readonly #store: LogStore;
  readonly #rows: LogRows;
  readonly #signer: LogSigner;
  #current: Promise<Sealed> | undefined;
  #next: Promise<Sealed> | undefined;
  /** When the last run that D1 answered began. */
  #ranAt = Number.NEGATIVE_INFINITY;
  /** Rows in the ledger, as the last run saw it. */
  #rowsSeen = 0;
  /** The last run stopped at its own limit. */
  #hasMore = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new LogStore(ctx.storage);
    this.#rows = logRows(env.DB);
    this.#signer = logSigner(env);
  }

  /** Seals every row that is in D1 now. */
  async seal(): Promise<Sealed> {
    const sealed = await this.#join();
    await this.poke();
    return sealed;
  }

  /** The last checkpoint; looks for new rows first when nobody has for a while. */
  async checkpoint(): Promise<SignedCheckpoint | null> {
    const quiet = Math.abs(Date.now() - this.#ranAt);
    if (quiet >= FRESH_MS || this.#store.checkpoint() === null) await this.seal();
    return this.#store.checkpoint();
  }

  async health(): Promise<LogHealth> {
    const sealed = await this.seal();
    return {
      ...sealed,
      sealed: this.#store.size(),
      rows: this.#rowsSeen,
      pastFaults: this.#store.pastFaults(),
    };
  }

  /** Where these leaves are in the tree of the first `size`; null stands for the last checkpoint's. */
  async prove(
    indexes: readonly number[],
    size: number | null,
  ): Promise<Result<{ readonly size: number; readonly proofs: readonly LeafProof[] }, "not_sealed">> {
    const within = this.#signedSize(size);
    if (within === null || indexes.length > MAX_PROOFS) return err("not_sealed");
    if (indexes.some((index) => !Number.isSafeInteger(index) || index < 0 || index >= within))
      return err("not_sealed");
    const hashAt = this.#store.reader();
    const proofs = indexes.map((index) => ({
      index,
      leaf: hashAt(0, index),
      proof: inclusionProof(index, within, hashAt),
    }));
    return ok({ size: within, proofs });
  }

  /** Shows that the tree of the first `old` leaves is the beginning of the one of `size`. */
  async consistency(
    old: number,
    size: number | null,
  ): Promise<Result<{ readonly size: number; readonly proof: readonly Uint8Array[] }, "not_sealed">> {
    const within = this.#signedSize(size);
    if (within === null || !Number.isSafeInteger(old) || old < 0 || old > within) return err("not_sealed");
    return ok({ size: within, proof: [...consistencyProof(old, within, this.#store.reader())] });
  }

  /** Rows came in, or may have: stays awake for a while. */
  async poke(): Promise<void> {
    this.#stayAwake();
    const alarm = await this.ctx.storage.getAlarm();
    const due = Date.now() + ACTIVE_MS;
    if (alarm === null || alarm > due) await this.ctx.storage.setAlarm(due);
  }

  /** Never ends by throwing: the platform gives up on an alarm that fails six times. */
  override async alarm(): Promise<void> {
    const { fault, isComplete } = await this.#join();
    const now = Date.now();
    if (fault !== null) await this.ctx.storage.setAlarm(now + FAULT_RETRY_MS);
    // Rows beyond one run's are gone on with at once; a D1 that does not answer is given time.
    else if (!isComplete) await this.ctx.storage.setAlarm(now + (this.#hasMore ? 1 : RETRY_MS));
    else if (now < this.#store.awakeUntil()) await this.ctx.storage.setAlarm(now + ACTIVE_MS);
  }

  #stayAwake(): void {
    const until = Date.now() + AWAKE_MS;
    // Not written each time: a few seconds more or less decide nothing.
    if (until - this.#store.awakeUntil() > ACTIVE_MS) this.#store.putAwakeUntil(until);
  }

  /** A tree that nobody has a signature for proves nothing: sizes go up to the last checkpoint's. */
  #signedSize(size: number | null): number | null {
    const signed = this.#store.checkpoint()?.size ?? null;
    if (signed === null) return null;
    const within = size ?? signed;
    return Number.isSafeInteger(within) && within >= 0 && within <= signed ? within : null;
  }

  /** One run at a time. The one under way may have read past the caller's rows: who comes now shares the next. */
  #join(): Promise<Sealed> {
    this.#next ??= this.#afterCurrent();
    return this.#next;
  }

  async #afterCurrent(): Promise<Sealed> {
    await this.#current?.catch(() => undefined);
    this.#next = undefined;
    this.#current = this.#run();
    return this.#current;
  }

  async #run(): Promise<Sealed> {
    const startedAt = Date.now();
    this.#hasMore = false;
    let isComplete = false;
    try {
      await this.#signer.ready();
      isComplete = await this.#sealPages();
      this.#ranAt = startedAt;
    } catch (error) {
      // D1 did not answer, or a step failed: what is stored is whole, and the next run starts from it.
      console.error({ message: "log not sealed", error: String(error) });
    }
    return { checkpoint: this.#store.checkpoint(), fault: this.#store.fault(), isComplete };
  }

  /** True when everything there was is sealed and signed. */
  async #sealPages(): Promise<boolean> {
    for (let pages = 1; ; pages += 1) {
      const page = await this.#rows.page(pageStart(this.#store.size()));
      // Nothing else appends, so the log is still as it was when the page was asked for.
      const misfit = this.#sealPage(page);
      this.#rowsSeen = page.highest === null ? 0 : page.highest - FIRST_ROW + 1;
      const isBehind = this.#rowsSeen > this.#store.size();
      if (misfit === null && isBehind && pages < PAGES_PER_RUN) continue;

      this.#hasMore = misfit === null && isBehind;
      const conflict = this.#conflictWith(page.signed);
      // A log that lost its storage grows back to what was signed; until it has, that is no fault.
      const fault = misfit ?? (conflict?.reason === "checkpoint_ahead" && this.#hasMore ? null : conflict);
      this.#note(fault);
      if (conflict === null) await this.#sign(page.signed);
      return fault === null && !isBehind;
    }
  }

  #sealPage(page: LedgerPage): Misfit | null {
    const size = this.#store.size();
    const { leaves, heads, misfit } = checkPage(page, {
      size,
      lastLeaf: size === 0 ? null : this.#store.reader()(0, size - 1),
      headOf: (chain) => this.#store.head(chain),
      macKeys: this.#signer.macKeys(),
    });
    if (leaves.length > 0) {
      this.#store.append(leaves, heads);
      this.#stayAwake();
    }
    return misfit;
  }

  /** Does this log continue what was signed before, as D1 remembers it? */
  #conflictWith(signed: LedgerPage["signed"]): Misfit | null {
    if (signed === null) return null;
    const nowhere = { row: null, chain: null, seq: null };
    if (signed.size > this.#store.size()) return { reason: "checkpoint_ahead", ...nowhere };
    const isSame = this.#store.rootAt(signed.size) === signed.root;
    return isSame ? null : { reason: "checkpoint_conflict", ...nowhere };
  }

  #note(misfit: Misfit | null): void {
    const before = this.#store.fault();
    const now = Date.now();
    const isKnown = before?.reason === misfit?.reason && before?.row === misfit?.row;
    if (!isKnown) this.#store.putFault(misfit === null ? null : { ...misfit, since: now }, now);
    if (misfit !== null) console.error({ message: "the log stands still", ...misfit });
  }

  /**
   * Signs the tree as it is committed. D1 takes the checkpoint first and the object second: what only D1 has is
   * signed again with the same outcome, and what neither has was told to nobody.
   */
  async #sign(published: LedgerPage["signed"]): Promise<void> {
    const size = this.#store.size();
    const last = this.#store.checkpoint();
    if (last?.size === size) {
      // D1 was restored to an hour before the last checkpoint.
      if (published?.size !== size) await this.#rows.publish(last);
      return;
    }
    const root = this.#store.rootAt(size);
    const text = formatCheckpoint({ origin: this.env.GATE_ORIGIN, size, root: hexToBytes(root) });
    const checkpoint = { size, root, note: await this.#signer.sign(text), signedAt: Date.now() };
    await this.#rows.publish(checkpoint);
    this.#store.putCheckpoint(checkpoint);
  }
}
