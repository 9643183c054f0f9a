import { ASSURANCE_RANK } from "../../../core/identity/assurance.ts";
import type { JsonObject } from "../../../core/base/json.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { DeliveryRecord, DeliveryResult } from "../../../ports/notifications.ts";
import type { CaseMessage } from "./case-message.ts";
import { callSlack, type SlackApp } from "./slack-api.ts";
import { requestMessage, noteMessage, decidedMessage, type SlackMessage } from "./slack-message.ts";
import { slackReference } from "./slack-reference.ts";
import { titleOf } from "./titles.ts";
import { MOOT, retry, type SendFailure } from "./send-result.ts";

type SlackPorts = Pick<Ports, "sendOutgoing" | "secret" | "deliveries" | "deriveToken">;

/** A post that was asked in: what `chat.update` and threads name it by. */
interface Post {
  readonly channel: string;
  readonly ts: string;
}

/** A Slack app: posts with buttons, and brings them up to date once somebody has decided, wherever that was. */
export async function sendToSlackApp(
  record: DeliveryRecord,
  caseMessage: CaseMessage,
  channel: SlackApp,
  ports: SlackPorts,
): Promise<DeliveryResult> {
  const earlier = (await ports.deliveries.ofIntents([record.intent])).filter(({ id, target }) => {
    return target === record.target && id !== record.id;
  });
  const posts = earlier.map(({ receipt }) => postOf(receipt)).filter((post) => post !== null);
  if (record.kind === "decided") return updatePosts(earlier, posts, caseMessage, channel, ports);
  const [first] = posts;
  if (first === undefined) return postRequest(record, caseMessage, channel, ports);
  return postNote(first, record, caseMessage, channel, ports);
}

async function postRequest(
  record: DeliveryRecord,
  caseMessage: CaseMessage,
  channel: SlackApp,
  ports: SlackPorts,
): Promise<DeliveryResult> {
  const message = approvalRequest(titleOf(record), caseMessage, channel, ports);
  const posted = await callSlack(
    channel,
    "chat.postMessage",
    { channel: channel.channel, ...message },
    ports,
  );
  if (!posted.ok) return posted.error.result;
  return { kind: "delivered", status: 200, receipt: receiptOf(posted.value) };
}

/**
 * The message that asks, as it is posted, and as it is put back after a vote that did not decide. Where a decision in
 * Slack would be refused for everybody, there are no buttons that promise one.
 */
export function approvalRequest(
  title: string,
  caseMessage: CaseMessage,
  channel: SlackApp,
  ports: Pick<Ports, "deriveToken">,
): SlackMessage {
  const { intent, digest, approval } = caseMessage.summary;
  const isEnough = ASSURANCE_RANK.slack >= ASSURANCE_RANK[approval.minAssurance];
  const reference = isEnough ? slackReference(ports, { channel: channel.id, intent, digest }) : null;
  return requestMessage(title, caseMessage, reference);
}

/** Under the message that asked, where its buttons are. */
async function postNote(
  { channel: place, ts }: Post,
  record: DeliveryRecord,
  caseMessage: CaseMessage,
  channel: SlackApp,
  ports: SlackPorts,
): Promise<DeliveryResult> {
  const message = noteMessage(
    `${titleOf(record)}: ${caseMessage.summary.destination}. ${caseMessage.statusText}`,
    caseMessage,
  );
  const posted = await callSlack(
    channel,
    "chat.postMessage",
    { channel: place, thread_ts: ts, ...message },
    ports,
  );
  return posted.ok ? { kind: "delivered", status: 200, receipt: null } : posted.error.result;
}

async function updatePosts(
  earlier: readonly DeliveryRecord[],
  posts: readonly Post[],
  caseMessage: CaseMessage,
  channel: SlackApp,
  ports: SlackPorts,
): Promise<DeliveryResult> {
  // A post that is under way would stay there with its buttons.
  const isUnderWay = earlier.some(({ kind, state }) => kind !== "decided" && state === "pending");
  const message = decidedMessage(caseMessage);
  const problems: SendFailure[] = [];
  // Every one of them: that one can't be changed is no reason to leave another its buttons.
  for (const { channel: place, ts } of posts) {
    const updated = await callSlack(channel, "chat.update", { channel: place, ts, ...message }, ports);
    // Who deleted the post has brought it up to date, too.
    if (!updated.ok && updated.error.code !== "message_not_found") problems.push(updated.error.result);
  }
  const again = problems.find(({ kind }) => kind === "retry");
  if (again !== undefined) return again;
  // Soon and then ever later, as everything is tried again: Slack may have put it off for an hour.
  if (isUnderWay) return retry("a message to it is still under way");
  const [problem] = problems;
  if (problem !== undefined) return problem;
  return posts.length === 0 ? MOOT : { kind: "delivered", status: 200, receipt: null };
}

function receiptOf({ channel, ts }: JsonObject): string | null {
  return typeof channel === "string" && typeof ts === "string" ? `${channel}/${ts}` : null;
}

function postOf(receipt: string | null): Post | null {
  const [, channel, ts] = /^([A-Z0-9]{2,32})\/([0-9.]{1,32})$/.exec(receipt ?? "") ?? [];
  return channel === undefined || ts === undefined ? null : { channel, ts };
}
