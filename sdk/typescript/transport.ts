import { GateError } from "./gate-error.ts";
import { jsonText } from "./json-text.ts";

export interface TransportOptions {
  readonly endpoint: URL;
  /** Milliseconds for one attempt, up to the end of its body. */
  readonly timeoutMs: number;
  readonly fetch: typeof globalThis.fetch;
}

export interface WireRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  /** Null: the request carries no key. */
  readonly key: string | null;
  readonly body?: object;
  /**
   * True only for idempotent requests: reads, and commands whose repeat has the same result. A proposal never is:
   * without an idempotency key a repeat creates a second intent, and with one it returns `duplicate_blocked`, which the
   * caller cannot tell from a real duplicate.
   */
  readonly repeatable: boolean;
  /** Aborts the call, instead of the timeout. */
  readonly signal?: AbortSignal;
}

const RETRY_DELAYS_MS = [100, 400] as const;

/** Statuses of a proxy in front of Gate, or of a Gate that is restarting; 0: no response. */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([0, 502, 503, 504]);

/**
 * Sends one request and returns the JSON object of a 2xx response, or of a 409 `duplicate_blocked`.
 *
 * @throws {GateError}
 */
export async function send(
  options: TransportOptions,
  request: WireRequest,
): Promise<Readonly<Record<string, unknown>>> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await sendOnce(options, request);
    } catch (error) {
      const delay = RETRY_DELAYS_MS[attempt];
      const status = error instanceof GateError ? error.status : -1;
      const timedOut = error instanceof GateError && error.code === "timeout";
      const mayRepeat = request.repeatable && !timedOut && TRANSIENT_STATUSES.has(status);
      if (!mayRepeat || delay === undefined) throw error;
      await new Promise((resolve) => setTimeout(resolve, delay));
    }
  }
}

async function sendOnce(
  { endpoint, timeoutMs, fetch }: TransportOptions,
  { method, path, key, body, signal = AbortSignal.timeout(timeoutMs) }: WireRequest,
): Promise<Readonly<Record<string, unknown>>> {
  const sent = body === undefined ? {} : { body: jsonText(body, "") };
  let response: Response;
  let text: string;
  try {
    response = await fetch(new URL(`${endpoint.href.replace(/\/$/, "")}${path}`), {
      method,
      headers: {
        accept: "application/json",
        ...(key === null ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...sent,
      // A followed redirect could send the key to another host.
      redirect: "manual",
      signal,
    });
    text = await response.text();
  } catch (error) {
    throw unreachable(error, endpoint, timeoutMs);
  }
  return interpret(response, text);
}

function unreachable(error: unknown, endpoint: URL, timeoutMs: number): GateError {
  const { name = "", cause } = error as {
    readonly name?: string;
    readonly cause?: { readonly code?: string };
  };
  if (name === "TimeoutError" || name === "AbortError") {
    const message = `Gate at ${endpoint.origin} did not respond within ${timeoutMs} ms`;
    return new GateError(message, { code: "timeout", cause: error });
  }
  const why = cause?.code === undefined ? "" : ` (${cause.code})`;
  return new GateError(`can't reach Gate at ${endpoint.origin}${why}`, { code: "network", cause: error });
}

function interpret(response: Response, text: string): Readonly<Record<string, unknown>> {
  const { status } = response;
  const body = parse(text);
  const retryAfterMs = retryAfter(response.headers.get("retry-after"));
  if (body === null) {
    const message = `HTTP ${status}: the response is not JSON; is this the address of Gate?`;
    throw new GateError(message, { status, code: "not_json", body: text, retryAfterMs });
  }
  if (status >= 200 && status < 300) return body;
  // A repeated idempotency key: a result about the existing intent, and no failure of the call.
  if (status === 409 && body["status"] === "duplicate_blocked") return body;
  const message = [body["detail"], body["message"], body["error"]].find((part) => typeof part === "string");
  const code = [body["code"], body["error"]].find((part) => typeof part === "string");
  throw new GateError(String(message ?? `HTTP ${status}`), {
    status,
    code: String(code ?? `http_${status}`),
    body,
    retryAfterMs,
  });
}

/** RFC 9110 section 10.2.3: seconds, or a date. */
function retryAfter(value: string | null): number | null {
  if (value === null) return null;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : Math.max(at - Date.now(), 0);
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return value as Readonly<Record<string, unknown>>;
  } catch {
    return null;
  }
}
