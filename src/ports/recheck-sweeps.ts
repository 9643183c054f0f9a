import type { Instant } from "../core/intent/state.ts";

/** The walk over all that waits, after the rules changed. There is one: another change begins it anew. */
export interface RecheckSweep {
  /** Digest of the rules that it evaluates by; see `RuleBook.digest`. */
  readonly rules: string;
  /** Where the next page starts; empty: at the beginning. */
  readonly cursor: string;
  /** Intents that it looked at. */
  readonly checked: number;
  /** Until then a call works on the page at the cursor. */
  readonly busyUntil: Instant;
  /** Null: it goes on. */
  readonly finishedAt: Instant | null;
}

/** Queue message for one page of a sweep. */
export interface RecheckMessage {
  readonly type: "recheck";
  readonly rules: string;
  readonly cursor: string;
}

/** Every change is compared and set, so that messages that arrive twice, late or at once do a page once. */
export interface RecheckSweeps {
  /** Null: there was none yet. */
  read(): Promise<RecheckSweep | null>;
  /** Begins for these rules. False: another call changed the sweep since `before` was read. */
  begin(rules: string, before: RecheckSweep | null, now: Instant): Promise<boolean>;
  /** Takes the page at this cursor until then. False: it is done, or another call has it. */
  take(page: RecheckMessage, now: Instant, until: Instant): Promise<boolean>;
  /** Moves on from this page. False: the sweep was begun anew meanwhile. */
  advance(page: RecheckMessage, next: string | null, checked: number, now: Instant): Promise<boolean>;
  enqueue(page: RecheckMessage, delaySeconds: number): Promise<void>;
}
