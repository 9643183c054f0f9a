import { logLine, type LogEvent } from "../../core/base/log-line.ts";
import { CHANNEL_WAITS_MS, endlessWaitAfter, waitAfter } from "../../core/base/backoff.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Channel } from "../../core/registry/registry.ts";
import type { Ports } from "../../ports/ports.ts";
import type {
  Delivery,
  DeliveryRecord,
  LedgerNews,
  DeliveryResult,
  NewsPage,
} from "../../ports/notifications.ts";
import { wakeDispatcher } from "./wake-dispatcher.ts";
import { failed, retry } from "./channels/send-result.ts";
import { intentsWithOpenRequests, channelOf, intentsNeedingState, plan } from "./plan.ts";
import { deliverWebhook } from "./deliver-webhook.ts";

/** Sends one delivery to a channel of the registry. */
export type SendToChannel = (
  record: DeliveryRecord,
  channel: Channel,
  ports: Ports,
) => Promise<DeliveryResult>;

/** Concurrent requests: the platform lets a Worker have six, and a seventh would queue while its timeout runs. */
const MAX_CONCURRENT = 6;

/** No delivery begins after this: running ones end within the platform's limit, and another message continues. */
const RUN_BUDGET_MS = 10_000;

/** Bounds a run as well: between I/O the platform's clock does not advance. */
const MAX_DELIVERIES = 500;

/** The longest attempt, and its share of the lease: it ends before another worker leases the delivery. */
const MAX_ATTEMPT_MS = 25_000;
const ATTEMPT_SHARE = 5 / 12;

/** Planning skips an intent whose state stays unreadable this long, so that it does not block all later rows. */
const STATE_READ_GRACE_MS = 2 * 60_000;

/** Deliveries per `plan` call: keeps it under half of the platform's 32 MiB RPC limit. */
const MAX_PLANNED = 20_000;

/** Attempts to update a message after the decision, about a day's; later an update has no reader. */
const MAX_UPDATE_ATTEMPTS = 28;

/**
 * Handles one `notify` message of the queue: plans deliveries for new ledger rows, then attempts those that are due.
 * Never throws; pokes the dispatcher for another message when work is left.
 */
export async function runDeliveries(ports: Ports, sendToChannel: SendToChannel): Promise<void> {
  const endsAt = Date.now() + RUN_BUDGET_MS;
  const hasUnreadRows = await runOrLog("delivery_planning_failed", () => planNews(ports, endsAt));
  const hasDueDeliveries = await runOrLog("delivery_run_failed", () =>
    deliverDue(ports, sendToChannel, endsAt),
  );
  if (hasUnreadRows || hasDueDeliveries) {
    await wakeDispatcher(ports);
  }
}

/** Runs and logs a failure as false: an immediate retry would fail again, and the dispatcher's alarm retries later. */
async function runOrLog(event: LogEvent, run: () => Promise<boolean>): Promise<boolean> {
  try {
    return await run();
  } catch (error) {
    console.error(logLine(event, { error: String(error) }));
    return false;
  }
}

/** True when unread rows are left. */
async function planNews(ports: Ports, endsAt: number): Promise<boolean> {
  let from = await ports.deliveries.cursor();
  for (let more = true; more;) {
    if (Date.now() >= endsAt) return true;
    const page = await ports.deliveries.news(from);
    if (page.to === from) return false;
    const { planned, last } = await planPage(page, ports);
    const hasAudience = page.hasWebhooks || (await ports.rules.current()).registry.channels.size > 0;
    const to = last ?? page.to;
    // Another worker moved the cursor first; it plans the remaining rows.
    if (!(await ports.deliveries.plan(from, to, planned, hasAudience))) return false;
    from = to;
    more = page.more || last !== null;
  }
  return false;
}

interface PagePlan {
  readonly planned: readonly Delivery[];
  /** The last planned row of a page with more than `MAX_PLANNED` deliveries; null: the whole page is planned. */
  readonly last: number | null;
}

async function planPage({ news, hasWebhooks }: NewsPage, ports: Ports): Promise<PagePlan> {
  if (news.length === 0) return { planned: [], last: null };
  const intents = [...new Set(news.map(({ intent }) => intent))];
  const [{ registry }, subscriptions] = await Promise.all([
    ports.rules.current(),
    hasWebhooks ? ports.webhooks.subscriptions(intents) : [],
  ]);
  const decided = intentsWithOpenRequests(news, registry);
  const [states, earlier] = await Promise.all([
    statesOf(intentsNeedingState(news, registry), news, ports),
    decided.length === 0 ? [] : ports.deliveries.ofIntents(decided),
  ]);
  const now = Date.now();
  for (let part = news; ; part = part.slice(0, Math.ceil(part.length / 2))) {
    const planned = plan({ news: part, subscriptions, registry, states, earlier }, now);
    if (planned.length > MAX_PLANNED && part.length > 1) continue;
    return { planned, last: part === news ? null : (part.at(-1)?.row ?? null) };
  }
}

async function statesOf(
  intents: readonly string[],
  news: readonly LedgerNews[],
  { intents: objects }: Ports,
): Promise<ReadonlyMap<string, IntentState>> {
  const found = await Promise.all(
    intents.map(async (id) => {
      try {
        const state = (await objects.find(id)?.getState()) ?? null;
        return state === null ? [] : [[id, state] as const];
      } catch (error) {
        const isRecent = news.some(
          ({ intent, at }) => intent === id && Date.now() - at < STATE_READ_GRACE_MS,
        );
        if (isRecent) throw error;
        console.error(logLine("notification_failed", { intent: id, error: String(error) }));
        return [];
      }
    }),
  );
  return new Map(found.flat());
}

/** True when due deliveries may be left. */
async function deliverDue(ports: Ports, sendToChannel: SendToChannel, endsAt: number): Promise<boolean> {
  const running = new Set<Promise<void>>();
  let begun = 0;
  let isFull = false;
  for (;;) {
    const isOver = begun >= MAX_DELIVERIES || Date.now() >= endsAt;
    const room = isOver ? 0 : MAX_CONCURRENT - running.size;
    const leased = room === 0 ? [] : await ports.deliveries.lease(room);
    for (const record of leased) {
      begun += 1;
      const attempt = attemptOne(record, ports, sendToChannel).finally(() => running.delete(attempt));
      running.add(attempt);
    }
    if (running.size === 0) return isOver;
    // In case all of these are slow, another worker continues with connections of its own.
    if (!isFull && leased.length > 0 && running.size === MAX_CONCURRENT) {
      isFull = true;
      await wakeDispatcher(ports);
    }
    await Promise.race(running);
  }
}

/** Attempts one delivery and records the result. If recording fails, the lease expires and the delivery repeats. */
async function attemptOne(record: DeliveryRecord, ports: Ports, sendToChannel: SendToChannel): Promise<void> {
  const result = await withTimeout(
    Math.min(MAX_ATTEMPT_MS, ports.settings.timeLimits.deliveryLeaseMs * ATTEMPT_SHARE),
    deliverOne(record, ports, sendToChannel).catch((error: unknown) => {
      console.error(logLine("notification_failed", { delivery: record.id, error: String(error) }));
      return withRetryDelay(retry("Gate failed to send it"), record, CHANNEL_WAITS_MS);
    }),
    withRetryDelay(retry("the attempt took too long"), record, CHANNEL_WAITS_MS),
  );
  await runOrLog("delivery_settling_failed", () =>
    ports.deliveries.settle(record.id, result).then(() => false),
  );
}

async function withTimeout(
  ms: number,
  attempt: Promise<DeliveryResult>,
  otherwise: DeliveryResult,
): Promise<DeliveryResult> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<DeliveryResult>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ms);
  });
  const result = await Promise.race([attempt, late]);
  clearTimeout(timer);
  return result;
}

async function deliverOne(
  record: DeliveryRecord,
  ports: Ports,
  sendToChannel: SendToChannel,
): Promise<DeliveryResult> {
  const id = channelOf(record.target);
  if (id === null) {
    const { result, waits } = await deliverWebhook(record, ports);
    return withRetryDelay(result, record, waits);
  }
  const { registry } = await ports.rules.current();
  const channel = registry.channels.get(id);
  if (channel === undefined) return failed("the channel is no longer in gate.yaml");
  return withRetryDelay(await sendToChannel(record, channel, ports), record, CHANNEL_WAITS_MS);
}

/** Sets the next attempt's delay. A channel's delivery retries while the intent is held; then it becomes moot. */
function withRetryDelay(
  result: DeliveryResult,
  { kind, attempts, target }: DeliveryRecord,
  waits: readonly number[],
): DeliveryResult {
  if (result.kind !== "retry") return result;
  const { status, problem, afterMs: requested } = result;
  const isEndless = channelOf(target) !== null && (kind !== "decided" || attempts < MAX_UPDATE_ATTEMPTS);
  const afterMs = (isEndless ? endlessWaitAfter : waitAfter)(attempts, waits, requested, Math.random());
  return afterMs === null ? { kind: "failed", status, problem } : { ...result, afterMs };
}
