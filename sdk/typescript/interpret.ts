import { GateError, GateUnavailableError, textIn } from "./gate-error.ts";

/**
 * The JSON object of a 2xx response, or of a 409 `duplicate_blocked`.
 *
 * @throws {GateError} for every other response
 */
export function interpret(
  response: Response,
  text: string,
  endpoint: string,
): Readonly<Record<string, unknown>> {
  const { status } = response;
  const body = parse(text);
  const retryAfterMs = retryAfter(response.headers.get("retry-after"));
  if (body === null) {
    const message = `HTTP ${status}: the response is not JSON`;
    const remedy = "Check that the endpoint is Gate's.";
    throw new GateUnavailableError(message, { status, code: "not_json", body: text, retryAfterMs, remedy });
  }
  if (status >= 200 && status < 300) return body;
  // A repeated idempotency key: a result about the existing intent, and no failure of the call.
  if (status === 409 && body["status"] === "duplicate_blocked") return body;
  const code = textIn(body, "code", "error") ?? `http_${status}`;
  const isBusy = isTransientStatus(status) || status >= 500 || code === "idempotency_in_flight";
  const message = textIn(body, "detail", "message", "error") ?? `HTTP ${status}`;
  throw new (isBusy ? GateUnavailableError : GateError)(message, {
    status,
    code,
    body,
    retryAfterMs,
    endpoint,
    ...(status === 401 && { remedy: "Pass a key of this server." }),
  });
}

/** Of a proxy in front of Gate, of a Gate that is restarting, or that has too much to do; 0: no response. */
export function isTransientStatus(status: number): boolean {
  return [0, 408, 425, 429, 502, 503, 504].includes(status);
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
