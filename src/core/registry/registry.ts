import type { Json } from "../base/json.ts";
import type { MeasureHints } from "./measure-hints.ts";
import type { SecretRef } from "./secret-ref.ts";
import type { VaultConnections } from "./vault-connection.ts";
import type { Injection } from "./injection.ts";
import type { Executor } from "./executor.ts";

/** `gate.yaml`, parsed: what the operator says about destinations and people, out of the agent's reach. */
export interface Registry {
  /** SHA-256 of the file's bytes. */
  readonly hash: string;
  /** What to do with a destination that has no entry below: `block`, or let the named policy decide. */
  readonly unboundDestinations: "allow" | "block";
  /** What `GovernedEgress` does with a request to a host that is no destination's upstream. */
  readonly unknownHosts: "allow" | "block";
  readonly people: ReadonlyMap<string, Person>;
  /** Group id → ids of its people. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
  readonly destinations: ReadonlyMap<string, Destination>;
  /** Where credentials are, by the name destinations and channels refer to; never a secret itself. */
  readonly credentials: ReadonlyMap<string, SecretRef>;
  /** How the vaults are reached that credentials name. */
  readonly vaults: VaultConnections;
  /** Where people are told of what waits for them, by id. */
  readonly channels: ReadonlyMap<string, Channel>;
  readonly signIn: SignIn;
}

/** Whose word Gate takes for who a person is. */
export interface SignIn {
  /** Cloudflare Access in front of Gate; null: none is. */
  readonly access: TrustedIssuer | null;
  readonly oidc: readonly OidcProvider[];
}

/** RFC 7519: only tokens of this issuer for this audience count. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** Where its keys are; null: where its OpenID configuration says. */
  readonly jwks: string | null;
  /** The operator wrote that plain http and private addresses are meant. */
  readonly allowPrivate: boolean;
}

export interface OidcProvider extends TrustedIssuer {
  /** What the button on the sign-in page says. */
  readonly name: string;
  /** Key of `Registry.credentials`: the client's secret; null: a public client, or tokens only, without a button. */
  readonly clientSecret: string | null;
}

interface ChannelBase {
  readonly id: string;
  /** Groups and people who are told here; empty: everybody who may decide. */
  readonly for: readonly string[];
  /** `system.action` or `system.*`; empty: every destination. */
  readonly destinations: readonly string[];
  /** The operator wrote that plain http and private addresses are meant. */
  readonly allowPrivate: boolean;
}

/** One place where held intents are told of. Secrets are names of `Registry.credentials`. */
export type Channel = ChannelBase &
  (
    | {
        readonly kind: "slack_webhook";
        /** The whole URL is the secret. */
        readonly secret: string;
      }
    | {
        readonly kind: "slack_app";
        /** Slack's id of the channel, `C…`. */
        readonly channel: string;
        /** The bot's token, `xoxb-…`. */
        readonly token: string;
        /** Verifies what comes in at `/slack/interactions`. */
        readonly signingSecret: string;
        /** Slack's Web API. */
        readonly url: string;
      }
    | {
        readonly kind: "webhook";
        readonly url: string;
        /** Standard Webhooks: `whsec_…`. */
        readonly secret: string;
      }
    | {
        readonly kind: "email";
        /** The provider's HTTP endpoint for sending one message. */
        readonly url: string;
        readonly secret: string;
        readonly from: string;
        readonly header: string;
        /** What the header says, `{secret}` replaced. */
        readonly format: string;
        /** JSON with `{to}`, `{from}`, `{subject}`, `{text}` and `{html}` replaced in its texts; null: the usual. */
        readonly body: Json | null;
      }
    | {
        /** An approval provider that asks a person and calls back. */
        readonly kind: "a2h";
        readonly url: string;
        /** Signs what goes out and what comes back. */
        readonly secret: string;
        /** What its word is worth. */
        readonly assurance: "link" | "slack";
      }
  );

export interface Person {
  readonly id: string;
  readonly name: string;
  /** Lower case. */
  readonly email: string | null;
  /** `team/user`, both as Slack's ids: names in Slack are their bearers' to choose. */
  readonly slack: string | null;
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
  /** What Gate calls the upstream with; null: it has no credential of its own. */
  readonly credential: DestinationCredential | null;
  /** How Gate makes the request of what is proposed by API; null: it can't. */
  readonly execute: Execute | null;
}

export interface DestinationCredential {
  /** Key of `Registry.credentials`. */
  readonly name: string;
  readonly injection: Injection;
}

/** A request as the operator wrote it; its body is the payload. */
export interface Execute {
  readonly method: string;
  /**
   * Below the upstream, with its query: begins with a slash. `{payload.a.b}` and `{metadata.a}` stand for members
   * of the proposal, percent-encoded.
   */
  readonly path: string;
  /** Null: what the proposal declares, else JSON. */
  readonly contentType: string | null;
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
  /** Until an answer has begun and, for a write, has ended. Milliseconds. */
  readonly timeoutMs: number;
  /** Headers of agents that go out besides the known ones, lower case. */
  readonly headers: readonly string[];
  /** Header by which the provider knows a repeat, lower case; null: it knows none. */
  readonly idempotencyHeader: string | null;
}
