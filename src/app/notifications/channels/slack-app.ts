import { ASSURANCE_RANK } from "../../../core/identity/assurance.ts";
import { err, ok, type Result } from "../../../core/base/result.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { DeliveryRecord, DeliveryResult } from "../../../ports/notifications.ts";
import type { CaseMessage } from "./case-message.ts";
import { callSlack, type SlackApp } from "./slack-api.ts";
import { inboxUrl } from "../../approvals/approval-link.ts";
import { burstOf } from "./slack-burst.ts";
import {
  burstMessage,
  decidedMessage,
  noteMessage,
  requestMessage,
  type SlackMessage,
} from "./slack-message.ts";
import { type Post, postOf, receiptOf } from "./slack-post.ts";
import { slackReference } from "./slack-reference.ts";
import { titleOf } from "./titles.ts";
import { MOOT, retry, type SendFailure } from "./send-result.ts";

type SlackPorts = Pick<Ports, "sendOutgoing" | "secret" | "deliveries" | "deriveToken" | "settings">;

/** A Slack app: posts requests with buttons, and updates them after a decision through any door. */
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
  const thread = await threadFor(record, caseMessage, channel, ports);
  if (!thread.ok) return thread.error;
  const message = approvalRequest(titleOf(record), caseMessage, channel, ports);
  const place = thread.value === null ? {} : { thread_ts: thread.value };
  const posted = await callSlack(
    channel,
    "chat.postMessage",
    { channel: channel.channel, ...place, ...message },
    ports,
  );
  if (!posted.ok) return posted.error.result;
  return { kind: "delivered", status: 200, receipt: receiptOf(posted.value, thread.value) };
}

/**
 * The message under which a request is posted where many come at once; null: it stands by itself. The first of them
 * posts it. Two that are sent at the same time, or a crash in between, may post two.
 */
async function threadFor(
  record: DeliveryRecord,
  { summary }: CaseMessage,
  channel: SlackApp,
  ports: SlackPorts,
): Promise<Result<string | null, DeliveryResult>> {
  const burst = await burstOf(record, ports);
  if (burst === null || burst.thread !== null) return ok(burst?.thread ?? null);
  const message = burstMessage(summary, inboxUrl(ports));
  const posted = await callSlack(
    channel,
    "chat.postMessage",
    { channel: channel.channel, ...message },
    ports,
  );
  if (!posted.ok) return err(posted.error.result);
  const { ts } = posted.value;
  return ok(typeof ts === "string" ? ts : null);
}

/**
 * The request message, as posted, and as restored after a vote that did not decide. Where the policy requires a
 * stronger assurance than Slack's, Gate would refuse every vote, so the message has no vote buttons.
 */
export function approvalRequest(
  title: string,
  caseMessage: CaseMessage,
  channel: SlackApp,
  ports: Pick<Ports, "deriveToken">,
): SlackMessage {
  const { intent, digest, approval } = caseMessage.summary;
  const isSlackSufficient = ASSURANCE_RANK.slack >= ASSURANCE_RANK[approval.minAssurance];
  const reference = isSlackSufficient ? slackReference(ports, { channel: channel.id, intent, digest }) : null;
  return requestMessage(title, caseMessage, reference);
}

/** Replies in the thread of the request message, which has the buttons. */
async function postNote(
  { channel: postChannel, ts, thread }: Post,
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
    { channel: postChannel, thread_ts: thread ?? ts, ...message },
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
  // A request that is still being posted would keep its buttons.
  const isPostPending = earlier.some(({ kind, state }) => kind !== "decided" && state === "pending");
  const message = decidedMessage(caseMessage);
  const problems: SendFailure[] = [];
  // Updates every post, also after a failure, so that no other post keeps its buttons.
  for (const { channel: postChannel, ts } of posts) {
    const updated = await callSlack(channel, "chat.update", { channel: postChannel, ts, ...message }, ports);
    // A deleted post needs no update.
    if (!updated.ok && updated.error.code !== "message_not_found") problems.push(updated.error.result);
  }
  const retryable = problems.find(({ kind }) => kind === "retry");
  if (retryable !== undefined) return retryable;
  // By the usual retry schedule, because Slack may have delayed that post for an hour.
  if (isPostPending) return retry("an earlier message to it is still pending");
  const [problem] = problems;
  if (problem !== undefined) return problem;
  return posts.length === 0 ? MOOT : { kind: "delivered", status: 200, receipt: null };
}
