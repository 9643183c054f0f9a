import type { Executor } from "./decision.ts";
import type { MeasureHints } from "./measure/hints.ts";

/** `gate.yaml`, parsed: what the operator says about destinations and people, out of the agent's reach. */
export interface Registry {
  /** SHA-256 of the file's bytes. */
  readonly hash: string;
  /** What to do with a destination that has no entry below: `block`, or let the named policy decide. */
  readonly unboundDestinations: "allow" | "block";
  readonly people: ReadonlyMap<string, Person>;
  /** Group id → ids of its people. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
  readonly destinations: ReadonlyMap<string, Destination>;
}

export interface Person {
  readonly id: string;
  readonly name: string;
  /** Lower case. */
  readonly email: string | null;
}

export interface Destination {
  /** `system.action`. */
  readonly name: string;
  /** Digest of everything the entry says, defaults included: an approval holds only for this configuration. */
  readonly configHash: string;
  /** Policies that always decide here; one the agent names can only make it stricter. */
  readonly policies: readonly string[];
  readonly measure: MeasureHints;
  readonly executor: Executor | null;
  /** Runner principals that may claim and report; empty: the proposer itself. */
  readonly runners: readonly string[];
  /** True: the order's token only claims, so an order that lapses unclaimed was certainly not carried out. */
  readonly claimRequired: boolean;
  /** True: the provider de-duplicates by idempotency key, so an unknown outcome may be tried again. */
  readonly idempotent: boolean;
  /** Hundredths added to the risk score for this destination; null: by the system's name. */
  readonly riskWeight: number | null;
}
