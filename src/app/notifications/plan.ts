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

/** Everything that planning depends on. */
export interface PlanInput {
  readonly news: readonly LedgerNews[];
  readonly subscriptions: readonly Subscription[];
  readonly registry: RecipientRegistry;
  /** Of the intents in `intentsNeedingState`. */
  readonly states: ReadonlyMap<string, IntentState>;
  /** Deliveries planned before for the intents in `intentsWithOpenRequests`. */
  readonly earlier: readonly DeliveryRecord[];
}

const CHANNEL_PREFIX = "channel:";

/** Channels whose messages Gate can update; an e-mail can't be recalled. */
const UPDATED_KINDS: ReadonlySet<Channel["kind"]> = new Set(["slack_app", "webhook"]);

const REQUEST_KINDS: ReadonlySet<DeliveryKind> = new Set(["held", "reminder", "escalation"]);

const WAITING_EVENTS: ReadonlySet<string> = new Set([
  "approval_requested",
  "policy_rechecked",
  "approval_lapsed",
  "approval_reminded",
  "approval_escalated",
  "expiry_escalated",
  "expiry_deferred",
  "silence_not_counted",
  "restored",
]);

/** The channel that a delivery goes to; null: it goes to a webhook. */
export function channelOf(target: string): string | null {
  return target.startsWith(CHANNEL_PREFIX) ? target.slice(CHANNEL_PREFIX.length) : null;
}

/** Intents whose state planning needs to find the recipients; none without channels. */
export function intentsNeedingState(
  news: readonly LedgerNews[],
  { channels }: RecipientRegistry,
): readonly string[] {
  if (channels.size === 0) return [];
  return intentsOf(news.filter(({ event }) => WAITING_EVENTS.has(event)));
}

/** Intents that were decided, and whose approval requests may need an update. */
export function intentsWithOpenRequests(
  news: readonly LedgerNews[],
  { channels }: RecipientRegistry,
): readonly string[] {
  return channels.size === 0 ? [] : intentsOf(news.filter(isDecision));
}

/** A verdict of the policy alone is excluded: Gate sent no request for it, and it is the most frequent event. */
function isDecision({ event, by }: LedgerNews): boolean {
  return contractEvent(event) !== null && by !== "policy";
}

function intentsOf(news: readonly LedgerNews[]): readonly string[] {
  return [...new Set(news.map(({ intent }) => intent))];
}

/** The deliveries for these ledger entries. The same entries always give the same ids. */
export function plan(
  { news, subscriptions, registry, states, earlier }: PlanInput,
  now: number,
): readonly Delivery[] {
  const planned: Delivery[] = [];
  for (const entry of news) {
    planned.push(...approverDeliveries(entry, states.get(entry.intent), registry, now));
    if (isDecision(entry)) planned.push(...updateDeliveries(entry, [...earlier, ...planned], registry, now));
    planned.push(...webhookDeliveries(entry, subscriptions, now));
  }
  return planned;
}

function approverDeliveries(
  entry: LedgerNews,
  state: IntentState | undefined,
  registry: RecipientRegistry,
  now: number,
): readonly Delivery[] {
  // Decided meanwhile: no request is needed.
  if (state === undefined || state.phase !== "pending_approval") return [];
  const toRecipients = (kind: DeliveryKind, recipients: readonly Recipient[], to: string | null = null) =>
    recipients.map((recipient) =>
      delivery(entry, CHANNEL_PREFIX + recipient.channel, kind, { ...recipient, to }, now),
    );
  const escalated = () =>
    entry.to.flatMap((to) => toRecipients("escalation", escalationRecipients(state, to, registry), to));
  switch (entry.event) {
    case "approval_requested":
    case "policy_rechecked":
    case "approval_lapsed":
    // A restore voids every link and question from before it.
    case "restored":
      // Nobody can approve what the rules in force block.
      if (state.terms.outcome !== "hold") return [];
      return toRecipients("held", recipientsOf(state, registry));
    case "expiry_deferred":
      // Silence may approve it in a moment; if not, `silence_not_counted` follows.
      if (state.silence !== undefined) return [];
      return toRecipients("reminder", recipientsOf(state, registry));
    case "approval_reminded":
    case "silence_not_counted":
      return toRecipients("reminder", recipientsOf(state, registry));
    case "approval_escalated":
      return escalated();
    case "expiry_escalated": {
      const steps = escalated();
      // The approvers still decide, and until later than they were told.
      const others = recipientsOf(state, registry).filter(
        ({ channel, person }) =>
          !steps.some((step) => step.target === CHANNEL_PREFIX + channel && step.person === person),
      );
      return [...steps, ...toRecipients(entry.to.length === 0 ? "escalation" : "reminder", others)];
    }
    default:
      return [];
  }
}

function updateDeliveries(
  entry: LedgerNews,
  earlier: readonly Delivery[],
  { channels }: RecipientRegistry,
  now: number,
): readonly Delivery[] {
  const targets = earlier
    .filter(({ intent, kind }) => intent === entry.intent && REQUEST_KINDS.has(kind))
    .filter(({ target }) => {
      const channel = channels.get(channelOf(target) ?? "");
      return channel !== undefined && UPDATED_KINDS.has(channel.kind);
    })
    .map(({ target }) => target);
  return [...new Set(targets)].map((target) =>
    delivery(entry, target, "decided", { person: null, to: null }, now),
  );
}

function webhookDeliveries(
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
    // Events before the registration are not for this webhook, however late planning reads them.
    if (entry.at < hook.createdAt) return [];
    const wants = hook.events.some((filter) => filter === "*" || filter === "intent.*" || filter === name);
    return wants ? [delivery(entry, hook.id, "event", { person: null, to: null }, now)] : [];
  });
}

/** One delivery per contract webhook, whatever is decided later: its id does not depend on the event. */
export function contractDelivery(
  hook: Pick<Subscription, "id" | "principal">,
  { intent, seq, event }: Pick<LedgerNews, "intent" | "seq" | "event">,
  now: number,
): Delivery {
  return {
    id: idOf([hook.id, "contract"]),
    target: hook.id,
    // A lane per agent: an agent with many slow webhooks delays only its own.
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

/** A test delivery that an admin requests; each `number` makes another one. */
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
