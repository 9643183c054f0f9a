/** The size and root of a checkpoint, the root in hexadecimal. */
export interface TreeHead {
  readonly size: number;
  readonly root: string;
}

/** The restore of the deployment's data that `GATE_RESTORED_AT` names. */
export interface Restoration {
  /** When the data were restored, in milliseconds since the epoch; null: never. */
  readonly at: number | null;
  /** Is it on the ledger? Until then nothing but its recording is let through. True where there was none. */
  isRecorded(): Promise<boolean>;
  /** Records it once, with the newest checkpoint that the operator knows: the log goes on only if it extends that one. */
  record(checkpoint: TreeHead | null, actor: string): Promise<void>;
  /** When the newest intent in the restored data was proposed; null: there is none. */
  newestProposal(): Promise<number | null>;
}
