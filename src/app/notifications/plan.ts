import { digestOf } from "../../core/base/digest.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Channel } from "../../core/registry/registry.ts";
import type {
  Delivery,
  DeliveryKind,
  DeliveryRecord,
  LedgerNews,
  Subscription,
} from "../../ports/notifications.ts";
import { contractEvent, eventName } from "./events.ts";
import { recipientsOf, escalationRecipients, type Recipient, type RecipientRegistry } from "./recipients.ts";

/** Everything that decides what is told. */
export interface PlanInput {
  readonly news: readonly LedgerNews[];
  readonly subscriptions: readonly Subscription[];
  readonly registry: RecipientRegistry;
  /** Of the intents that `lookedAt` names. */
  readonly states: ReadonlyMap<string, IntentState>;
  /** What is planned already for the intents that `askedAbout` names. */
  readonly earlier: readonly DeliveryRecord[];
}

const CHANNEL_PREFIX = "channel:";

/** Messages that can be brought up to date; a mail can't be taken back. */
const UPDATED_KINDS: ReadonlySet<Channel["kind"]> = new Set(["slack_app", "webhook"]);

const ASKING: ReadonlySet<DeliveryKind> = new Set(["held", "reminder", "escalation"]);

const WAITING_EVENTS: ReadonlySet<string> = new Set([
  "approval_requested",
  "approval_reminded",
  "approval_escalated",
  "expiry_escalated",
]);

/** The channel that a delivery goes to; null: it goes to a webhook. */
export function channelOf(target: string): string | null {
  return target.startsWith(CHANNEL_PREFIX) ? target.slice(CHANNEL_PREFIX.length) : null;
}

/** Intents whose state says who is told. Where nobody has a channel there are none, whatever comes in. */
export function intentsNeedingState(
  news: readonly LedgerNews[],
  { channels }: RecipientRegistry,
): readonly string[] {
  if (channels.size === 0) return [];
  return intentsOf(news.filter(({ event }) => WAITING_EVENTS.has(event)));
}

/** Intents of which somebody may have been told that now are decided. */
export function intentsWithOpenRequests(
  news: readonly LedgerNews[],
  { channels }: RecipientRegistry,
): readonly string[] {
  return channels.size === 0 ? [] : intentsOf(news.filter(isDecision));
}

/** What the policy decided by itself was never asked for: most of what happens, and nobody's news. */
function isDecision({ event, by }: LedgerNews): boolean {
  return contractEvent(event) !== null && by !== "policy";
}

function intentsOf(news: readonly LedgerNews[]): readonly string[] {
  return [...new Set(news.map(({ intent }) => intent))];
}

/** What these entries of the ledger are told to whom. The same entries always give the same ids. */
export function plan(
  { news, subscriptions, registry, states, earlier }: PlanInput,
  now: number,
): readonly Delivery[] {
  const planned: Delivery[] = [];
  for (const entry of news) {
    planned.push(...approverDeliveries(entry, states.get(entry.intent), registry, now));
    if (isDecision(entry)) planned.push(...decided(entry, [...earlier, ...planned], registry, now));
    planned.push(...subscribed(entry, subscriptions, now));
  }
  return planned;
}

function approverDeliveries(
  entry: LedgerNews,
  state: IntentState | undefined,
  registry: RecipientRegistry,
  now: number,
): readonly Delivery[] {
  // Decided by the time anybody could be told: there is nothing to ask.
  if (state === undefined || state.phase !== "pending_approval") return [];
  const tell = (kind: DeliveryKind, places: readonly Recipient[], to: string | null = null) =>
    places.map((place) => delivery(entry, CHANNEL_PREFIX + place.channel, kind, { ...place, to }, now));
  switch (entry.event) {
    case "approval_requested":
      return tell("held", recipientsOf(state, registry));
    case "approval_reminded":
      return tell("reminder", recipientsOf(state, registry));
    case "approval_escalated":
    case "expiry_escalated":
      // A second wait without anybody to escalate to is one more word to those who were asked.
      if (entry.to.length === 0) return tell("escalation", recipientsOf(state, registry));
      return entry.to.flatMap((to) => tell("escalation", escalationRecipients(state, to, registry), to));
    default:
      return [];
  }
}

function decided(
  entry: LedgerNews,
  earlier: readonly Delivery[],
  { channels }: RecipientRegistry,
  now: number,
): readonly Delivery[] {
  const targets = earlier
    .filter(({ intent, kind }) => intent === entry.intent && ASKING.has(kind))
    .filter(({ target }) => {
      const channel = channels.get(channelOf(target) ?? "");
      return channel !== undefined && UPDATED_KINDS.has(channel.kind);
    })
    .map(({ target }) => target);
  return [...new Set(targets)].map((target) =>
    delivery(entry, target, "decided", { person: null, to: null }, now),
  );
}

function subscribed(
  entry: LedgerNews,
  subscriptions: readonly Subscription[],
  now: number,
): readonly Delivery[] {
  const name = eventName(entry.event);
  return subscriptions.flatMap((hook) => {
    if (hook.form === "contract") {
      const isSubscribed = hook.intent === entry.intent && contractEvent(entry.event) !== null;
      return isSubscribed ? [contractDelivery(hook, entry, now)] : [];
    }
    // What came before it registered is not its news, however late it is read.
    if (entry.at < hook.createdAt) return [];
    const wants = hook.events.some((filter) => filter === "*" || filter === "intent.*" || filter === name);
    return wants ? [delivery(entry, hook.id, "event", { person: null, to: null }, now)] : [];
  });
}

/** Once in its life, whatever else is decided later: its id says nothing of the event. */
export function contractDelivery(
  hook: Pick<Subscription, "id" | "principal">,
  { intent, seq, event }: Pick<LedgerNews, "intent" | "seq" | "event">,
  now: number,
): Delivery {
  return {
    id: idOf([hook.id, "contract"]),
    target: hook.id,
    // What one agent registers waits for its own, and not for anybody else's.
    lane: `agent:${hook.principal}`,
    person: null,
    kind: "event",
    intent,
    seq,
    event,
    to: null,
    at: now,
  };
}

/** For somebody to see that what is sent arrives; each is another one. */
export function testDelivery(hook: string, number: string, now: number): Delivery {
  const id = idOf([hook, "test", number]);
  return { id, target: hook, person: null, kind: "test", intent: "", seq: 0, to: null, at: now };
}

function delivery(
  { intent, seq, event }: LedgerNews,
  target: string,
  kind: DeliveryKind,
  { person, to }: { readonly person: string | null; readonly to: string | null },
  now: number,
): Delivery {
  const id = idOf([target, person, kind, intent, seq, to]);
  return { id, target, person, kind, intent, seq, event, to, at: now };
}

const ID_DIGITS = 40;

function idOf(parts: readonly unknown[]): string {
  return `msg_${digestOf(parts).slice(0, ID_DIGITS)}`;
}
