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
  /** Where credentials come from, by the name destinations refer to; never a secret itself. */
  readonly credentials: ReadonlyMap<string, CredentialSource>;
}

export interface CredentialSource {
  readonly provider: "env" | "1password" | "hashicorp" | "aws" | "azure" | "doppler" | "infisical";
  /** What the provider calls it: a variable's name, `op://…`, a path. */
  readonly ref: string;
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
  /** True: only a report signed with the worker's registered key is taken. */
  readonly proofRequired: boolean;
  /** True: the provider de-duplicates by idempotency key, so an unknown outcome may be tried again. */
  readonly idempotent: boolean;
  /** Hundredths added to the risk score for this destination; null: by the system's name. */
  readonly riskWeight: number | null;
  /** Where the reverse proxy and Gate itself send writes; null for what only runners reach. */
  readonly upstream: Upstream | null;
  /** Key of `Registry.credentials`. */
  readonly credential: string | null;
}

export interface Upstream {
  /** https, no credentials, query or fragment, no trailing slash. */
  readonly url: string;
  /** First path segments on Gate that lead here, e.g. `/sfdc`; null: not reachable through the reverse proxy. */
  readonly prefix: string | null;
  /** Requests that only read and pass without an intent; a path ends in `*` for everything below it. */
  readonly reads: readonly { readonly method: string; readonly path: string }[];
  /** The operator wrote that private and loopback addresses are meant. */
  readonly allowPrivate: boolean;
}
