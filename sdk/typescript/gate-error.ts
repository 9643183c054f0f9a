/**
 * Gate refused, or could not be asked. `blocked` and `duplicate_blocked` are decisions, not errors: they resolve.
 */
export class GateError extends Error {
  override readonly name = "GateError";
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Stable: the server's `code`, or `timeout`, `network`, `no_api_key`, `invalid_option`, `payload_too_large`, … */
  readonly code: string;
  /** What the server sent, parsed; null when nothing did. */
  readonly body: unknown;
  /** How long the server asks to be left alone; null when it does not. */
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
