import { logLine, type LogEvent } from "../../core/base/log-line.ts";
import { CHANNEL_WAITS_MS, endlessWaitAfter, waitAfter } from "../../core/base/backoff.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Channel } from "../../core/registry/registry.ts";
import type { Ports } from "../../ports/ports.ts";
import type { Delivery, DeliveryRecord, LedgerNews, DeliveryResult } from "../../ports/notifications.ts";
import { failed, retry } from "./channels/send-result.ts";
import { intentsWithOpenRequests, channelOf, intentsNeedingState, plan } from "./plan.ts";
import { deliverWebhook } from "./deliver-webhook.ts";

/** How one channel is told. */
export type SendToChannel = (
  record: DeliveryRecord,
  channel: Channel,
  ports: Ports,
) => Promise<DeliveryResult>;

/** Requests under way at once: the platform lets a Worker have six, and a seventh would wait with its clock running. */
const MAX_CONCURRENT = 6;

/** Nothing new is begun after this: what is under way ends in time for the platform, and another message goes on. */
const RUN_BUDGET_MS = 10_000;

/** The same where no clock moves. */
const MAX_DELIVERIES = 500;

/** However slow a place is, its attempt ends before its lease does. */
const ATTEMPT_MS = 25_000;

/** Who can't be looked at for this long is passed over, so that one intent does not keep all others' news back. */
const STATE_READ_GRACE_MS = 2 * 60_000;

/** What is planned goes to the dispatcher in one call, and the platform takes 32 MiB: this stays under half of it. */
const MAX_PLANNED = 20_000;

/** Telling what was decided is given up after a day: by then, everybody has looked elsewhere. */
const MAX_UPDATE_ATTEMPTS = 28;

/**
 * What one message of the queue leads to: whatever is new on the ledger is planned, and what is due is told. Never
 * throws; what is left over is gone on with by another message.
 */
export async function runDeliveries(ports: Ports, sendToChannel: SendToChannel): Promise<void> {
  const endsAt = Date.now() + RUN_BUDGET_MS;
  const isLeft = await attempted("delivery_planning_failed", () => planNews(ports, endsAt));
  const isMore = await attempted("delivery_run_failed", () => deliverDue(ports, sendToChannel, endsAt));
  if (isLeft || isMore) {
    await attempted("dispatcher_wake_failed", () => ports.deliveries.poke().then(() => false));
  }
}

/** False when it failed: trying again at once would fail again, and the dispatcher's alarm tries later. */
async function attempted(event: LogEvent, run: () => Promise<boolean>): Promise<boolean> {
  try {
    return await run();
  } catch (error) {
    console.error(logLine(event, { error: String(error) }));
    return false;
  }
}

/** True when there is more than was read. */
async function planNews(ports: Ports, endsAt: number): Promise<boolean> {
  let from = await ports.deliveries.cursor();
  for (let more = true; more;) {
    if (Date.now() >= endsAt) return true;
    const page = await ports.deliveries.news(from);
    if (page.to === from) return false;
    const { planned, last } = await planPage(page.news, ports);
    const to = last ?? page.to;
    // Another worker was first: it goes on, and has the rest.
    if (!(await ports.deliveries.plan(from, to, planned))) return false;
    from = to;
    more = page.more || last !== null;
  }
  return false;
}

interface PagePlan {
  readonly planned: readonly Delivery[];
  /** The row it ends with, where all of the page would be too much at once; null: it is the whole page. */
  readonly last: number | null;
}

async function planPage(news: readonly LedgerNews[], ports: Ports): Promise<PagePlan> {
  if (news.length === 0) return { planned: [], last: null };
  const intents = [...new Set(news.map(({ intent }) => intent))];
  const [{ registry }, subscriptions] = await Promise.all([
    ports.rules.current(),
    ports.webhooks.subscriptions(intents),
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

/** True when there may be more than was begun. */
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
    // Should all of these be slow, somebody else goes on meanwhile with connections of its own.
    if (!isFull && leased.length > 0 && running.size === MAX_CONCURRENT) {
      isFull = true;
      await attempted("dispatcher_wake_failed", () => ports.deliveries.poke().then(() => false));
    }
    await Promise.race(running);
  }
}

/** Settles one delivery. When even that fails its lease ends by itself, and it is told once more. */
async function attemptOne(record: DeliveryRecord, ports: Ports, sendToChannel: SendToChannel): Promise<void> {
  const result = await inTime(
    deliverOne(record, ports, sendToChannel).catch((error: unknown) => {
      console.error(logLine("notification_failed", { delivery: record.id, error: String(error) }));
      return scheduled(retry("Gate could not tell it"), record, CHANNEL_WAITS_MS);
    }),
    scheduled(retry("it took too long"), record, CHANNEL_WAITS_MS),
  );
  await attempted("delivery_settling_failed", () =>
    ports.deliveries.settle(record.id, result).then(() => false),
  );
}

async function inTime(attempt: Promise<DeliveryResult>, otherwise: DeliveryResult): Promise<DeliveryResult> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<DeliveryResult>((resolve) => {
    timer = setTimeout(() => resolve(otherwise), ATTEMPT_MS);
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
    return scheduled(result, record, waits);
  }
  const { registry } = await ports.rules.current();
  const channel = registry.channels.get(id);
  if (channel === undefined) return failed("no longer in gate.yaml");
  return scheduled(await sendToChannel(record, channel, ports), record, CHANNEL_WAITS_MS);
}

/** When it is tried again, if at all. A channel is, for as long as the intent waits: what is over becomes moot. */
function scheduled(
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
