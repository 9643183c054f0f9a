/** What an upstream's status says about the write. */
export interface WriteOutcome {
  readonly outcome: "succeeded" | "failed" | "indeterminate";
  /** True: certainly not written, and the provider knows a repeat, so that it can be tried again as it is. */
  readonly retryable: boolean;
}

/** RFC 9110 sections 15.5.9 and 15.5.16 and RFC 6585: not taken, for a reason that passes. */
const TRANSIENT_REFUSALS: ReadonlySet<number> = new Set([408, 425, 429]);

/**
 * A server that can't do it at all (RFC 9110 sections 15.6.2 and 15.6.6), and Cloudflare before one that it could not
 * connect to, or not over TLS. Every other 5xx can come after the write.
 */
const REFUSED_BEFORE_WRITE: ReadonlySet<number> = new Set([501, 505, 521, 523, 525, 526]);

/** "Repeat it there" (RFC 9110 sections 15.4.8 and 15.4.9), "as you have it" (15.4.5): not done here. */
const NOT_APPLIED_REDIRECTS: ReadonlySet<number> = new Set([304, 307, 308]);

/** What a provider says of the request itself, as it did of the first: then that was not carried out either. */
const REQUEST_ERRORS: ReadonlySet<number> = new Set([400, 402, 405, 406, 411, 413, 414, 415, 422]);

/**
 * @param status 200 to 599
 * @param idempotent the provider knows a repeat by its key, or the call can be repeated as it is
 * @param again an earlier attempt may have been carried out, or be on its way still: "gone" and "in use" can be its
 *   doing, and whoever is refused before the key was looked up learns nothing of it
 * @param hasKey there is a key: without one "already cancelled" (422) is said of a request that was carried out
 */
export function writeOutcome(
  status: number,
  idempotent: boolean,
  again: boolean,
  hasKey = true,
): WriteOutcome {
  if (status < 300 || status === 303) return { outcome: "succeeded", retryable: false };
  // 301 and 302 follow on what was done as often as not.
  const isCertain =
    status < 400 ? NOT_APPLIED_REDIRECTS.has(status) : status < 500 || REFUSED_BEFORE_WRITE.has(status);
  if (!isCertain || (again && !(hasKey && REQUEST_ERRORS.has(status)))) {
    return { outcome: "indeterminate", retryable: false };
  }
  return { outcome: "failed", retryable: idempotent && (TRANSIENT_REFUSALS.has(status) || status >= 500) };
}
