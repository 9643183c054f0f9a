import type { Json } from "../base/json.ts";
import type { MeasureHints } from "./measure-hints.ts";
import type { Credential } from "./credential.ts";
import type { VaultConnections } from "./vault-connection.ts";
import type { Injection } from "./injection.ts";
import type { Executor } from "./executor.ts";

/** `gate.yaml`, parsed: the operator's configuration of destinations and people, which agents can't change. */
export interface Registry {
  /** SHA-256 of the file's bytes. */
  readonly hash: string;
  /** A destination without an entry below is blocked, or evaluated by the policy that the agent names. */
  readonly unboundDestinations: "allow" | "block";
  /** Whether `GovernedEgress` allows or blocks a request to a host that is no destination's upstream. */
  readonly unknownHosts: "allow" | "block";
  readonly people: ReadonlyMap<string, Person>;
  /** Group id → ids of its people. */
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
  readonly destinations: ReadonlyMap<string, Destination>;
  /** Where credentials come from, by the name that destinations and channels use; never a secret itself. */
  readonly credentials: ReadonlyMap<string, Credential>;
  /** Connections to the vaults that `credentials` refers to. */
  readonly vaults: VaultConnections;
  /** Channels that notify approvers of held intents, by id. */
  readonly channels: ReadonlyMap<string, Channel>;
  readonly signIn: SignIn;
}

/** The identity providers that Gate trusts to authenticate people. */
export interface SignIn {
  /** Cloudflare Access in front of Gate; null: there is none. */
  readonly access: TrustedIssuer | null;
  readonly oidc: readonly OidcProvider[];
}

/** RFC 7519: only tokens of this issuer for this audience are accepted. */
export interface TrustedIssuer {
  readonly issuer: string;
  readonly audience: string;
  /** URL of its keys; null: the `jwks_uri` of its OpenID configuration. */
  readonly jwks: string | null;
  /** The operator set `allow_private`: plain http and private addresses are allowed. */
  readonly allowPrivate: boolean;
  readonly emails: EmailTrust;
}

/**
 * What makes an issuer's `email` a verified address. `claimed`: its `email_verified` says so. `trusted`: the operator
 * says so for an issuer that leaves the claim out. `vouched`: the issuer admits verified addresses only.
 */
export type EmailTrust = "claimed" | "trusted" | "vouched";

export interface OidcProvider extends TrustedIssuer {
  /** Label of the button on the sign-in page. */
  readonly name: string;
  /** Key of `Registry.credentials`: the client's secret; null: a public client, or tokens only, without a button. */
  readonly clientSecret: string | null;
}

interface ChannelBase {
  readonly id: string;
  /** Groups and people notified here; empty: all eligible approvers. */
  readonly for: readonly string[];
  /** `system.action` or `system.*`; empty: every destination. */
  readonly destinations: readonly string[];
  /** The operator set `allow_private`: plain http and private addresses are allowed. */
  readonly allowPrivate: boolean;
}

/** One channel for notifications of held intents. Secrets are keys of `Registry.credentials`. */
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
        /** Verifies Slack's requests to `/slack/interactions`. */
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
        /** Value of the header, `{secret}` replaced. */
        readonly format: string;
        /** JSON with `{to}`, `{from}`, `{subject}`, `{text}` and `{html}` replaced in its texts; null: the default. */
        readonly body: Json | null;
      }
    | {
        /** An approval provider that asks a person and calls back. */
        readonly kind: "a2h";
        readonly url: string;
        /** Signs Gate's requests and the provider's callbacks. */
        readonly secret: string;
        /** The assurance level of votes it returns. */
        readonly assurance: "link" | "slack";
      }
  );

export interface Person {
  readonly id: string;
  readonly name: string;
  /** Lower case. */
  readonly email: string | null;
  /** `team/user`, both as Slack's ids, because a Slack user can change their own name. */
  readonly slack: string | null;
}

export interface Destination {
  /** `system.action`. */
  readonly name: string;
  /** Digest of the whole entry, defaults included: an approval is valid only for this configuration. */
  readonly configHash: string;
  /** Policies that always apply here; one that the agent names can only make the result stricter. */
  readonly policies: readonly string[];
  readonly measure: MeasureHints;
  readonly executor: Executor | null;
  /** Runner principals that may claim and report; empty: the proposer itself. */
  readonly runners: readonly string[];
  /** True: the order's token can only claim, so an order that lapses unclaimed was certainly not executed. */
  readonly claimRequired: boolean;
  /** True: only a report signed with the runner's registered key is accepted. */
  readonly proofRequired: boolean;
  /** True: the provider de-duplicates by idempotency key, so a write with an unknown outcome may be retried. */
  readonly idempotent: boolean;
  /** Hundredths added to the risk score for this destination; null: derived from the system's name. */
  readonly riskWeight: number | null;
  /** Where the reverse proxy and Gate itself send writes; null: only runners reach it. */
  readonly upstream: Upstream | null;
  /** The credential that Gate injects; null: it has none for this destination. */
  readonly credential: DestinationCredential | null;
  /** Template of the request for a proposal made by API; null: Gate can't send one. */
  readonly execute: Execute | null;
}

export interface DestinationCredential {
  /** Key of `Registry.credentials`. */
  readonly name: string;
  readonly injection: Injection;
}

/** The operator's request template; its body is the payload. */
export interface Execute {
  readonly method: string;
  /**
   * Below the upstream, with its query: begins with a slash. `{payload.a.b}` and `{metadata.a}` stand for members
   * of the proposal, percent-encoded.
   */
  readonly path: string;
  /** Null: the type that the proposal declares, else JSON. */
  readonly contentType: string | null;
}

export interface Upstream {
  /** https, no credentials, query or fragment, no trailing slash. */
  readonly url: string;
  /** First path segments on Gate of this upstream, e.g. `/sfdc`; null: not reachable through the reverse proxy. */
  readonly prefix: string | null;
  /** Requests that only read and pass without an intent; a path ends in `*` for everything below it. */
  readonly reads: readonly { readonly method: string; readonly path: string }[];
  /** The operator set `allow_private`: private and loopback addresses are allowed. */
  readonly allowPrivate: boolean;
  /** Milliseconds until a response has begun and, for a write, has ended. */
  readonly timeoutMs: number;
  /** Longest silence within a response that is passed on as it comes, in milliseconds; absent: the default. */
  readonly idleMs?: number;
  /** Agents' headers whose meaning the operator knows: they hold no write. Lower case. */
  readonly headers: readonly string[];
  /** Agents' headers that are dropped, lower case; absent: none, as in entries whose digest was stored before. */
  readonly dropHeaders?: readonly string[];
  /** Header by which the provider detects a repeat, lower case; null: it has none. */
  readonly idempotencyHeader: string | null;
}

/** Headers of a request whose meaning the entry's operator knows. */
export function listedHeaders({ headers, idempotencyHeader }: Upstream): readonly string[] {
  return idempotencyHeader === null ? headers : [...headers, idempotencyHeader];
}

/** An event stream may say nothing for minutes; a connection whose other end is gone says nothing for ever. */
export const DEFAULT_IDLE_MS = 300_000;

/** The name of all hosts without a destination, in agents' lists, kill switches and read counts. */
export const UNKNOWN_HOSTS = "unknown.outbound";
