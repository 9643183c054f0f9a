/**
 * Gate refused the call, or could not be reached. `blocked` and `duplicate_blocked` are results, not errors: such calls
 * resolve.
 */
export class GateError extends Error {
  override readonly name = "GateError";
  /** HTTP status; 0: no response. */
  readonly status: number;
  /** Stable: the server's `code`, or `timeout`, `network`, `no_api_key`, `invalid_option`, `payload_too_large`, … */
  readonly code: string;
  /** The response's body, parsed where it is JSON; null: no response. */
  readonly body: unknown;
  /** The server's `Retry-After`, in milliseconds; null: it sent none. */
  readonly retryAfterMs: number | null;

  constructor(
    message: string,
    detail: {
      status?: number;
      code: string;
      body?: unknown;
      cause?: unknown;
      retryAfterMs?: number | null;
    },
  ) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.status = detail.status ?? 0;
    this.code = detail.code;
    this.body = detail.body ?? null;
    this.retryAfterMs = detail.retryAfterMs ?? null;
  }
}
