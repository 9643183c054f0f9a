import { utf8ToBytes } from "@noble/hashes/utils.js";
import { CONTRACT_WAITS_MS, STANDARD_WAITS_MS } from "../../core/base/backoff.ts";
import { hmacHex } from "../../core/base/digest.ts";
import type { JsonObject } from "../../core/base/json.ts";
import type { Ports } from "../../ports/ports.ts";
import type {
  DeliveryRecord,
  OutgoingAnswer,
  DeliveryResult,
  LedgerRowDetail,
  Webhook,
} from "../../ports/notifications.ts";
import { failed, MOOT, retryAfterMs, retry, sendFailure } from "./channels/send-result.ts";
import { contractEvent, eventName } from "./events.ts";
import { standardHeaders } from "./standard-webhooks.ts";

/** Standard Webhooks recommends 15 to 30 s. */
const TIMEOUT_MS = 15_000;

/** Standard Webhooks: bodies stay under 20 kB, because receivers limit theirs. What is more is asked for. */
const MAX_BODY_BYTES = 20_000;

/** What went wrong before it is on the ledger's copy; it comes within moments. */
const UNFLUSHED_MS = 5_000;

export type WebhookPorts = Pick<Ports, "deliveries" | "webhooks" | "sendOutgoing" | "principals">;

/** What an attempt came to, with the schedule it is tried again by. */
export interface WebhookAttempt {
  readonly result: DeliveryResult;
  readonly waits: readonly number[];
}

/** One attempt to tell a registered webhook. */
export async function deliverWebhook(record: DeliveryRecord, ports: WebhookPorts): Promise<WebhookAttempt> {
  const hook = await ports.webhooks.find(record.target);
  const waits = hook?.form === "contract" ? CONTRACT_WAITS_MS : STANDARD_WAITS_MS;
  if (hook === null || hook.disabled !== null) return { result: MOOT, waits };
  if (!(await isWanted(hook, ports))) return { result: MOOT, waits };
  const result = await sendEvent(record, hook, ports);
  if (result.kind === "failed" && result.status === GONE) {
    await ports.webhooks.disable(hook.id, "gone");
    await ports.deliveries.drop(hook.id);
  }
  return { result, waits };
}

/** An agent that was suspended or revoked hears nothing more. The deployment's own admin is no record to look up. */
async function isWanted({ form, principal }: Webhook, { principals }: WebhookPorts): Promise<boolean> {
  if (form === "standard") return true;
  const registrant = await principals.get(principal);
  return registrant === null || registrant.status === "active";
}

async function sendEvent(
  record: DeliveryRecord,
  hook: Webhook,
  ports: WebhookPorts,
): Promise<DeliveryResult> {
  const row = record.kind === "test" ? null : await ports.deliveries.row(record.intent, record.seq);
  if (row === null && record.kind !== "test") return retry("it is not on the ledger yet", null, UNFLUSHED_MS);
  const now = Date.now();
  const secrets = await ports.webhooks.secrets(hook.id, now);
  const message =
    hook.form === "contract" && row !== null ? contractBody(record, row, now) : eventBody(record, row);
  const body = JSON.stringify(message);
  const headers = signedHeaders(hook, { id: record.id, at: now, body }, secrets);
  if (headers === null) return failed("Gate can't read its secret any more");
  const sent = await ports.sendOutgoing({
    url: hook.url,
    method: "POST",
    headers: { "Content-Type": "application/json", "User-Agent": "zehrava-gate", ...headers },
    body,
    timeoutMs: TIMEOUT_MS,
    // Whoever registers a webhook is not the operator who knows the network.
    allowPrivate: false,
  });
  return sent.ok ? responseResult(sent.value, now) : sendFailure(sent.error);
}

/** RFC 9110 section 15.5.11; Standard Webhooks takes it for "send nothing more". */
const GONE = 410;

/** Only 2xx says that it arrived. */
function responseResult({ status, headers }: OutgoingAnswer, now: number): DeliveryResult {
  if (status >= 200 && status < 300) return { kind: "delivered", status, receipt: null };
  if (status === GONE) return failed("it answered 410: it wants nothing more", status);
  const redirects = status >= 300 && status < 400 ? "; redirects are not followed" : "";
  return retry(`it answered ${status}${redirects}`, status, retryAfterMs(headers, now));
}

interface Signed {
  readonly id: string;
  readonly at: number;
  readonly body: string;
}

function signedHeaders(
  hook: Webhook,
  message: Signed,
  secrets: readonly string[],
): Record<string, string> | null {
  const current = secrets[0];
  if (current === undefined) return null;
  if (hook.form === "standard") return standardHeaders(message, secrets);
  // A secret of the agent's choice may be none of Standard Webhooks'; the older signature takes any text.
  const signature = hmacHex(utf8ToBytes(current), `${message.at}.${message.body}`);
  return {
    ...standardHeaders(message, [current]),
    "X-Gate-Delivery-ID": message.id,
    "X-Gate-Signature": `t=${message.at},v1=${signature}`,
  };
}

function eventBody(record: DeliveryRecord, row: LedgerRowDetail | null): JsonObject {
  if (row === null) {
    return { type: "gate.test", timestamp: iso(record.at), data: { webhook_id: record.target } };
  }
  const { intent, seq, event, actor, at, hash, agent, destination, policy } = row;
  const head = {
    intent_id: intent,
    seq,
    event,
    actor,
    agent_id: agent,
    destination,
    policy,
    entry_hash: hash,
  };
  const message = (details: JsonObject | null): JsonObject => ({
    type: eventName(event),
    timestamp: iso(at),
    data: { ...head, details },
  });
  const whole = message(JSON.parse(row.body) as JsonObject);
  return utf8ToBytes(JSON.stringify(whole)).length < MAX_BODY_BYTES ? whole : message(null);
}

function contractBody(record: DeliveryRecord, row: LedgerRowDetail, now: number): JsonObject {
  const { successor } = JSON.parse(row.body) as { readonly successor?: unknown };
  return {
    intentId: row.intent,
    proposalId: row.intent,
    event: contractEvent(row.event),
    actor: row.actor,
    firedAt: iso(now),
    deliveryId: record.id,
    attempt: record.attempts,
    ledgerEvent: row.event,
    decidedAt: iso(row.at),
    ...(typeof successor === "string" ? { successorId: successor } : {}),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
