import type { History, HistoryNeed } from "../core/policy/history.ts";
import type { CounterEffect } from "../core/intent/counter-effect.ts";

/** An intent about to be evaluated, as its agent's counters see it. */
export interface Reservation {
  readonly intent: string;
  readonly destination: string;
  /**
   * Equal for equal proposals: tokens of the payload's digest, or of the request's where there is no payload, under every
   * secret in force. The first is stored, and all are looked up.
   */
  readonly subjects: readonly [string, ...string[]];
  readonly records: number;
  readonly cents: number;
  /** Ids of the policies it counts under. */
  readonly policies: readonly string[];
  /** When an unconfirmed reservation stops counting. Milliseconds since the epoch. */
  readonly lapsesAt: number;
  /** The predecessor whose place this one takes, and which stops counting; null: none. */
  readonly replaces: string | null;
}

/** The outcome of an intent for its agent's counters: it counts on, it is released, or a person rejected it. */
export interface Settlement {
  readonly intent: string;
  readonly effect: CounterEffect;
  readonly subject: string;
  readonly at: number;
}

/** The exact counters of agents. */
export interface AgentCounters {
  of(agent: string): {
    /** Returns the counts before this intent, and counts it from now on. */
    reserve(reservation: Reservation, need: HistoryNeed): Promise<History>;
    /** Returns the same counts without a reservation. */
    peek(reservation: Reservation, need: HistoryNeed): Promise<History>;
    release(intent: string): Promise<void>;
    settle(settlement: Settlement): Promise<void>;
  };
}
