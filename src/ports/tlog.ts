import type { Entry } from "../core/ledger/entry.ts";
import type { Result } from "../core/base/result.ts";

/** Why sealing stopped at a row. Operators see these codes. */
export type LogFaultReason =
  /** The row ids have a gap: a row was deleted, or inserted out of order. */
  | "row_missing"
  /** A row below the first leaf's id, where the log would never read it. */
  | "row_out_of_place"
  | "other_epoch"
  | "malformed"
  | "too_large"
  /** The entry's hash does not match its content. */
  | "entry_edited"
  | "mac_wrong"
  /** Earlier entries of the chain were never sealed. */
  | "entry_missing"
  /** The chain already has an entry with this sequence number. */
  | "entry_repeated"
  /** The entry's `prev` is not the hash of the chain's last sealed entry. */
  | "chain_broken"
  /** The last sealed row is missing or different: the ledger was truncated, or restored from an earlier backup. */
  | "sealed_row_missing"
  | "sealed_row_changed"
  /** The data were restored from a backup, and that is not on the ledger yet. */
  | "restore_unfinished"
  /** The data were restored, and no checkpoint was brought to show that the log is still the same. */
  | "restored_unchecked"
  /** A published checkpoint, or the one brought to a restore, covers more rows than the ledger has, or different ones. */
  | "checkpoint_ahead"
  | "checkpoint_conflict";

/** Why sealing stopped. It resumes by itself once the ledger is consistent again. */
export interface LogFault {
  readonly reason: LogFaultReason;
  /** Row id in D1; null when there is no such row. */
  readonly row: number | null;
  readonly chain: string | null;
  readonly seq: number | null;
  /** Milliseconds since the epoch: when it was first found. */
  readonly since: number;
}

/** A signed tree head. */
export interface SignedCheckpoint {
  readonly size: number;
  /** Lower-case hexadecimal. */
  readonly root: string;
  /** The C2SP signed note. */
  readonly note: string;
  /** Milliseconds since the epoch. */
  readonly signedAt: number;
}

/** The log's progress. */
export interface Sealed {
  /** The last signed checkpoint; null: none yet. */
  readonly checkpoint: SignedCheckpoint | null;
  /** Null: sealing works. */
  readonly fault: LogFault | null;
  /** Whether the checkpoint covers every row that existed at the time of the call. */
  readonly isComplete: boolean;
}

export interface LogHealth extends Sealed {
  readonly sealed: number;
  /** Rows in the ledger; null while D1 does not answer. */
  readonly rows: number | null;
  readonly pastFaults: readonly (LogFault & { readonly until: number })[];
}

/** Inclusion proof of one leaf: hashes of 32 bytes, from the leaf's sibling to the root. */
export interface LeafProof {
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** A ledger row as the log publishes it, without the MAC, which only Gate can verify. */
export interface LogEntry {
  /** Leaf index, from 0. */
  readonly index: number;
  readonly entry: Omit<Entry, "mac">;
}

export interface LogProofs {
  /** The checkpoint that the proofs lead to; null: none was signed yet. */
  readonly checkpoint: SignedCheckpoint | null;
  readonly fault: LogFault | null;
  /**
   * The chain's entries in D1, in order. `unsealed`: added after the checkpoint. `changed`: covered by it, and edited
   * since. Neither has a proof.
   */
  readonly entries: readonly (LogEntry & {
    readonly state: "sealed" | "unsealed" | "changed";
    readonly proof: readonly Uint8Array[] | null;
  })[];
}

/** The Merkle log over all rows of the ledger. */
export interface TransparencyLog {
  /** The log's origin and its public keys as C2SP signed-note vkeys, newest first. */
  keys(): Promise<{ readonly origin: string; readonly vkeys: readonly string[] }>;
  /** At most half a minute behind the ledger, unless a fault stops sealing; null: none was signed yet. */
  checkpoint(): Promise<SignedCheckpoint | null>;
  /** Seals all rows that exist now. */
  seal(): Promise<Sealed>;
  /** @param sealing true: seals first; false: only reads how far the log is */
  health(sealing: boolean): Promise<LogHealth>;
  /** `size`: of a tree no larger than the last checkpoint's; null: that checkpoint's. */
  inclusion(
    index: number,
    size: number | null,
  ): Promise<Result<LeafProof & { readonly size: number }, "not_sealed">>;
  consistency(
    old: number,
    size: number | null,
  ): Promise<Result<{ readonly size: number; readonly proof: readonly Uint8Array[] }, "not_sealed">>;
  /** Leaf index of an entry, sealed or not; null: the ledger has no such entry. */
  indexOf(chain: string, seq: number): Promise<number | null>;
  /** Entries under the last checkpoint by leaf index, as D1 has them now. At most 1,000 and 1 MB. */
  entries(from: number, limit: number): Promise<readonly LogEntry[]>;
  /** One chain with proofs, for its evidence bundle; seals first. */
  proofsFor(chain: string): Promise<LogProofs>;
  /** Signals that the ledger may have new rows; cheap. */
  poke(): Promise<void>;
}
