import type { Channel } from "../../../core/registry/registry.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { DeliveryRecord, DeliveryResult } from "../../../ports/notifications.ts";
import type { CaseMessage } from "./case-message.ts";
import { burstOf } from "./slack-burst.ts";
import { lineMessage, requestMessage, type SlackMessage } from "./slack-message.ts";
import { titleOf } from "./titles.ts";
import { CHANNEL_TIMEOUT_MS, credentialFailure, failed, MOOT, deliveryResult } from "./send-result.ts";

/** Problem texts for the errors of Slack's incoming webhooks; any other response text is never quoted. */
const ERROR_TEXT: ReadonlyMap<string, string> = new Map([
  ["invalid_payload", "Slack did not understand the message"],
  ["invalid_token", "Slack does not know this webhook URL"],
  ["no_text", "Slack did not understand the message"],
  ["no_service", "the webhook was disabled or removed in Slack"],
  ["no_service_id", "the webhook was disabled or removed in Slack"],
  ["no_team", "the webhook's workspace is gone"],
  ["team_disabled", "the webhook's workspace is disabled"],
  ["user_not_found", "the webhook's user is gone"],
  ["channel_not_found", "the webhook's channel is gone"],
  ["channel_is_archived", "the webhook's channel is archived"],
  ["action_prohibited", "the workspace's admin does not allow this webhook to post"],
  ["posting_to_general_channel_denied", "the workspace does not allow posting to its general channel"],
  ["too_many_attachments", "Slack did not understand the message"],
]);

/** Posts to an incoming webhook, whose URL is the secret; its posts can't be updated. */
export async function sendToSlackWebhook(
  record: DeliveryRecord,
  message: CaseMessage,
  channel: Extract<Channel, { kind: "slack_webhook" }>,
  ports: Pick<Ports, "sendOutgoing" | "secret" | "deliveries">,
): Promise<DeliveryResult> {
  // A post of an incoming webhook can't be updated; its link shows the outcome.
  if (record.kind === "decided") return MOOT;
  const url = await ports.secret(channel.secret);
  if (!url.ok) return credentialFailure(channel.secret, url.error);
  const sent = await ports.sendOutgoing({
    url: url.value,
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(await postedMessage(record, message, ports)),
    timeoutMs: CHANNEL_TIMEOUT_MS,
    allowPrivate: channel.allowPrivate,
  });
  const outcome = deliveryResult(sent, Date.now());
  if (outcome.kind !== "failed" || !sent.ok) return outcome;
  const problem = ERROR_TEXT.get(sent.value.text.trim());
  return problem === undefined ? outcome : failed(problem, sent.value.status);
}

/** Its posts can't be replied to, so each request of a burst is one line. */
async function postedMessage(
  record: DeliveryRecord,
  message: CaseMessage,
  ports: Pick<Ports, "deliveries">,
): Promise<SlackMessage> {
  const isBurst = record.kind === "held" && (await burstOf(record, ports)) !== null;
  return isBurst ? lineMessage(titleOf(record), message) : requestMessage(titleOf(record), message, null);
}
