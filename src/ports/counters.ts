import type { History, HistoryNeed } from "../core/policy/history.ts";
import type { CounterEffect } from "../core/intent/counter-effect.ts";

/** An intent about to be decided, as its agent's counters see it. */
export interface Reservation {
  readonly intent: string;
  readonly destination: string;
  /** What makes two proposals the same: the payload's digest, or the request's where there is no payload. */
  readonly subject: string;
  readonly records: number;
  readonly cents: number;
  /** Ids of the policies it counts under. */
  readonly policies: readonly string[];
  /** When it stops counting, should nobody confirm it. Milliseconds since the epoch. */
  readonly lapsesAt: number;
  /** The intent whose place this one takes, which counts no more; null: none. */
  readonly replaces: string | null;
}

/** What became of an intent: it counts on, it gave back what it took, or a person said no to it. */
export interface Settlement {
  readonly intent: string;
  readonly effect: CounterEffect;
  readonly subject: string;
  readonly at: number;
}

/** The exact counters of agents. */
export interface AgentCounters {
  of(agent: string): {
    /** Counts what came before this intent, and from now on this intent too. */
    reserve(reservation: Reservation, need: HistoryNeed): Promise<History>;
    /** Counts, and leaves no trace. */
    peek(reservation: Reservation, need: HistoryNeed): Promise<History>;
    release(intent: string): Promise<void>;
    settle(settlement: Settlement): Promise<void>;
  };
}
