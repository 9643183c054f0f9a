import type { CallOptions } from "./call-options.ts";
import { GateError, GateOptionError, GateUnavailableError } from "./gate-error.ts";
import { interpret, isTransientStatus } from "./interpret.ts";
import { jsonText } from "./json-text.ts";
import { backoff, pause } from "./pause.ts";

export interface TransportOptions {
  /** Gate's address, without a slash at its end. */
  readonly endpoint: string;
  /** Milliseconds for one call, repeats included. */
  readonly timeoutMs: number;
  /** How often a call is repeated at most. */
  readonly retries: number;
  readonly fetch: typeof globalThis.fetch;
}

export interface WireRequest extends CallOptions {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  /** Null: the request carries no key. */
  readonly key: string | null;
  readonly body?: object;
  /**
   * Of a POST: the `Idempotency-Key`, under which the server stores the response and replays it to a repeat. Left out: one
   * of this call's own. Null: none, because a repeat has no second effect and the same answer.
   */
  readonly idempotencyKey?: string | null;
  /** Instead of the client's. */
  readonly retries?: number;
  /** Milliseconds for one attempt, after which it is repeated; left out: the whole call's. */
  readonly attemptMs?: number;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Sends one request and returns the JSON object of a 2xx response, or of a 409 `duplicate_blocked`. What certainly has no
 * second effect is repeated after a transient failure: everything but DELETE.
 *
 * @throws {GateError} `timeout` at the end of the call's time, whatever the server does; the signal's reason when that aborts
 */
export async function send(
  options: TransportOptions,
  request: WireRequest,
): Promise<Readonly<Record<string, unknown>>> {
  const { signal, timeoutMs = options.timeoutMs } = request;
  if (!(timeoutMs > 0)) throw new GateOptionError("timeoutMs must be a number above 0");
  signal?.throwIfAborted();
  const end = performance.now() + timeoutMs;
  const retries = request.method === "DELETE" ? 0 : (request.retries ?? options.retries);
  const init = initOf(request);
  for (let attempt = 0; ; attempt += 1) {
    const left = end - performance.now();
    try {
      return await sendOnce(options, request, init, Math.min(left, request.attemptMs ?? left));
    } catch (error) {
      signal?.throwIfAborted();
      if (attempt >= retries || !isTransient(error)) throw error;
      const delay = Math.max(backoff(attempt, FIRST_PAUSE_MS, LONGEST_PAUSE_MS), error.retryAfterMs ?? 0);
      if (performance.now() + delay >= end) throw error;
      await pause(delay, signal);
    }
  }
}

function isTransient(error: unknown): error is GateError {
  if (!(error instanceof GateError)) return false;
  return isTransientStatus(error.status) || error.code === "idempotency_in_flight";
}

/** Made once: a repeat is the same request under the same key. */
function initOf({ method, key, body, idempotencyKey }: WireRequest): RequestInit {
  const headers: Record<string, string> = { accept: "application/json" };
  // Here, because the error of fetch would quote the key.
  if (key !== null && !/^[!-~]+$/.test(key)) throw new GateOptionError("the key has a space or a line break");
  if (key !== null) headers["authorization"] = `Bearer ${key}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method === "POST" && idempotencyKey !== null) {
    headers["idempotency-key"] = `"${idempotencyKey ?? crypto.randomUUID()}"`;
  }
  // A followed redirect could send the key to another host.
  const init = { method, headers, redirect: "manual" } as const;
  return body === undefined ? init : { ...init, body: jsonText(body, "") };
}

async function sendOnce(
  { endpoint, fetch }: TransportOptions,
  { path, signal }: WireRequest,
  init: RequestInit,
  limitMs: number,
): Promise<Readonly<Record<string, unknown>>> {
  const limit = new AbortController();
  const abort = () => limit.abort(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(() => limit.abort(TIMED_OUT), Math.max(limitMs, 0));
  // Raced: an implementation of fetch that ignores its signal must not hold the caller.
  const ended = new Promise<never>((_, reject) => {
    limit.signal.addEventListener("abort", () => reject(limit.signal.reason as Error));
  });
  try {
    const arrived = (async () => {
      const response = await fetch(endpoint + path, { ...init, signal: limit.signal });
      return { response, text: await response.text() };
    })();
    arrived.catch(() => undefined);
    const { response, text } = await Promise.race([arrived, ended]);
    return interpret(response, text, endpoint);
  } catch (error) {
    throw error instanceof GateError ? error : unreachable(error, endpoint, limitMs);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

const TIMED_OUT = { name: "TimeoutError" };

function unreachable(error: unknown, endpoint: string, limitMs: number): GateError {
  const { name = "", cause } = (error ?? {}) as {
    readonly name?: string;
    readonly cause?: { readonly code?: string };
  };
  const { origin } = new URL(endpoint);
  if (name === "TimeoutError" || name === "AbortError") {
    return new GateUnavailableError(`Gate at ${origin} did not respond within ${Math.round(limitMs)} ms`, {
      code: "timeout",
      cause: error,
      remedy: "Call again, or raise timeoutMs.",
    });
  }
  const why = cause?.code === undefined ? "" : ` (${cause.code})`;
  return new GateUnavailableError(`can't reach Gate at ${origin}${why}`, {
    code: "network",
    cause: error,
    remedy: "Check that the endpoint is Gate's, and that it runs.",
  });
}
