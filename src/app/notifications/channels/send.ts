import { logLine } from "../../../core/base/log-line.ts";
import type { Channel, Person } from "../../../core/registry/registry.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { DeliveryRecord, DeliveryResult } from "../../../ports/notifications.ts";
import { sendToProvider } from "./a2h.ts";
import { caseMessage } from "./case-message.ts";
import { sendEmail } from "./email.ts";
import { sendToSlackApp } from "./slack-app.ts";
import { sendToSlackWebhook } from "./slack-webhook.ts";
import { failed, MOOT, retry } from "./send-result.ts";
import { sendToWebhook } from "./webhook.ts";
import type { IntentRecord } from "../../../ports/intents.ts";

/** One attempt to send a case to a channel. Failures are returned as text for operators; it never throws. */
export async function sendToChannel(
  record: DeliveryRecord,
  channel: Channel,
  ports: Ports,
): Promise<DeliveryResult> {
  try {
    return await sendMessage(record, channel, ports);
  } catch (error) {
    console.error(logLine("notification_failed", { delivery: record.id, error: String(error) }));
    return retry("Gate failed to compose the message");
  }
}

async function sendMessage(record: DeliveryRecord, channel: Channel, ports: Ports): Promise<DeliveryResult> {
  const intentRecord = (await ports.intents.find(record.intent)?.getRecord()) ?? null;
  if (intentRecord === null) return failed("there is no such intent");
  if (!isCurrent(record, intentRecord)) return MOOT;
  const person = await personOf(record, ports);
  if (record.person !== null && person === null) return failed(`${record.person} is no longer in gate.yaml`);
  const message = await caseMessage(intentRecord, record.kind === "decided" ? null : record, ports);
  switch (channel.kind) {
    case "slack_webhook":
      return sendToSlackWebhook(record, message, channel, ports);
    case "slack_app":
      return sendToSlackApp(record, message, channel, ports);
    case "webhook":
      return sendToWebhook(record, message, channel, ports);
    case "email":
      return sendEmail(record, message, person, channel, ports);
    case "a2h":
      return sendToProvider(record, message, channel, ports);
  }
}

/** Skips stale notifications: the intent is decided, or this person has voted. */
function isCurrent({ kind, person }: DeliveryRecord, { state }: IntentRecord): boolean {
  const isWaiting = state.phase === "pending_approval";
  switch (kind) {
    case "held":
    case "reminder":
    case "escalation":
      return isWaiting && !(person !== null && hasVoted(state, person));
    case "decided":
      return !isWaiting;
    case "event":
    case "test":
      return false;
  }
}

function hasVoted({ votes, rejections }: IntentRecord["state"], person: string): boolean {
  return [...votes, ...rejections].some((each) => each.person === person || each.acting === person);
}

async function personOf({ person }: DeliveryRecord, ports: Ports): Promise<Person | null> {
  if (person === null) return null;
  const { registry } = await ports.rules.current();
  return registry.people.get(person) ?? null;
}
