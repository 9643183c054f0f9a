import type { Result } from "../../../core/base/result.ts";
import type { VaultFailure } from "../../../ports/vault.ts";
import { isPassing } from "../../operations/credential-failure.ts";
import type { OutgoingAnswer, OutgoingProblem, DeliveryResult } from "../../../ports/notifications.ts";

/** Long enough for a slow provider, short enough to leave time for the run's other deliveries. */
export const CHANNEL_TIMEOUT_MS = 10_000;

/** Caps `Retry-After`: a receiver must not delay a notification beyond the hold. */
const LONGEST_PAUSE_MS = 60 * 60_000;

export const MOOT: DeliveryResult = { kind: "moot" };

type Failed = Extract<DeliveryResult, { kind: "failed" }>;
type Retry = Extract<DeliveryResult, { kind: "retry" }>;

/** A failed attempt. */
export type SendFailure = Failed | Retry;

export function failed(problem: string, status: number | null = null): Failed {
  return { kind: "failed", status, problem };
}

export function retry(problem: string, status: number | null = null, afterMs: number | null = null): Retry {
  return { kind: "retry", status, problem, afterMs };
}

/**
 * The result of a response where only its status counts. Problem texts never quote the request or the response: a URL
 * can be a secret, and a faulty receiver echoes the request.
 */
export function deliveryResult(
  sent: Result<OutgoingAnswer, OutgoingProblem>,
  now: number,
): SendFailure | Extract<DeliveryResult, { kind: "delivered" }> {
  if (!sent.ok) return sendFailure(sent.error);
  const { status, headers } = sent.value;
  if (status >= 200 && status < 300) return { kind: "delivered", status, receipt: null };
  if (status === 429) return retry("it answered 429: too many requests", status, retryAfterMs(headers, now));
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
      return failed("its address is not public https; set `allow_private` in gate.yaml if that is intended");
    case "timeout":
      return retry("it did not answer in time");
    case "unreachable":
      return retry("it could not be reached");
  }
}

/** The result of an attempt whose credential could not be fetched: tried again where the vault may give it later. */
export function credentialFailure(name: string, failure: VaultFailure): SendFailure {
  return isPassing(failure)
    ? retry(`the vault of the credential ${name} can't be read now (${failure.problem})`)
    : failed(`the credential ${name} has no value (${failure.problem})`);
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
export function retryAfterMs(headers: Headers, now: number): number | null {
  const written = headers.get("Retry-After")?.trim() ?? "";
  const pause = /^\d{1,9}$/.test(written) ? Number(written) * 1000 : Date.parse(written) - now;
  return Number.isFinite(pause) && pause >= 0 ? Math.min(pause, LONGEST_PAUSE_MS) : null;
}

/** RFC 9110 section 5.5. The platform refuses other values with an error text that contains the secret. */
export function isHeaderText(secret: string): boolean {
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(secret);
}
