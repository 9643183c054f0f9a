import type { Result } from "../core/base/result.ts";

/** Why a notification is sent. */
export type DeliveryKind =
  /** An intent awaits a decision: first notice, reminder, escalation to the next people. */
  | "held"
  | "reminder"
  | "escalation"
  /** It is decided: sent messages are updated. */
  | "decided"
  /** A ledger event, to a registered webhook. */
  | "event"
  | "test";

/** One notification to one target. */
export interface Delivery {
  /** Equal for the same notification to the same target, so that planning twice sends once. */
  readonly id: string;
  /** A channel of the registry (`channel:<id>`) or a registered webhook (`whk_…`). */
  readonly target: string;
  /** The recipient, for channels that notify persons one by one; else null. */
  readonly person: string | null;
  readonly kind: DeliveryKind;
  readonly intent: string;
  /** Sequence number of the ledger entry that caused it; 0 for a test. */
  readonly seq: number;
  /** The ledger entry's event; absent where the kind determines it. */
  readonly event?: string;
  /**
   * Deliveries of one lane share a limit of parallel attempts, so that a backlog delays only its own. Default: the
   * target.
   */
  readonly lane?: string;
  /** The group or person that an escalation names. */
  readonly to: string | null;
  /** Milliseconds since the epoch: when it was planned. */
  readonly at: number;
}

export type DeliveryState = "pending" | "delivered" | "failed" | "moot";

export interface DeliveryRecord extends Delivery {
  readonly state: DeliveryState;
  readonly attempts: number;
  /** When it is attempted next, in milliseconds since the epoch; null: never. */
  readonly nextAt: number | null;
  /** The last attempt's HTTP status, and its problem as a code or sentence without secrets. */
  readonly lastStatus: number | null;
  readonly lastProblem: string | null;
  readonly deliveredAt: number | null;
  /** The recipient's id of the message (Slack: `channel/ts`), for updates. */
  readonly receipt: string | null;
}

/** Result of one attempt. */
export type DeliveryResult =
  | { readonly kind: "delivered"; readonly status: number | null; readonly receipt: string | null }
  /** `afterMs`: the delay that the recipient asked for; null: Gate's own schedule. */
  | {
      readonly kind: "retry";
      readonly status: number | null;
      readonly problem: string;
      readonly afterMs: number | null;
    }
  /** Permanent: a retry would fail too. */
  | { readonly kind: "failed"; readonly status: number | null; readonly problem: string }
  /** Obsolete before it was sent. */
  | { readonly kind: "moot" };

/** Name of the only dispatcher object. */
export const DISPATCHER = "dispatch/1";

/** The columns of an intent's ledger row that planning reads. */
export interface LedgerNews {
  /** Row id in D1. */
  readonly row: number;
  readonly intent: string;
  readonly seq: number;
  readonly event: string;
  readonly at: number;
  /** Author of the decision: a person's id, `policy` or `timeout`; null: the entry names none. */
  readonly by: string | null;
  /** Groups and people that the entry names as recipients. */
  readonly to: readonly string[];
}

export interface NewsPage {
  readonly news: readonly LedgerNews[];
  /** Id of the last row read, of any chain. */
  readonly to: number;
  readonly more: boolean;
  /** Is any webhook registered, of whatever form? */
  readonly hasWebhooks: boolean;
}

/** A ledger row of an intent, joined with its row of the intent index. */
export interface LedgerRowDetail {
  readonly intent: string;
  readonly seq: number;
  readonly event: string;
  readonly actor: string;
  readonly at: number;
  /** RFC 8785 text: codes, numbers and commitments. */
  readonly body: string;
  readonly hash: string;
  readonly agent: string;
  readonly destination: string;
  readonly policy: string;
}

/** Durable notifications with their retries: one object. */
export interface Deliveries {
  /** Signals that the ledger may have new rows. False: when it last looked, nobody was to be notified. */
  poke(): Promise<boolean>;
  /** Signals that there may be somebody new to notify, who expects to hear of the next event. */
  listen(): Promise<void>;
  /** Id of the last ledger row whose notifications are planned. */
  cursor(): Promise<number>;
  /** A page of the ledger after this row. */
  news(after: number): Promise<NewsPage>;
  /** One entry of one intent; null: not on the ledger. */
  row(intent: string, seq: number): Promise<LedgerRowDetail | null>;
  /**
   * Moves the cursor and adds these deliveries; false: another call moved it first, and nothing was added.
   *
   * @param hasAudience false: no channel and no webhook exists, so that nobody has to be woken for the next rows
   */
  plan(from: number, to: number, deliveries: readonly Delivery[], hasAudience: boolean): Promise<boolean>;
  /** Adds deliveries outside of planning; those that exist stay as they are. */
  add(deliveries: readonly Delivery[]): Promise<void>;
  /** Due deliveries, a few of each lane, leased to this caller for a minute. `attempts` includes this one. */
  lease(limit: number): Promise<readonly DeliveryRecord[]>;
  /** Records an attempt's result. A retry is due after `afterMs`, or after a minute. */
  settle(id: string, result: DeliveryResult): Promise<void>;
  /** All deliveries of these intents, sent or not, oldest first. */
  ofIntents(intents: readonly string[]): Promise<readonly DeliveryRecord[]>;
  /** One target's deliveries, newest first. */
  log(
    target: string,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly DeliveryRecord[]>;
  find(id: string): Promise<DeliveryRecord | null>;
  /** Makes a delivery in any state due again, with its first attempt; null: there is no such delivery. */
  replay(id: string): Promise<DeliveryRecord | null>;
  /** Drops the pending deliveries of a removed target. */
  drop(target: string): Promise<void>;
}

/** Queue message for notifications that wait to be planned or delivered. */
export interface NotifyMessage {
  readonly type: "notify";
}

/** An endpoint that a program registered for events. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  /** `intent.approved`, `intent.*`, `*`. */
  readonly events: readonly string[];
  readonly description: string;
  /** `contract`: one intent's outcome, sent once, in the older format; `standard`: Standard Webhooks. */
  readonly form: "standard" | "contract";
  /** For `contract`: the intent. */
  readonly intent: string | null;
  /** Id of the principal that registered it. */
  readonly principal: string;
  readonly createdAt: number;
  /** Why deliveries to it have stopped; null: it is active. */
  readonly disabled: string | null;
}

/** The fields of an active webhook that planning reads. */
export type Subscription = Pick<Webhook, "id" | "events" | "form" | "intent" | "principal" | "createdAt">;

export interface Webhooks {
  /** The secret signs deliveries and is encrypted at rest. A `contract` hook replaces the intent's earlier one. */
  register(webhook: Webhook, secret: string, actor: string): Promise<Result<void, "too_many_webhooks">>;
  /** The `standard` ones, oldest first. */
  list(): Promise<readonly Webhook[]>;
  /** Active webhooks: every `standard` one, and the `contract` ones of these intents. */
  subscriptions(intents: readonly string[]): Promise<readonly Subscription[]>;
  /** The `contract` one of this intent. */
  ofIntent(intent: string): Promise<Webhook | null>;
  find(id: string): Promise<Webhook | null>;
  /** The current secret first, then the previous one while both sign. */
  secrets(id: string, now: number): Promise<readonly string[]>;
  rotate(id: string, secret: string, actor: string, now: number): Promise<void>;
  disable(id: string, why: string): Promise<void>;
  remove(id: string, actor: string): Promise<void>;
}

/** One HTTP request to a server other than an upstream: a vault, an issuer, a channel, a webhook. */
export interface Outgoing {
  readonly url: string;
  readonly method: "POST" | "GET" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly timeoutMs: number;
  /** True only where the registry's entry has `allow_private: true`. */
  readonly allowPrivate: boolean;
  /** Bytes of the response to read, where 64 KiB are not enough. */
  readonly maxAnswerBytes?: number;
}

export interface OutgoingAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** At most `maxAnswerBytes`, by default 64 KiB; the rest is not read. */
  readonly text: string;
}

/** `refused_address`: not sent, because `publicAddress` refuses the URL. */
export type OutgoingProblem = "refused_address" | "timeout" | "unreachable";

/** Sends a request, never follows a redirect, and never throws. */
export type SendOutgoing = (request: Outgoing) => Promise<Result<OutgoingAnswer, OutgoingProblem>>;
