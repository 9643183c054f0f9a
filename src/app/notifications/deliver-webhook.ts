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
export const TIMEOUT_MS = 15_000;

/** Standard Webhooks: bodies stay under 20 kB, the limit of many receivers, which fetch larger details from Gate. */
const MAX_BODY_BYTES = 20_000;

/** Pause while the entry is not in D1 yet, which a flush changes within moments. */
const UNFLUSHED_MS = 5_000;

export type WebhookPorts = Pick<Ports, "deliveries" | "webhooks" | "sendOutgoing" | "principals">;

/** The result of an attempt, and the retry schedule of the webhook's form. */
export interface WebhookAttempt {
  readonly result: DeliveryResult;
  readonly waits: readonly number[];
}

/** One attempt to deliver to a registered webhook. */
export async function deliverWebhook(record: DeliveryRecord, ports: WebhookPorts): Promise<WebhookAttempt> {
  const hook = await ports.webhooks.find(record.target);
  const waits = hook?.form === "contract" ? CONTRACT_WAITS_MS : STANDARD_WAITS_MS;
  if (hook === null || hook.disabled !== null) return { result: MOOT, waits };
  if (!(await isActive(hook, ports))) return { result: MOOT, waits };
  const result = await sendEvent(record, hook, ports);
  if (result.kind === "failed" && result.status === GONE) {
    await ports.webhooks.disable(hook.id, "gone");
    await ports.deliveries.drop(hook.id);
  }
  return { result, waits };
}

/** False once an admin suspended or revoked the registrant. The deployment's own admin has no record, hence `null`. */
async function isActive({ form, principal }: Webhook, { principals }: WebhookPorts): Promise<boolean> {
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
  if (headers === null) return failed("Gate can't decrypt its secret: rotate the webhook's secret");
  const sent = await ports.sendOutgoing({
    url: hook.url,
    method: "POST",
    headers: { "Content-Type": "application/json", "User-Agent": "zehrava-gate", ...headers },
    body,
    timeoutMs: TIMEOUT_MS,
    // SSRF: only the operator, in gate.yaml, may allow private addresses; registrants may not.
    allowPrivate: false,
  });
  return sent.ok ? responseResult(sent.value, now) : sendFailure(sent.error);
}

/** RFC 9110 section 15.5.11; under Standard Webhooks it asks the sender to stop. */
const GONE = 410;

/** Only 2xx counts as delivered. */
function responseResult({ status, headers }: OutgoingAnswer, now: number): DeliveryResult {
  if (status >= 200 && status < 300) return { kind: "delivered", status, receipt: null };
  if (status === GONE) return failed("it answered 410: Gate disabled the webhook", status);
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
  // An agent's own secret may not have Standard Webhooks' format; the older signature takes any text.
  const signature = hmacHex(utf8ToBytes(current), `${message.at}.${message.body}`);
  return {
    ...standardHeaders(message, [current]),
    "X-Gate-Delivery-ID": message.id,
    "X-Gate-Signature": `t=${message.at},v1=${signature}`,
  };
}

function eventBody(record: DeliveryRecord, row: LedgerRowDetail | null): JsonObject {
  if (row === null) {
    return { type: "gate.test", timestamp: isoTime(record.at), data: { webhook_id: record.target } };
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
    timestamp: isoTime(at),
    data: { ...head, details },
  });
  const whole = message(JSON.parse(row.body) as JsonObject);
  return utf8ToBytes(JSON.stringify(whole)).length < MAX_BODY_BYTES ? whole : message(null);
}

function contractBody(record: DeliveryRecord, row: LedgerRowDetail, now: number): JsonObject {
  const { successor, by, person } = JSON.parse(row.body) as Readonly<Record<string, unknown>>;
  const event = contractEvent(row.event);
  return {
    intentId: row.intent,
    proposalId: row.intent,
    event,
    actor: row.actor,
    firedAt: isoTime(now),
    deliveryId: record.id,
    attempt: record.attempts,
    ledgerEvent: row.event,
    decidedAt: isoTime(row.at),
    ...(typeof successor === "string" ? { successorId: successor } : {}),
    // Ids, as everywhere on the ledger: of a person, or `policy` or `timeout`.
    ...(event === "approved" && typeof by === "string" && { approver: by }),
    ...(event === "rejected" && typeof person === "string" && { rejector: person }),
  };
}

function isoTime(at: number): string {
  return new Date(at).toISOString();
}
