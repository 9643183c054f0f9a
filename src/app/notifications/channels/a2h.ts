import { utf8ToBytes } from "@noble/hashes/utils.js";
import { ASSURANCE_RANK } from "../../../core/identity/assurance.ts";
import { hmacHex } from "../../../core/base/digest.ts";
import { endForApprovers } from "../../../core/intent/hold-end.ts";
import type { Channel } from "../../../core/registry/registry.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { DeliveryRecord, DeliveryResult } from "../../../ports/notifications.ts";
import { summaryLines, withoutLinks } from "../case-summary.ts";
import type { CaseMessage } from "./case-message.ts";
import { interactionId, messageId } from "../../approvals/interaction.ts";
import { CHANNEL_TIMEOUT_MS, credentialFailure, failed, MOOT, deliveryResult } from "./send-result.ts";

/** Requests one person's vote through an approval provider, which calls back `/v1/approval-callbacks/<channel>`. */
export async function sendToProvider(
  record: DeliveryRecord,
  message: CaseMessage,
  channel: Extract<Channel, { kind: "a2h" }>,
  ports: Pick<Ports, "sendOutgoing" | "secret" | "deriveToken" | "settings" | "roster">,
): Promise<DeliveryResult> {
  // The contract has no message to withdraw a request; Gate refuses a callback that comes too late.
  if (record.kind === "decided") return MOOT;
  const { person } = record;
  const { publicUrl, origin } = ports.settings;
  if (person === null) return failed("the delivery names no person");
  if (publicUrl === null) return failed("GATE_PUBLIC_URL is not set: the provider could not reply");
  const { minAssurance } = message.summary.approval;
  if (ASSURANCE_RANK[channel.assurance] < ASSURANCE_RANK[minAssurance]) {
    return failed(
      `the channel's assurance is ${channel.assurance}, and the policy requires ${minAssurance} or stronger`,
    );
  }
  const fetched = await ports.secret(channel.secret);
  if (!fetched.ok) return credentialFailure(channel.secret, fetched.error);
  const secret = fetched.value;
  const { summary } = message;
  const now = Date.now();
  const interaction = {
    provider: channel.id,
    intent: summary.intent,
    digest: summary.digest,
    person,
    expiresAt: endForApprovers(message.state, now),
    departures: (await ports.roster.departuresOf(person)).times,
  };
  const body = JSON.stringify({
    protocol: "a2h.v1",
    type: "AUTHORIZE",
    message_id: messageId(interaction),
    gate_approval_interaction_id: interactionId(ports, interaction),
    // The value for the callback's optional `responds_to`.
    responds_to: messageId(interaction),
    intent_id: summary.intent,
    approved_intent_hash: summary.digest,
    principal_id: person,
    action: summary.action,
    summary: summaryLines(withoutLinks(summary))
      .map(({ label, value }) => `${label}: ${value}`)
      .join("\n"),
    required_factors: [],
    expires_at: new Date(interaction.expiresAt).toISOString(),
    callback_url: `${publicUrl}/v1/approval-callbacks/${encodeURIComponent(channel.id)}`,
    gateway_id: origin,
  });
  const sent = await ports.sendOutgoing({
    url: channel.url,
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Gate-Delivery-ID": record.id,
      "X-Gate-Signature": providerSignature(secret, now, body),
    },
    body,
    timeoutMs: CHANNEL_TIMEOUT_MS,
    allowPrivate: channel.allowPrivate,
  });
  return deliveryResult(sent, now);
}

/** The contract's signature, for requests and callbacks alike. @param at milliseconds since the epoch */
function providerSignature(secret: string, at: number, body: string): string {
  return `t=${at},v1=${hmacHex(utf8ToBytes(secret), `${at}.${body}`)}`;
}
