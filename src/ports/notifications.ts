import type { Result } from "../core/base/result.ts";

/** Why something is told. */
export type DeliveryKind =
  /** An intent waits for a decision: told first, again, or to the next. */
  | "held"
  | "reminder"
  | "escalation"
  /** It waits no more: what was told is brought up to date. */
  | "decided"
  /** A ledger event, to a registered webhook. */
  | "event"
  | "test";

/** One thing to be told to one place. */
export interface Delivery {
  /** The same for the same thing told to the same place, so that planning twice tells once. */
  readonly id: string;
  /** A channel of the registry (`channel:<id>`) or a registered webhook (`whk_…`). */
  readonly target: string;
  /** The person it is for, where a place tells people one by one. */
  readonly person: string | null;
  readonly kind: DeliveryKind;
  readonly intent: string;
  /** The ledger entry it is about; 0 for a test. */
  readonly seq: number;
  /** What the ledger calls it; absent where the kind says it all. */
  readonly event?: string;
  /** Deliveries of one lane wait for each other, so that who keeps many waiting keeps only their own. By default the target's. */
  readonly lane?: string;
  /** The group or person an escalation names. */
  readonly to: string | null;
  /** Milliseconds since the epoch: when it was planned. */
  readonly at: number;
}

export type DeliveryState = "pending" | "delivered" | "failed" | "moot";

export interface DeliveryRecord extends Delivery {
  readonly state: DeliveryState;
  readonly attempts: number;
  /** When it is tried next; null: it is not. */
  readonly nextAt: number | null;
  /** Of the last attempt: HTTP status, and a word or sentence without secrets for people. */
  readonly lastStatus: number | null;
  readonly lastProblem: string | null;
  readonly deliveredAt: number | null;
  /** What the other side calls it (Slack: `channel/ts`), so that it can be updated. */
  readonly receipt: string | null;
}

/** What became of one attempt. */
export type DeliveryResult =
  | { readonly kind: "delivered"; readonly status: number | null; readonly receipt: string | null }
  /** `afterMs`: what the other side asked for, else Gate's own schedule. */
  | {
      readonly kind: "retry";
      readonly status: number | null;
      readonly problem: string;
      readonly afterMs: number | null;
    }
  /** Will not work by trying again. */
  | { readonly kind: "failed"; readonly status: number | null; readonly problem: string }
  /** There is nothing to tell any more. */
  | { readonly kind: "moot" };

/** The one dispatcher there is, as its object is called. */
export const DISPATCHER = "dispatch/1";

/** A ledger row of an intent, as planning reads it. */
export interface LedgerNews {
  /** Of the ledger's rows in D1. */
  readonly row: number;
  readonly intent: string;
  readonly seq: number;
  readonly event: string;
  readonly at: number;
  /** Who decided, where the entry says so: a person's id, `policy` or `timeout`. */
  readonly by: string | null;
  /** The groups and people that the entry names to be told. */
  readonly to: readonly string[];
}

export interface NewsPage {
  readonly news: readonly LedgerNews[];
  /** Id of the last row that was read, of whatever chain. */
  readonly to: number;
  readonly more: boolean;
}

/** A ledger row of an intent, with what the list of intents says of it. */
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

/** What is to be told, durable, with its retries: one object. */
export interface Deliveries {
  /** Says that ledger rows may have come in; costs little. */
  poke(): Promise<void>;
  /** Id of the last ledger row that was planned for. */
  cursor(): Promise<number>;
  /** A page of the ledger after this row. */
  news(after: number): Promise<NewsPage>;
  /** One entry of one intent; null: the ledger does not have it. */
  row(intent: string, seq: number): Promise<LedgerRowDetail | null>;
  /** Moves the cursor and adds these, or does nothing because another call moved it first. */
  plan(from: number, to: number, deliveries: readonly Delivery[]): Promise<boolean>;
  /** Adds these besides; what is there already stays as it is. */
  add(deliveries: readonly Delivery[]): Promise<void>;
  /** What is due now, a few of each lane. Nobody else gets it for a minute. `attempts` counts this one. */
  lease(limit: number): Promise<readonly DeliveryRecord[]>;
  /** What became of an attempt. To be tried again: after `afterMs`, or a minute. */
  settle(id: string, result: DeliveryResult): Promise<void>;
  /** Everything that was told or is to be told of these intents, oldest first. */
  ofIntents(intents: readonly string[]): Promise<readonly DeliveryRecord[]>;
  /** One place's, newest first. */
  log(
    target: string,
    page: { readonly after: string | null; readonly limit: number },
  ): Promise<readonly DeliveryRecord[]>;
  find(id: string): Promise<DeliveryRecord | null>;
  /** Tries again from the start, whatever became of it; null: there is no such delivery. */
  replay(id: string): Promise<DeliveryRecord | null>;
  /** The place is gone: nothing more goes there. */
  drop(target: string): Promise<void>;
}

/** Says in the queue that there is something to plan or to deliver. */
export interface NotifyMessage {
  readonly type: "notify";
}

/** A place that another program registered for events. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  /** `intent.approved`, `intent.*`, `*`. */
  readonly events: readonly string[];
  readonly description: string;
  /** `contract`: one intent, once, in the older form; `standard`: Standard Webhooks. */
  readonly form: "standard" | "contract";
  /** For `contract`: the intent. */
  readonly intent: string | null;
  /** Principal who registered it. */
  readonly principal: string;
  readonly createdAt: number;
  /** Why it gets nothing more; null: it does. */
  readonly disabled: string | null;
}

/** What planning needs of a webhook that is in use. */
export type Subscription = Pick<Webhook, "id" | "events" | "form" | "intent" | "principal" | "createdAt">;

export interface Webhooks {
  /** The secret signs what is sent; it is sealed at rest. A `contract` hook takes the place of the intent's earlier one. */
  register(webhook: Webhook, secret: string, actor: string): Promise<Result<void, "too_many_webhooks">>;
  /** Those of the form `standard`, oldest first. */
  list(): Promise<readonly Webhook[]>;
  /** Those in use: every `standard` one, and the `contract` ones of these intents. */
  subscriptions(intents: readonly string[]): Promise<readonly Subscription[]>;
  /** The `contract` one of this intent. */
  ofIntent(intent: string): Promise<Webhook | null>;
  find(id: string): Promise<Webhook | null>;
  /** The current one first, then the one before it as long as both are in use. */
  secrets(id: string, now: number): Promise<readonly string[]>;
  rotate(id: string, secret: string, actor: string, now: number): Promise<void>;
  disable(id: string, why: string): Promise<void>;
  remove(id: string, actor: string): Promise<void>;
}

/** One HTTP request to somebody outside. */
export interface Outgoing {
  readonly url: string;
  readonly method: "POST" | "GET" | "PUT";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly timeoutMs: number;
  /** True only where the operator wrote so on the registry's entry. */
  readonly allowPrivate: boolean;
  /** How much of the answer is read, where 64 KiB are not enough. */
  readonly maxAnswerBytes?: number;
}

export interface OutgoingAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** At most 64 KiB, or what the request says; the rest is not read. */
  readonly text: string;
}

/** `refused_address`: it is not sent there at all. */
export type OutgoingProblem = "refused_address" | "timeout" | "unreachable";

/** Sends a request, never follows a redirect, and never throws. */
export type SendOutgoing = (request: Outgoing) => Promise<Result<OutgoingAnswer, OutgoingProblem>>;
