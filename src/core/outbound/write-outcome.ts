/** The outcome of a write, derived from the upstream's status. */
export interface WriteOutcome {
  readonly outcome: "succeeded" | "failed" | "indeterminate";
  /** True: certainly not written, and the provider detects repeats, so Gate can retry the same request. */
  readonly retryable: boolean;
}

/** RFC 9110 sections 15.5.9 and 15.5.16 and RFC 6585: refused for a transient reason. */
const TRANSIENT_REFUSALS: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * Not supported by the server (RFC 9110 sections 15.6.2 and 15.6.6), or Cloudflare in front of it failed to connect, or
 * to connect over TLS. Any other 5xx may follow a completed write.
 */
const REFUSED_BEFORE_WRITE: ReadonlySet<number> = new Set([501, 505, 521, 523, 525, 526]);

/** Redirects that repeat the request elsewhere (RFC 9110 sections 15.4.8, 15.4.9), and 304 (15.4.5): not applied. */
const NOT_APPLIED_REDIRECTS: ReadonlySet<number> = new Set([304, 307, 308]);

/** Errors of the request itself: the first, equal attempt got the same, so it was not executed either. */
const REQUEST_ERRORS: ReadonlySet<number> = new Set([400, 402, 405, 406, 411, 413, 414, 415, 422]);

/**
 * @param status 200 to 599
 * @param idempotent the provider detects a repeat by its key, or the call is idempotent
 * @param again an earlier attempt may have been executed or be in flight: "gone" and "in use" may be its effect, and a
 *   refusal before the provider looks up the key reveals nothing about it
 * @param hasKey the request has an idempotency key: without one, 422 ("already cancelled") may follow an executed write
 * @param refusedToken 401, and the access token was one of an earlier call: the next attempt has a new one
 */
export function writeOutcome(
  status: number,
  idempotent: boolean,
  again: boolean,
  hasKey = true,
  refusedToken = false,
): WriteOutcome {
  if (status < 300 || status === 303) return { outcome: "succeeded", retryable: false };
  // 301 and 302 often follow a completed write, so they are indeterminate.
  const isCertain =
    status < 400 ? NOT_APPLIED_REDIRECTS.has(status) : status < 500 || REFUSED_BEFORE_WRITE.has(status);
  if (!isCertain || (again && !(hasKey && REQUEST_ERRORS.has(status)))) {
    return { outcome: "indeterminate", retryable: false };
  }
  const isTransient = TRANSIENT_REFUSALS.has(status) || status >= 500 || refusedToken;
  return { outcome: "failed", retryable: idempotent && isTransient };
}
