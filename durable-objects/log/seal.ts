import { logLine } from "../../src/core/base/log-line.ts";
import { hexToBytes } from "@noble/hashes/utils.js";
import {
  countUpTo,
  pageStart,
  type LedgerPage,
  type LogRows,
  type RecordedRestore,
} from "../../src/adapters/d1/log-rows.ts";
import type { LogSigner } from "../../src/adapters/signing/tlog-signer.ts";
import { formatCheckpoint } from "../../src/core/tlog/checkpoint.ts";
import { checkPage, type Misfit } from "./check.ts";
import type { LogStore } from "./store.ts";

/** Pages per run: keeps a run well below the CPU time and the D1 queries of one call. The alarm continues at once. */
const PAGES_PER_RUN = 200;

/** Between two pages, for everything else: a proposal waits at many points, and should find most of them free. */
const PAUSE_MS = 3;

/** The dependencies of a run. */
export interface SealTarget {
  readonly store: LogStore;
  readonly rows: LogRows;
  readonly signer: LogSigner;
  readonly origin: string;
  /** What the ledger says of the restore that `GATE_RESTORED_AT` names; null: there was none. */
  readonly restore: () => Promise<RecordedRestore | null>;
}

export interface Run {
  /** True when every ledger row is sealed and signed. */
  readonly isComplete: boolean;
  /** True when it stopped at `PAGES_PER_RUN`; the next run continues. */
  readonly hasMore: boolean;
  /** Rows in the ledger as of the last page. */
  readonly rows: number;
  /** Leaves that this run added. */
  readonly added: number;
}

/**
 * Reads pages of D1, checks every row, commits leaves and chain heads page by page, and signs one checkpoint over the
 * committed leaves. Callers must not overlap runs: between reading a page and committing it nothing else may append.
 * Between two pages other requests run, so that a long run delays none of them by more than a page.
 *
 * Each step starts from the stored state, so after a crash between two steps the next run only repeats work.
 *
 * @throws when D1 or the storage fails; the stored state is consistent then
 */
export async function sealRows(log: SealTarget): Promise<Run> {
  const { store, signer } = log;
  const before = store.size();
  const restore = await log.restore();
  if (restore === "missing" || restore?.checkpoint === null) {
    const reason = restore === "missing" ? "restore_unfinished" : "restored_unchecked";
    recordFault(store, { reason, ...NO_ROW });
    return { isComplete: false, hasMore: false, rows: store.size(), added: 0 };
  }
  await signer.ready();
  for (let pages = 1; ; pages += 1) {
    const page = await log.rows.page(pageStart(store.size()));
    const misfit = sealPage(log, page);
    const rows = countUpTo(page.highest);
    const isBehind = rows > store.size();
    if (misfit === null && isBehind && pages < PAGES_PER_RUN) {
      await othersGoOn();
      continue;
    }

    const hasMore = misfit === null && isBehind;
    const conflict = conflictWith(store, page.signed) ?? conflictWith(store, restore?.checkpoint ?? null);
    // A log that lost its storage regrows to the signed size; being behind the checkpoint until then is no fault.
    const fault = misfit ?? (conflict?.reason === "checkpoint_ahead" && hasMore ? null : conflict);
    recordFault(store, fault);
    if (conflict === null) await sign(log, page.signed);
    return { isComplete: fault === null && !isBehind, hasMore, rows, added: store.size() - before };
  }
}

/**
 * Reading a page lets nobody in where D1 is an object of the same process: its answer is there before the runtime looks
 * at the network. A timer makes it look.
 */
async function othersGoOn(): Promise<void> {
  await scheduler.wait(PAUSE_MS);
}

function sealPage({ store, signer }: SealTarget, page: LedgerPage): Misfit | null {
  const size = store.size();
  const { leaves, heads, misfit } = checkPage(page, {
    size,
    lastLeaf: size === 0 ? null : store.reader()(0, size - 1),
    headOf: (chain) => store.head(chain),
    macKeys: signer.macKeys(),
  });
  if (leaves.length > 0) store.append(leaves, heads);
  return misfit;
}

/** The fault when this log does not extend the checkpoint that D1 stores; null: it does. */
function conflictWith(store: LogStore, signed: LedgerPage["signed"]): Misfit | null {
  if (signed === null) return null;
  if (signed.size > store.size()) return { reason: "checkpoint_ahead", ...NO_ROW };
  return store.rootAt(signed.size) === signed.root ? null : { reason: "checkpoint_conflict", ...NO_ROW };
}

const NO_ROW = { row: null, chain: null, seq: null } as const;

/** Stores the fault that stops sealing, and logs it in every run. */
function recordFault(store: LogStore, misfit: Misfit | null): void {
  const before = store.fault();
  const now = Date.now();
  const isKnown = before?.reason === misfit?.reason && before?.row === misfit?.row;
  if (!isKnown) store.putFault(misfit === null ? null : { ...misfit, since: now }, now);
  if (misfit !== null) console.error(logLine("log_sealing_stopped", { ...misfit }));
}

/**
 * Signs the committed tree. D1 stores the checkpoint first and the object second: a checkpoint that only D1 has is
 * signed again with the same root, and one that neither has never left the object.
 */
async function sign(
  { store, rows, signer, origin }: SealTarget,
  published: LedgerPage["signed"],
): Promise<void> {
  const size = store.size();
  const last = store.checkpoint();
  if (last?.size === size) {
    // An operator restored D1 to a time before the last checkpoint, so publish it again.
    if (published?.size !== size) await rows.publish(last);
    return;
  }
  const root = store.rootAt(size);
  const text = formatCheckpoint({ origin, size, root: hexToBytes(root) });
  const checkpoint = { size, root, note: await signer.sign(text), signedAt: Date.now() };
  await rows.publish(checkpoint);
  store.putCheckpoint(checkpoint);
}
