import { encodeVkey, noteKey } from "../../core/tlog/signed-note.ts";
import { fromBase64Url } from "../../core/base/base64url.ts";
import { leafBytes } from "../../core/tlog/leaf.ts";
import { leafHash } from "../../core/tlog/tree.ts";
import type { Entry } from "../../core/ledger/entry.ts";
import type { Result } from "../../core/base/result.ts";
import type {
  LeafProof,
  TransparencyLog,
  LogEntry,
  LogHealth,
  LogProofs,
  Sealed,
  SignedCheckpoint,
} from "../../ports/tlog.ts";
import { FIRST_ROW, LOG_NAME, logRows, type LedgerRow } from "../d1/log-rows.ts";
import { retryCall } from "./retry-call.ts";
import type { Signer } from "../../ports/signer.ts";

/** RPC methods of the log's object. */
interface Stub {
  seal(): Promise<Sealed>;
  checkpoint(): Promise<SignedCheckpoint | null>;
  health(sealing: boolean): Promise<LogHealth>;
  prove(
    indexes: readonly number[],
    size: number | null,
  ): Promise<Result<{ readonly size: number; readonly proofs: readonly LeafProof[] }, "not_sealed">>;
  consistency(
    old: number,
    size: number | null,
  ): Promise<Result<{ readonly size: number; readonly proof: readonly Uint8Array[] }, "not_sealed">>;
  poke(): Promise<void>;
}

/** The checkpoint is public: an isolate asks the log's object at most this often, however many requests arrive. */
const CHECKPOINT_AGE_MS = 5_000;

/** Published keys change when the deployment's secret does. */
const KEYS_AGE_MS = 60_000;

/** Proofs fetched from the object in one call. */
const PROOFS_PER_CALL = 500;

/** @param origin the log's C2SP origin, which is also the name of its keys */
export function logObject(
  namespace: DurableObjectNamespace,
  db: D1Database,
  signer: Signer,
  origin: string,
): TransparencyLog {
  const rows = logRows(db);
  const call = <T>(method: (stub: Stub) => Promise<T>): Promise<T> =>
    retryCall(() => method(namespace.getByName(LOG_NAME) as unknown as Stub));
  const latest = memoized(CHECKPOINT_AGE_MS, () => call((stub) => stub.checkpoint()));
  const keys = memoized(KEYS_AGE_MS, async () => {
    const published = await signer.publicKeys();
    return published.flatMap(({ x }) => {
      const publicKey = fromBase64Url(x ?? "");
      return publicKey === null ? [] : [encodeVkey(noteKey(origin, publicKey))];
    });
  });
  const seal = async (): Promise<Sealed> => {
    let sealed = await call((stub) => stub.seal());
    // One call seals as much as its CPU limit allows: repeat as long as the log grows.
    for (let size = -1; !sealed.isComplete && sealed.fault === null && sizeOf(sealed) > size;) {
      size = sizeOf(sealed);
      sealed = await call((stub) => stub.seal());
    }
    latest.forget();
    return sealed;
  };

  return {
    async keys() {
      return { origin, vkeys: await keys.get() };
    },
    checkpoint: () => latest.get(),
    seal,
    health: (sealing) => call((stub) => stub.health(sealing)),
    poke: () => call((stub) => stub.poke()),
    consistency: (old, size) => call((stub) => stub.consistency(old, size)),

    async inclusion(index, size) {
      const proved = await call((stub) => stub.prove([index], size));
      const proof = proved.ok ? proved.value.proofs[0] : undefined;
      return proved.ok && proof !== undefined
        ? { ok: true, value: { ...proof, size: proved.value.size } }
        : { ok: false, error: "not_sealed" };
    },

    async indexOf(chain, seq) {
      const id = await db
        .prepare("SELECT id FROM ledger WHERE intent_id = ?1 AND seq = ?2")
        .bind(chain, seq)
        .first<number>("id");
      return id === null ? null : id - FIRST_ROW;
    },

    async entries(from, limit) {
      const size = (await latest.get())?.size ?? 0;
      if (from >= size) return [];
      const found = await rows.rows(FIRST_ROW + from, Math.min(limit, size - from));
      return found.flatMap(entryOf).filter(({ index }) => index < size);
    },

    async proofsFor(chain) {
      const { checkpoint, fault } = await seal();
      const entries = (await rows.chain(chain)).flatMap(entryOf);
      const size = checkpoint?.size ?? 0;
      const proofs = new Map<number, LeafProof>();
      const sealed = entries.filter(({ index }) => index >= 0 && index < size).map(({ index }) => index);
      for (let at = 0; at < sealed.length; at += PROOFS_PER_CALL) {
        const indexes = sealed.slice(at, at + PROOFS_PER_CALL);
        const proved = await call((stub) => stub.prove(indexes, size));
        for (const proof of proved.ok ? proved.value.proofs : []) proofs.set(proof.index, proof);
      }
      return { checkpoint, fault, entries: entries.map((each) => withProof(each, proofs.get(each.index))) };
    },
  };
}

function sizeOf({ checkpoint }: Sealed): number {
  return checkpoint?.size ?? -1;
}

function withProof(each: LogEntry, found: LeafProof | undefined): LogProofs["entries"][number] {
  if (found === undefined) return { ...each, state: "unsealed", proof: null };
  const bytes = leafBytes(each.entry);
  const isSame = bytes.ok && leafHash(bytes.value).every((byte, at) => byte === found.leaf[at]);
  return isSame
    ? { ...each, state: "sealed", proof: found.proof }
    : { ...each, state: "changed", proof: null };
}

/** Empty for a malformed row: auditors of the log see a missing leaf at its index. */
function entryOf({ id, entry }: LedgerRow): readonly LogEntry[] {
  if (typeof entry === "string") return [];
  return [{ index: id - FIRST_ROW, entry: withoutMac(entry) }];
}

function withoutMac({ intent, seq, event, actor, at, body, prev, hash }: Entry): Omit<Entry, "mac"> {
  return { intent, seq, event, actor, at, body, prev, hash };
}

/** Caches the last result for this long. Neither a failure nor `null` is cached. */
function memoized<T>(forMs: number, fetch: () => Promise<T>): { get(): Promise<T>; forget(): void } {
  let known: { readonly at: number; readonly value: T } | undefined;
  return {
    async get() {
      const now = Date.now();
      if (known !== undefined && Math.abs(now - known.at) < forMs) return known.value;
      const value = await fetch();
      if (value !== null) known = { at: now, value };
      return value;
    },
    forget() {
      known = undefined;
    },
  };
}
