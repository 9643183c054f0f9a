import type { Entry } from "../core/ledger/entry.ts";
import type { Result } from "../core/base/result.ts";

/** Why a row is not in the log, and nothing after it. Each is a word for whoever operates Gate. */
export type LogFaultReason =
  /** The ids have a gap: a row was taken away, or put in out of order. */
  | "row_missing"
  /** A row below the first place, where it would never be read. */
  | "row_out_of_place"
  | "other_epoch"
  | "malformed"
  | "too_large"
  /** The entry's hash is not that of its content. */
  | "entry_edited"
  | "mac_wrong"
  /** The chain's entries before this one were never sealed. */
  | "entry_missing"
  /** The chain has an entry at this place. */
  | "entry_repeated"
  /** The entry follows another than the one that was sealed before it. */
  | "chain_broken"
  /** The last sealed row is gone from the ledger, or is another: truncated, or restored to an earlier hour. */
  | "sealed_row_missing"
  | "sealed_row_changed"
  /** A checkpoint was published over more rows than the ledger has, or over other ones. */
  | "checkpoint_ahead"
  | "checkpoint_conflict";

/** Why the log stands still. It goes on by itself once the ledger fits again. */
export interface LogFault {
  readonly reason: LogFaultReason;
  /** Row id in D1; null when there is no such row. */
  readonly row: number | null;
  readonly chain: string | null;
  readonly seq: number | null;
  /** Milliseconds since the epoch: when it was first met. */
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

/** How far the log got. */
export interface Sealed {
  /** The last one that was signed; null: none ever was. */
  readonly checkpoint: SignedCheckpoint | null;
  /** Null: nothing is in the way. */
  readonly fault: LogFault | null;
  /** Whether every row that was there when it was asked for is under the checkpoint. */
  readonly isComplete: boolean;
}

export interface LogHealth extends Sealed {
  readonly sealed: number;
  /** Rows in the ledger; null while D1 does not answer. */
  readonly rows: number | null;
  readonly pastFaults: readonly (LogFault & { readonly until: number })[];
}

/** Where a leaf is in a tree: hashes of 32 bytes, from the leaf's side up. */
export interface LeafProof {
  readonly index: number;
  readonly leaf: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** A row of the ledger as the log has it; the MAC is nobody's business outside. */
export interface LogEntry {
  /** Place in the log, from 0. */
  readonly index: number;
  readonly entry: Omit<Entry, "mac">;
}

export interface LogProofs {
  /** What the proofs are against; null: nothing was ever signed. */
  readonly checkpoint: SignedCheckpoint | null;
  readonly fault: LogFault | null;
  /**
   * The chain as D1 has it, in its order. `unsealed` comes after the checkpoint; `changed` is under it and no longer
   * what was sealed there. Both have no proof.
   */
  readonly entries: readonly (LogEntry & {
    readonly state: "sealed" | "unsealed" | "changed";
    readonly proof: readonly Uint8Array[] | null;
  })[];
}

/** The Merkle log over all rows of the ledger. */
export interface TransparencyLog {
  /** How the log names itself, and its public keys as C2SP signed-note writes them, newest first. */
  keys(): Promise<{ readonly origin: string; readonly vkeys: readonly string[] }>;
  /** At most half a minute older than the ledger, unless a fault is in the way; null: none was ever signed. */
  checkpoint(): Promise<SignedCheckpoint | null>;
  /** Seals what is there now. */
  seal(): Promise<Sealed>;
  health(): Promise<LogHealth>;
  /** `size` is of a tree at most as large as the last checkpoint's; null stands for that one. */
  inclusion(
    index: number,
    size: number | null,
  ): Promise<Result<LeafProof & { readonly size: number }, "not_sealed">>;
  consistency(
    old: number,
    size: number | null,
  ): Promise<Result<{ readonly size: number; readonly proof: readonly Uint8Array[] }, "not_sealed">>;
  /** Place of an entry in the log, sealed or not; null: the ledger has no such entry. */
  indexOf(chain: string, seq: number): Promise<number | null>;
  /** Entries under the last checkpoint, by their place, as D1 has them now. At most 1,000, and 1 MB of them. */
  entries(from: number, limit: number): Promise<readonly LogEntry[]>;
  /** One chain with proofs, for its evidence; seals first. */
  proofsFor(chain: string): Promise<LogProofs>;
  /** Says that rows may have come in; costs little. */
  poke(): Promise<void>;
}
