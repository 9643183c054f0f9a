import { logLine } from "../../src/core/base/log-line.ts";
import { DurableObject } from "cloudflare:workers";
import { restoredAtOf } from "../../src/core/base/restored-at.ts";
import { logRows, PAGE_ROWS, recordedRestore } from "../../src/adapters/d1/log-rows.ts";
import { logSigner } from "../../src/adapters/signing/tlog-signer.ts";
import { consistencyProof, inclusionProof } from "../../src/core/tlog/proofs.ts";
import { err, ok, type Result } from "../../src/core/base/result.ts";
import type { LeafProof, LogHealth, Sealed, SignedCheckpoint } from "../../src/ports/tlog.ts";
import { sealRows, type SealTarget } from "./seal.ts";
import { LogStore } from "./store.ts";

/** How often the alarm seals while few rows arrive. */
const ACTIVE_MS = 10_000;

/** Many rows are sealed sooner, about this many at a time: ten seconds' worth would compete with requests for long. */
const ROWS_PER_RUN = 2 * PAGE_ROWS;
const BUSY_MS = 1_000;

/** How long the alarm goes on after the last row or poke: longer than an isolate's interval between two pokes. */
const AWAKE_MS = 60_000;

/** Pauses after D1 failed, and while a fault stops sealing. */
const RETRY_MS = 15_000;
const FAULT_RETRY_MS = 60_000;

/** `checkpoint()` seals first when the last run is older, so that it does not depend on pokes. */
const FRESH_MS = 30_000;

/** Proofs per call: 1,000 of them stay under a megabyte. */
const MAX_PROOFS = 1_000;

/**
 * The Merkle log over all rows of the ledger, in the order of their ids: one object, its only writer.
 *
 * Runs never overlap (`sealRows`). A checkpoint leaves the object only once D1 and the object both store it.
 */
export class LogObject extends DurableObject<Env> {
  readonly #store: LogStore;
  readonly #log: SealTarget;
  #current: Promise<Sealed> | undefined;
  #next: Promise<Sealed> | undefined;
  /** Start of the last run in which D1 answered. */
  #ranAt = Number.NEGATIVE_INFINITY;
  /** Rows in the ledger as of the last run; null: no run since this object started. */
  #rowsSeen: number | null = null;
  /** True when the last run stopped at `PAGES_PER_RUN`. */
  #hasMore = false;
  /** Until the next run while rows arrive. */
  #pauseMs = ACTIVE_MS;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#store = new LogStore(ctx.storage);
    const rows = logRows(env.DB);
    const restoredAt = restoredAtOf(env);
    const restore = async () => (restoredAt === null ? null : recordedRestore(env.DB, restoredAt));
    this.#log = { store: this.#store, rows, signer: logSigner(env), origin: env.GATE_ORIGIN, restore };
  }

  /** Seals every row that is in D1 now. */
  async seal(): Promise<Sealed> {
    const sealed = await this.#join();
    await this.poke();
    return sealed;
  }

  /** The last checkpoint; seals first when the last run is older than `FRESH_MS`. */
  async checkpoint(): Promise<SignedCheckpoint | null> {
    const quiet = Math.abs(Date.now() - this.#ranAt);
    if (quiet >= FRESH_MS || this.#store.checkpoint() === null) await this.seal();
    return this.#store.checkpoint();
  }

  /** @param sealing false: reads how far the log is, and leaves it there */
  async health(sealing = true): Promise<LogHealth> {
    const sealed = sealing ? await this.seal() : null;
    const rows = sealing ? this.#rowsSeen : await this.#countRows();
    const checkpoint = this.#store.checkpoint();
    const fault = this.#store.fault();
    return {
      ...(sealed ?? { checkpoint, fault, isComplete: fault === null && checkpoint?.size === rows }),
      sealed: this.#store.size(),
      rows,
      pastFaults: this.#store.pastFaults(),
    };
  }

  /** Inclusion proofs of these leaves in the tree of `size` leaves; null: the last checkpoint's size. */
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

  /** Consistency proof: the tree of `old` leaves is a prefix of the one of `size`; null: the last checkpoint's size. */
  async consistency(
    old: number,
    size: number | null,
  ): Promise<Result<{ readonly size: number; readonly proof: readonly Uint8Array[] }, "not_sealed">> {
    const within = this.#signedSize(size);
    if (within === null || !Number.isSafeInteger(old) || old < 0 || old > within) return err("not_sealed");
    return ok({ size: within, proof: [...consistencyProof(old, within, this.#store.reader())] });
  }

  /** Rows may have arrived: keeps the alarm going for `AWAKE_MS`. */
  async poke(): Promise<void> {
    this.#stayAwake();
    const alarm = await this.ctx.storage.getAlarm();
    const due = Date.now() + ACTIVE_MS;
    if (alarm === null || alarm > due) await this.ctx.storage.setAlarm(due);
  }

  /** Must not throw: the platform gives up on an alarm that fails six times. */
  override async alarm(): Promise<void> {
    const { fault, isComplete } = await this.#join();
    const now = Date.now();
    if (fault !== null) await this.ctx.storage.setAlarm(now + FAULT_RETRY_MS);
    // Rows beyond one run's limit follow at once; a D1 outage gets a pause.
    else if (!isComplete) await this.ctx.storage.setAlarm(now + (this.#hasMore ? 1 : RETRY_MS));
    else if (now < this.#store.awakeUntil()) await this.ctx.storage.setAlarm(now + this.#pauseMs);
  }

  /** Null while D1 does not answer. */
  async #countRows(): Promise<number | null> {
    try {
      return await this.#log.rows.count();
    } catch (error) {
      console.error(logLine("log_count_failed", { error: String(error) }));
      return null;
    }
  }

  #stayAwake(): void {
    const until = Date.now() + AWAKE_MS;
    // Written only when it moves by `ACTIVE_MS`: a few seconds don't justify a write each time.
    if (until - this.#store.awakeUntil() > ACTIVE_MS) this.#store.putAwakeUntil(until);
  }

  /** Null for a size beyond the last checkpoint: without a signature a tree proves nothing. */
  #signedSize(size: number | null): number | null {
    const signed = this.#store.checkpoint()?.size ?? null;
    if (signed === null) return null;
    const within = size ?? signed;
    return Number.isSafeInteger(within) && within >= 0 && within <= signed ? within : null;
  }

  /** One run at a time. The current one may have missed the caller's rows, so callers share the next. */
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
      this.#pauseMs = pauseAfter(run.added, startedAt - this.#ranAt);
      this.#ranAt = startedAt;
    } catch (error) {
      console.error(logLine("log_sealing_failed", { error: String(error) }));
    }
    return { checkpoint: this.#store.checkpoint(), fault: this.#store.fault(), isComplete };
  }
}

/** The pause in which about `ROWS_PER_RUN` rows arrive, at the rate since the run before. */
function pauseAfter(added: number, sinceMs: number): number {
  if (added === 0) return ACTIVE_MS;
  // Capped: rows after a long silence, or a clock that was set, tell nothing of the rate.
  const pause = (Math.min(Math.abs(sinceMs), ACTIVE_MS) * ROWS_PER_RUN) / added;
  return Math.min(Math.max(pause, BUSY_MS), ACTIVE_MS);
}
