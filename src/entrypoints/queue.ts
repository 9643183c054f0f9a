import { logLine } from "../core/base/log-line.ts";
import { exports } from "cloudflare:workers";
import { portsOf } from "../env.ts";
import type { DeadlineMessage, SendMessage } from "../ports/intents.ts";
import type { RecheckMessage } from "../ports/recheck-sweeps.ts";
import type { NotifyMessage } from "../ports/notifications.ts";
import type { Ports } from "../ports/ports.ts";

export type QueueMessage = DeadlineMessage | NotifyMessage | RecheckMessage | SendMessage;

/**
 * The local runtime runs batches one after the other: each waits this long for its writes, so that fast upstreams limit
 * concurrency to one batch and a slow one does not block the next. The platform runs batches in parallel and cancels
 * calls 30 seconds after their batch ends, so there a batch waits for all its writes. Milliseconds.
 */
const HEAD_START_MS = 1_000;

/** Handles deadlines, sends and notifications. The objects' alarms repeat every message that is lost here. */
export async function consumeBatch(batch: MessageBatch<QueueMessage>, env: Env): Promise<void> {
  const ports = portsOf(env);
  // In a call of its own: a slow channel must not delay a deadline.
  if (batch.messages.some(({ body }) => isNotification(body))) await startNotifications();
  for (const { body } of batch.messages) if (isRecheck(body)) await startRecheck(body);
  const sent = sendAll(batch.messages.flatMap(({ body }) => (isSend(body) ? [body.intent] : [])));
  for (const message of batch.messages) {
    if (!isSend(message.body) && !isRecheck(message.body)) await applyDeadline(message, ports);
  }
  await ("LOCAL" in env ? Promise.race([sent, scheduler.wait(HEAD_START_MS)]) : sent);
}

async function applyDeadline(message: Message<QueueMessage>, ports: Ports): Promise<void> {
  try {
    // A malformed message names no intent; it is acknowledged so that it leaves the queue.
    const { intent, at } = (message.body ?? {}) as Partial<DeadlineMessage>;
    await ports.intents.find(String(intent))?.onDeadline(typeof at === "number" ? at : null);
    message.ack();
  } catch (error) {
    console.error(logLine("deadline_failed", { id: message.id, error: String(error) }));
    message.retry();
  }
}

async function sendAll(intents: readonly string[]): Promise<void> {
  const sent = intents.map((id) => exports.Sender.send(id));
  for (const [index, result] of (await Promise.allSettled(sent)).entries()) {
    if (result.status === "fulfilled") continue;
    console.error(logLine("write_not_sent", { intent: intents[index], error: String(result.reason) }));
  }
}

async function startNotifications(): Promise<void> {
  try {
    await exports.NotificationWorker.begin();
  } catch (error) {
    console.error(logLine("notification_worker_failed", { error: String(error) }));
  }
}

/** A lost page is asked for again by cron, and on one machine by the server's process. */
async function startRecheck({ rules, cursor }: RecheckMessage): Promise<void> {
  try {
    await exports.Rechecker.begin({ type: "recheck", rules, cursor });
  } catch (error) {
    console.error(logLine("recheck_sweep_failed", { error: String(error) }));
  }
}

function isRecheck(body: unknown): body is RecheckMessage {
  const { type, rules, cursor } = (body ?? {}) as Partial<RecheckMessage>;
  return type === "recheck" && typeof rules === "string" && typeof cursor === "string";
}

function isSend(body: unknown): body is SendMessage {
  const { type, intent } = (body ?? {}) as Partial<SendMessage>;
  return type === "send" && typeof intent === "string";
}

function isNotification(body: unknown): boolean {
  return (body as Partial<NotifyMessage> | null)?.type === "notify";
}
