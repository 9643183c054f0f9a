import type { JsonObject } from "../../../core/base/json.ts";
import { repeatHeader } from "../../../core/intent/provider-idempotency.ts";
import { currentOrder, mayHaveBeenSentBefore, type IntentState } from "../../../core/intent/state.ts";
import type { Header } from "../../../core/outbound/header-names.ts";
import { digestOfBytes } from "../../../app/digest-bytes.ts";
import { orderView } from "../executions/order-view.ts";
import { storedContent } from "../shared/stored-record.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { IntentRecord, Intent, StoredResponse } from "../../../ports/intents.ts";
import type { Answer } from "../shared/answer.ts";
import type { HTTP_REQUEST, UPSTREAM_RESPONSE } from "./http-write-schema.ts";

/**
 * The request that Gate forwards, without its body: exactly the parts that the intent digest binds.
 *
 * @param isPayloadVisible false: null, because a URL can contain the payload's data
 * @returns null as well for a write that Gate does not send, and after an erasure
 */
export function httpView(
  record: IntentRecord,
  isPayloadVisible: boolean,
): Answer<typeof HTTP_REQUEST> | null {
  const http = storedContent(record).request?.http;
  if (http === undefined || !isPayloadVisible) return null;
  const { terms } = record.state;
  const { method, url, headers, slot } = http;
  return {
    method,
    url,
    headers,
    credential_in: slot,
    repeat_header: repeatHeader(http, terms.id),
    sent_by: slot === null && terms.executor !== "gate" ? ("agent" as const) : ("gate" as const),
  };
}

/** Gate's own report of its latest attempt to send; null: there is none. */
export function sentResult(record: IntentRecord): JsonObject | null {
  const order = currentOrder(record.state);
  if (order === undefined || record.state.terms.sending === null) return null;
  return (orderView(record, order, null, null).result as JsonObject | null) ?? null;
}

/** An upstream's stored response, with the digest of its body. */
export interface DigestedResponse extends StoredResponse {
  readonly sha256: string;
}

/** The upstream's stored response; null: there is none. */
export async function storedResponse(intent: Intent): Promise<DigestedResponse | null> {
  const response = await intent.response();
  return response === null ? null : { ...response, sha256: await digestOfBytes(response.body) };
}

export function responseView(id: string, answer: DigestedResponse): Answer<typeof UPSTREAM_RESPONSE> {
  const { status, headers, body, truncated, at, sha256 } = answer;
  const text = exactText(body);
  return {
    intent_id: id,
    status,
    headers,
    body: text ?? Buffer.from(body).toString("base64"),
    encoding: text === null ? ("base64" as const) : ("utf-8" as const),
    truncated,
    received_at: iso(at),
    sha256,
  };
}

/** The bytes as a text; null if its UTF-8 form would be other bytes. */
function exactText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Media types that no browser executes, however it is linked to; all others are served as bytes. */
const INERT_TYPES: ReadonlySet<string> = new Set([
  "application/json",
  "application/x-ndjson",
  "text/csv",
  "text/plain",
]);

/** The type to serve an upstream's body with: it can be saved or parsed, and never runs as a page (XSS). */
export function harmlessType(headers: readonly Header[]): string {
  const valueOf = (wanted: string) => headers.find(([name]) => name === wanted)?.[1].toLowerCase() ?? "";
  // A body that is still compressed is stored so, and its bytes are not of the type that the header names.
  if (!["", "identity"].includes(valueOf("content-encoding"))) return "application/octet-stream";
  const value = valueOf("content-type");
  const type = value.split(";")[0]?.trim() ?? "";
  if (!INERT_TYPES.has(type)) return "application/octet-stream";
  return type.startsWith("text/") && /;\s*charset="?utf-8"?\s*(?:;|$)/.test(value)
    ? `${type}; charset=utf-8`
    : type;
}

/** Why there is no response to show: a sentence for the reader. */
export function noResponseReason(state: IntentState): string {
  const { phase, terms, erasedAt } = state;
  if (erasedAt !== null) return "The stored response was erased with the intent.";
  if (terms.sending === null) return "Gate does not send this write; its executor has the response.";
  switch (phase) {
    case "pending_approval":
      return "The intent is pending approval; nothing was sent.";
    case "approved":
    case "scheduled":
      if (mayHaveBeenSentBefore(state)) return EARLIER_ATTEMPT;
      return terms.sending === "on_repeat"
        ? "The write is approved, and is sent when the agent repeats its request."
        : "The write is approved, and was not sent yet.";
    case "claimed":
      return "The write is being sent.";
    case "indeterminate":
      return "The write may have been sent, and no response arrived: the outcome is not known.";
    case "succeeded":
    case "failed":
      return "No response is known; a person resolved the outcome.";
    case "blocked":
    case "rejected":
    case "expired":
    case "cancelled":
    case "withdrawn":
    case "revoked":
      return mayHaveBeenSentBefore(state) ? EARLIER_ATTEMPT : "The write was never sent.";
  }
}

const EARLIER_ATTEMPT = "No response is known. An earlier attempt may have reached the upstream.";
