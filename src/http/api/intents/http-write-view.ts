import type { JsonObject } from "../../../core/base/json.ts";
import { repeatHeader } from "../../../core/intent/order-claims.ts";
import { currentOrder, type IntentState } from "../../../core/intent/state.ts";
import type { Header } from "../../../core/outbound/header-names.ts";
import { digestOfBytes } from "../../../app/proposals/govern.ts";
import { orderView } from "../executions/order-view.ts";
import { recordOf } from "../shared/stored-record.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { IntentRecord, Intent, StoredResponse } from "../../../ports/intents.ts";

/**
 * The request that Gate sends on, but for its body: exactly what the digest binds. Its URL can hold what a payload
 * holds.
 *
 * @param isPayloadTheirs false: null, as for what Gate does not send and for what was erased
 */
export function httpView(dossier: IntentRecord, isPayloadTheirs: boolean) {
  const http = recordOf(dossier).request?.http;
  if (http === undefined || !isPayloadTheirs) return null;
  const { terms } = dossier.state;
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

/** What was reported of the latest attempt to send, in Gate's own words. */
export function sentResult(dossier: IntentRecord): JsonObject | null {
  const order = currentOrder(dossier.state);
  if (order === undefined || dossier.state.terms.sending === null) return null;
  return (orderView(dossier, order, null).result as JsonObject | null) ?? null;
}

/** A kept answer with its digest. */
export interface Answer extends StoredResponse {
  readonly sha256: string;
}

/** The kept answer, if there is one. */
export async function answerOf(intent: Intent): Promise<Answer | null> {
  const response = await intent.response();
  return response === null ? null : { ...response, sha256: await digestOfBytes(response.body) };
}

export function responseView(id: string, answer: Answer) {
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

/** Null for what would not be the same bytes again. */
function exactText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Types that no browser runs, however it is asked. What else comes is bytes. */
const HARMLESS: ReadonlySet<string> = new Set([
  "application/json",
  "application/x-ndjson",
  "text/csv",
  "text/plain",
]);

/** What may be said of a body that somebody else wrote, so that it is saved or parsed, and never shown as a page. */
export function harmlessType(headers: readonly Header[]): string {
  const valueOf = (wanted: string) => headers.find(([name]) => name === wanted)?.[1].toLowerCase() ?? "";
  // What is still coded is kept so, and is none of what it says it is.
  if (!["", "identity"].includes(valueOf("content-encoding"))) return "application/octet-stream";
  const value = valueOf("content-type");
  const type = value.split(";")[0]?.trim() ?? "";
  if (!HARMLESS.has(type)) return "application/octet-stream";
  return type.startsWith("text/") && /;\s*charset="?utf-8"?\s*(?:;|$)/.test(value)
    ? `${type}; charset=utf-8`
    : type;
}

/** Why there is no answer to show: a sentence. */
export function whyNoAnswer({ phase, terms, erasedAt }: IntentState): string {
  if (erasedAt !== null) return "What was kept of this intent was erased.";
  if (terms.sending === null) return "Gate does not send this write: whoever carries it out has the answer.";
  switch (phase) {
    case "pending_approval":
      return "It waits for a decision; nothing was sent.";
    case "approved":
    case "scheduled":
      return terms.sending === "on_repeat"
        ? "It is approved, and goes out when the agent repeats its request."
        : "It is approved, and was not sent yet.";
    case "claimed":
      return "It is being sent.";
    case "indeterminate":
      return "It was sent, and no answer came: whether it was carried out is not known.";
    case "succeeded":
    case "failed":
      return "No answer came; what became of it was found out by a person.";
    case "blocked":
    case "rejected":
    case "expired":
    case "cancelled":
    case "withdrawn":
    case "revoked":
      return "It was never sent.";
  }
}
