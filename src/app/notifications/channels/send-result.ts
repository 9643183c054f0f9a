import type { Result } from "../../../core/base/result.ts";
import type { OutgoingAnswer, OutgoingProblem, DeliveryResult } from "../../../ports/notifications.ts";

/** Long enough for a provider that is slow, short enough to leave room for the other places of a batch. */
export const CHANNEL_TIMEOUT_MS = 10_000;

/** Whoever asks for a longer pause than this is not waited for: the case may be over by then. */
const LONGEST_PAUSE_MS = 60 * 60_000;

export const MOOT: DeliveryResult = { kind: "moot" };

type Failed = Extract<DeliveryResult, { kind: "failed" }>;
type Retry = Extract<DeliveryResult, { kind: "retry" }>;

/** An attempt that came to nothing. */
export type SendFailure = Failed | Retry;

export function failed(problem: string, status: number | null = null): Failed {
  return { kind: "failed", status, problem };
}

export function retry(problem: string, status: number | null = null, afterMs: number | null = null): Retry {
  return { kind: "retry", status, problem, afterMs };
}

/**
 * What an HTTP answer means where nothing but its status counts. The words never quote what was sent or answered:
 * an address can be a secret, and a broken receiver echoes what it got.
 */
export function deliveryResult(
  sent: Result<OutgoingAnswer, OutgoingProblem>,
  now: number,
): SendFailure | Extract<DeliveryResult, { kind: "delivered" }> {
  if (!sent.ok) return sendFailure(sent.error);
  const { status, headers } = sent.value;
  if (status >= 200 && status < 300) return { kind: "delivered", status, receipt: null };
  if (status === 429) return retry("it asked for a pause", status, retryAfterMs(headers, now));
  if (status >= 500 || status === 408 || status === 425) {
    return retry(`it answered ${status}`, status, retryAfterMs(headers, now));
  }
  if (status >= 300 && status < 400) {
    return failed(`it answered ${status}; redirects are not followed`, status);
  }
  return failed(`it answered ${status}`, status);
}

export function sendFailure(problem: OutgoingProblem): SendFailure {
  switch (problem) {
    case "refused_address":
      return failed("its address is not public https; the registry says `allow_private` where that is meant");
    case "timeout":
      return retry("it did not answer in time");
    case "unreachable":
      return retry("it could not be reached");
  }
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
export function retryAfterMs(headers: Headers, now: number): number | null {
  const written = headers.get("Retry-After")?.trim() ?? "";
  const pause = /^\d{1,9}$/.test(written) ? Number(written) * 1000 : Date.parse(written) - now;
  return Number.isFinite(pause) && pause >= 0 ? Math.min(pause, LONGEST_PAUSE_MS) : null;
}

/** RFC 9110 section 5.5; anything else would be refused by the platform with the secret in its words. */
export function isHeaderText(secret: string): boolean {
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(secret);
}
