import { canonicalJson } from "../../core/base/json.ts";
import type { Result } from "../../core/base/result.ts";
import { GATE } from "../../core/intent/event.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import {
  currentOrder,
  mayHaveBeenSentBefore,
  undoneClaims,
  type IntentState,
  type UnsentReason,
} from "../../core/intent/state.ts";
import type { Header } from "../../core/outbound/header-names.ts";
import { writeOutcome } from "../../core/outbound/write-outcome.ts";
import type { Destination } from "../../core/registry/registry.ts";
import type { CommandOutcome, Intent, SendPermit, StoredResponse } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import type { CallFailure, UpstreamAnswer } from "../../ports/upstream.ts";
import { digestOfBytes } from "../digest-bytes.ts";
import { readUpTo } from "./read-head.ts";

/** Result of one send under a claim. */
export type SendResult =
  /** The upstream responded, with any status; `state` is the intent's state after the report. */
  | {
      readonly kind: "answered";
      readonly state: IntentState;
      readonly response: StoredResponse;
      /** The response's bytes beyond the stored ones. */
      readonly rest: ReadableStream<Uint8Array> | null;
    }
  /** Nothing was sent: the order remains valid for another attempt. */
  | { readonly kind: "unsent"; readonly failure: CallFailure }
  /** The write was sent, and no response arrived: recorded as indeterminate. */
  | { readonly kind: "unknown"; readonly state: IntentState; readonly failure: CallFailure }
  | { readonly kind: "refused"; readonly refusal: Refusal };

/** Ten per cent of the claim: a response that takes longer to read is recorded as truncated, within the claim. */
export function readingLimitMs({ timeLimits }: Ports["settings"]): number {
  return timeLimits.claimMs / 10;
}

/** Undoes a claim under which nothing was sent, so that the next attempt may use the order. */
export function unclaim(
  intent: Intent,
  { state, order }: SendPermit,
  why?: UnsentReason,
): Promise<Result<CommandOutcome, Refusal>> {
  const held = currentOrder(state);
  const undone = held === undefined ? 0 : undoneClaims(held);
  return intent.handle({ type: "unclaim", order, undone, ...(why !== undefined && { why }) });
}

/** Reports the outcome that the response's status means, and stores the response with it. */
export async function recordResponse(
  intent: Intent,
  { state, order, http }: SendPermit,
  { idempotent }: Destination,
  answer: UpstreamAnswer,
  { settings }: Pick<Ports, "settings">,
): Promise<SendResult> {
  const { head, isWhole, rest } = await readUpTo(
    answer.body,
    settings.maxResponseBytes,
    readingLimitMs(settings),
  );
  const { status, headers } = answer;
  const at = Date.now();
  const truncated = !isWhole || answer.withheld !== null;
  const response: StoredResponse = { status, headers, body: head, truncated, at };
  const result = canonicalJson({
    http_status: status,
    response_bytes: head.length,
    response_sha256: await digestOfBytes(head),
    truncated,
    provider_reference: referenceIn(headers),
  });
  const outcome = writeOutcome(
    status,
    idempotent,
    mayHaveBeenSentBefore(state),
    http.idempotencyHeader !== null,
    answer.refusedToken,
  );
  const report = {
    type: "report",
    order,
    by: GATE,
    executedAt: at,
    result,
    proof: null,
    ...outcome,
  } as const;
  const finished = await intent.finishSend(report, response);
  if (finished.ok) return { kind: "answered", state: finished.value.state, response, rest };
  void rest?.cancel().catch(() => undefined);
  return { kind: "refused", refusal: finished.error };
}

/** Undoes the claim of a write that was not sent; reports one that may have been sent as indeterminate. */
export async function recordNoResponse(
  intent: Intent,
  sending: SendPermit,
  failure: CallFailure,
): Promise<SendResult> {
  const { order } = sending;
  if (!failure.sent) {
    const why = failure.source === "credential" ? "credential_unavailable" : "request_not_sent";
    const undone = await unclaim(intent, sending, why);
    return undone.ok ? { kind: "unsent", failure } : { kind: "refused", refusal: undone.error };
  }
  const result = canonicalJson({ problem: failure.problem });
  const finished = await intent.finishSend(
    {
      type: "report",
      order,
      by: GATE,
      outcome: "indeterminate",
      retryable: false,
      executedAt: null,
      result,
      proof: null,
    },
    null,
  );
  if (!finished.ok) return { kind: "refused", refusal: finished.error };
  return { kind: "unknown", state: finished.value.state, failure };
}

/** Response headers with the provider's id of the request, which its support needs from an operator. */
const REFERENCES = [
  "request-id",
  "x-request-id",
  "x-github-request-id",
  "x-slack-req-id",
  "x-hubspot-correlation-id",
  "x-zendesk-request-id",
  "twilio-request-id",
  "x-amzn-requestid",
  "x-correlation-id",
] as const;

function referenceIn(headers: readonly Header[]): string | null {
  for (const name of REFERENCES) {
    const value = headers.find(([header]) => header === name)?.[1];
    if (value !== undefined) return value.slice(0, 200);
  }
  return null;
}
