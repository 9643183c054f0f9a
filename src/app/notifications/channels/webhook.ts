import type { Channel } from "../../../core/registry/registry.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { DeliveryKind, DeliveryRecord, DeliveryResult } from "../../../ports/notifications.ts";
import type { CaseMessage } from "./case-message.ts";
import { standardHeaders } from "../standard-webhooks.ts";
import { CHANNEL_TIMEOUT_MS, credentialFailure, failed, deliveryResult } from "./send-result.ts";

const EVENT_NAMES = {
  held: "approval.requested",
  reminder: "approval.reminded",
  escalation: "approval.escalated",
  decided: "approval.decided",
  event: null,
  test: null,
} as const satisfies Record<DeliveryKind, string | null>;

/** Sends a case to a program as JSON, by Standard Webhooks. */
export async function sendToWebhook(
  record: DeliveryRecord,
  caseMessage: CaseMessage,
  channel: Extract<Channel, { kind: "webhook" }>,
  ports: Pick<Ports, "sendOutgoing" | "secret">,
): Promise<DeliveryResult> {
  const fetched = await ports.secret(channel.secret);
  if (!fetched.ok) return credentialFailure(channel.secret, fetched.error);
  const secret = fetched.value;
  const now = Date.now();
  const body = JSON.stringify({
    type: EVENT_NAMES[record.kind],
    timestamp: new Date(record.at).toISOString(),
    data: dataOf(record, caseMessage),
  });
  const signed = standardHeaders({ id: record.id, at: now, body }, [secret]);
  if (signed === null) return failed(`the credential ${channel.secret} is not a whsec_ secret`);
  const sent = await ports.sendOutgoing({
    url: channel.url,
    method: "POST",
    headers: { ...signed, "Content-Type": "application/json" },
    body,
    timeoutMs: CHANNEL_TIMEOUT_MS,
    allowPrivate: channel.allowPrivate,
  });
  return deliveryResult(sent, now);
}

function dataOf(record: DeliveryRecord, { state, summary, statusText, link }: CaseMessage) {
  const { require, groups, people, minAssurance } = summary.approval;
  return {
    intent_id: summary.intent,
    intent_digest: summary.digest,
    state: state.phase,
    standing: statusText,
    decided_by: state.decidedBy,
    successor_id: state.successor,
    agent: summary.agent,
    action: summary.action,
    destination: summary.destination,
    request: summary.request,
    risk: { level: summary.risk.level, score: summary.risk.score / 100, factors: summary.risk.factors },
    records: summary.records,
    value_usd: summary.valueCents === null ? null : summary.valueCents / 100,
    reason_code: summary.reasonCode,
    held_by: summary.heldBy,
    decide_by: summary.decideBy === null ? null : new Date(summary.decideBy).toISOString(),
    approval: { require, groups, people, min_assurance: minAssurance, votes: summary.votes },
    escalated_to: record.to,
    link,
  };
}
