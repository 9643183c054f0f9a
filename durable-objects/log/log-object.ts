import { logLine } from "../../src/core/base/log-line.ts";
import { DurableObject } from "cloudflare:workers";
import { logRows } from "../../src/adapters/d1/log-rows.ts";
import { logSigner } from "../../src/adapters/signing/tlog-signer.ts";
import { consistencyProof, inclusionProof } from "../../src/core/tlog/proofs.ts";
import { err, ok, type Result } from "../../src/core/base/result.ts";
import type { LeafProof, LogHealth, Sealed, SignedCheckpoint } from "../../src/ports/tlog.ts";
import { sealRows, type SealTarget } from "./seal.ts";
import { LogStore } from "./store.ts";

/** While rows come in, the log is sealed this often. */
const ACTIVE_MS = 10_000;

/** It looks again for this long after the last row or poke: longer than isolates keep quiet between two pokes. */
const AWAKE_MS = 60_000;

/** After D1 did not answer, and while a row that does not fit is in the way. */
const RETRY_MS = 15_000;
const FAULT_RETRY_MS = 60_000;

/** A checkpoint that is read was looked after within this time, whether anybody poked or not. */
const FRESH_MS = 30_000;

/** Proofs asked for in one call: 1,000 of them stay under a megabyte. */
const MAX_PROOFS = 1_000;

/**
 * The Merkle log over all rows of the ledger, in the order of their ids: one object, its only writer.
 *
 * Runs come one after the other (`sealRows`). What is signed leaves only once D1 and the object both remember it.
 */
export class LogObject extends DurableObject<Env> {
  readonly #store: LogStore;
  readonly #log: SealTarget;
  #current: Promise<Sealed> | undefined;
  #next: Promise<Sealed> | undefined;
  /** When the last run that D1 answered began. */
  #ranAt = Number.NEGATIVE_INFINITY;
  /** Rows in the ledger, as the last run saw it; null: none has since this object woke up. */
  #rowsSeen: number | null = null;
  /** The last run stopped at its own limit. */
  #hasMore = false;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new LogStore(ctx.storage);
    const rows = logRows(env.DB);
    this.#log = { store: this.#store, rows, signer: logSigner(env), origin: env.GATE_ORIGIN };
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
    const isLeaf = (index: number) => Number.isSafeInteger(index) && index >= 0 && index < within;
    if (!indexes.every(isLeaf)) return err("not_sealed");
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
    let isComplete = false;
    this.#hasMore = false;
    try {
      const run = await sealRows(this.#log);
      ({ isComplete, hasMore: this.#hasMore, rows: this.#rowsSeen } = run);
      if (run.added > 0) this.#stayAwake();
      this.#ranAt = startedAt;
    } catch (error) {
      console.error(logLine("log_sealing_failed", { error: String(error) }));
    }
    return { checkpoint: this.#store.checkpoint(), fault: this.#store.fault(), isComplete };
  }
}
