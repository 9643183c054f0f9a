/** What becomes of one batch on its way to D1. */
export type Fault =
  /** D1 gets it once it is released. */
  | "held"
  /** D1 has it; the answer comes once it is released. */
  | "answer_held"
  | "refused"
  /** D1 has it; its sender gets an error. */
  | "answer_lost"
  /** The object that sends it is aborted: before D1 gets it, in the turn that sends it, once D1 has it. */
  | "sender_aborted_before"
  | "sender_aborted_at"
  | "sender_aborted_after";

/** A batch that was sent. */
export interface Batch {
  readonly sender: string;
  /** The objects whose entries it has, in their order. */
  readonly members: readonly string[];
  readonly characters: number;
}

/** Null: the object's entries are in D1; else the error that its caller got. */
export type Outcomes = Readonly<Record<string, string | null>>;

export interface Row {
  readonly intent_id: string;
  readonly seq: number;
  readonly prev_hash: string;
  readonly entry_hash: string;
}

export interface Storm {
  readonly objects: number;
  readonly rounds: number;
}

/** What the test asks of the Worker, by name. */
export interface Operations {
  /** Commits entries in the object's storage, of `size` characters each. */
  commit(object: string, entries: number, size?: number): Promise<void>;
  /** Hands over what these objects committed, all at once. */
  flush(...objects: readonly string[]): Promise<Outcomes>;
  abort(object: string): Promise<void>;
  /** The faults of the next batches, in order; those after them pass. */
  fault(...faults: readonly Fault[]): Promise<void>;
  /** Lets every batch go that is held. */
  release(): Promise<void>;
  /** How often an object handed its entries over so far. */
  handedOver(): Promise<number>;
  /** All batches that were sent so far. */
  batches(): Promise<readonly Batch[]>;
  /** Puts another entry where this object's first one belongs. */
  fork(object: string): Promise<void>;
  /** Moves the clock of the isolate. */
  moveClock(milliseconds: number): Promise<void>;
  ledger(): Promise<readonly Row[]>;
  canShareBatches(): Promise<boolean>;
  /** Commits and flushes in every object at once, round after round, with faults; the entries of each object. */
  storm(storm: Storm): Promise<Readonly<Record<string, number>>>;
}
